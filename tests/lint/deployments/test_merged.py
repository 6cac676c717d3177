"""The results of a rule in all deployments, merged: certain findings, and those that depend on the deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.analysis.deployments import Deployment, Deployments
from checker.core.finding import Finding, Location, Severity, Verdict
from checker.lint.deployments import merged
from checker.lint.engine import Unlocated

if TYPE_CHECKING:
    from checker.lint.deployments import Results

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
VALUES = ("`a`", "`b`", "any other value")


def finding(severity: Severity) -> Finding:
    return Finding("some-rule", severity, "too wide", "topic", (Location(Unlocated("policy.json"), ()),))


def merged_findings(severities: tuple[Severity | None, ...]) -> list[Finding]:
    """Merge a finding with a severity in each deployment; ``None`` if a deployment does not have it."""
    ways = tuple(Deployment({}, (), (("Stage", value),)) for value in VALUES)
    results: list[Results] = [[finding(one)] if one is not None else [] for one in severities]
    found = Deployments(ways, len(ways), (), (), vary=True)
    return [one for one in merged(found, results) if isinstance(one, Finding)]


@pytest.mark.parametrize(
    ("severities", "severity", "help_text"),
    [
        ((ERROR, ERROR, ERROR), ERROR, ""),
        ((WARNING, ERROR, WARNING), WARNING, "this is an error if `Stage` is `b`"),
        ((ERROR, NOTE, NOTE), NOTE, "this is an error if `Stage` is `a`"),
        ((NOTE, NOTE, WARNING), NOTE, "this is a warning if `Stage` is any other value"),
    ],
)
def test_a_finding_of_all_deployments_is_certain_with_its_lowest_severity(
    severities: tuple[Severity, ...], severity: Severity, help_text: str
) -> None:
    (one,) = merged_findings(severities)
    assert (one.severity, one.verdict, one.help) == (severity, Verdict.FAIL, help_text)
    assert not one.message.startswith("depends")


@pytest.mark.parametrize(
    ("severities", "severity"),
    [
        ((ERROR, WARNING, None), WARNING),
        ((NOTE, ERROR, None), NOTE),
        ((None, ERROR, WARNING), NOTE),
    ],
)
def test_a_finding_of_some_deployments_depends_once(
    severities: tuple[Severity | None, ...], severity: Severity
) -> None:
    (one,) = merged_findings(severities)
    assert (one.severity, one.verdict) == (severity, Verdict.UNDETERMINED)
    assert one.message.startswith("depends on the deployment: ")
