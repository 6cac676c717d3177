"""CSV (RFC 4180): one row for each finding, and for each one that is fixed, suppressed or was not audited."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from checker.configuration.baseline import finding_fingerprint
from checker.core.terminal_text import inert, redacted
from checker.report.brief import place, worst_first
from checker.report.overview import Home

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.finding import Finding
    from checker.lint.history import Entry
    from checker.lint.report import Report
    from checker.report.context import Setting

COLUMNS = (
    "account",
    "account_name",
    "region",
    "resource",
    "address",
    "place",
    "rule",
    "severity",
    "verdict",
    "message",
    "help",
    "witness",
    "in_scope",
    "change",
    "change_reason",
    "first_seen",
    "audited_at",
    "fingerprint",
)
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The characters, and their full-width forms, with which a formula starts.

https://owasp.org/www-community/attacks/CSV_Injection
"""


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Yield the header and the rows."""
    yield _row(COLUMNS)
    in_scope = {target.resource: target.in_scope for target in report.examined}
    entries: Sequence[tuple[Finding, Entry | None]]
    if report.history is None:
        entries = [(finding, None) for finding in worst_first(report.findings)]
    else:
        entries = [(entry.finding, entry) for entry in report.history.entries]
    for finding, entry in entries:
        yield _row(_cells(finding, entry, report, setting, in_scope.get(finding.resource, "")))


def _cells(
    finding: Finding, entry: Entry | None, report: Report, setting: Setting, in_scope: str
) -> tuple[str, ...]:
    home, audit = Home.of_finding(finding), report.audit
    where = (home.account, audit.name_of(home.account) if audit else "", home.region)
    what = (finding.resource, finding.address, place(finding.locations[0], setting))
    decided = (finding.rule, finding.severity.value, finding.verdict.value)
    said = (finding.message, finding.help, finding.witness.sentence if finding.witness else "", in_scope)
    changed = (entry.change.value, entry.reason, entry.first_seen) if entry else ("", "", "")
    return (
        *where,
        *what,
        *decided,
        *said,
        *changed,
        audit.time if audit else "",
        finding_fingerprint(finding),
    )


def _row(cells: Sequence[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow([_harmless(redacted(cell)) for cell in cells])
    return text.getvalue()


def _harmless(cell: str) -> str:
    """Prevent a spreadsheet from reading a text as a formula, and keep it on one line."""
    flat = inert(cell.replace("\r", " ").replace("\n", " ").replace("\t", " "))
    return f"'{flat}" if flat.lstrip().startswith(_FORMULA) else flat
