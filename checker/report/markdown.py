"""A comment for a pull request: the findings by file, then what was not judged and what is suppressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Verdict
from checker.report.brief import details, one_line, place
from checker.report.entry import by_role, worst_first
from checker.report.markdown_escape import code, prose
from checker.report.markdown_remarks import remarks, size
from checker.report.paint import Paint
from checker.report.text import summary_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Finding
    from checker.outcome import Report
    from checker.report.setting import Setting

_COMMENT = 65_536  # GitHub counts characters, of which there are never more than bytes


def markdown_report(report: Report, setting: Setting) -> Iterator[str]:
    """Write the report as a comment that is not too long for GitHub."""
    return markdown_within(_COMMENT, report, setting)


def markdown_within(most: int, report: Report, setting: Setting) -> Iterator[str]:
    """Write the report in at most so many bytes; the worst findings come first and are cut last."""
    found, _, others = summary_text(report, Paint()).partition("; ")
    heading = [f"## checker: {found}", "", others]
    room = most - size([*heading, *_cut(len(report.findings))])
    beside = remarks(report, setting, room // 4)
    groups, cut = _findings(report, setting, room - size(beside))
    yield from heading
    for lines in groups.values():
        yield from lines
    yield from _cut(cut)
    yield from beside


def _cut(number: int) -> list[str]:
    return ["", f"and {number} more findings, not shown for want of room"] if number else []


def _findings(report: Report, setting: Setting, room: int) -> tuple[dict[str, list[str]], int]:
    """Take as many findings as there is room for, by file, and count the others."""
    groups: dict[str, list[str]] = {}
    cut = 0
    for finding in worst_first(report.findings):
        name = one_line(setting.relative(by_role(finding)[0][0].source))
        lines = list(_item(finding, setting))
        if name not in groups:
            lines = ["", f"### {code(name)}", *lines]
        if size(lines) > room:
            cut += 1
            continue
        room -= size(lines)
        groups.setdefault(name, []).extend(lines)
    return groups, cut


def _item(finding: Finding, setting: Setting) -> Iterator[str]:
    word = "could not tell" if finding.verdict is Verdict.UNDETERMINED else finding.severity.value
    at = place(by_role(finding)[0][0], setting)
    yield ""
    yield f"- **{word}** {code(finding.rule)} at {code(at)}: {prose(one_line(finding.message))}"
    more = list(details(finding, setting))
    if more:
        yield from ("", "  <details><summary>details</summary>", "")
        for label, text, name in more:
            yield f"  - {prose(label)}: {code(text) if name else prose(text)}"
        yield from ("", "  </details>")
