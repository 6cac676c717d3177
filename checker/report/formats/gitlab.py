"""GitLab Code Quality: one issue for each finding, which GitLab shows in merge requests.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.configuration.baseline import Identity, fingerprint
from checker.core.finding import Severity, Verdict
from checker.core.terminal_text import json_lines
from checker.report.brief import Entry, by_role, crash_text, described, one_line, worst_first
from checker.report.review import fingerprints, relative_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.errors import Skipped
    from checker.core.finding import Finding
    from checker.lint.report import Report
    from checker.report.context import Setting


_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "minor"}
_CRASHED, _NOT_READ, _NOT_CHECKED = "checker-crashed-rule", "checker-not-read", "checker-not-checked"
"""Names of what is reported beside the findings of rules."""


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Write the active findings, the crashed rules and the inputs that were not checked as a JSON list."""
    entries = [Entry(finding) for finding in worst_first(report.findings)]
    prints = fingerprints(entries, setting)
    issues = [_issue(one.finding, print_, setting) for one, print_ in zip(entries, prints, strict=True)]
    issues += [_crash(rule) for rule in sorted(set(report.crashed))]
    skipped = dict.fromkeys(report.skipped)
    return json_lines([*issues, *(_skipped(one, setting) for one in skipped)])


def _issue(finding: Finding, print_: str, setting: Setting) -> dict[str, Any]:
    place = by_role(finding)[0][0]
    position = place.position()
    undetermined = finding.verdict is Verdict.UNDETERMINED
    word = "undetermined: " if undetermined else ""
    return {
        "description": word + "; ".join(described(finding, setting)),
        "check_name": finding.rule,
        "fingerprint": print_,
        "severity": "info" if undetermined else _SEVERITIES[finding.severity],
        "location": _location(place.source, position.line if position else 1, setting),
    }


def _crash(rule: str) -> dict[str, Any]:
    text = crash_text(rule)
    return {
        "description": text,
        "check_name": _CRASHED,
        "fingerprint": _fingerprint(_CRASHED, rule, text),
        "severity": "blocker",
        "location": {"path": "unnamed", "lines": {"begin": 1}},
    }


def _skipped(one: Skipped, setting: Setting) -> dict[str, Any]:
    name = _NOT_READ if one.error else _NOT_CHECKED
    text = one_line(f"{one.what}: {one.reason}")
    return {
        "description": text,
        "check_name": name,
        "fingerprint": _fingerprint(name, setting.relative(one.what), f"{one.reason}{one.position or ''}"),
        "severity": "critical" if one.error else "info",
        "location": _location(one.what, one.position.line if one.position else 1, setting),
    }


def _fingerprint(name: str, path: str, text: str) -> str:
    return fingerprint(Identity(name, path, "", text))


def _location(name: str, line: int, setting: Setting) -> dict[str, Any]:
    return {"path": relative_path(name, setting), "lines": {"begin": line}}
