"""Converts paths and positions to those of the Language Server Protocol.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#position
"""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import TYPE_CHECKING

from lsprotocol.types import Position as Place
from lsprotocol.types import Range
from pygls import uris

from checker.core.pattern import pattern
from checker.policy.source import Source

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec

    from checker.core.finding import Position

_END_OF_LINE = pattern(r"\r\n|\n|\r")
_START = Place(0, 0)
TOP = Range(_START, _START)
"""The beginning of a file, for what has no place in it."""


def path_of(uri: str) -> str | None:
    """Return the absolute path of a document; ``None`` if it is not a file of this machine."""
    path = uris.to_fs_path(uri)
    return os.path.abspath(path) if path and not path.startswith("//") else None  # noqa: PTH100 - links are not followed


def uri_of(path: str) -> str:
    """Return the URI of an absolute path."""
    return uris.from_fs_path(path) or ""


class Lines:
    """The lines of a text, to convert positions in it.

    ``checker`` counts lines that end in a line feed and columns in characters, the protocol also lines that end in a
    carriage return, and columns in the code units that client and server agreed on.
    """

    def __init__(self, text: str, codec: PositionCodec) -> None:
        self.text = text
        self.codec = codec
        self.starts = [0, *(found.end() for found in _END_OF_LINE.finditer(text))]
        self._source = Source("", text)

    def range_of(self, position: Position | None) -> Range:
        """Convert a position of a finding; without one, it is the beginning of the file."""
        if position is None:
            return TOP
        start = self._place(position.line, position.column)
        return Range(start, self._place(position.end_line, position.end_column))

    def _place(self, line: int, column: int) -> Place:
        """Convert a line and column, both counted from 1; to the end of a text that has become shorter."""
        return self._at(min(self._source.line_start(line) + column - 1, len(self.text)))

    def _at(self, offset: int) -> Place:
        line = bisect_right(self.starts, offset) - 1
        return Place(line, self.codec.client_num_units(self.text[self.starts[line] : offset]))


def contains(whole: Range, place: Place) -> bool:
    """True if a place is in a range, or at its end."""
    return _order(whole.start) <= _order(place) <= _order(whole.end)


def overlaps(one: Range, other: Range) -> bool:
    """True if two ranges have a place in common, or touch."""
    return contains(one, other.start) or contains(other, one.start)


def _order(place: Place) -> tuple[int, int]:
    return place.line, place.character
