"""The text report of an audit: a summary, then the findings by account and Region, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.terminal_text import inert
from checker.lint.history import PRESENT, Change
from checker.report.brief import count_noun
from checker.report.formats.text import finding_lines
from checker.report.overview import grouped, minutes, summary_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.finding import Finding
    from checker.lint.history import Entry
    from checker.lint.report import Report
    from checker.report.context import Paint, Setting
    from checker.report.overview import Home

_MOST_OTHERS = 10


def audit_lines(report: Report, setting: Setting) -> Iterator[str]:
    """Yield the report of an audit. Findings of one rule in an account and Region are one entry with a list."""
    rules = {rule.id: rule for rule in setting.rules}
    yield from summary_lines(report, rules)
    changes = _changes(report)
    in_scope = {target.resource: target.in_scope for target in report.examined if target.in_scope}
    home: Home | None = None
    for group in grouped(report.findings, rules):
        if group.home != home:
            home = group.home
            yield ""
            yield setting.paint("bold", home.shown(report.audit))
        yield ""
        yield from finding_lines(group.first, setting.paint)
        if group.first.resource in in_scope:
            yield setting.paint.detail("in scope", in_scope[group.first.resource])
        if id(group.first) in changes:
            yield setting.paint.detail("since", _change_text(changes[id(group.first)]))
        yield from _others(group.findings[1:], changes, setting.paint)
    yield from _absent(report, setting.paint)


def _changes(report: Report) -> dict[int, Entry]:
    """Return the entries of the findings, by the identity of the object."""
    if report.history is None:
        return {}
    return {id(entry.finding): entry for entry in report.history.of(*PRESENT)}


def _change_text(entry: Entry) -> str:
    if entry.change is Change.NEW:
        return f"new{f' ({entry.reason})' if entry.reason else ''}"
    worse = " before, now more severe" if entry.change is Change.ESCALATED else ""
    return f"{minutes(entry.first_seen)}{f', {entry.before.value}{worse}' if worse and entry.before else ''}"


def _others(others: Sequence[Finding], changes: dict[int, Entry], paint: Paint) -> Iterator[str]:
    """List the other findings of a group, each with its own message."""
    for finding in others[:_MOST_OTHERS]:
        entry = changes.get(id(finding))
        mark = f"{entry.change.value}: " if entry and entry.change is not Change.UNCHANGED else ""
        yield paint.detail("also", f"{mark}{_short(finding.resource)}: {finding.message}")
    if len(others) > _MOST_OTHERS:
        yield paint.detail("also", f"{len(others) - _MOST_OTHERS} more, which `--format json` lists")


def _short(resource: str) -> str:
    arn = Arn.parse(resource)
    return arn.resource if arn else resource


def _absent(report: Report, paint: Paint) -> Iterator[str]:
    """List what is fixed and what was not audited."""
    for change, title in ((Change.FIXED, "fixed"), (Change.NOT_AUDITED, "not audited")):
        entries = list(report.history.of(change)) if report.history else []
        if not entries:
            continue
        yield ""
        yield paint("bold", f"{title}: {count_noun(len(entries), 'finding')}")
        for entry in entries[:_MOST_OTHERS]:
            reason = f": {entry.reason}" if entry.reason else ""
            yield f"  {inert(f'{entry.finding.rule}: {entry.finding.resource}{reason}')}"
        if len(entries) > _MOST_OTHERS:
            yield f"  and {len(entries) - _MOST_OTHERS} more, which `--format json` lists"
