"""The streams of all contacts that the files of one run show."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Contact
from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.inputs.cloudtrail.documents import DECODER
from checker.inputs.cloudtrail.event import HiddenTopicError, NoTimeError, Start, folded, read_event
from checker.inputs.cloudtrail.fold import FullError, Store, at_once
from checker.inputs.cloudtrail.fragment import Fault, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from checker.analysis.inventory import Place
    from checker.inputs.cloudtrail.fold import Began, Seen
    from checker.inputs.cloudtrail.fragment import Faults, Piece


_EACH = 100
"""So many contacts with too many topics are shown one by one, the others are counted with those like them."""

_LIMIT = 2
_MOST_TOPICS = 100_000
_HIDDEN = "a contact whose id is hidden"

_Kind = tuple[str, str, tuple[str, ...]]


class _Alike(NamedTuple):
    id: str
    streams: tuple[Began, ...]
    alike: int


class Contacts:
    """``lost`` counts the contacts that there was no more room for, ``cut`` those with too many events.

    ``place`` says where the start of a stream is written.
    """

    def __init__(self, place: Callable[[Began], Place]) -> None:
        self._place = place
        self.lost = 0
        self.cut = 0
        self._each: list[Contact] = []
        self._alike: dict[_Kind, _Alike] = {}
        self._room = _MOST_TOPICS

    def add(self, seen: Seen) -> None:
        """Add what was seen of one contact."""
        self.cut += seen.cut
        sets = at_once(seen.starts, seen.stops)
        name = seen.id or _HIDDEN
        if sets and len(sets[0]) > _LIMIT and len(self._each) < _EACH:
            self._each.append(self._contact(_Alike(name, sets.pop(0), 1)))
        for streams in sets:
            self._count(name, streams)

    def _count(self, name: str, streams: tuple[Began, ...]) -> None:
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
        """Give the contacts."""
        yield from self._each
        yield from (self._contact(alike) for alike in self._alike.values())

    def _contact(self, alike: _Alike) -> Contact:
        region, instance, _ = _kind(alike.streams)
        topics = tuple((one.origin.topic, self._place(one)) for one in alike.streams)
        return Contact(alike.id, topics, topics[0][1], region, Arn.parse(instance), alike.alike)


def _kind(streams: tuple[Began, ...]) -> _Kind:
    """What contacts have in common that are counted together; streams of one contact are of one instance."""
    first = next((one.origin for one in streams if one.origin.instance), streams[0].origin)
    return first.region, first.instance, tuple(sorted(one.origin.topic for one in streams))


_LISTS = ("records", "events")
_SINGLE = ("cloudtrailevent", "detail")
_FAULTS = {NoTimeError: Fault.TIME, HiddenTopicError: Fault.TOPIC, FullError: Fault.MANY}


class Streams:
    """Contacts span files and folders, S3 keeps a folder a day, so there is one of these a run."""

    def __init__(self) -> None:
        self._store = Store()
        self._files: list[Path] = []

    def add(self, path: Path, pieces: Iterable[Piece], faults: Faults) -> int:
        """Add the events of a file, and count them; what cannot be read of it is noted. Raises InputError."""
        self._files.append(path)
        try:
            return sum(self._take(piece, faults) for piece in pieces)
        except sqlite3.Error as error:
            raise _no_room(faults.name, error) from None

    def _take(self, piece: Piece, faults: Faults) -> int:
        try:
            found = list(_records(_decoded(piece.raw.decode())))
        except (ValueError, RecursionError):
            faults.note(Fault.LINE, *piece.at[:2])
            return 0
        return sum(self._kept(record, piece, faults) for record in found)

    def _kept(self, record: object, piece: Piece, faults: Faults) -> bool:
        """Keep one event; false for one that starts and stops nothing, or says too little to be kept."""
        try:
            event = read_event(record)
            if isinstance(event, Start):
                self._store.start(event, len(self._files) - 1, piece.find(event.topic))
            elif event is not None:
                self._store.stop(event)
        except (NoTimeError, HiddenTopicError, FullError) as error:
            faults.note(_FAULTS[type(error)], *piece.at[:2])
            return False
        return event is not None

    def settle(self) -> tuple[list[Contact], list[Skipped]]:
        """Fold what was seen into contacts, say what is missing, and forget it all."""
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
        return list(contacts.all()), skipped


def _limits(contacts: Contacts) -> Iterator[str]:
    if contacts.cut:
        yield f"contacts with more events than a chat can have, of which not all were read: {contacts.cut}"
    if contacts.lost:
        yield f"contacts that stream in more ways than are kept apart, which were left out: {contacts.lost}"


def _no_room(name: str, error: sqlite3.Error) -> InputError:
    help_text = "events are kept in a temporary file, set SQLITE_TMPDIR to a folder with room for it"
    return InputError(name, f"the events cannot be kept: {error}", help_text=help_text)


def _decoded(text: str) -> object:
    value: object = DECODER.decode(text.removeprefix("\ufeff"))
    return value


def _records(value: object) -> Iterator[object]:
    """Give the events in a value: itself, those in its list, or the one that it is wrapped in as EventBridge
    or `lookup-events` do it.
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
