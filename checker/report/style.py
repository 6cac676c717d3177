"""Color for terminals, and the width of text on one."""

from __future__ import annotations

from typing import NamedTuple

from checker.core.terminal_text import Inert

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "ok": "1;32",
    "dim": "2",
    "bold": "1",
    "mark": "1;31",
}


class Paint(NamedTuple):
    """Wraps text in terminal colors, or leaves it alone."""

    enabled: bool = False

    def __call__(self, style: str, text: str) -> str:
        """Color a text; styles are severities, ``ok``, ``dim``, ``bold`` and ``mark``."""
        if not self.enabled:
            return text
        styled = f"\x1b[{_CODES[style]}m{text}\x1b[0m"
        return Inert(styled) if isinstance(text, Inert) else styled


def width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
