"""Named texts, and the mapping from offsets to lines and columns of the file."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from checker.core.finding import Position

if TYPE_CHECKING:
    from collections.abc import Sequence


class Source:
    """Text that nodes point into.

    A text inside another, such as a policy in a string of a template, is a separate source: ``outer`` is the
    text around it, and ``offsets`` has the offset in ``outer`` of each character, and of the end. Positions are
    positions in the file. Reports must not quote a file that is not ``quotable``, nor a text inside it.
    """

    __slots__ = ("_line_starts", "name", "offsets", "outer", "quotable", "text")

    def __init__(
        self,
        name: str,
        text: str,
        outer: Source | None = None,
        offsets: Sequence[int] | None = None,
        *,
        quotable: bool = True,
    ) -> None:
        self.name = name
        self.text = text
        self.outer = outer
        self.offsets = offsets
        self.quotable: bool = outer.quotable if outer is not None else quotable
        self._line_starts: list[int] | None = None

    def position(self, start: int, end: int) -> Position:
        """Convert half-open offsets of this text to lines and columns of the file."""
        if self.outer is not None and self.offsets is not None:
            begin = self.offsets[start]
            return self.outer.position(begin, max(begin, self.offsets[end]))
        line, column = self._line_and_column(start)
        end_line, end_column = self._line_and_column(end)
        return Position(line, column, end_line, end_column)

    def pointer_at(self, offset: int) -> str | None:
        """Return the JSON pointer of the value at an offset in a generated file; ``None`` in any other file."""
        if self.outer is None or self.offsets is None:
            return None
        return self.outer.pointer_at(self.offsets[offset])

    def line(self, number: int) -> str:
        """Return one line of the file, counted from 1, without its line ending."""
        if self.outer is not None:
            return self.outer.line(number)
        start = self._starts()[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].removesuffix("\r")

    def line_start(self, number: int) -> int:
        """Return the offset at which a line starts, counted from 1; the end of the text for a line after the last."""
        starts = self._starts()
        return starts[number - 1] if number <= len(starts) else len(self.text)

    def _starts(self) -> list[int]:
        if self._line_starts is None:
            lengths = (len(line) + 1 for line in self.text.split("\n"))
            self._line_starts = [0, *accumulate(lengths)][:-1]
        return self._line_starts

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        starts = self._starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1


_SIMPLE_ESCAPE = 2
_UNICODE_ESCAPE = 6
_SURROGATE_PAIR = 12


def offsets_of_json(raw: str, start: int, length: int) -> Sequence[int]:
    """Map a decoded JSON string of ``length`` characters, the first of which is at ``start`` in ``raw``."""
    offsets, at = [start], start
    for _ in range(length):
        at += _width(raw, at)
        offsets.append(at)
    return offsets


def offsets_of_string(raw: str, start: int, length: int) -> Sequence[int]:
    """Map the text of a JSON string with its quote at ``start``; any other text maps to ``start`` as a whole."""
    if raw[start : start + 1] == '"':
        try:
            return offsets_of_json(raw, start + 1, length)
        except (IndexError, ValueError):
            return offsets_at(start, length)
    return offsets_at(start, length)


def _width(raw: str, at: int) -> int:
    """Count the characters of a JSON string that encode one decoded character."""
    if raw[at] != "\\":
        return 1
    if raw[at + 1] != "u":
        return _SIMPLE_ESCAPE
    high = 0xD800 <= int(raw[at + 2 : at + 6], 16) < 0xDC00
    low = raw[at + 6 : at + 8] == "\\u" and 0xDC00 <= int(raw[at + 8 : at + 12], 16) < 0xE000
    return _SURROGATE_PAIR if high and low else _UNICODE_ESCAPE


def offsets_of_lines(outer: Source, first_line: int, text: str) -> Sequence[int]:
    """Map a text whose lines are lines of the outer text from ``first_line`` on, indented or not."""
    offsets: list[int] = []
    for number, line in enumerate(text.split("\n"), first_line):
        start = outer.line_start(number)
        written = outer.text[start : outer.line_start(number + 1)].rstrip("\r\n")
        indent = max(0, len(written) - len(line)) if written.endswith(line) else 0
        offsets += range(start + indent, start + indent + len(line) + 1)
    return offsets


def offsets_at(start: int, length: int) -> Sequence[int]:
    """Map all characters of a text to its start, if they cannot be mapped one by one."""
    return [start] * (length + 1)


def offsets_of_yaml(outer: Source, start: int, text: str) -> Sequence[int]:
    """Map the value of a YAML scalar in any style that starts at ``start``."""
    raw, style = outer.text, outer.text[start : start + 1]
    if style == "|":
        return offsets_of_lines(outer, outer.position(start, start).line + 1, text)
    if style in "'\"":
        start += 1
    if raw.startswith(text, start):
        return range(start, start + len(text) + 1)
    if style == '"' and "\n" not in raw[start : raw.find('"', start)]:
        return offsets_of_string(raw, start - 1, len(text))
    return offsets_at(start, len(text))
