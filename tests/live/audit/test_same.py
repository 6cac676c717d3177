"""What is found of a policy does not hang on whether it was read from a file or live."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.analysis.inventory import Instance, Inventory, PolicyText, Topic
from checker.core.arn import Arn
from checker.core.finding import Finding, format_route
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from checker.live.aws.facts import policy_of, topic_of
from checker.report.formats.json import report_v1
from checker.report.record import parse_route, read_report
from tests.samples import INSTANCE_ARN, TESTS, TOPIC_ARN

POLICIES = sorted((TESTS / "rules").glob("*/*/*.json"))
INSTANCE = Instance(Arn(*INSTANCE_ARN.split(":", 5)[1:]))
EVERYTHING = Scope(all_topics=True)


def found(report: Report) -> set[tuple[str, str, str, str]]:
    def key(one: Finding) -> tuple[str, str, str, str]:
        return one.rule, one.severity.value, format_route(one.locations[0].route), one.message

    return {key(one) for one in report.findings}


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_policy_is_judged_alike_from_a_file_and_live(path: Path) -> None:
    inventory = load((path,))
    for topic in inventory.topics:
        if isinstance(topic.policy, PolicyText) and isinstance(topic.arn, Arn):
            attributes = {"TopicArn": str(topic.arn), "Policy": topic.policy.text}
            live = topic_of(str(topic.arn), attributes)._replace(instances=(INSTANCE,))
            assert found(_judged(live._replace(policy=topic.policy))) == found(_judged(live))
    for key in inventory.keys:
        if isinstance(key.policy, PolicyText):
            live_policy = policy_of(key.name, key.policy.text, key.policy.dialect)
            one, other = Inventory(keys=(key,)), Inventory(keys=(key._replace(policy=live_policy),))
            assert found(judge(one, all_rules(), EVERYTHING)) == found(judge(other, all_rules(), EVERYTHING))


def _judged(topic: Topic) -> Report:
    return judge(Inventory((topic,)), all_rules(), EVERYTHING)


@pytest.mark.parametrize("path", POLICIES[::5], ids=lambda path: path.stem)
def test_a_report_is_the_same_when_it_has_been_recorded(path: Path) -> None:
    texts = [one.policy.text for one in load((path,)).topics if isinstance(one.policy, PolicyText)]
    live = [topic_of(TOPIC_ARN, {"TopicArn": TOPIC_ARN, "Policy": text}) for text in texts]
    report = judge(Inventory(tuple(live)), all_rules(), EVERYTHING)
    value = report_v1(report)
    assert report_v1(read_report(value)) == value


@pytest.mark.parametrize(
    "route",
    [(), ("Statement", 0), ("a.b", 3, "it's", "[x]"), ("Condition", "StringEquals", "aws:SourceArn", 1)],
)
def test_a_route_is_read_back(route: tuple[str | int, ...]) -> None:
    assert parse_route(format_route(route)) == route
