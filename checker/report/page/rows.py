"""The rows of the table of findings: compact JSON values, worst first, within the size limit of a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.configuration.baseline import finding_fingerprint, numbered
from checker.core.finding import Finding, Verdict
from checker.core.record import NamedTuple
from checker.lint.history import PRESENT, Change, Entry
from checker.report.brief import details, one_line, place, worst_first
from checker.report.overview import Home
from checker.report.page.fixes import commands, fixes_json, with_dialects
from checker.report.page.pool import Pool, json_size, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.lint.report import Report
    from checker.report.context import Setting


_SHARE = 0.7
"""The part of the size of all rows that they take without their details."""
_ID_DIGITS = 12
_HANDLED = ("resource", "witness", "help")
"""Details that a row has in columns of its own."""


class Row(NamedTuple):
    """A finding of this run or of an earlier one. ``id`` is stable over runs, and names the row in links."""

    id: str
    finding: Finding
    change: str = ""
    first_seen: str = ""
    remark: str = ""

    @property
    def is_present(self) -> bool:
        """True for a finding of this run that is not suppressed."""
        return self.change in ("", *(change.value for change in PRESENT))


def rows_of(report: Report, setting: Setting) -> list[Row]:
    """Return the findings of a report, worst first, then those that only its history has and the suppressed ones."""
    entries = _entries(report)
    present = worst_first(finding for finding in report.findings)
    changes = {id(entry.finding): entry for entry in entries if entry.change in PRESENT}
    by_content = {_content(entry.finding): entry for entry in entries if entry.change in PRESENT}
    unnamed = [
        _row(finding, changes.get(id(finding)) or by_content.get(_content(finding))) for finding in present
    ]
    unnamed += [
        _row(entry.finding, entry) for entry in entries if entry.change in (Change.FIXED, Change.NOT_AUDITED)
    ]
    unnamed += [
        Row(
            "",
            one.finding,
            Change.SUPPRESSED.value,
            "",
            f"by {one.by.value}{': ' if one.reason else ''}{one.reason}",
        )
        for one in report.suppressed
    ]
    return list(_named(unnamed, setting))


def _entries(report: Report) -> Sequence[Entry]:
    return report.history.entries if report.history else ()


def _content(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.resource, finding.message, finding.locations[0].source


def _row(finding: Finding, entry: Entry | None) -> Row:
    if entry is None:
        return Row("", finding)
    is_known = entry.change in (Change.ESCALATED, Change.UNCHANGED)
    is_other = is_known and entry.before is not finding.severity
    before = f"was {entry.before.value} before" if entry.before and is_other else ""
    remark = "; ".join(filter(None, (before, entry.reason)))
    return Row("", finding, entry.change.value, entry.first_seen, remark)


def _named(rows: Iterable[Row], setting: Setting) -> Iterator[Row]:
    """Add the IDs; equal findings are numbered."""
    listed = tuple(rows)
    marks = (finding_fingerprint(row.finding, setting.relative)[:_ID_DIGITS] for row in listed)
    for row, (mark, number) in zip(listed, numbered(marks), strict=True):
        yield row._replace(id=mark if number == 1 else f"{mark}-{number}")


COLUMNS = (
    "id",
    "severity",
    "open",
    "rule",
    "message",
    "resource",
    "account",
    "region",
    "change",
    "first_seen",
    "place",
    "help",
    "witness",
)
_NUMBERS = ("open",)
_NAMING = ("message", "place", "help", "witness")
"""Columns whose texts may have the ARN of the resource, or a part of it."""
_NUMBER = 8
"""The bytes of a number in a list."""


class Rows(NamedTuple):
    """The JSON values of rows: texts are numbers in the pool, and so are the commands and details of each row.

    ``details`` is ``None`` where the size limit left them out. ``omitted`` is the number of rows without any value, the
    least severe ones.
    """

    pool: Pool
    rows: list[list[int]]
    commands: list[int]
    details: list[int | None]
    omitted: int


def rows_json(
    rows: Sequence[Row],
    cells: Sequence[Mapping[str, str]],
    instances: Mapping[str, str],
    setting: Setting,
    room: int,
) -> Rows:
    """Convert rows and their cells to JSON values of at most ``room`` bytes.

    ``instances`` are those that stream to the topics.
    """
    pool, size = Pool(), 0
    values: list[list[int]] = []
    all_commands: list[int] = []
    for row, cell in zip(rows, cells, strict=True):
        mark, parts = pool.mark(), parts_of(cell["resource"])
        named = commands(row.finding, instances, setting) if row.is_present else ()
        words = [[one_line(word) for word in (one.purpose, *one.words)] for one in named]
        all_commands.append(pool.value(words, parts))
        values.append([_cell(column, cell, pool, parts) for column in COLUMNS])
        size += json_size(values[-1]) + _NUMBER + 2
        if size + pool.size > room * _SHARE:
            pool.restore(mark)
            del values[-1], all_commands[-1]
            break
    details = _details(rows[: len(values)], cells, setting, pool, room - size)
    return Rows(pool, values, all_commands, details, len(rows) - len(values))


def _cell(column: str, cell: Mapping[str, str], pool: Pool, parts: tuple[str, ...]) -> int:
    if column in _NUMBERS:
        return int(cell[column])
    return pool.text(cell[column], parts if column in _NAMING else ())


def cells_of(row: Row, setting: Setting) -> dict[str, str]:
    """Return the texts of a row by column, all of them inert. A place in a live resource is only the route in it."""
    finding = row.finding
    home = Home.of_finding(finding)
    return {
        "id": row.id,
        "severity": finding.severity.value,
        "open": "1" if finding.verdict is Verdict.UNDETERMINED else "0",
        "rule": finding.rule,
        "message": one_line(finding.message),
        "resource": one_line(finding.resource),
        "account": one_line(home.account),
        "region": one_line(home.region),
        "change": row.change,
        "first_seen": one_line(row.first_seen),
        "place": place(finding.locations[0], setting).removeprefix(one_line(finding.resource)),
        "help": one_line(finding.help),
        "witness": one_line(finding.witness.sentence) if finding.witness else "",
    }


def _details(
    rows: Sequence[Row], cells: Sequence[Mapping[str, str]], setting: Setting, pool: Pool, room: int
) -> list[int | None]:
    """Return the details of each row, ``None`` for those that ``room`` bytes have no place for, with the pool.

    The dialects of fixes take the most, so they come last.
    """
    numbers: list[int | None] = [None] * len(rows)
    room -= _NUMBER * len(rows)
    found: list[dict[str, Any]] = []
    for number, (row, cell) in enumerate(zip(rows, cells, strict=False)):
        mark, value = pool.mark(), _detail(row, setting)
        numbers[number] = pool.value(value, parts_of(cell["resource"]))
        if pool.size > room:
            pool.restore(mark)
            numbers[number] = None
            return numbers
        found.append(value)
    for number, (value, row, cell) in enumerate(zip(found, rows, cells, strict=False)):
        if "fixes" in value:
            mark, longer = pool.mark(), with_dialects(value, row.finding)
            changed = pool.value(longer, parts_of(cell["resource"]))
            if pool.size > room:
                pool.restore(mark)
                return numbers
            numbers[number] = changed
    return numbers


def _detail(row: Row, setting: Setting) -> dict[str, Any]:
    """Return the details of a row, without empty ones. A finding that is not of this run has no fixes."""
    finding = row.finding
    labels = [
        [one.label, one.text]
        for one in details(finding._replace(fixes=()), setting)
        if one.label not in _HANDLED
    ]
    value = {
        "labels": labels,
        "affects": [one_line(name) for name in finding.affects],
        "request": _request(finding),
        "remark": one_line(row.remark),
        "fixes": fixes_json(finding, setting) if row.is_present else [],
    }
    return {name: content for name, content in value.items() if content}


def _request(finding: Finding) -> str:
    """Write the request of a witness as JSON, with the decision; empty without one."""
    witness = finding.witness
    if witness is None or not witness.request:
        return ""
    return f"{json.dumps(witness.request, default=dict)}\n{witness.decision}"
