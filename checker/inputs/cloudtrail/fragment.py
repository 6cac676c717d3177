"""Locates the events in a large file. Reports do not quote them: they may contain data of contacts."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, AnyStr

from checker.analysis.inventory import Place
from checker.core.errors import Skipped
from checker.core.finding import Position
from checker.core.record import NamedTuple
from checker.inputs.discover import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.core.finding import Part, Route


ROUTE = ("StreamingEndpointArn",)
"""Name of the topic in an event; each event type has it at a different route."""


class EventDocument(NamedTuple):
    """The source of an event that started a stream: the Document of its findings.

    ``at`` is the position of the topic.
    """

    path: Path
    at: FilePosition
    topic: str

    @property
    def name(self) -> str:
        """The file."""
        return name_of(self.path)

    def pointer_to(self, route: Route, part: Part) -> None:
        """Return ``None``, because an event in a growing file has no stable pointer."""

    def locate(self, route: Route, part: Part) -> Position:  # noqa: ARG002 - there is one place
        """Locate the topic in the event."""
        return Position(*self.at, self.at.line, self.at.column + len(self.topic))

    def text_of(self, route: Route, part: Part) -> None:
        """Return ``None``, because events are not quoted."""

    def anchor(self, route: Route) -> str:
        """Return an anchor with the topic's name, because every file of a trail has events for the topic."""
        return f"{'.'.join(map(str, route)).lower()}[{self.topic}]"


def place_of(path: Path, at: FilePosition, topic: str) -> Place:
    """Return the position of a topic in an event."""
    return Place(EventDocument(path, at, topic), ROUTE)


MAX_PIECE = 2 * 1024 * 1024
"""Maximum length of an event. CloudTrail's limit is 256 KB; escaped in a string of `lookup-events` it
doubles.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
"""

NAMES = (
    "ContactStreaming",
    "StartChatContact",
    "SendChatIntegrationEvent",
    "aws:sns:topicArn",
    "PutKeyPolicy",
    "CreateGrant",
    "RetireGrant",
    "RevokeGrant",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "CreateTopic",
)
"""Texts in every event that starts or stops a stream, uses the key of a topic, or changes who can; JSON without them
is skipped.
"""

WANTED = tuple(name.encode() for name in NAMES)


class FilePosition(NamedTuple):
    """A position in a file: line and column from 1, column in characters."""

    line: int
    column: int


class Piece(NamedTuple):
    """The bytes of one value that contains an event name; ``is_verbatim`` is false if the file has them in parts."""

    raw: bytes
    at: FilePosition
    is_verbatim: bool = True

    def find(self, text: str) -> FilePosition:
        """Return the position of a text in the piece, or of the piece if the text is encoded differently."""
        found = self.raw.find(text.encode("utf-8", "replace")) if self.is_verbatim else -1
        return self.at if found < 0 else moved(self.at, self.raw, b"\n", 0, found)


def moved(at: FilePosition, text: AnyStr, newline: AnyStr, start: int, end: int) -> FilePosition:
    """Advance a position over UTF-8 that follows it, as bytes or as a text of one character for each byte."""
    lines = text.count(newline, start, end)
    if not lines:
        return FilePosition(at.line, at.column + _characters(text[start:end]))
    last = text.rfind(newline, start, end) + 1
    return FilePosition(at.line + lines, 1 + _characters(text[last:end]))


_CONTINUATION = bytes(range(0x80, 0xC0))
"""The bytes of UTF-8 that do not start a character."""


def _characters(text: str | bytes) -> int:
    if text.isascii():
        return len(text)
    encoded = text if isinstance(text, bytes) else text.encode("latin-1")
    return len(encoded.translate(None, _CONTINUATION))


_MOST_FAULTS = 10_000
"""Number of errors after which the file is not treated as CloudTrail data."""


class Fault(Enum):
    """Kinds of errors: message for one, message for several, and whether the file is invalid."""

    LINE = ("line is not JSON", "lines are not JSON", True)
    RECORD = ("record is not JSON", "records are not JSON", True)
    LENGTH = ("line is too long for an event", "lines are too long for an event", True)
    TIME = ("event has no time", "events have no time", True)
    TOPIC = ("event does not show the topic ARN", "events do not show the topic ARN", False)
    MANY = (
        "event exceeds the limit of topics and instances",
        "events exceed the limit of topics and instances",
        True,
    )


class Faults:
    """Counts the errors of one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._counts: dict[Fault, int] = {}
        self._first: dict[Fault, Position] = {}
        self._ends: list[str] = []

    def note(self, fault: Fault, line: int, column: int = 1) -> None:
        """Count one error."""
        self._counts[fault] = self._counts.get(fault, 0) + 1
        self._first.setdefault(fault, Position(line, column, line, column + 1))

    def end(self, reason: str) -> None:
        """Record why the file was not read to its end."""
        self._ends.append(reason)

    @property
    def too_many(self) -> bool:
        """True after too many errors; the reason is recorded once."""
        broken = sum(count for fault, count in self._counts.items() if fault.value[2])
        if broken > _MOST_FAULTS and not self._ends:
            self.end(f"more than {_MOST_FAULTS} errors; the rest was not read")
        return broken > _MOST_FAULTS

    def skipped(self) -> Iterator[Skipped]:
        """Return the errors as Skipped entries for the report."""
        for fault, count in self._counts.items():
            one, several, error = fault.value
            reason = f"1 {one}" if count == 1 else f"{count} {several}; this is the first"
            yield Skipped(self.name, reason, error, self._first[fault])
        yield from (Skipped(self.name, reason, error=True) for reason in self._ends)
