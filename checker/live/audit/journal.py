"""The journal of an audit: JSON Lines, one for each topic as soon as it is read, and for each unit once it is done.

The first line has the caller's account and the options of the audit. A unit that was read again has several lines,
of which the last counts; a last line that was cut off by a crash is ignored, and removed before more is written.
The topics of a unit are for resuming it, and mean nothing once it is done. The last line of an audit that finished
says so: a journal without it is not overwritten. A journal may be forged or broken: no line is used before all of
them have been checked.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.core.errors import InputError
from checker.inputs.opening import NotRegularError, Role
from checker.inputs.output_file import open_existing, open_output, protect
from checker.live.audit.topics import Attributes, Reads
from checker.live.aws.access import Unit
from checker.report.record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.lint.report import Report

VERSION = 4
_KINDS = ("audit", "unit", "topic", "end")
_OTHERS = {
    "version": "by another version of checker",
    "account": "with the credentials of another account",
    "asked": "that judged other topics or instances: the configuration or a manifest has changed",
}
_TOPIC = b'{"kind":"topic",'
_HEAD = b'{"kind":"audit",'
_END = b'{"kind":"end"}\n'
_HELP = "start anew without --resume"


class Entry(NamedTuple):
    """The record of a unit; ``again`` if some of it was not read for a reason that may have passed."""

    unit: Unit
    again: bool
    report: Report


class Resumed(NamedTuple):
    """The state of a resumed audit: its beginning, the units that are done, and the number of topics read in others."""

    began: datetime
    done: frozenset[Unit]
    topics: int


class Journal:
    """Appends to a file, a whole line at a time. ``account`` is the caller's, ``asked`` what it judges.

    ``options`` are what `read_options` gives to a run that resumes it.
    """

    def __init__(
        self, path: Path, account: str, asked: dict[str, Any], options: dict[str, Any] | None = None
    ) -> None:
        self.path = path
        head = {"kind": "audit", "version": VERSION, "account": account}
        self._head = {**head, "asked": asked, "options": options or {}}
        self._lock = threading.Lock()
        self._known: dict[Unit, dict[str, Attributes | None]] = {}

    def begin(self) -> None:
        """Begin a new file. Raises InputError if it cannot be written, is an input, or has an unfinished audit."""
        _check_finished(self.path)
        head = {**self._head, "began": datetime.now(UTC).isoformat(timespec="seconds")}
        with reported(self.path, "cannot be written: "), open_output(self.path, regular=True) as file:
            file.write(_line(head))
        with reported(self.path):
            protect(self.path, Role.JOURNAL)

    def resume(self) -> Resumed:
        """Check every line of a file before anything relies on it, and go on with the audit.

        Raises InputError for a file that is not a journal, or is one of another account or of other options.
        """
        done: dict[Unit, bool] = {}
        lines = self._lines(topics=True)
        first = next(lines, None)
        if first is None and self._is_barely_begun():
            self.begin()
            return Resumed(datetime.now(UTC), frozenset(), 0)
        began = self._check_head(first)
        for line in lines:
            if line.value.get("kind") == "unit":
                entry = self._entry(line)
                done[entry.unit] = not entry.again
                self._forget(entry)
            elif line.value.get("kind") == "topic":
                unit, topic, attributes = self._topic(line)
                self._known.setdefault(unit, {})[topic] = attributes
        self._cut_off()
        whole = frozenset(unit for unit, is_whole in done.items() if is_whole)
        return Resumed(began, whole, sum(map(len, self._known.values())))

    def _is_barely_begun(self) -> bool:
        """True for a file of a run that was killed before its first line was written to the end. Raises InputError."""
        with reported(self.path), open_existing(self.path) as file:
            data = file.read()
        return data.startswith(_HEAD) or _HEAD.startswith(data)

    def _forget(self, entry: Entry) -> None:
        """Forget the topics of a unit that is done."""
        if not entry.again:
            self._known.pop(entry.unit, None)

    def reads(self, unit: Unit) -> Reads:
        """Give the topics of a unit that are read already, and a place for those that are still to be read."""

        def keep(topic: str, attributes: Attributes | None) -> None:
            head = {"kind": "topic", "account": unit.account, "region": unit.region}
            self.write({**head, "topic": topic, "attributes": attributes})

        return Reads(self._known.pop(unit, {}), keep)

    def finish(self) -> None:
        """Record that the audit went through to its report."""
        self.write(json.loads(_END))

    def write(self, value: dict[str, Any]) -> None:
        """Add what was read of a topic or came of a unit, from any thread. Raises InputError if that cannot be."""
        with reported(self.path, "cannot be written: "), self._lock, open_existing(self.path) as file:
            file.seek(0, os.SEEK_END)
            file.write(_line(value).encode())

    def entries(self) -> Iterator[Entry]:
        """Give the record of every unit, in the order of accounts and Regions. Raises InputError."""
        last: dict[Unit, int] = {}
        for line in self._lines():
            if line.value.get("kind") == "unit":
                last[self._unit(line)] = line.number
        numbers = set(last.values())
        found = (self._entry(line) for line in self._lines() if line.number in numbers)
        yield from sorted(found, key=lambda one: one.unit)

    def _check_head(self, line: _Line | None) -> datetime:
        """See that a journal is of this audit, and give the time when it began. Raises InputError."""
        if line is None or line.value.get("kind") != "audit":
            raise self._unusable(1, "it does not say which audit it is of")
        head = json.loads(json.dumps(self._head))
        for name, reason in _OTHERS.items():
            if line.value.get(name) != head[name]:
                help_text = f"give the same options and credentials as before, or {_HELP}"
                raise InputError(str(self.path), f"the journal is of an audit {reason}", help_text=help_text)
        try:
            return datetime.fromisoformat(line.value["began"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError):
            raise self._unusable(1, "it does not say when the audit began") from None

    def _entry(self, line: _Line) -> Entry:
        unit, again = self._unit(line), line.value.get("again")
        if not isinstance(again, bool):
            raise self._unusable(line.number, "`again` is not true or false")
        try:
            report = read_record(line.value)
        except (AttributeError, KeyError, IndexError, RecursionError, SyntaxError, TypeError, ValueError):
            report = None
        if report is None or not _is_sound(report):
            raise self._unusable(line.number, "it is not the record of a unit")
        return Entry(unit, again, report)

    def _topic(self, line: _Line) -> tuple[Unit, str, Attributes | None]:
        topic, attributes = line.value.get("topic"), line.value.get("attributes")
        texts = attributes.items() if isinstance(attributes, dict) else ()
        if not (isinstance(topic, str) and (attributes is None or isinstance(attributes, dict))) or not all(
            isinstance(text, str) for pair in texts for text in pair
        ):
            raise self._unusable(line.number, "it is not the record of a topic")
        return self._unit(line), topic, attributes

    def _unit(self, line: _Line) -> Unit:
        account, region = line.value.get("account"), line.value.get("region")
        if not isinstance(account, str) or not isinstance(region, str):
            raise self._unusable(line.number, "it does not name an account and a Region")
        return Unit(account, region)

    def _lines(self, *, topics: bool = False) -> Iterator[_Line]:
        """Give the lines; one that was not written to its end, by a run that was killed, is none. Raises InputError."""
        with reported(self.path), open_existing(self.path) as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n") and (topics or not line.startswith(_TOPIC)):
                    yield self._line(number, line)

    def _line(self, number: int, line: bytes) -> _Line:
        try:
            value = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            raise self._unusable(number, "it is not UTF-8 text") from None
        except (ValueError, RecursionError):
            raise self._unusable(number, "it is not JSON") from None
        if (
            not isinstance(value, dict)
            or value.get("kind") not in _KINDS
            or (number > 1) != (value["kind"] != "audit")
        ):
            raise self._unusable(number, "it is not a line that an audit writes there")
        return _Line(number, value)

    def _cut_off(self) -> None:
        """Remove a line that was not written to its end, so that the next one begins at its beginning."""
        with reported(self.path), open_existing(self.path) as file:
            file.truncate(file.read().rfind(b"\n") + 1)
        with reported(self.path):
            protect(self.path, Role.JOURNAL)

    def _unusable(self, number: int, reason: str) -> InputError:
        return unusable(self.path, number, reason)


def unusable(path: Path, number: int, reason: str) -> InputError:
    """Make the error for a line that no audit wrote."""
    return InputError(str(path), f"not a valid journal of an audit: line {number}: {reason}", help_text=_HELP)


def read_options(path: Path) -> object:
    """Read the options that a journal begins with; ``None`` if it was cut off before them. Raises InputError."""
    with reported(path), open_existing(path) as file:
        first = file.readline()
    if not first.endswith(b"\n") and (first.startswith(_HEAD) or _HEAD.startswith(first)):
        return None
    try:
        head = json.loads(first)
    except (ValueError, RecursionError):
        raise unusable(path, 1, "it is not JSON") from None
    if not isinstance(head, dict) or head.get("kind") != "audit":
        raise unusable(path, 1, "it does not say which audit it is of")
    if head.get("version") != VERSION:
        raise InputError(str(path), f"the journal is of an audit {_OTHERS['version']}", help_text=_HELP)
    return head.get("options", {})


def _check_finished(path: Path) -> None:
    """See that a file is not the journal of an audit that can still be resumed. Raises InputError."""
    if not path.is_file():
        return
    with reported(path), open_existing(path) as file:
        lines = file.readlines()
    if len(lines) > 1 and lines[0].startswith(_HEAD) and lines[-1] != _END:
        help_text = (
            f"`checker audit --resume {quote(str(path))}` continues it; to start anew, delete the file"
        )
        raise InputError(
            str(path), "the journal of an unfinished audit is not overwritten", help_text=help_text
        )


@contextmanager
def reported(path: Path, doing: str = "") -> Iterator[None]:
    """Raise what goes wrong with a journal's file as an InputError."""
    try:
        yield
    except OSError as error:
        reason = f"{doing}{(error.strerror or str(error)).lower()}"
        help_text = "name a regular file" if isinstance(error, NotRegularError) else ""
        raise InputError(str(path), reason, help_text=help_text) from None


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _is_sound(report: Report) -> bool:
    """True if a report that was read from a file has texts and numbers where one that was made here has them."""
    skipped = (text for one in report.skipped for text in (one.what, one.reason, one.help))
    findings = (text for one in report.findings for text in (one.address, *(fix.title for fix in one.fixes)))
    texts = all(isinstance(text, str) for text in (*skipped, *findings, *report.crashed))
    flags = all(isinstance(one.error, bool) for one in report.skipped)
    return texts and flags and type(report.not_judged) is int


class _Line(NamedTuple):
    """A line of a journal, with its number."""

    number: int
    value: dict[str, Any]
