"""What is judged with symbols holds for every value of them: each draw is judged again with literal values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.analysis.deployment_search import deployments
from checker.analysis.topic import TopicAnalysis
from checker.core.finding import Verdict
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules

if TYPE_CHECKING:
    from pathlib import Path

    from checker.lint.report import Report

LITERAL, OTHER, FRESH = "111122223333", "444455556666", "777788889999"
ID = "0a1b2c3d-1111-4222-8333-444455556666"
REGION = "eu-west-2"
INSTANCE = f"arn:aws:connect:{REGION}:{LITERAL}:instance/{ID}"
OWN: dict[str, Any] = {"Ref": "AWS::AccountId"}
GIVEN: dict[str, Any] = {"Ref": "Account"}
NAMED: dict[str, Any] = {"Ref": "Instance"}
SUB = {"Fn::Sub": f"arn:aws:connect:${{AWS::Region}}:${{AWS::AccountId}}:instance/{ID}"}

principals = st.sampled_from(
    [
        *[{"Service": "connect.amazonaws.com"}] * 6,
        "*",
        {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        {"AWS": [f"arn:aws:iam::{OTHER}:root", {"Fn::Sub": "arn:aws:iam::${Account}:root"}]},
    ]
)
accounts = st.sampled_from([OWN, OWN, GIVEN, LITERAL, [LITERAL, GIVEN]])
arns = st.sampled_from(
    [NAMED, NAMED, SUB, INSTANCE, [NAMED, INSTANCE], f"arn:aws:connect:*:{LITERAL}:instance/*"]
)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw(st.integers(0, 3)):
        operator = draw(st.sampled_from(["StringEquals", "StringEquals", "StringLike", "StringNotEquals"]))
        found[operator] = {"aws:SourceAccount": draw(accounts)}
    if draw(st.integers(0, 3)):
        operator = draw(st.sampled_from(["ArnEquals", "ArnLike", "ArnNotEquals"]))
        found[operator] = {"aws:SourceArn": draw(arns)}
    return found


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    found = {
        "Sid": f"S{draw(st.integers(0, 10**6))}",
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        "Principal": draw(principals),
        "Action": draw(st.sampled_from(["sns:Publish", "sns:Publish", "sns:*"])),
        "Resource": draw(
            st.sampled_from([{"Ref": "Topic"}, {"Ref": "Topic"}, "*", f"arn:aws:sns:{REGION}:{LITERAL}:chat"])
        ),
    }
    condition = draw(conditions())
    return found | ({"Condition": condition} if condition else {})


def template(listed: list[dict[str, Any]]) -> dict[str, Any]:
    policy = {"Version": "2012-10-17", "Statement": listed}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"Account": {"Type": "String"}, "Instance": {"Type": "String"}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}},
            "Policy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": policy},
            },
        },
    }


def report(path: Path, **values: str) -> Report:
    parameters = tuple((name.replace("__", "::"), value) for name, value in values.items())
    return judge(load([path], given=Given(parameters=parameters)), all_rules(), Scope(all_topics=True))


def verdicts(found: Report) -> dict[str, Verdict]:
    (examined,) = found.examined
    return dict(examined.verdicts)


def assumptions(path: Path) -> dict[str, tuple[str, ...]]:
    """The values that are assumed for symbols, by name."""
    inventory = load([path])
    (topic,) = inventory.topics
    found = deployments(TopicAnalysis(topic, inventory).facts)
    return {one.symbol.name: one.values for one in found.assumptions if one.values}


def pinned(listed: list[dict[str, Any]], own: str, given_account: str) -> set[str]:
    """The accounts that the statements with the instance parameter pin, of which the instance is assumed to be."""
    values = {json.dumps(OWN): own, json.dumps(GIVEN): given_account, json.dumps(LITERAL): LITERAL}
    found = set()
    for one in listed:
        tests = one.get("Condition", {})
        arn = [test["aws:SourceArn"] for test in tests.values() if "aws:SourceArn" in test]
        account = [
            test["aws:SourceAccount"]
            for operator, test in tests.items()
            if "aws:SourceAccount" in test and operator != "StringNotEquals"
        ]
        if account and any(NAMED in (named if isinstance(named, list) else [named]) for named in arn):
            first = account[0][0] if isinstance(account[0], list) else account[0]
            found.add(values[json.dumps(first)])
    return found


class Draw(NamedTuple):
    """A policy with symbols, and a value for each symbol."""

    listed: list[dict[str, Any]]
    own: str
    given_account: str
    instance_id: str


draws = st.builds(
    Draw,
    listed=st.lists(statements(), min_size=1, max_size=3, unique_by=lambda one: one["Sid"]),
    own=st.sampled_from([LITERAL, OTHER, FRESH]),
    given_account=st.sampled_from([LITERAL, OTHER, FRESH, "888899990000"]),
    instance_id=st.sampled_from([ID, "99999999-1111-4222-8333-444455556666"]),
)


def wrong_verdicts(draw: Draw, path: Path) -> dict[str, tuple[Verdict, Verdict]]:
    """The rules whose certain verdict differs from the one for the values; none if a value is assumed not to be."""
    path.write_text(json.dumps(template(draw.listed)))
    symbolic, assumed = verdicts(report(path)), assumptions(path)
    homes = pinned(draw.listed, draw.own, draw.given_account) or {draw.own}
    if len(homes) > 1:
        return {}
    arn = f"arn:aws:connect:{REGION}:{homes.pop()}:instance/{draw.instance_id}"
    values = {"AWS__AccountId": draw.own, "AWS__Region": REGION, "AWS__Partition": "aws"}
    chosen = {"AWS::AccountId": draw.own, "AWS::Region": REGION, "Account": draw.given_account}
    if any(chosen.get(name, values) not in values for name, values in assumed.items() if name in chosen):
        return {}
    found = verdicts(report(path, **values, Account=draw.given_account, Instance=arn))
    return {
        rule: (verdict, found[rule])
        for rule, verdict in symbolic.items()
        if verdict is not Verdict.UNDETERMINED and found[rule] is not verdict
    }


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=draws)
def test_a_certain_verdict_holds_for_every_value_of_the_symbols(draw: Draw, tmp_path: Path) -> None:
    assert wrong_verdicts(draw, tmp_path / "template.json") == {}


def test_the_partition_of_deployments_is_that_of_most_arns(tmp_path: Path) -> None:
    """One principal of another partition is a mistake, and does not move the topic to a Region of that partition."""
    path = tmp_path / "template.json"
    listed = [f"arn:aws-cn:iam::{OTHER}:root", f"arn:aws:iam::{OTHER}:root"]
    one = {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": listed}, "Action": "sns:Publish"}
    path.write_text(json.dumps(template([{**one, "Resource": {"Ref": "Topic"}}])))
    found = verdicts(report(path))
    assert (found["region-without-connect"], found["partition-mismatch"]) == (Verdict.PASS, Verdict.FAIL)
