"""A text with a name, and the way from an offset in it to a line and column of the file it came from."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from checker.core.finding import Position

if TYPE_CHECKING:
    from collections.abc import Sequence


class Source:
    """Text that nodes point into.

    A text that is kept inside another, as a policy is in a string of a template, is a source of its own:
    ``outer`` is the text around it and ``offsets`` has the offset there of each of its characters, and one
    more for its end. Positions are those of the file.
    """

    __slots__ = ("_line_starts", "name", "offsets", "outer", "text")

    def __init__(
        self, name: str, text: str, outer: Source | None = None, offsets: Sequence[int] | None = None
    ) -> None:
        self.name = name
        self.text = text
        self.outer = outer
        self.offsets = offsets
        self._line_starts: list[int] | None = None

    def position(self, start: int, end: int) -> Position:
        """Turn half-open offsets of this text into lines and columns of the file."""
        if self.outer is not None and self.offsets is not None:
            begin = self.offsets[start]
            return self.outer.position(begin, max(begin, self.offsets[end]))
        line, column = self._line_and_column(start)
        end_line, end_column = self._line_and_column(end)
        return Position(line, column, end_line, end_column)

    def pointer_at(self, offset: int) -> str | None:
        """The JSON pointer of what stands at an offset, in a part of a file that a machine wrote."""
        if self.outer is None or self.offsets is None:
            return None
        return self.outer.pointer_at(self.offsets[offset])

    def line(self, number: int) -> str:
        """Give one line of the file, counted from 1, without its line end."""
        if self.outer is not None:
            return self.outer.line(number)
        start = self._starts()[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].removesuffix("\r")

    def line_start(self, number: int) -> int:
        """Give the offset at which a line begins, counted from 1; the end of the text for one after the last."""
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
    """Map a decoded JSON string of so many characters; ``start`` is that of its first character in ``raw``."""
    offsets, at = [start], start
    for _ in range(length):
        at += _width(raw, at)
        offsets.append(at)
    return offsets


def offsets_of_string(raw: str, start: int, length: int) -> Sequence[int]:
    """Map the text of a JSON string that begins with its quote at ``start``; what is none, to that place."""
    if raw[start : start + 1] == '"':
        try:
            return offsets_of_json(raw, start + 1, length)
        except (IndexError, ValueError):
            return offsets_at(start, length)
    return offsets_at(start, length)


def _width(raw: str, at: int) -> int:
    """Count the characters that one decoded character takes inside a JSON string."""
    if raw[at] != "\\":
        return 1
    if raw[at + 1] != "u":
        return _SIMPLE_ESCAPE
    high = 0xD800 <= int(raw[at + 2 : at + 6], 16) < 0xDC00
    low = raw[at + 6 : at + 8] == "\\u" and 0xDC00 <= int(raw[at + 8 : at + 12], 16) < 0xE000
    return _SURROGATE_PAIR if high and low else _UNICODE_ESCAPE


def offsets_of_lines(outer: Source, first_line: int, text: str) -> Sequence[int]:
    """Map a text whose lines are those of the outer text from a line on, each indented or not."""
    offsets: list[int] = []
    for number, line in enumerate(text.split("\n"), first_line):
        start = outer.line_start(number)
        written = outer.text[start : outer.line_start(number + 1)].rstrip("\r\n")
        indent = max(0, len(written) - len(line)) if written.endswith(line) else 0
        offsets += range(start + indent, start + indent + len(line) + 1)
    return offsets


def offsets_at(start: int, length: int) -> Sequence[int]:
    """Map a text that cannot be followed character by character to the place where it begins."""
    return [start] * (length + 1)


def offsets_of_yaml(outer: Source, start: int, text: str) -> Sequence[int]:
    """Map the value of a YAML scalar that begins at ``start``, in whatever style it is written."""
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
