"""Asks before something is changed."""

from __future__ import annotations

import sys

from checker.cli.terminal import is_terminal
from checker.core.terminal_text import inert


def is_confirmed(question: str) -> bool:
    """Ask on a terminal; without one the answer is no."""
    if not is_terminal(sys.stdin):
        return False
    sys.stderr.write(f"{inert(question)}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
