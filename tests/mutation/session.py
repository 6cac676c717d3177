"""Runs tests within one process: a pytest session whose tests are chosen, and run, from outside."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.mutants import ROOT

OPTIONS = (
    *("-q", "--override-ini=addopts=", "--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # hypothesis is imported before pytest begins
)
_LEAST_SECONDS, _TIMES = 4, 10


class Session:
    """A pytest plugin that collects tests, and gives them to ``run`` instead of running them."""

    def __init__(self, run: Callable[[Session], None]) -> None:
        self._run = run
        self.items: dict[str, pytest.Item] = {}
        self.failed = ""

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Draw the same examples in each run, and do not look for smaller ones."""
        del session
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile(
            "mutation",
            deadline=None,
            derandomize=True,
            database=None,
            phases=phases,
            suppress_health_check=[HealthCheck.too_slow],
        )
        settings.load_profile("mutation")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            return True  # a module could not be imported
        self.items = {item.nodeid: item for item in session.items}
        self._run(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # How fast a machine is must not decide whether a mutant counts as found.
        if report.failed and "FailedHealthCheck" not in str(report.longrepr):
            self.failed = report.nodeid

    def first_failure(self, tests: Sequence[tuple[str, float]]) -> str:
        """Run tests, given with the seconds that they usually take, until one fails; return its name.

        A test that takes many times as long ends the process.
        """
        chosen = [(self.items[name], seconds) for name, seconds in tests if name in self.items]
        for number, (item, seconds) in enumerate(chosen):
            following = chosen[number + 1][0] if number + 1 < len(chosen) else None
            with_limit(_LEAST_SECONDS + _TIMES * seconds)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break
        with_limit(0)
        return self.failed


def with_limit(seconds: float) -> None:
    """End this process after as many seconds of its own work, or 20 times as many of waiting."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 20 * seconds)


def collect(paths: Sequence[str], run: Callable[[Session], None]) -> Session:
    """Collect the tests of files or folders, and hand them to ``run``. Nothing is printed."""
    session = Session(run)
    os.chdir(ROOT)
    terminal = os.dup(1)
    _silence(1)
    pytest.main([*OPTIONS, *paths], plugins=[session])
    os.dup2(terminal, 1)
    os.close(terminal)
    return session


def _silence(descriptor: int) -> None:
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 # a device
        os.dup2(nothing.fileno(), descriptor)


class Child:
    """A forked process that does one thing, and gives back a text. Empty if it ended before."""

    def __init__(self, work: Callable[[], str]) -> None:
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.began = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.process = os.fork()
        if not self.process:
            _work(work, Path(self.folder.name))

    def wait(self) -> str:
        """Wait for the process, and return its text."""
        return self.result(os.waitpid(self.process, 0)[1])

    def result(self, status: int) -> str:
        """Return the text of a process that has ended; the name of the signal if one ended it."""
        answer = Path(self.folder.name, "answer")
        text = answer.read_text() if answer.exists() else ""
        self.folder.cleanup()
        if os.WIFSIGNALED(status):
            return f"signal:{signal.Signals(os.WTERMSIG(status)).name}"
        if text.startswith("error:"):
            raise RuntimeError(text)
        return text


def _work(work: Callable[[], str], folder: Path) -> None:
    """Do the work of a child, with a folder of its own for temporary files, and silently."""
    try:
        _silence(1)
        _silence(2)
        tempfile.tempdir = str(folder)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
        try:
            answer = work()
        except BaseException:  # noqa: BLE001 # the parent has to hear of it
            answer = f"error:{traceback.format_exc()}"
        (folder / "written").write_text(answer)
        (folder / "written").rename(folder / "answer")
    finally:
        os._exit(0)
