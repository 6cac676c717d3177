"""The journal of an audit: JSON Lines, one line per topic when it is read and one per unit when it is done.

The first line has the caller's account and the options of the audit. A unit that was read again has several lines,
and the last one counts. A crash may leave a partial last line, which is ignored, and removed before more is written.
The topic lines are for resuming their unit, and are ignored once the unit is done. A finished audit ends with a line
that says so. A journal without that line is not overwritten. A journal may be forged or corrupt, so every line is
validated before any is used.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker import __version__
from checker.core.errors import AwsError, InputError, RefusedError
from checker.core.record import NamedTuple
from checker.core.shell import path_word
from checker.inputs.opening import NotRegularError, Role, open_regular
from checker.inputs.output_file import open_existing, protect
from checker.inputs.similar_path import similar_path
from checker.inputs.whole_file import whole_output
from checker.lint.audited import AuditedUnit, Circumstances
from checker.live.audit.topics import Attributes, TopicReads
from checker.live.aws.access import UNKNOWN_ACCOUNT, Unit
from checker.report.record import MALFORMED, read_report, read_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from checker.core.errors import CheckerError
    from checker.lint.report import Report

VERSION = 7
_KINDS = ("audit", "unit", "topic", "end")
_OTHERS = {
    "version": "from another version of checker",
    "account": "with credentials of another account",
    "asked": "with other topics, instances or expectations: a file that it reads has changed",
}
_TOPIC = b'{"kind":"topic",'
_HEAD = b'{"kind":"audit",'
_END = b'{"kind":"end"}\n'
_NO_ACCOUNT = "cannot resume the audit: not known whether the credentials are of its account"
_HELP = "start a new audit without --resume"


class Entry(NamedTuple):
    """The record of a unit. ``again`` is True if some reads failed for a reason that may be temporary.

    ``replicas`` are the other Regions of the instances that the unit describes, by ARN. ``audited`` is what was looked at.
    Nothing of it was read before ``began``, which is the start of the audit if an earlier run read a part.
    """

    unit: Unit
    again: bool
    report: Report
    replicas: Mapping[str, tuple[str, ...]]
    audited: AuditedUnit
    began: datetime


class Resumed(NamedTuple):
    """The state of a resumed audit: start time, finished units, and the number of topics read in other units."""

    began: datetime
    done: frozenset[Unit]
    topics: int


class Journal:
    """Appends whole lines to a file. ``account`` is the caller's account, ``asked`` is the scope of the audit, and
    ``began`` is its start.

    ``options`` are saved for a later run that resumes the audit with `read_options`.
    """

    def __init__(
        self,
        path: Path,
        account: str,
        asked: dict[str, Any],
        options: dict[str, Any] | None = None,
        caller: str = "",
    ) -> None:
        self.path = path
        self.began = datetime.now(UTC)
        made_by = {"checker": __version__, "caller": caller}
        head = {"kind": "audit", "version": VERSION, **made_by, "account": account}
        self._options = options or {}
        self._head = {**head, "asked": asked, "options": self._options}
        self._lock = threading.Lock()
        self._known: dict[Unit, dict[str, Attributes | None]] = {}

    @property
    def options(self) -> dict[str, Any]:
        """The recorded options of the audit."""
        return dict(self._options)

    def begin(self) -> None:
        """Start a new file. Raises CheckerError if it cannot be written, is an input, or has an unfinished audit."""
        _check_finished(self.path)
        head = {**self._head, "began": time_text(self.began)}
        with reported(self.path, "cannot be written: "), whole_output(self.path, regular=True) as file:
            file.write(_line(head))
        with reported(self.path):
            protect(self.path, Role.JOURNAL)

    def resume(self) -> Resumed:
        """Validate every line of a file before any is used, and continue its audit.

        Raises InputError for a file that is not a journal, or that has another account or other options, and AwsError if
        the account of the caller is not known.
        """
        done: dict[Unit, bool] = {}
        lines = self._lines(topics=True)
        first = next(lines, None)
        if first is None and self._is_barely_begun():
            self.begin()
            return Resumed(self.began, frozenset(), 0)
        self.began = began = self._check_head(first)
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
        """Return True if the run was killed while it wrote the first line. Raises InputError."""
        with reported(self.path), open_existing(self.path) as file:
            data = file.read()
        return data.startswith(_HEAD) or _HEAD.startswith(data)

    def _forget(self, entry: Entry) -> None:
        """Forget the topics of a finished unit."""
        if not entry.again:
            self._known.pop(entry.unit, None)

    def reads(self, unit: Unit) -> TopicReads:
        """Return the topics of a unit that were already read, and a function that records further ones."""

        def keep(topic: str, attributes: Attributes | None) -> None:
            head = {"kind": "topic", "account": unit.account, "region": unit.region}
            self.write({**head, "topic": topic, "attributes": attributes})

        return TopicReads(self._known.pop(unit, {}), keep)

    def finish(self) -> None:
        """Record that the audit is complete."""
        self.write(json.loads(_END))

    def write(self, value: dict[str, Any]) -> None:
        """Append the record of a topic or unit. Thread-safe. Raises InputError if the file cannot be written."""
        with reported(self.path, "cannot be written: "), self._lock, open_existing(self.path) as file:
            file.seek(0, os.SEEK_END)
            file.write(_line(value).encode())

    def entries(self) -> Iterator[Entry]:
        """Yield the record of every unit, sorted by account and Region. Raises InputError."""
        last: dict[Unit, int] = {}
        for line in self._lines():
            if line.value.get("kind") == "unit":
                last[self._unit(line)] = line.number
        numbers = set(last.values())
        entries = (self._entry(line) for line in self._lines() if line.number in numbers)
        yield from sorted(entries, key=lambda entry: entry.unit)

    def _check_head(self, line: _Line | None) -> datetime:
        """Check that a journal belongs to this audit, and return its start time. Raises InputError."""
        if line is None or line.value.get("kind") != "audit":
            raise unusable(self.path, 1, "it does not identify its audit")
        head = json.loads(json.dumps(self._head))
        for name, reason in _OTHERS.items():
            if line.value.get(name) != head[name]:
                raise self._of_another_audit(reason, line.value.get(name), head[name])
        try:
            began = datetime.fromisoformat(line.value["began"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError):
            raise unusable(self.path, 1, "it does not contain the start time of the audit") from None
        check_past(self.path, began)
        return began

    def _of_another_audit(self, reason: str, recorded: object, given: object) -> CheckerError:
        """Make the error for a journal that differs from this audit in one of its properties."""
        if given == UNKNOWN_ACCOUNT:
            return AwsError(str(self.path), _NO_ACCOUNT, "run the same command again")
        help_text = f"use the same options and credentials as before, or {_HELP}"
        if recorded == UNKNOWN_ACCOUNT:
            reason, help_text = "whose account is not known, because AWS did not answer", _HELP
        return InputError(str(self.path), f"the journal is from an audit {reason}", help_text=help_text)

    def _entry(self, line: _Line) -> Entry:
        unit, again = self._unit(line), line.value.get("again")
        if not isinstance(again, bool):
            raise unusable(self.path, line.number, "`again` is not true or false")
        try:
            report, audited = read_report(line.value["report"]), read_unit(line.value["audited"])
        except MALFORMED:
            raise unusable(self.path, line.number, "it is not the record of a unit") from None
        replicas = line.value.get("replicas", {})
        if not isinstance(replicas, dict) or not all(
            isinstance(regions, list) and all(isinstance(one, str) for one in regions)
            for regions in replicas.values()
        ):
            raise unusable(self.path, line.number, "`replicas` does not list Regions of instances")
        listed = {arn: tuple(regions) for arn, regions in replicas.items()}
        began = self._began(line)
        return Entry(unit, again, report, listed, audited._replace(began=time_text(began)), began)

    def _began(self, line: _Line) -> datetime:
        """Return when the reads of a unit began; the start of the audit if its record does not say."""
        text = line.value.get("began", "")
        try:
            return datetime.fromisoformat(text).astimezone(UTC) if text else self.began
        except (TypeError, ValueError):
            raise unusable(self.path, line.number, "`began` is not a time") from None

    def _topic(self, line: _Line) -> tuple[Unit, str, Attributes | None]:
        topic, attributes = line.value.get("topic"), line.value.get("attributes")
        texts = attributes.items() if isinstance(attributes, dict) else ()
        if not (isinstance(topic, str) and (attributes is None or isinstance(attributes, dict))) or not all(
            isinstance(text, str) for pair in texts for text in pair
        ):
            raise unusable(self.path, line.number, "it is not the record of a topic")
        return self._unit(line), topic, attributes

    def _unit(self, line: _Line) -> Unit:
        account, region = line.value.get("account"), line.value.get("region")
        if not isinstance(account, str) or not isinstance(region, str):
            raise unusable(self.path, line.number, "it does not name an account and a Region")
        return Unit(account, region)

    def _lines(self, *, topics: bool = False) -> Iterator[_Line]:
        """Yield the complete lines. Ignore a partial last line of a killed run. Raises InputError."""
        with reported(self.path), open_regular(self.path, as_input=False) as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_BYTES_OF_LINE + 1), b""), 1):
                if len(line) > MAX_BYTES_OF_LINE:
                    raise unusable(self.path, number, TOO_LARGE)
                if line.endswith(b"\n") and (topics or not line.startswith(_TOPIC)):
                    yield self._line(number, line)

    def _line(self, number: int, line: bytes) -> _Line:
        try:
            value = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            raise unusable(self.path, number, "it is not UTF-8 text") from None
        except (ValueError, RecursionError):
            raise unusable(self.path, number, "it is not JSON") from None
        if (
            not isinstance(value, dict)
            or value.get("kind") not in _KINDS
            or (number > 1) != (value["kind"] != "audit")
        ):
            raise unusable(self.path, number, "it is not a valid line at this position")
        return _Line(number, value)

    def _cut_off(self) -> None:
        """Remove a partial last line, so that the next line starts on a line of its own."""
        with reported(self.path), open_existing(self.path) as file:
            file.truncate(file.read().rfind(b"\n") + 1)
        with reported(self.path):
            protect(self.path, Role.JOURNAL)


MAX_BYTES_OF_LINE = 512 * 1024 * 1024
"""Size limit of a report, and of the line of a journal about an account and Region. A topic takes about one KB."""
TOO_LARGE = f"larger than the {MAX_BYTES_OF_LINE // 1024 // 1024} MB limit"


def time_text(time: datetime) -> str:
    """Write a time as the journal has it: ISO 8601 with milliseconds."""
    return time.isoformat(timespec="milliseconds")


def unusable(path: Path, number: int, reason: str) -> InputError:
    """Return the error for an invalid line."""
    return InputError(str(path), f"not a valid audit journal: line {number}: {reason}", help_text=_HELP)


def check_past(path: Path, began: datetime) -> None:
    """Refuse the file of an audit that began in the future: what is newer could not be decided. Raises InputError."""
    if began > datetime.now(UTC):
        reason = f"its audit began in the future ({time_text(began)}): a clock was or is wrong"
        raise InputError(str(path), reason, help_text="correct the clock, or remove the file")


class UnfinishedError(InputError):
    """Raised for the journal of an audit that did not finish, so that its findings were not reported."""


def read_journal(path: Path) -> tuple[Circumstances, tuple[Entry, ...]]:
    """Read the circumstances of an earlier audit, and the records of its units. Raises InputError."""
    head = _read_head(path)
    if not _is_finished(path):
        help_text = f"continue it with `checker audit --resume {path_word(path)}`"
        raise UnfinishedError(str(path), "the audit did not finish", help_text=help_text)
    if head is None:
        raise unusable(path, 1, "it is not complete")
    entries = tuple(Journal(path, "", {}).entries())
    try:
        began = datetime.fromisoformat(head["began"]).astimezone(UTC).isoformat(timespec="milliseconds")
        made_by, options = (str(head["checker"]), str(head["caller"])), dict(head["options"])
    except (KeyError, TypeError, ValueError):
        raise unusable(path, 1, "it does not identify its audit") from None
    return Circumstances(began, *made_by, options, tuple(entry.audited for entry in entries)), entries


def read_options(path: Path) -> object:
    """Read the options in a journal's first line. Return None if that line is incomplete. Raises InputError."""
    head = _read_head(path)
    return None if head is None else head.get("options", {})


def _read_head(path: Path) -> dict[str, Any] | None:
    with reported(path), open_regular(path, as_input=False) as file:
        first = file.readline(MAX_BYTES_OF_LINE + 1)
    if len(first) > MAX_BYTES_OF_LINE:
        raise unusable(path, 1, TOO_LARGE)
    if not first.endswith(b"\n") and (first.startswith(_HEAD) or _HEAD.startswith(first)):
        return None
    try:
        head = json.loads(first)
    except (ValueError, RecursionError):
        raise unusable(path, 1, "it is not JSON") from None
    if not isinstance(head, dict) or head.get("kind") != "audit":
        raise unusable(path, 1, "it does not identify its audit")
    if head.get("version") != VERSION:
        raise InputError(str(path), f"the journal is from an audit {_OTHERS['version']}", help_text=_HELP)
    return head


def _is_finished(path: Path) -> bool:
    with reported(path), open_regular(path, as_input=False) as file:
        file.seek(max(0, path.stat().st_size - len(_END)))
        return file.read() == _END


def _check_finished(path: Path) -> None:
    """Check that a file is not the journal of an audit that can be resumed. Raises RefusedError."""
    if not path.is_file():
        return
    with reported(path), open_existing(path) as file:
        lines = file.readlines()
    if len(lines) > 1 and lines[0].startswith(_HEAD) and lines[-1] != _END:
        help_text = f"continue it with `checker audit --resume {path_word(path)}`, or delete the file to start a new audit"
        raise RefusedError(
            str(path), "refusing to overwrite the journal of an unfinished audit", help_text=help_text
        )


@contextmanager
def reported(path: Path, doing: str = "") -> Iterator[None]:
    """Convert errors of a journal's file to InputError."""
    try:
        yield
    except OSError as error:
        reason = f"{doing}{(error.strerror or str(error)).lower()}"
        help_text = "name a regular file" if isinstance(error, NotRegularError) else ""
        help_text = similar_path(str(path)) if isinstance(error, FileNotFoundError) else help_text
        raise InputError(str(path), reason, help_text=help_text) from None


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


class _Line(NamedTuple):
    """A line of a journal, with its number."""

    number: int
    value: dict[str, Any]
