"""A bar for large files, on a terminal alone."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from checker.cli.terminal import is_terminal
from checker.core.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE = 0.1
_WIDTH = 30


def progress_bar() -> Callable[[str, float], None]:
    """Give what draws a bar on standard error, ten times a second at most, and takes it away at the end."""
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
