"""The page of a report: the sections in their order, and the data for its script."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from checker.core.finding import Severity
from checker.report.brief import count_noun, one_line
from checker.report.page.frame import page
from checker.report.page.markup import section
from checker.report.page.overview import (
    changes,
    circumstances,
    counts,
    expectations,
    headline,
    numbers,
    unchecked,
)
from checker.report.page.pool import json_size
from checker.report.page.rows import COLUMNS, cells_of, rows_json, rows_of
from checker.report.page.topics import MOST, maps_json, maps_of
from checker.report.page.trend import trend

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.terminal_text import Inert
    from checker.lint.report import Report
    from checker.report.context import Setting
    from checker.report.page.rows import Rows
    from checker.report.page.topics import TopicMap


MOST_BYTES = 7_800_000
"""The size of a page without its frame, which takes less than 100 kB. Larger files are slow to open and to send."""


def report_page(
    title: str,
    remark: str,
    report: Report,
    setting: Setting,
    *,
    first: Sequence[str] = (),
    maps: Sequence[TopicMap] | None = None,
) -> Iterator[Inert]:
    """Write the page of a report. ``first`` are sections before all others; ``maps`` replace those of the report."""
    rows = rows_of(report, setting)
    cells = [cells_of(row, setting) for row in rows]
    names = _names(report)
    shown = maps_of(report, rows, setting.rules) if maps is None else maps
    instances = {one.name: one.instances[0] for one in shown if one.instances}
    above = (
        headline(title, remark),
        *first,
        numbers(report),
        changes(report),
        trend(report.history.nights) if report.history else "",
        _maps(len(shown)),
        counts(rows, cells, names),
    )
    below = (expectations(report), unchecked(report, setting), circumstances(report.audit))
    data: dict[str, Any] = {
        "columns": COLUMNS,
        "accounts": {account: one_line(name) for account, name in names.items()},
        "severities": [severity.value for severity in Severity],
        "rules": {rule.id: one_line(rule.summary) for rule in setting.rules},
        "topics": maps_json(shown),
        "total": len(report.findings),
    }
    taken = sum(map(len, (*above, *below))) + json_size(data)
    found = rows_json(rows, cells, instances, setting, MOST_BYTES - taken)
    data |= {"strings": found.pool.texts, "values": found.pool.values, "rows": found.rows}
    data |= {"commands": found.commands, "details": found.details}
    return page(_window_title(title, report), (*above, _findings(found), *below), data)


def _window_title(title: str, report: Report) -> str:
    """Return the title with the number of errors and warnings, which a browser shows on its tab."""
    numbers = Counter(finding.severity for finding in report.findings)
    shown = [
        count_noun(numbers[one], one.value) for one in (Severity.ERROR, Severity.WARNING) if numbers[one]
    ]
    return f"{title}: {', '.join(shown) or 'no errors or warnings'}"


def _names(report: Report) -> dict[str, str]:
    """Return the names of the accounts, where they are known."""
    units = report.audit.units if report.audit else ()
    return {unit.account: unit.account_name for unit in units if unit.account_name}


def _maps(number: int) -> str:
    if not number:
        return ""
    more = (
        f"<p>The page has the maps of {MOST} of {number} topics, the worst first.</p>"
        if number > MOST
        else ""
    )
    return section("maps", "Topics", more, '<div id="map-list"></div>')


def _findings(found: Rows) -> str:
    """Write the section that the script fills with the table."""
    if not found.rows:
        return section("findings", "Findings", "<p>There are no findings.</p>")
    note = ""
    if found.omitted:
        note = f'<p class="notice">{found.omitted} findings are left out because of the size limit of the page: the least severe, and those that are not of this run. Other formats have all of them.</p>'
    return section("findings", "Findings", note, '<div id="finding-list"></div>')
