"""The streams of all contacts that the files of one run show."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.inputs.cloudtrail.contacts import Contacts
from checker.inputs.cloudtrail.event import HiddenTopicError, NoTimeError, Start, folded, read_event
from checker.inputs.cloudtrail.faults import Fault
from checker.inputs.cloudtrail.place import place_of
from checker.inputs.cloudtrail.records import DECODER
from checker.inputs.cloudtrail.store import FullError, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from checker.analysis.inventory import Contact
    from checker.inputs.cloudtrail.faults import Faults
    from checker.inputs.cloudtrail.piece import Piece

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
