"""A page to read in a browser: one file, which loads nothing from the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.report.brief import moment
from checker.report.page.findings import report_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.lint.report import Report
    from checker.report.context import Setting


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Write the page of a report: the summary, the maps of the topics, and the table of findings."""
    audit = report.audit
    if audit is None:
        return report_page("checker report", "", report, setting)
    caller = f" by {audit.caller}" if audit.caller else ""
    return report_page("checker audit", f"{moment(audit.time)}{caller}", report, setting)
