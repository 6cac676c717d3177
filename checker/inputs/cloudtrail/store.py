"""Keeps the events of all contacts until every file is read, in the memory of a few.

Files overlap and are read in any order, so no contact is over before the last of them. SQLite keeps the events
in a temporary file of its own, which is gone when it is closed, and sorts them there.
"""

from __future__ import annotations

import sqlite3
from itertools import groupby, islice
from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.cloudtrail.fold import Began, Ended, Origin
from checker.inputs.cloudtrail.piece import At

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.cloudtrail.event import Start, Stop

_BATCH = 2_000
_MEMORY_KB = 8_000
_MOST_ORIGINS = 10_000
"""Chats stream to some dozens of topics; so many are some other data, and would fill the memory."""

_MOST_EVENTS = 1_000
"""A contact lasts a week at most and takes two topics; one with more events than that is no chat."""

_Row = tuple[str, int, int | None, str, str, int, int, int, int]


class Seen(NamedTuple):
    """What was seen of one contact. ``id`` is empty where it is hidden; ``cut``: there was more."""

    id: str
    starts: list[Began]
    stops: list[Ended]
    cut: bool


class FullError(Exception):
    """An event is of one topic or instance more than are kept."""


class Store:
    """Its methods raise sqlite3.Error where there is no room for the temporary file."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.executescript(
            f"PRAGMA cache_size = -{_MEMORY_KB}; PRAGMA temp_store = FILE; PRAGMA journal_mode = OFF;"
            "CREATE TABLE events (contact, time, origin, stream, request, file, line, col, begins)"
        )
        self._rows: list[_Row] = []
        self._origins: dict[Origin, int] = {}

    def start(self, start: Start, file: int, at: At) -> None:
        """Keep the start of a stream. Raises FullError."""
        origin = Origin(start.topic, start.region, start.instance)
        if len(self._origins) >= _MOST_ORIGINS and origin not in self._origins:
            raise FullError
        number = self._origins.setdefault(origin, len(self._origins))
        request = start.request or f"place {file} {at.line} {at.column}"
        contact = start.contact or f"{_HIDDEN}{start.stream or request}"
        self._add((contact, start.time, number, start.stream, request, file, *at))

    def stop(self, stop: Stop) -> None:
        """Keep the end of a stream."""
        self._add((stop.contact, stop.time, None, stop.stream, "", 0, 0, 0, 0))

    def _add(self, row: _Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._file.execute("BEGIN")
        self._file.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._rows)
        self._file.execute("COMMIT")
        self._rows.clear()

    def contacts(self) -> Iterator[Seen]:
        """Give contact after contact, in the order of their ids."""
        self._flush()
        origins = list(self._origins)
        rows: Iterable[_Row] = self._file.execute("SELECT * FROM events ORDER BY contact")
        for contact, found in groupby(rows, key=lambda row: row[0]):
            some = list(islice(found, _MOST_EVENTS + 1))
            starts = [_began(row, origins[row[2]]) for row in some if row[2] is not None]
            stops = [Ended(row[1], f"stream {row[3]}") for row in some if row[2] is None]
            name = "" if contact.startswith(_HIDDEN) else contact
            yield Seen(name, starts, stops, len(some) > _MOST_EVENTS)

    def close(self) -> None:
        """Forget everything."""
        self._file.close()


_HIDDEN = "\n"
"""No id begins with it: what a contact is called whose id is hidden, followed by the only name that there is."""


def _began(row: _Row, origin: Origin) -> Began:
    _, time, _, stream, request, file, *at = row
    names = (f"stream {stream}", request) if stream else (request,)
    return Began(time, origin, file, At(*at), names)
