"""Folds the events of a contact into streams, and finds the streams that were active at the same time.

Contacts end without an event, and a stop event may be in a missing file, so the result is an upper bound.
"""

from __future__ import annotations

import sqlite3
from itertools import groupby, islice
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.inputs.cloudtrail.fragment import FilePosition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.inputs.cloudtrail.event import Start, Stop


_STOPS, _MOMENTARY, _STARTS = range(3)


class Origin(NamedTuple):
    """The origin of a stream: a topic, and the Region and ARN of its Connect instance."""

    topic: str
    region: str
    instance: str


class StartedStream(NamedTuple):
    """The start of a stream. The first fields define the sort order.

    ``names`` are the IDs of the stream and of the request. Two starts with a name in common are one start.
    """

    time: int
    origin: Origin
    file: int
    at: FilePosition
    names: tuple[str, ...]


class EndedStream(NamedTuple):
    """The end of the stream with this name."""

    time: int
    name: str


class Stream(NamedTuple):
    """One stream of a contact, with its end if known."""

    began: StartedStream
    ended: int | None


def streams_of(starts: Iterable[StartedStream], stops: Iterable[EndedStream]) -> list[Stream]:
    """Merge equal starts, and pair them with the first later stop of any of their names."""
    ordered = sorted(starts)
    same = _Same()
    for start in ordered:
        for name in start.names:
            same.join(start.names[0], name)
    ends: dict[str, int] = {}
    for stop in stops:
        name = same.of(stop.name)
        ends[name] = min(stop.time, ends.get(name, stop.time))
    first: dict[str, StartedStream] = {}
    for start in ordered:
        first.setdefault(same.of(start.names[0]), start)
    return [Stream(began, ends.get(name)) for name, began in first.items()]


class _Same:
    """Merges equivalent names: each name leads to the representative of its set."""

    def __init__(self) -> None:
        self.next: dict[str, str] = {}

    def of(self, name: str) -> str:
        while (other := self.next.get(name, name)) != name:
            self.next[name] = name = self.next.get(other, other)
        return name

    def join(self, one: str, other: str) -> None:
        one, other = self.of(one), self.of(other)
        if one != other:
            self.next[other] = one


def at_once(starts: Sequence[StartedStream], stops: Sequence[EndedStream]) -> list[tuple[StartedStream, ...]]:
    """Return the maximal sets of topics that are streamed to at the same time.

    The largest sets come first. A topic keeps the stream that first used it. Stops sort before starts of the
    same time, so that a change of topic within a second does not count as an overlap.
    """
    if len({one.origin.topic for one in starts}) <= 1:
        return [(min(starts),)] if starts else []
    found: dict[frozenset[str], tuple[StartedStream, ...]] = {}
    for there in _moments(streams_of(starts, stops)):
        topics: dict[str, StartedStream] = {}
        for began in sorted(there):
            topics.setdefault(began.origin.topic, began)
        found.setdefault(frozenset(topics), tuple(topics.values()))
    largest = [streams for topics, streams in found.items() if not any(topics < other for other in found)]
    return sorted(largest, key=lambda streams: -len(streams))


def _moments(streams: Sequence[Stream]) -> Iterator[Iterable[StartedStream]]:
    """Yield the active streams before every stop that follows a start, and at the end.

    A stream that starts and stops at the same time overlaps with the streams active before.
    """
    live: dict[int, StartedStream] = {}
    grown = False
    for _, what, number in sorted(_steps(streams)):
        if what == _STARTS:
            live[number] = streams[number].began
        elif what == _MOMENTARY:
            yield [*live.values(), streams[number].began]
        else:
            if grown:
                yield live.values()
            del live[number]
        grown = what == _STARTS or (grown and what == _MOMENTARY)
    if grown:
        yield live.values()


def _steps(streams: Sequence[Stream]) -> Iterator[tuple[int, int, int]]:
    for number, (began, ended) in enumerate(streams):
        if ended is not None and ended <= began.time:
            yield began.time, _MOMENTARY, number
        else:
            yield began.time, _STARTS, number
            if ended is not None:
                yield ended, _STOPS, number


_BATCH = 2_000
_MEMORY_KB = 8_000
_MOST_ORIGINS = 10_000
"""Limit of topics. Chats stream to a few dozen topics; other data could fill the memory."""

_MOST_EVENTS = 1_000
"""Limit of events for a contact. A chat lasts a week at most and has at most two topics."""

_Row = tuple[str, int, int | None, str, str, int, int, int]


class ContactEvents(NamedTuple):
    """The events of one contact. ``id`` is empty if hidden; ``cut`` is true if events were dropped."""

    id: str
    starts: list[StartedStream]
    stops: list[EndedStream]
    cut: bool


class FullError(Exception):
    """An event exceeds the limit of topics or instances."""


class Store:
    """Stores events in a temporary database. Methods raise sqlite3.Error if the disk is full."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.executescript(
            f"PRAGMA cache_size = -{_MEMORY_KB}; PRAGMA temp_store = FILE; PRAGMA journal_mode = OFF;"
            "CREATE TABLE events (contact, time, origin, stream, request, file, line, col)"
        )
        self._rows: list[_Row] = []
        self._origins: dict[Origin, int] = {}

    def start(self, start: Start, file: int, at: FilePosition) -> None:
        """Store the start of a stream. Raises FullError."""
        origin = Origin(start.topic, start.region, start.instance)
        if len(self._origins) >= _MOST_ORIGINS and origin not in self._origins:
            raise FullError
        number = self._origins.setdefault(origin, len(self._origins))
        request = start.request or f"place {file} {at.line} {at.column}"
        contact = start.contact or f"{_HIDDEN}{start.stream or request}"
        self._add((contact, start.time, number, start.stream, request, file, *at))

    def stop(self, stop: Stop) -> None:
        """Store the end of a stream."""
        self._add((stop.contact, stop.time, None, stop.stream, "", 0, 0, 0))

    def _add(self, row: _Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._file.execute("BEGIN")
        self._file.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._rows)
        self._file.execute("COMMIT")
        self._rows.clear()

    def contacts(self) -> Iterator[ContactEvents]:
        """Yield the contacts in the order of their IDs."""
        self._flush()
        origins = list(self._origins)
        rows: Iterable[_Row] = self._file.execute("SELECT * FROM events ORDER BY contact")
        for contact, found in groupby(rows, key=lambda row: row[0]):
            some = list(islice(found, _MOST_EVENTS + 1))
            starts = [_began(row, origins[row[2]]) for row in some if row[2] is not None]
            stops = [EndedStream(row[1], f"stream {row[3]}") for row in some if row[2] is None]
            name = "" if contact.startswith(_HIDDEN) else contact
            yield ContactEvents(name, starts, stops, len(some) > _MOST_EVENTS)

    def close(self) -> None:
        """Discard all events."""
        self._file.close()


_HIDDEN = "\n"
"""Prefix of the substitute ID of a hidden contact, which no real ID has; the stream name follows."""


def _began(row: _Row, origin: Origin) -> StartedStream:
    _, time, _, stream, request, file, *at = row
    names = (f"stream {stream}", request) if stream else (request,)
    return StartedStream(time, origin, file, FilePosition(*at), names)
