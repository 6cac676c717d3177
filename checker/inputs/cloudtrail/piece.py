"""A piece of a file that may be an event: its text, and where it stands."""

from __future__ import annotations

from typing import AnyStr, NamedTuple

MAX_PIECE = 2 * 1024 * 1024
"""CloudTrail's own limit is 256 KB an event; in a string of `lookup-events` its quotes take twice their room.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
"""

NAMES = ("ContactStreaming", "StartChatContact", "SendChatIntegrationEvent")
"""One of these stands in every event that starts or stops a stream; JSON without them need not be read."""

WANTED = tuple(name.encode() for name in NAMES)


class At(NamedTuple):
    """A place in a file: line and column from 1, the column in bytes, and the offset at which the line begins."""

    line: int
    column: int
    begins: int


class Piece(NamedTuple):
    """The bytes of one value with one of the names in it."""

    raw: bytes
    at: At

    def find(self, text: str) -> At:
        """Give the place of a text in the piece, that of the piece if the text is written otherwise."""
        found = self.raw.find(text.encode("utf-8", "replace"))
        return self.at if found < 0 else moved(self.at, self.raw, b"\n", 0, found)


def moved(at: At, text: AnyStr, newline: AnyStr, start: int, end: int) -> At:
    """Go on from a place over a stretch of text that begins there, and whose characters are bytes."""
    lines = text.count(newline, start, end)
    if not lines:
        return At(at.line, at.column + end - start, at.begins)
    last = text.rfind(newline, start, end) + 1
    return At(at.line + lines, end - last + 1, at.begins + at.column - 1 + last - start)
