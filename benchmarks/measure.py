"""Runs commands and reads the CPU that they took."""

from __future__ import annotations

import os
import resource
import subprocess
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def _environment() -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1"}
