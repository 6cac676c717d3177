"""A text with a name, and the way from an offset in it to a line and column of the file it came from."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from checker.finding import Position

_SIMPLE_ESCAPE = 2
_UNICODE_ESCAPE = 6
_SURROGATE_PAIR = 12


class Source:
    """Text that nodes point into.

    A policy kept as a JSON string inside another file is a source of its own, ``outer`` being the file
    and ``start`` the offset there of the string's first character; positions are those of the file.
    """

    __slots__ = ("_line_starts", "name", "outer", "start", "text")

    def __init__(self, name: str, text: str, outer: Source | None = None, start: int = 0) -> None:
        self.name = name
        self.text = text
        self.outer = outer
        self.start = start
        self._line_starts: list[int] | None = None

    def position(self, start: int, end: int) -> Position:
        """Turn half-open offsets of this text into lines and columns of the file."""
        if self.outer is not None:
            return self.outer.position(*self._offsets_outside(start, end))
        line, column = self._line_and_column(start)
        end_line, end_column = self._line_and_column(end)
        return Position(line, column, end_line, end_column)

    def line(self, number: int) -> str:
        """Give one line of the file, counted from 1, without its line end."""
        if self.outer is not None:
            return self.outer.line(number)
        start = self._starts()[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].removesuffix("\r")

    def _starts(self) -> list[int]:
        if self._line_starts is None:
            lengths = (len(line) + 1 for line in self.text.split("\n"))
            self._line_starts = [0, *accumulate(lengths)][:-1]
        return self._line_starts

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        starts = self._starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def _offsets_outside(self, start: int, end: int) -> tuple[int, int]:
        assert self.outer is not None  # noqa: S101 - only called for an embedded text
        raw, at, inside = self.outer.text, self.start, 0
        outside_start = at
        while inside < end:
            if inside == start:
                outside_start = at
            at += _width(raw, at)
            inside += 1
        return (at if start == end else outside_start), at


def _width(raw: str, at: int) -> int:
    """Count the characters that one decoded character takes inside a JSON string."""
    if raw[at] != "\\":
        return 1
    if raw[at + 1] != "u":
        return _SIMPLE_ESCAPE
    high = 0xD800 <= int(raw[at + 2 : at + 6], 16) < 0xDC00
    low = raw[at + 6 : at + 8] == "\\u" and 0xDC00 <= int(raw[at + 8 : at + 12], 16) < 0xE000
    return _SURROGATE_PAIR if high and low else _UNICODE_ESCAPE
