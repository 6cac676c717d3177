"""The journal of an audit: JSON Lines, one for each topic as soon as it is read, and for each unit once it is done.

The first line says what was asked. A unit that was read again has several lines, of which the last counts; a
line that was cut off by a crash counts for nothing, and is taken away before more is written. The topics of a
unit are for going on with it, and mean nothing once it is done.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.inputs.text import InputError
from checker.live.access import Unit
from checker.live.audit.reads import Attributes, Reads
from checker.output_file import open_existing, open_output, protect
from checker.report.recorded import read_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.outcome import Report

VERSION = 1
_HEADER = b'{"kind":"audit",'
_TOPIC = '{"kind":"topic",'
_HELP = "start anew without --resume"


class Entry(NamedTuple):
    """What came of a unit; ``again`` if some of it was not read for a reason that may have passed."""

    unit: Unit
    again: bool
    report: Report


class Journal:
    """Appends to a file, a whole line at a time."""

    def __init__(self, path: Path, asked: dict[str, Any]) -> None:
        self.path = path
        self._asked = {"kind": "audit", "version": VERSION, "asked": asked}
        self._lock = threading.Lock()
        self._known: dict[Unit, dict[str, Attributes | None]] = {}

    def begin(self) -> None:
        """Begin a new file. Raises InputError if it cannot be written, or is an input of the run."""
        with self._faults(), open_output(self.path, regular=True) as file:
            file.write(_line(self._asked))
        with self._faults():
            protect(self.path)

    def resume(self) -> set[Unit]:
        """Go on with a file; give the units that need not be read again.

        Raises InputError for one that cannot be read, or is of an audit that was asked something else.
        """
        self._trim()
        done: dict[Unit, bool] = {}
        for number, value in enumerate(self._values(topics=True)):
            if number == 0:
                self._compare(value)
            elif value.get("kind") == "unit":
                done[_unit(value)] = not value.get("again")
                self._forget(value)
            elif value.get("kind") == "topic":
                self._known.setdefault(_unit(value), {})[str(value.get("topic"))] = value.get("attributes")
        if not self._size():
            self.begin()
        return {unit for unit, whole in done.items() if whole}

    def _forget(self, unit: dict[str, Any]) -> None:
        """Forget the topics of a unit that is done."""
        if not unit.get("again"):
            self._known.pop(_unit(unit), None)

    def reads(self, unit: Unit) -> Reads:
        """Give the topics of a unit that are read already, and a place for those that are still to be read."""

        def keep(topic: str, attributes: Attributes | None) -> None:
            head = {"kind": "topic", "account": unit.account, "region": unit.region}
            self.write({**head, "topic": topic, "attributes": attributes})

        return Reads(self._known.pop(unit, {}), keep)

    def write(self, value: dict[str, Any]) -> None:
        """Add what was read of a topic or came of a unit, from any thread. Raises InputError if that cannot be."""
        with self._faults(), self._lock, open_existing(self.path) as file:
            file.seek(0, os.SEEK_END)
            file.write(_line(value).encode())

    def entries(self) -> Iterator[Entry]:
        """Give what came of every unit, in the order of accounts and Regions. Raises InputError."""
        last: dict[Unit, int] = {}
        for number, value in enumerate(self._values()):
            if value.get("kind") == "unit":
                last[_unit(value)] = number
        places = {number: unit for unit, number in last.items()}
        found: dict[Unit, Entry] = {}
        for number, value in enumerate(self._values()):
            if number in places:
                found[places[number]] = self._entry(value)
        yield from (found[unit] for unit in sorted(found))

    def _entry(self, value: dict[str, Any]) -> Entry:
        try:
            return Entry(_unit(value), bool(value["again"]), read_record(value))
        except (KeyError, TypeError, ValueError):
            raise self._not_a_journal() from None

    def _values(self, *, topics: bool = False) -> Iterator[dict[str, Any]]:
        try:
            with self.path.open(encoding="utf-8") as file:
                for line in file:
                    if topics or not line.startswith(_TOPIC):
                        value = json.loads(line)
                        yield value if isinstance(value, dict) else {}
        except (OSError, ValueError) as error:
            raise self._unusable(error) from None

    def _compare(self, value: dict[str, Any]) -> None:
        if value != json.loads(json.dumps(self._asked)):
            reason = "the journal is of an audit with other options"
            raise InputError(str(self.path), reason, help_text="give the same options as before, or " + _HELP)

    def _trim(self) -> None:
        """Remove a line that was not written to its end. Raises InputError for what is not a journal."""
        with self._faults(), open_existing(self.path) as file:
            data = file.read()
            if not (data.startswith(_HEADER) or _HEADER.startswith(data)):
                raise self._not_a_journal()
            file.truncate(data.rfind(b"\n") + 1)
        with self._faults():
            protect(self.path)

    def _size(self) -> int:
        return self.path.stat().st_size

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError | ValueError) -> InputError:
        if isinstance(error, OSError):
            return InputError(str(self.path), (error.strerror or str(error)).lower())
        return self._not_a_journal()

    def _not_a_journal(self) -> InputError:
        return InputError(str(self.path), "this is not a journal of an audit", help_text=_HELP)


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _unit(value: dict[str, Any]) -> Unit:
    return Unit(str(value.get("account", "")), str(value.get("region", "")))
