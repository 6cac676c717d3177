"""A digest of at most 40 lines, for mail or chat: what is new and fixed, then the totals. Also valid Markdown."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.lint.history import Change
from checker.report.brief import one_line, place, some, summary_text, worst_first
from checker.report.context import Paint
from checker.report.overview import Home, changes_text, grouped, headline, risk, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.core.finding import Finding
    from checker.lint.history import Entry
    from checker.lint.report import Report
    from checker.lint.rule import Rule
    from checker.report.context import Setting

MOST_LINES = 40
_ROOM = {"New": 10, "Escalated": 3, "Fixed": 6, "Not audited": 3, "Findings": 22, "Not looked at": 3}
"""The lines of each section without its title."""
_LONGEST = 120
_MOST_NAMES = 4


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Yield the lines of the digest."""
    rules = {rule.id: rule for rule in setting.rules}
    yield f"**checker: {headline(report.audit)}**" if report.audit else "**checker**"
    if report.history is not None:
        yield f"Changes: {changes_text(report)}"
        sections = _changes(report, rules, setting)
    else:
        groups = grouped(report.findings, rules)
        sections = {"Findings": [_line(group.findings, report, setting) for group in groups]}
    sections["Not looked at"] = list(_unread(report))
    for title, lines in sections.items():
        yield from _section(title, lines)
    yield ""
    yield f"Total: {summary_text(report, Paint())}"


def _changes(report: Report, rules: dict[str, Rule], setting: Setting) -> dict[str, list[str]]:
    history = report.history
    if history is None:
        return {}
    present = {"New": Change.NEW, "Escalated": Change.ESCALATED}
    absent = {"Fixed": Change.FIXED, "Not audited": Change.NOT_AUDITED}
    sections = {}
    for title, change in present.items():
        groups = grouped((entry.finding for entry in history.of(change)), rules)
        sections[title] = [_line(group.findings, report, setting) for group in groups]
    for title, change in absent.items():
        entries = sorted(history.of(change), key=lambda entry: (risk(entry.finding, rules), _kind(entry)))
        sections[title] = [
            _line([entry.finding for entry in same], report, setting, reason)
            for (_, _, _, reason), same in ((kind, list(each)) for kind, each in groupby(entries, _kind))
        ]
    return sections


def _kind(entry: Entry) -> tuple[Home, str, str, str]:
    finding = entry.finding
    return Home.of_finding(finding), finding.rule, finding.severity.value, entry.reason


def _line(findings: Sequence[Finding], report: Report, setting: Setting, reason: str = "") -> str:
    """Return one line for the findings of a rule in an account and Region."""
    first = worst_first(findings)[0]
    names = [_name(finding, report, setting) for finding in worst_first(findings)]
    names = list(dict.fromkeys(names))
    where = Home.of_finding(first).shown(report.audit) if report.audit and Arn.parse(first.resource) else ""
    about = f"{some(names, _MOST_NAMES)}{f' ({where})' if where else ''}"
    return f"- {first.severity.value} {first.rule}: {about}: {one_line(reason or _message(first), _LONGEST)}"


def _message(finding: Finding) -> str:
    """Return the message of a finding with names instead of ARNs, which would fill the line."""
    message = finding.message
    for resource in (finding.resource, *finding.affects):
        message = message.replace(resource, short(resource))
    return message


def _name(finding: Finding, report: Report, setting: Setting) -> str:
    """Return the name of a resource of an audit, or the place of a finding in a file with the address."""
    if report.audit is not None:
        return one_line(short(finding.resource), _LONGEST)
    address = f" {one_line(finding.declared_as, _LONGEST)}" if finding.declared_as else ""
    return f"{place(finding.locations[0], setting)}{address}"


def _unread(report: Report) -> Iterator[str]:
    for skipped in report.skipped:
        if skipped.error:
            yield f"- {one_line(f'{skipped.what}: {skipped.reason}', _LONGEST)}"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    room = _ROOM[title]
    shown: Iterable[str] = (
        lines if len(lines) <= room else (*lines[: room - 1], f"- and {len(lines) - room + 1} more")
    )
    yield ""
    yield f"**{title}**"
    yield from shown
