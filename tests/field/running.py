"""Runs commands: forked from a warm process, or from the start where a case measures or closes something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from signal import SIGALRM, SIGKILL
from threading import Timer
from typing import IO, Any

from tests.field.reading import Step
from tests.field.unmet import UnmetError
from tests.samples import TESTS

SECONDS = 180
"""A command may take this long, also on a busy machine that measures coverage."""
MEASURED = {"max_rss_mb", "max_seconds", "close_stdout_after_lines"}
"""Fields that need a process that nothing was imported into, or a pipe."""

_COST = str(TESTS / "field" / "cost.py")
Cost = tuple[int, float, float]
"""The exit code, the peak memory in MB and the seconds; 0 where they were not measured."""


class Output:
    """What a command printed, its exit code and, where it was measured, its cost."""

    def __init__(self, code: int, out: str, err: str = "", rss_mb: float = 0, seconds: float = 0) -> None:
        self.code, self.out, self.err, self.rss_mb, self.seconds = code, out, err, rss_mb, seconds

    @cached_property
    def json(self) -> Any:
        """The JSON document on standard output. Raises UnmetError."""
        try:
            return json.loads(self.out)
        except ValueError:
            raise UnmetError(f"standard output is not JSON (exit {self.code}): {self.end()}") from None

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report of `check`, `fix` or `audit`. Raises UnmetError."""
        if not isinstance(self.json, dict) or "findings" not in self.json:
            raise UnmetError(f"the JSON on standard output is not a report: {self.out[:200]}")
        return self.json

    def end(self) -> str:
        """The last words that the command printed."""
        return " ".join((self.err or self.out).split())[-300:] or "(no output)"


def environment(home: Path, *more: Mapping[str, str]) -> dict[str, str]:
    """An environment without credentials, configuration or color."""
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(TESTS.parent),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "200",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for each in more:
        env |= each
    return env


class Launcher:
    """Runs the commands of a test process, most of them by its warm process."""

    def __init__(self, warm: subprocess.Popen[str]) -> None:
        self._warm = warm

    def run(self, step: Step, cwd: Path, env: dict[str, str], streams: Path) -> Output:
        """Run a command; ``streams`` is a folder for its input and output. Raises UnmetError if it hangs."""
        paths = [streams / name for name in ("stdin", "stdout", "stderr")]
        for path, text in zip(paths, (step.get("stdin", ""), "", ""), strict=True):
            path.write_text(text, "utf-8")
        run = measured if MEASURED & set(step) else self._forked
        code, rss_mb, seconds = run(step, cwd, env, paths)
        if code in (-SIGALRM, -SIGKILL):
            raise UnmetError(f"took more than {SECONDS} s")
        out, err = (path.read_text("utf-8", "replace") for path in paths[1:])
        return Output(code, out, err, rss_mb, seconds)

    def _forked(self, step: Step, cwd: Path, env: dict[str, str], paths: list[Path]) -> Cost:
        command = {"args": step["args"], "cwd": str(cwd), "env": env, "seconds": SECONDS}
        pipe_in, pipe_out = self._warm.stdin, self._warm.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        print(json.dumps(command | {"streams": list(map(str, paths))}), file=pipe_in, flush=True)
        return int(pipe_out.readline()), 0, 0


def measured(step: Step, cwd: Path, env: dict[str, str], paths: list[Path]) -> Cost:
    """Run a command in a process of its own from the start."""
    with ExitStack() as stack:
        stdin, stdout, stderr = (
            stack.enter_context(path.open(mode)) for path, mode in zip(paths, ("rb", "wb", "wb"), strict=True)
        )
        lines = step.get("close_stdout_after_lines", 0)
        start, peak = time.monotonic(), paths[0].with_name("peak")
        peak.write_text("0", "ascii")
        process = subprocess.Popen(
            [sys.executable, "-S", _COST, str(peak), sys.executable, "-m", "checker", *step["args"]],
            cwd=cwd,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE if lines else stdout,
            stderr=stderr,
            start_new_session=True,
        )
        stack.enter_context(_killed_when_late(process))
        if process.stdout is not None:
            _take_lines(process.stdout, lines, stdout)
        code = process.wait()
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return code, int(peak.read_text("ascii")) / unit, time.monotonic() - start


@contextmanager
def _killed_when_late(process: subprocess.Popen[bytes]) -> Iterator[None]:
    timer = Timer(SECONDS, os.killpg, (process.pid, SIGKILL))  # the command is a child of the process
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _take_lines(pipe: IO[bytes], count: int, to: IO[bytes]) -> None:
    """Read some lines and close the pipe, as `| head -n` does."""
    with pipe:
        to.writelines(pipe.readline() for _ in range(count))


@contextmanager
def launching(home: Path) -> Iterator[Launcher]:
    """Keep a warm process while commands are run."""
    command = [sys.executable, "-m", "tests.field.warm"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(home)
    ) as warm:
        yield Launcher(warm)
