"""The answer for all deployments agrees with each deployment of a small domain, judged with literal values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings

from checker.analysis.deployment_search import deployments as representatives
from checker.analysis.topic import TopicAnalysis
from checker.core.finding import Finding, Verdict
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from tests.lint.deployments.small_templates import Template, deployments, templates

DEPENDS = "depends on the deployment: "
Results = dict[tuple[str, str], Verdict]
"""The verdict of each rule about the topic and the key."""


class Judged(NamedTuple):
    """A deployment with its verdicts and findings: the rule of each, and the route of its place."""

    values: dict[str, str]
    verdicts: Results
    findings: set[tuple[str, object]]


def judged(path: Path, values: dict[str, str]) -> Report:
    return judge(
        load([path], given=Given(parameters=tuple(values.items()))), all_rules(), Scope(all_topics=True)
    )


def verdicts(report: Report) -> Results:
    return {(one.kind, rule): verdict for one in report.examined for rule, verdict in one.verdicts.items()}


def place(finding: Finding) -> tuple[str, object]:
    return finding.rule, finding.locations[0].route


def literal(path: Path, template: Template) -> Iterator[Judged]:
    """Judge the deployments of the domain, except those that a stated assumption excludes."""
    inventory = load([path])
    assumed = representatives(TopicAnalysis(inventory.topics[0], inventory).facts).assumptions
    for values in deployments(template):
        if all(not one.values or values.get(one.symbol.name) in (None, *one.values) for one in assumed):
            report = judged(path, {**values, "AWS::Partition": "aws"})
            found = {place(one) for one in report.findings if one.verdict is Verdict.FAIL}
            yield Judged(values, verdicts(report), found)


def contradictions(template: Template, path: Path) -> list[object]:
    """What is said of all deployments and does not agree with those of the domain."""
    path.write_text(template.text)
    report, ways = judged(path, {}), list(literal(path, template))
    certain = {key: one for key, one in verdicts(report).items() if one is not Verdict.UNDETERMINED}
    wrong: list[object] = [
        (rule, verdict, way.verdicts[rule], way.values)
        for rule, verdict in certain.items()
        for way in ways
        if way.verdicts[rule] is not verdict
    ]
    for finding in report.findings:
        if ways and finding.message.startswith(DEPENDS):
            held = {place(finding) in way.findings for way in ways}
            wrong += [(finding.rule, finding.message, finding.help, held)] if held != {True, False} else []
    return wrong


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(template=templates)
def test_an_answer_agrees_with_all_deployments_of_a_small_domain(template: Template, tmp_path: Path) -> None:
    assert contradictions(template, tmp_path / "template.json") == []
