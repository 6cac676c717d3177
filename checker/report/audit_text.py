"""The text report of an audit: a summary, then the findings by account and Region, the worst first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.terminal_text import inert
from checker.lint.history import PRESENT, Change
from checker.report.brief import count_noun, moment, some
from checker.report.finding_text import finding_lines
from checker.report.overview import grouped, short, summary_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.lint.history import Entry
    from checker.lint.report import Report
    from checker.report.context import Paint, Setting
    from checker.report.overview import Group, Home

_MOST_OTHERS = 10
_MOST_NAMES = 8
_USUAL = ("its policy names Amazon Connect",)
"""Reasons why a topic is in scope that its findings show anyway."""


def audit_lines(report: Report, setting: Setting) -> Iterator[str]:
    """Yield the report of an audit. Findings of one rule in an account and Region are one entry with a list."""
    rules = {rule.id: rule for rule in setting.rules}
    yield from summary_lines(report, rules)
    changes = _changes(report)
    in_scope = {target.resource: target.in_scope for target in report.examined}
    in_scope = {name: reason for name, reason in in_scope.items() if reason not in ("", *_USUAL)}
    groups = grouped(report.findings, rules)
    home: Home | None = None
    for group in groups:
        if group.home != home:
            home = group.home
            yield ""
            yield setting.paint("bold", f"{home.shown(report.audit)}: {_counts(groups, home)}")
        yield ""
        yield from finding_lines(group.first, setting.paint)
        if group.first.resource in in_scope:
            yield setting.paint.detail("in scope", in_scope[group.first.resource])
        if id(group.first) in changes:
            yield _change(changes[id(group.first)], setting.paint)
        yield from _others(group, changes, setting.paint)
    yield from _absent(report, setting.paint)


def _counts(groups: Iterable[Group], home: Home) -> str:
    """Count the findings of an account and Region by severity."""
    counts = Counter(one.severity for group in groups if group.home == home for one in group.findings)
    return ", ".join(
        count_noun(counts[severity], severity.value) for severity in Severity if counts[severity]
    )


def _changes(report: Report) -> dict[int, Entry]:
    """Return the entries of the findings, by the identity of the object."""
    if report.history is None:
        return {}
    return {id(entry.finding): entry for entry in report.history.of(*PRESENT)}


def _change(entry: Entry, paint: Paint) -> str:
    """Say since when a finding is known, and whether it has become worse."""
    if entry.change is Change.NEW:
        return paint.detail("change", f"new{f': {entry.reason}' if entry.reason else ''}")
    if entry.change is Change.ESCALATED and entry.before:
        seen = f"first seen {moment(entry.first_seen)}"
        return paint.detail("change", f"escalated, {_before(entry)}; {seen}")
    return paint.detail("first seen", moment(entry.first_seen))


def _before(entry: Entry) -> str:
    """Say what a finding was before: of another severity, or not certain, or something else."""
    if entry.before is not None and entry.before is not entry.finding.severity:
        return f"before: {entry.before.value}"
    return entry.reason or "not known before"


def _others(group: Group, changes: dict[int, Entry], paint: Paint) -> Iterator[str]:
    """List the other findings of a group: names for the same message, else each with its own."""
    same: dict[tuple[str, str], list[str]] = {}
    for finding in group.findings[1:]:
        entry = changes.get(id(finding))
        mark = f"{entry.change.value}: " if entry and entry.change is not Change.UNCHANGED else ""
        same.setdefault((mark, finding.message), []).append(short(finding.resource))
    for number, ((mark, message), names) in enumerate(same.items()):
        if number == _MOST_OTHERS:
            more = sum(map(len, list(same.values())[number:]))
            yield paint.detail("also", f"{more} more, which `--format json` lists")
            return
        said = "" if message == group.first.message else f": {message}"
        yield paint.detail("also", f"{mark}{some(names, _MOST_NAMES)}{said}")


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
