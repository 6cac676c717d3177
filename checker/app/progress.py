"""Progress: a bar for large files on a terminal, and counts of an audit."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from checker.app.terminal import is_terminal, tell
from checker.core.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.live.audit.executor import Done


_PAUSE = 0.1
_WIDTH = 30


def progress_bar() -> Callable[[str, float], None]:
    """Return a function that draws a bar on standard error at most ten times a second, and removes it at the end."""
    if not is_terminal(sys.stderr):
        return lambda _name, _part: None
    last = 0.0

    def draw(name: str, part: float) -> None:
        nonlocal last
        now = time.monotonic()
        if part >= 1:
            sys.stderr.write("\r\x1b[K")
        elif now - last >= _PAUSE:
            last = now
            filled = int(part * _WIDTH)
            bar = "#" * filled + "." * (_WIDTH - filled)
            sys.stderr.write(f"\r\x1b[K{bar} {part:4.0%} {inert(name)[-60:]}")
        sys.stderr.flush()

    return draw


_LINE_PAUSE = 5.0
"""So many seconds lie between two lines, unless a unit is done."""


class AuditProgress:
    """Counts calls from any thread, and units; a call made ``elsewhere`` counts for the unit that needs it."""

    def __init__(self, units: int, *, elsewhere: bool = False) -> None:
        self._units = units
        self._elsewhere = elsewhere
        self._finished = self._calls = self._topics = self._skipped = 0
        self._lock = threading.Lock()
        self._bar = progress_bar() if is_terminal(sys.stderr) else None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar:
            self._bar("", 1.0)

    def called(self) -> None:
        """Count a call."""
        with self._lock:
            self._calls += 1
            if self._bar:
                self._draw()
            elif time.monotonic() - self._last >= _LINE_PAUSE:
                self._say("")

    def done(self, done: Done) -> None:
        """Count a unit."""
        summary = done.value["report"]["summary"]
        with self._lock:
            self._finished += 1
            self._topics += summary["topics"] + summary["topics_not_judged"]
            self._skipped += summary["skipped"]
            self._calls += done.value.get("calls", 0) if self._elsewhere else 0
            if self._bar:
                self._draw()
            else:
                self._say(f" account={done.unit.account} region={done.unit.region}")

    def _draw(self) -> None:
        assert self._bar is not None  # noqa: S101 - who calls has looked
        part = min(self._finished / max(self._units, 1), 0.99)
        self._bar(f"{self._finished} of {self._units} units, {self._calls} calls", part)

    def _say(self, more: str) -> None:
        self._last = time.monotonic()
        counts = f"units={self._finished}/{self._units} topics={self._topics} calls={self._calls}"
        tell(f"progress {counts} skipped={self._skipped}{more}")
