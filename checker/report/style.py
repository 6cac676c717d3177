"""Colors and text width for terminals."""

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
    """Adds terminal colors to text if enabled."""

    enabled: bool = False

    def __call__(self, style: str, text: str) -> str:
        """Color a text. Styles are the severities, ``ok``, ``dim``, ``bold`` and ``mark``."""
        if not self.enabled:
            return text
        styled = f"\x1b[{_CODES[style]}m{text}\x1b[0m"
        return Inert(styled) if isinstance(text, Inert) else styled


def width(text: str) -> int:
    """Return the number of terminal columns of a text."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
