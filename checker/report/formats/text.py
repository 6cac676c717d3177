"""Text for people: findings with excerpts of files that people write, witnesses, help and fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.report.brief import question_and_cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.core.finding import Finding
    from checker.lint.report import Report
    from checker.report.context import Setting


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Yield every finding, separated by empty lines. What is not known for one reason is one note.

    The findings of an audit are grouped below a summary, the worst first.
    """
    if report.audit is not None:
        from checker.report.audit_text import audit_lines  # imported on demand: only audits have groups

        yield from audit_lines(report, setting)
        return
    if not report.findings:
        return
    from checker.report.finding_text import finding_lines  # imported on demand, as above

    for index, (finding, *others) in enumerate(_by_cause(report.findings)):
        if index:
            yield ""
        yield from finding_lines(finding, setting.paint)
        for other in others:
            question, _ = question_and_cause(other.message)
            yield setting.paint.detail("note", f"for the same reason, {question} [{other.rule}]")


def _by_cause(findings: Iterable[Finding]) -> Iterable[list[Finding]]:
    """Group the questions about a resource that one cause leaves open; other findings stay alone."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        question, cause = question_and_cause(finding.message)
        key = (finding.resource, finding.root, cause) if question and cause else number
        groups.setdefault(key, []).append(finding)
    return groups.values()
