"""The answer for all deployments agrees with each deployment of a small domain, judged with literal values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings

from checker.analysis.deployment_search import deployments as representatives
from checker.analysis.inventory import Instance, Inventory
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.finding import Finding, Severity, Verdict
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from tests.lint.deployments.found import FOUND
from tests.lint.deployments.small_templates import (
    ACCOUNTS,
    IDS,
    LITERAL,
    REGIONS,
    Template,
    additive_templates,
    deployments,
    instance,
    templates,
    with_any_instance,
)

DEPENDS = "depends on the deployment: "
_VALUES = (
    r"\$\{[^}]*\}",
    *(instance(*one) for one in product(REGIONS, ACCOUNTS, IDS)),
    *REGIONS,
    *ACCOUNTS,
    *IDS,
)
_VALUE = re.compile("|".join(_VALUES))
_LISTED = re.compile(r"`[^`]*\?[^`]*`(?:(?:, | and | or )`[^`]*\?[^`]*`)*")
"""Texts with values, and lists of them: the same text for two symbols is listed once."""
Results = dict[tuple[str, str], Verdict]
"""The verdict of each rule about the topic and the key."""


class Judged(NamedTuple):
    """A deployment with its verdicts, and its findings without the values that differ between deployments."""

    values: dict[str, str]
    verdicts: Results
    findings: dict[object, Severity]


def read(path: Path, template: Template, values: dict[str, str]) -> Inventory:
    inventory = load([path], given=Given(parameters=tuple(values.items())))
    arn = Arn.parse(LITERAL)
    return inventory._replace(instances=(Instance(arn),)) if template.stated and arn else inventory


def judged(path: Path, template: Template, values: dict[str, str]) -> Report:
    return judge(read(path, template, values), all_rules(), Scope(all_topics=True))


def verdicts(report: Report) -> Results:
    return {(one.kind, rule): verdict for one in report.examined for rule, verdict in one.verdicts.items()}


def same_in_all(finding: Finding) -> object:
    """What a finding has in common in all deployments: its rule, its place, and its message without values."""
    message = _VALUE.sub("?", finding.message.removeprefix(DEPENDS))
    return finding.rule, finding.locations[0].route, _LISTED.sub("`?`", message)


def literal(path: Path, template: Template, deployments: Iterable[dict[str, str]]) -> Iterator[Judged]:
    """Judge deployments, except those that a stated assumption excludes."""
    inventory = read(path, template, {})
    assumed = representatives(TopicAnalysis(inventory.topics[0], inventory).facts).assumptions
    for values in deployments:
        if all(not one.values or values.get(one.symbol.name) in (None, *one.values) for one in assumed):
            report = judged(path, template, {**values, "AWS::Partition": "aws"})
            found = {same_in_all(one): one.severity for one in report.findings if one.verdict is Verdict.FAIL}
            yield Judged(values, verdicts(report), found)


def contradictions(template: Template, path: Path) -> list[object]:
    """What is said of all deployments and does not agree with those of the domain."""
    path.write_text(template.text)
    report = judged(path, template, {})
    ways = list(literal(path, template, deployments(template)))
    certain = {key: one for key, one in verdicts(report).items() if one is not Verdict.UNDETERMINED}
    wrong: list[object] = [
        (rule, verdict, way.verdicts[rule], way.values)
        for rule, verdict in certain.items()
        for way in ways
        if way.verdicts[rule] is not verdict
    ]
    dependent = [one for one in report.findings if one.message.startswith(DEPENDS)] if ways else []
    more = ways if not dependent else [*ways, *literal(path, template, with_any_instance(template))]
    severe = [one for one in report.findings if one.verdict is Verdict.FAIL and is_too_severe(one, ways)]
    return [
        *wrong,
        *(one[:3] for one in dependent if not is_dependent(one, more)),
        *(one[:3] for one in severe),
    ]


def is_dependent(finding: Finding, ways: Iterable[Judged]) -> bool:
    """True if a finding is made in one deployment, and not in another."""
    same = same_in_all(finding)
    return len({same in way.findings for way in ways}) > 1


def is_too_severe(finding: Finding, ways: Iterable[Judged]) -> bool:
    """True if a finding is less severe in a deployment than for all deployments."""
    severities = [way.findings.get(same_in_all(finding)) for way in ways]
    return any(one is not None and one.rank < finding.severity.rank for one in severities)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(template=templates)
def test_an_answer_agrees_with_all_deployments_of_a_small_domain(template: Template, tmp_path: Path) -> None:
    assert contradictions(template, tmp_path / "template.json") == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(template=additive_templates)
def test_statements_that_only_add_instances_need_no_comparison(template: Template, tmp_path: Path) -> None:
    assert contradictions(template, tmp_path / "template.json") == []


@pytest.mark.parametrize("name", FOUND)
def test_a_wrong_answer_does_not_come_back(name: str, tmp_path: Path) -> None:
    assert contradictions(FOUND[name], tmp_path / "template.json") == []
