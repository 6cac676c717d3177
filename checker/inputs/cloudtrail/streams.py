"""Collects the streams of all contacts in the files of one run."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from checker.analysis.inventory import MOST_TOPICS, Contact
from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.inputs.cloudtrail.documents import DECODER
from checker.inputs.cloudtrail.event import (
    HiddenTopicError,
    NoTimeError,
    Start,
    folded,
    read_event,
    read_refusal,
)
from checker.inputs.cloudtrail.fold import FullError, Store, at_once
from checker.inputs.cloudtrail.fragment import Fault, place_of
from checker.inputs.cloudtrail.key_history import KeyHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from checker.analysis.inventory import Place, RefusedStart
    from checker.inputs.cloudtrail.fold import ContactEvents, StartedStream
    from checker.inputs.cloudtrail.fragment import Faults, Piece


_EACH = 100
"""Number of contacts with several topics that are shown one by one; the others are grouped."""

_MOST_TOPICS = 100_000
_MOST_REFUSED = 10_000
_LOST = "events of keys beyond the limit of keys and topics, so that none of them is evidence"
_HIDDEN = "a contact with a hidden ID"

_Kind = tuple[str, str, tuple[str, ...]]


class _Alike(NamedTuple):
    id: str
    streams: tuple[StartedStream, ...]
    alike: int


class Contacts:
    """The contacts of a run. ``lost`` counts the contacts beyond the limit, ``cut`` those with too many
    events.

    ``place`` returns the position of the start of a stream.
    """

    def __init__(self, place: Callable[[StartedStream], Place]) -> None:
        self._place = place
        self.lost = 0
        self.cut = 0
        self._each: list[Contact] = []
        self._alike: dict[_Kind, _Alike] = {}
        self._room = _MOST_TOPICS

    def add(self, seen: ContactEvents) -> None:
        """Add one contact."""
        self.cut += seen.cut
        sets = at_once(seen.starts, seen.stops)
        name = seen.id or _HIDDEN
        if sets and len(sets[0]) > MOST_TOPICS and len(self._each) < _EACH:
            self._each.append(self._contact(_Alike(name, sets.pop(0), 1)))
        for streams in sets:
            self._count(name, streams)

    def _count(self, name: str, streams: tuple[StartedStream, ...]) -> None:
        kind = _kind(streams)
        known = self._alike.get(kind)
        if known is not None:
            self._alike[kind] = known._replace(alike=known.alike + 1)
        elif self._room < len(streams):
            self.lost += 1
        else:
            self._room -= len(streams)
            self._alike[kind] = _Alike(name, streams, 1)

    def all(self) -> Iterator[Contact]:
        """Return the contacts."""
        yield from self._each
        yield from (self._contact(alike) for alike in self._alike.values())

    def _contact(self, alike: _Alike) -> Contact:
        region, instance, _ = _kind(alike.streams)
        topics = tuple((one.origin.topic, self._place(one)) for one in alike.streams)
        return Contact(alike.id, topics, topics[0][1], region, Arn.parse(instance), alike.alike)


def _kind(streams: tuple[StartedStream, ...]) -> _Kind:
    """Return the grouping key of contacts; all streams of one contact belong to one instance."""
    first = next((one.origin for one in streams if one.origin.instance), streams[0].origin)
    return first.region, first.instance, tuple(sorted(one.origin.topic for one in streams))


_LISTS = ("records", "events")
_SINGLE = ("cloudtrailevent", "detail")
_FAULTS = {NoTimeError: Fault.TIME, HiddenTopicError: Fault.TOPIC, FullError: Fault.MANY}


class Streams:
    """Collects streams for a whole run, because contacts span files and folders (S3 has one folder a day).

    ``keys`` are the uses of keys, ``refused`` the streams that Connect refused to start, each event once.
    """

    def __init__(self) -> None:
        self.keys = KeyHistory()
        self.refused: dict[RefusedStart, None] = {}
        self._store = Store()
        self._files: list[Path] = []

    def add(self, path: Path, pieces: Iterable[Piece], faults: Faults) -> int:
        """Add and count the events of a file; unreadable parts are noted. Raises InputError."""
        self._files.append(path)
        try:
            return sum(self._take(piece, faults) for piece in pieces)
        except sqlite3.Error as error:
            raise _no_room(faults.name, error) from None

    def _take(self, piece: Piece, faults: Faults) -> int:
        try:
            found = list(_records(_decoded(piece.raw.decode())))
        except (ValueError, RecursionError):
            faults.note(Fault.LINE, *piece.at)
            return 0
        return sum(self._kept(record, piece, faults) for record in found)

    def _kept(self, record: object, piece: Piece, faults: Faults) -> bool:
        """Store one event; false if it is not relevant or incomplete."""
        try:
            if self.keys.add(record) or self._is_refused(record):
                return True
            event = read_event(record)
            if isinstance(event, Start):
                self._store.start(event, len(self._files) - 1, piece.find(event.topic))
            elif event is not None:
                self._store.stop(event)
        except (NoTimeError, HiddenTopicError, FullError) as error:
            faults.note(_FAULTS[type(error)], *piece.at)
            return False
        return event is not None

    def _is_refused(self, record: object) -> bool:
        """Store the refused start of a stream; false for other events. Raises NoTimeError, FullError."""
        refused = read_refusal(record)
        if refused is None:
            return False
        if len(self.refused) >= _MOST_REFUSED and refused not in self.refused:
            raise FullError
        self.refused[refused] = None
        return True

    def settle(self) -> tuple[list[Contact], list[Skipped]]:
        """Fold the stored events into contacts, report missing data, and discard the events."""
        contacts = Contacts(lambda began: place_of(self._files[began.file], began.at, began.origin.topic))
        skipped = []
        try:
            for seen in self._store.contacts():
                contacts.add(seen)
        except sqlite3.Error as error:
            skipped.append(_no_room("CloudTrail", error).skipped())
        finally:
            self._store.close()
        skipped += (Skipped("CloudTrail", reason, error=True) for reason in _limits(contacts))
        if self.keys.lost:
            skipped.append(Skipped("CloudTrail", f"{_LOST}: {self.keys.lost}", error=True))
        return list(contacts.all()), skipped


def _limits(contacts: Contacts) -> Iterator[str]:
    if contacts.cut:
        yield f"contacts with too many events, read only in part: {contacts.cut}"
    if contacts.lost:
        yield f"contacts beyond the limit of distinct stream patterns, not checked: {contacts.lost}"


def _no_room(name: str, error: sqlite3.Error) -> InputError:
    help_text = "events are stored in a temporary file; set `SQLITE_TMPDIR` to a folder with enough space"
    return InputError(name, f"cannot store the events: {error}", help_text=help_text)


def _decoded(text: str) -> object:
    value: object = DECODER.decode(text.removeprefix("\ufeff"))
    return value


def _records(value: object) -> Iterator[object]:
    """Yield the events in a value: the value, its list items, or the event that EventBridge or
    `lookup-events` wraps.
    """
    if isinstance(value, str):
        yield from _records(_decoded(value)) if value[:1] == "{" else ()
    elif isinstance(value, list):
        for one in value:
            yield from _records(one)
    elif isinstance(value, dict):
        yield from (value,) if "eventName" in value else _unwrapped(value)


def _unwrapped(value: dict[str, object]) -> Iterator[object]:
    inside = folded(value)
    lists = [inside[key] for key in _LISTS if isinstance(inside.get(key), list)]
    single = [inside[key] for key in _SINGLE if key in inside]
    if lists or single:
        yield from _records([*lists, *single])
    else:
        yield value
