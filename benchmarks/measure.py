"""Runs commands and functions in turns, and reads the time that they took."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Row(NamedTuple):
    """One figure: the median seconds of checker, beside those of other things in the same run.

    ``goal`` is the largest ratio to the first of them, ``items`` what the seconds are for, such as files.
    """

    group: str
    what: str
    seconds: float
    beside: tuple[tuple[str, float], ...] = ()
    goal: float | None = None
    items: int = 1

    @property
    def ratio(self) -> float | None:
        """The seconds as a multiple of those beside it."""
        return self.seconds / self.beside[0][1] if self.beside and self.beside[0][1] else None


def user_seconds(command: Sequence[str]) -> float:
    """Run a command and give the user CPU of it and its children, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=_environment()
    )
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def interleaved(commands: Sequence[Sequence[str]], rounds: int) -> list[float]:
    """Run commands in turns, so that they share the machine's moods, and give the median of each."""
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(rounds):
        for command, times in zip(commands, taken, strict=True):
            times.append(user_seconds(command))
    return [median(times) for times in taken]


def cpu_seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Give the median CPU seconds of a function of this process."""
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return median(taken)


def _environment() -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1"}


def line(what: str, figure: str) -> None:
    """Print one figure of a benchmark of its own."""
    print(f"{what:<48} {figure}")
