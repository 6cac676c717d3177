"""The parts of a page that need no JavaScript: the summary, the changes, the counts, and what was not checked."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from checker.core.finding import Severity, Verdict
from checker.core.record import NamedTuple
from checker.lint.history import Change
from checker.report.brief import EXPECTATION_WORDS, count_noun, moment, place_of, summary
from checker.report.page.markup import bullets, folded, prose, scrolled, section, table, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from checker.lint.audited import AuditedUnit, Circumstances
    from checker.lint.report import Report
    from checker.report.context import Setting
    from checker.report.page.rows import Row


class Tile(NamedTuple):
    """A number with its name. ``style`` is a class of the style sheet.

    ``filters`` select the findings that it counts; without any, ``anchor`` names the section about it.
    """

    number: int
    name: str
    style: str = ""
    filters: Mapping[str, str] = {}
    anchor: str = ""

    @property
    def target(self) -> str:
        """The fragment that it leads to, empty for nothing to show."""
        return self.anchor if not self.filters else text(urlencode(self.filters))


def tiles(items: Iterable[Tile]) -> str:
    """Write numbers in a row; a number with filters is a link to the findings."""
    return f'<ul class="tiles">{"".join(f"<li>{_tile(item)}</li>" for item in items)}</ul>'


def _tile(tile: Tile) -> str:
    shown = f"<strong>{tile.number}</strong> {text(tile.name)}"
    style = f"tile {tile.style if tile.number else ''}".strip()
    if not tile.target or not tile.number:
        return f'<span class="{style}">{shown}</span>'
    return f'<a class="{style}" href="#{tile.target}">{shown}</a>'


def headline(title: str, remark: str) -> str:
    """Write the title, and the time and caller of the run."""
    shown = f'<p class="remark">{text(remark)}</p>' if remark else ""
    return f"<header><h1>{text(title)}</h1>{shown}</header>"


def numbers(report: Report) -> str:
    """Write the section with the counts of the report."""
    counts = summary(report)
    unread = sum(not skipped.complete for skipped in report.skipped)
    again = counts.get("topics_judged_again", 0)
    items = [
        Tile(counts["errors"], _noun(counts["errors"], "error"), "error", {"severity": "error"}),
        Tile(counts["warnings"], _noun(counts["warnings"], "warning"), "warning", {"severity": "warning"}),
        Tile(counts["notes"], _noun(counts["notes"], "note"), "note", {"severity": "note"}),
        Tile(
            counts["undetermined"],
            f"{_noun(counts['undetermined'], 'result')} not known",
            "unknown",
            anchor="unchecked",
        ),
        Tile(counts["topics"], f"{_noun(counts['topics'], 'topic')} checked"),
        *([Tile(again, f"{_noun(again, 'topic')} judged again")] if again else ()),
        Tile(report.not_judged, f"{_noun(report.not_judged, 'topic')} out of scope"),
        Tile(unread, "not read", "unknown", anchor="unchecked"),
    ]
    return section("summary", "Summary", tiles(items), _worst(report))


def _noun(count: int, noun: str) -> str:
    return count_noun(count, noun).partition(" ")[2]


def _worst(report: Report) -> str:
    left = sum(1 for _ in report.history.of(Change.NOT_AUDITED)) if report.history else 0
    if not report.findings and left:
        return f"<p>No findings, but {count_noun(left, 'earlier finding')} not audited: this may still exist.</p>"
    if not report.findings and not report.incomplete and not report.unreadable and not report.crashed:
        return "<p>No findings, and everything that was looked at is known.</p>"
    if not report.findings:
        return "<p>No findings, but not everything could be read or proven.</p>"
    return ""


_CHANGES = (
    (Change.NEW, "new", "error"),
    (Change.ESCALATED, "escalated", "error"),
    (Change.FIXED, "fixed", "good"),
    (Change.NOT_AUDITED, "not audited", "unknown"),
    (Change.UNCHANGED, "unchanged", ""),
    (Change.SUPPRESSED, "suppressed", ""),
)


def changes(report: Report) -> str:
    """Write the section of changes since the last run; empty if the report was not compared."""
    history = report.history
    if history is None:
        return ""
    counts = Counter(entry.change for entry in history.entries)
    counts[Change.SUPPRESSED] = len(report.suppressed)  # also those that earlier runs suppressed
    items = [Tile(counts[change], name, style, {"change": change.value}) for change, name, style in _CHANGES]
    if not history.since:
        return section("changes", "Changes", "<p>There is no earlier run to compare with.</p>")
    note = ""
    if counts[Change.NOT_AUDITED]:
        note = "<p>Findings that are not audited may still exist: their resource was not looked at in this run.</p>"
    return section("changes", f"Changes since {moment(history.since)}", tiles(items), note)


_SHOWN = 8
_UNPLACED = "no account"


def counts(rows: Sequence[Row], cells: Sequence[Mapping[str, str]], names: Mapping[str, str]) -> str:
    """Write the counts of the present findings by account, Region and rule."""
    present = [cell for row, cell in zip(rows, cells, strict=True) if row.is_present]
    by = {column: [cell for cell in present if cell[column]] for column in ("account", "region", "rule")}
    parts = [
        _counted("By account", "account", by["account"], lambda value: _account(value, names)),
        _counted("By Region", "region", by["region"], text),
        _counted("By rule", "rule", by["rule"], lambda value: f"<code>{text(value)}</code>"),
    ]
    content = "".join(filter(None, parts))
    return section("counts", "Counts", f'<div class="columns">{content}</div>' if content else "")


def _account(account: str, names: Mapping[str, str]) -> str:
    name = names.get(account, "")
    return f"{text(name)} <small>{text(account)}</small>" if name else text(account)


def _counted(
    caption: str, column: str, cells: Sequence[Mapping[str, str]], shown: Callable[[str], str]
) -> str:
    groups: dict[str, Counter[str]] = {}
    for cell in cells:
        groups.setdefault(cell[column], Counter())[cell["severity"]] += 1
    order = sorted(groups, key=lambda value: ([-groups[value][one] for one in _SEVERITIES], value))
    rows = [_count_row(column, value, groups[value], shown(value)) for value in order]
    if not rows:
        return ""
    headers = (column.capitalize() if column != "region" else "Region", "Errors", "Warnings", "Notes")
    first = table(caption, headers, rows[:_SHOWN])
    others = rows[_SHOWN : _SHOWN + _MOST_ROWS]
    more = (
        folded(f"{len(rows) - _SHOWN} more", table(f"{caption}, continued", headers, others))
        if others
        else ""
    )
    return f"<div>{first}{more}</div>"


_SEVERITIES = tuple(severity.value for severity in Severity)


def _count_row(column: str, value: str, numbers: Counter[str], shown: str) -> list[str]:
    link = f'<a href="#{text(urlencode({column: value}))}">{shown}</a>'
    return [link, *(str(numbers[severity]) for severity in _SEVERITIES)]


_MOST_ROWS = 200
"""Rows of a table that is not the table of findings."""


def unchecked(report: Report, setting: Setting) -> str:
    """Write the section of what was not checked, could not be proven, or has no effect."""
    crashed = [
        f"<code>{text(rule)}</code> crashed; this is a bug in checker" for rule in sorted(set(report.crashed))
    ]
    skipped = [
        f"{'<strong>error</strong>: ' if one.error else ''}{text(place_of(one.what, one.position, setting))}: {prose(one.reason)}"
        for one in sorted(report.skipped, key=lambda one: not one.error)
    ]
    stale = [
        f"{text(place_of(one.where, one.position, setting))}: {prose(one.reason)}" for one in report.stale
    ]
    unknown = list(_doubts(report))
    parts = [
        _listed("Crashed rules", crashed, is_open=True),
        _listed("Not read", skipped, is_open=any(one.error for one in report.skipped)),
        _listed("Not known", unknown),
        _listed("Stale suppressions", stale),
    ]
    return section("unchecked", "Not checked, and not known", *parts)


def _listed(title: str, items: Sequence[str], *, is_open: bool = False) -> str:
    if not items:
        return ""
    content = folded(f"{title} ({len(items)})", bullets(items))
    return content.replace("<details>", "<details open>", 1) if is_open else content


def _doubts(report: Report) -> Iterator[str]:
    """Yield each cause of undetermined results with the number of results."""
    reasons = Counter(doubt.reason for target in report.examined for _, doubt in target.undetermined)
    for reason, count in reasons.most_common():
        yield f"{prose(reason)} ({count_noun(count, 'result')})"


def expectations(report: Report) -> str:
    """Write the results of the expectations; empty without any."""
    rows = [
        [text(name), EXPECTATION_WORDS[verdict], text(target.resource)]
        for target in report.examined
        for name, verdict in sorted(target.expectations.items(), key=lambda pair: pair[1] is Verdict.PASS)
    ]
    written = table("Results", ("Expectation", "Result", "Resource"), rows[:_MOST_ROWS])
    shown = scrolled("Expectations", written) if rows else ""
    more = f"<p>{len(rows) - _MOST_ROWS} more</p>" if len(rows) > _MOST_ROWS else ""
    return section("expectations", "Expectations", shown, more)


def circumstances(audit: Circumstances | None) -> str:
    """Write the section of the circumstances of an audit: where, with which options, and what was not listed."""
    if audit is None:
        return ""
    options = [
        f"<code>{text(name)}</code> {text(json.dumps(value))}" for name, value in audit.options.items()
    ]
    incomplete = sum(not unit.complete for unit in audit.units)
    parts = (
        f"<p>checker {text(audit.version)}, {len(audit.units)} accounts and Regions, of which {incomplete} could not be read completely.</p>",
        folded(f"Options ({len(options)})", bullets(options)) if options else "",
        _units(audit.units),
    )
    return section("circumstances", "Circumstances", *parts)


def _units(units: Sequence[AuditedUnit]) -> str:
    """Write the table of accounts and Regions, with those that could not be read completely first."""
    shown = sorted(units, key=lambda unit: unit.complete)[:_MOST_ROWS]
    rows = [[_unit_name(unit), text(unit.region), _listing(unit), str(len(unit.topics))] for unit in shown]
    headers = ("Account", "Region", "Topics were listed", "Topics not checked")
    title = f"Accounts and Regions ({len(shown)} of {len(units)})"
    written = table("Accounts and Regions", headers, rows)
    return folded(title, scrolled("Accounts and Regions", written)) if rows else ""


def _unit_name(unit: AuditedUnit) -> str:
    return _account(unit.account, {unit.account: unit.account_name})


def _listing(unit: AuditedUnit) -> str:
    return "completely" if unit.complete else "<strong>not completely</strong>"
