"""Colour for terminals, and text made safe to print."""

from __future__ import annotations

from typing import NamedTuple

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
    """Wraps text in terminal colours, or leaves it alone."""

    enabled: bool = False

    def __call__(self, style: str, text: str) -> str:
        """Colour a text; styles are severities, ``ok``, ``dim``, ``bold`` and ``mark``."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.enabled else text


def safe(text: str) -> str:
    """Replace what could control a terminal or a CI runner; columns stay true, so a tab becomes one blank.

    GitHub's runner still finds commands of its old style, ``##[error]``, anywhere in a line.
    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    text = text.replace("##[", "##(")
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else " " if char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
