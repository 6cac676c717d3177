"""Wraps the lines of a text report to the width of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.terminal_text import inert_line
from checker.report.context import width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.report.context import Paint

_WORD = pattern(r"( *)((?:`[^`]*`|[^ ])+)")
"""Matches a word and the blanks before it. Text in backticks is one word: it may be a command to paste."""
_STYLE = pattern(r"\x1b\[[0-9;]*m")
_VERBATIM = ("next: ",)
"""Beginnings of lines that are commands."""


def wrapped_text(lines: Iterable[str], paint: Paint) -> Iterator[str]:
    """Wrap the lines that are longer than the terminal. Commands and names stay whole, however long they are.

    Without a terminal all lines stay as they are.
    """
    for line in lines:
        if paint.columns and _width(line) > paint.columns and not line.startswith(_VERBATIM):
            yield from _wrapped(inert_line(line, styled=paint.enabled), paint.columns)
        else:
            yield line


def _wrapped(line: str, columns: int) -> Iterator[str]:
    """Wrap one line; the further lines are indented by two more. A word that is too long for any line begins none."""
    indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
    current = ""
    for blanks, word in _WORD.findall(line):
        longer, alone = f"{current}{blanks}{word}", f"{indent}{word}"
        if current.strip() and _width(longer) > columns >= _width(alone):
            yield current
            longer = alone
        current = longer
    yield current


def _width(line: str) -> int:
    """Return the number of columns of a line without its colors."""
    return width(_STYLE.sub("", line))
