"""Reads the reports and journals of earlier audits, for `audit --since`."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from checker.core.errors import InputError, Skipped
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.opening import NotRegularError, open_regular
from checker.inputs.similar_path import similar_path
from checker.live.audit.executor import merged
from checker.live.audit.journal import (
    MAX_BYTES_OF_LINE,
    TOO_LARGE,
    UnfinishedError,
    check_past,
    read_journal,
)
from checker.live.audit.replicas import completed
from checker.report.brief import count_noun, some
from checker.report.comparison import Past, past_of
from checker.report.record import MALFORMED, read_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.lint.report import Report


_HELP = "name a JSON report of `checker audit`, a journal, or a folder with them"
_NO_TIME = "does not say when it was audited"
_SUFFIXES = (".json", ".jsonl")
_MOST_NAMED = 3
_HEAD = 4096
"""The time of an audit is in this many bytes at the beginning of its report or journal."""
_TIME = pattern(rb'"(?:time|began)"\s*:\s*"([^"]{10,40})"')
_JOURNAL = b'{"kind":"audit",'


class _File(NamedTuple):
    """A report or journal, with the start of its audit and the time when the file was written."""

    time: datetime
    is_report: bool
    written: float
    path: Path


def read_past(path: Path, settle: Callable[[Report], Report]) -> tuple[Past, tuple[Skipped, ...]]:
    """Read an earlier report or journal, or all in a folder and below, and the files there that are neither.

    ``settle`` applies the selection of the earlier audit and the suppressions of this run to the findings of a journal,
    which has all.
    Raises InputError.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - it never raises
        return past_of([_read(_file(path), settle)]), ()
    files: list[_File] = []
    others: list[str] = []
    ignored: list[Skipped] = []
    for name in _names(path):
        try:
            files.append(_file(name))
        except NotAnAuditError:
            others.append(name.name)
        except InputError as error:
            ignored.append(_ignored(name, error))
    past = past_of(_needed(_distinct(files), settle, ignored))
    return past, (*ignored, *_others(path, others))


def _others(folder: Path, names: Sequence[str]) -> Iterator[Skipped]:
    """Yield one entry for all files of a folder that are not of audits, such as a baseline."""
    if names:
        reason = f"not compared with {count_noun(len(names), 'file')} without the time of an audit: {some(names, _MOST_NAMED)}"
        yield Skipped(str(folder), reason, complete=True)


class NotAnAuditError(InputError):
    """Raised for a file that is neither a report of an audit nor a journal."""


def _ignored(path: Path, error: InputError) -> Skipped:
    """Return the entry of a file that is left out. What an audit reported is missing then, unlike any other file."""
    is_missing = not isinstance(error, UnfinishedError)
    reason = f"not compared with: {error.reason}"
    return Skipped(str(path), reason, error=is_missing, help=error.help, complete=not is_missing)


def _names(folder: Path) -> Iterator[Path]:
    """Yield the JSON files of a folder and below. Raises InputError if a folder cannot be listed."""

    def failed(error: OSError) -> None:
        raise InputError(str(error.filename), (error.strerror or str(error)).lower()) from None

    for here, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name) for name in sorted(names) if name.endswith(_SUFFIXES))


def _file(path: Path) -> _File:
    """Look at the beginning of a file. Raises InputError if it is neither a report nor a journal."""
    head = _head(path)
    if not head:
        raise InputError(
            str(path), "the file is empty: its audit was not written", help_text="remove the file"
        )
    match = _TIME.search(head)
    is_report = not head.startswith(_JOURNAL)
    if is_report and (match is None or b'"audit"' not in head):
        raise NotAnAuditError(str(path), _NO_TIME, help_text=_HELP)
    text = match[1].decode("ascii", "replace") if match else ""
    try:
        time = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise InputError(str(path), _NO_TIME, help_text=_HELP) from None
    check_past(path, time)
    return _File(time, is_report, path.stat().st_mtime, path)


def _head(path: Path) -> bytes:
    try:
        with open_regular(path, as_input=False) as file:
            return file.read(_HEAD)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        help_text = _HELP if isinstance(error, NotRegularError | FileNotFoundError) else ""
        help_text = (similar_path(str(path)) if isinstance(error, FileNotFoundError) else "") or help_text
        raise InputError(str(path), reason, help_text=help_text) from None


def _distinct(files: Sequence[_File]) -> list[_File]:
    """Return one file for each audit, in the order of time: the newest report, which the user saw, unlike a journal."""
    by_time = {file.time: file for file in sorted(files, key=lambda file: file[1:])}
    return sorted(by_time.values())


def _needed(
    files: Sequence[_File], settle: Callable[[Report], Report], ignored: list[Skipped]
) -> list[Report]:
    """Read the newest files, back to one that carries the history of all older ones. Add the unusable ones."""
    reports: list[Report] = []
    for number in range(len(files) - 1, -1, -1):
        try:
            report = _read(files[number], settle)
        except InputError as error:
            ignored.append(_ignored(files[number].path, error))
            continue
        reports.insert(0, report)
        nights = report.history.nights if report.history else ()
        known = {datetime.fromisoformat(night.time).astimezone(UTC) for night in nights}
        if all(file.time in known for file in files[:number]):
            break
    return reports


def _read(file: _File, settle: Callable[[Report], Report]) -> Report:
    if not file.is_report:
        return _journal_report(file.path, settle)
    try:
        with open_regular(file.path, as_input=False) as stream:
            report = read_report(json.loads(_bounded(stream, file.path)))
    except OSError as error:
        raise InputError(str(file.path), (error.strerror or str(error)).lower()) from None
    except MALFORMED:
        reason = "not a valid report of `checker audit`, or from another version of checker"
        raise InputError(str(file.path), reason, help_text=_HELP) from None
    return report


def _bounded(stream: BinaryIO, path: Path) -> bytes:
    """Read a report. Raises InputError for one that is too large."""
    data = stream.read(MAX_BYTES_OF_LINE + 1)
    if len(data) > MAX_BYTES_OF_LINE:
        raise InputError(str(path), TOO_LARGE, help_text=_HELP)
    return data


def _journal_report(path: Path, settle: Callable[[Report], Report]) -> Report:
    """Return the report of an earlier audit from its journal, with its selection and the suppressions of this run."""
    audit, entries = read_journal(path)
    report = merged(entry.report for entry in completed(entries, {}))
    return settle(report._replace(audit=audit))
