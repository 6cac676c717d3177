"""A text with a name, and the way from an offset in it to a line and column of the file it came from."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from checker.finding import Position

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
