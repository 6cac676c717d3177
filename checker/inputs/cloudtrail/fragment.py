"""Where an event stands in a file that may have gigabytes: its line is read again only when it is shown."""

from __future__ import annotations

import zlib
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, AnyStr, NamedTuple

from checker.analysis.inventory import Place
from checker.core.errors import Skipped
from checker.core.finding import Position
from checker.inputs.discover import name_of
from checker.inputs.opening import is_packed, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.core.finding import Part, Route, Text


_BEYOND = 400
_CHEAP = 1024 * 1024
"""How much is read to show one line, of a packed file from its beginning."""

ROUTE = ("StreamingEndpointArn",)
"""Three events have it, each in another place."""


class EventDocument(NamedTuple):
    """The event that started a stream: the Document of every finding about it, and the Text too.

    ``at`` is where the topic stands in it.
    """

    path: Path
    at: At
    topic: str

    @property
    def name(self) -> str:
        """The file."""
        return name_of(self.path)

    def pointer_to(self, route: Route, part: Part) -> None:
        """None: the place of an event in a file that only grows says nothing."""

    def locate(self, route: Route, part: Part) -> Position:  # noqa: ARG002 - there is one place
        """Find the topic in the event."""
        line, column = self.at.line, _characters(self, self.at.column - 1) + 1
        return Position(line, column, line, column + len(self.topic))

    def text_of(self, route: Route, part: Part) -> Text:  # noqa: ARG002 - as above
        """Give the file."""
        return self

    def line(self, number: int) -> str:
        """Give the line of the event to a little beyond the topic, nothing where that takes much reading."""
        length = self.at.column + len(self.topic) + _BEYOND
        if number != self.at.line or length > _CHEAP:
            return ""
        return self.read(length).partition(b"\n")[0].decode("utf-8-sig", "replace").removesuffix("\r")

    def read(self, length: int) -> bytes:
        """Give so many bytes of the line and what follows it, nothing where they cannot be read any more."""
        try:
            return self._read(length)
        except (OSError, EOFError, zlib.error):
            return b""

    def _read(self, length: int) -> bytes:
        if not is_packed(self.path):
            with open_regular(self.path) as file:
                file.seek(self.at.begins)
                return file.read(length)
        if self.at.begins > _CHEAP:
            return b""
        import gzip  # it is here already, where there is anything packed

        with open_regular(self.path) as file, gzip.GzipFile(fileobj=file) as packed:
            packed.seek(self.at.begins)
            return packed.read(length)

    def anchor(self, route: Route) -> str:
        """Name the place by the topic: there are events of it in every file of a trail."""
        return f"{'.'.join(map(str, route)).lower()}[{self.topic}]"


@lru_cache(maxsize=256)
def _characters(document: EventDocument, length: int) -> int:
    """Count the characters of so many bytes of the line; one each where counting takes much reading."""
    read = document.read(length) if length <= _CHEAP else b""
    return len(read.decode("utf-8-sig", "replace")) if len(read) == length else length


def place_of(path: Path, at: At, topic: str) -> Place:
    """Give the place of a topic in an event."""
    return Place(EventDocument(path, at, topic), ROUTE)


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


_HOPELESS = 10_000
"""A file with so many faults is something else; reading on would only take time."""


class Fault(Enum):
    """What may be wrong: as it is said of one, of several, and whether the file is at fault."""

    LINE = ("line is no JSON", "lines are no JSON", True)
    RECORD = ("record is no JSON", "records are no JSON", True)
    LENGTH = ("line is too long for an event", "lines are too long for an event", True)
    TIME = ("event has no date", "events have no date", True)
    TOPIC = ("event hides the topic that it starts", "events hide the topics that they start", False)
    MANY = (
        "event is of one topic or instance more than are kept",
        "events are of more topics and instances than are kept",
        True,
    )


class Faults:
    """The faults of one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._counts: dict[Fault, int] = {}
        self._first: dict[Fault, Position] = {}
        self._ends: list[str] = []

    def note(self, fault: Fault, line: int, column: int = 1) -> None:
        """Count one more."""
        self._counts[fault] = self._counts.get(fault, 0) + 1
        self._first.setdefault(fault, Position(line, column, line, column + 1))

    def end(self, reason: str) -> None:
        """Note why the file was not read to its end."""
        self._ends.append(reason)

    @property
    def hopeless(self) -> bool:
        """True once there are so many that the rest is not worth reading; that is noted then."""
        broken = sum(count for fault, count in self._counts.items() if fault.value[2])
        if broken > _HOPELESS and not self._ends:
            self.end(f"more than {_HOPELESS} faults, the rest was not read")
        return broken > _HOPELESS

    def skipped(self) -> Iterator[Skipped]:
        """Say it as a report does."""
        for fault, count in self._counts.items():
            one, several, error = fault.value
            reason = f"1 {one}" if count == 1 else f"{count} {several}, the first here"
            yield Skipped(self.name, reason, error, self._first[fault])
        yield from (Skipped(self.name, reason, error=True) for reason in self._ends)
