"""The lines that a finding is about, quoted, with the exact part marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.report.paint import Paint, width
from checker.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Position, Text

_MAX_WIDTH = 140
_WINDOW = 110
_LEAD = 30
_MAX_LINES = 5


def excerpt(file: Text, at: Position, paint: Paint) -> Iterator[str]:
    """Quote one line with carets below, or the lines of a longer stretch with a bar beside them."""
    gutter = len(str(at.end_line))
    yield f"{' ' * gutter} {paint('dim', '|')}"
    if at.line == at.end_line:
        yield from _one_line(file, at, paint, gutter)
    else:
        yield from _several_lines(file, at, paint, gutter)


def _one_line(file: Text, at: Position, paint: Paint, gutter: int) -> Iterator[str]:
    line = file.line(at.line)
    text = _shown(line)
    start, end = (len(_shown(line[:to])) for to in (at.column - 1, max(at.end_column - 1, at.column)))
    text, start, end = _clip(text, start, end)
    carets = "^" * max(1, width(text[start:end]))
    yield f"{paint('dim', f'{at.line:>{gutter}} |')} {text}"
    yield f"{' ' * gutter} {paint('dim', '|')} {' ' * width(text[:start])}{paint('mark', carets)}"


def _shown(line: str) -> str:
    """Make a line inert; a tab, with which people indent, becomes one blank."""
    return inert(line.replace("\t", " "))


def _clip(text: str, start: int, end: int) -> tuple[str, int, int]:
    """Cut a long line down to a window around the marked part; AWS CLI output is one long line."""
    if len(text) <= _MAX_WIDTH:
        return text, start, min(end, len(text))
    left = max(0, min(start - _LEAD, len(text) - _WINDOW))
    right = left + _WINDOW
    head, tail = "..." if left else "", "..." if right < len(text) else ""
    window = head + text[left:right] + tail
    return window, start - left + len(head), min(end, right) - left + len(head)


def _several_lines(file: Text, at: Position, paint: Paint, gutter: int) -> Iterator[str]:
    numbers = list(range(at.line, at.end_line + 1))
    shown = numbers if len(numbers) <= _MAX_LINES else [*numbers[: _MAX_LINES - 2], 0, numbers[-1]]
    for number in shown:
        if number == 0:
            yield f"{' ' * gutter} {paint('mark', ':')}"
            continue
        text, _, _ = _clip(_shown(file.line(number)), 0, 0)
        yield f"{paint('dim', f'{number:>{gutter}}')} {paint('mark', '>')} {text}"
