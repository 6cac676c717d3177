"""A policy that a loop or macro may write makes that of its topics unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.inventory import PolicyText
from tests.inputs.cloudformation.stacks import PINNED, load_stack, template, topic, topic_policy

if TYPE_CHECKING:
    from pathlib import Path

STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "*",
    "Condition": PINNED,
}
POLICY = {"Statement": [STATEMENT]}
PARAMETERS = {"Open": {"Type": "CommaDelimitedList"}, "Elsewhere": {"Type": "String"}}
STATIC = {
    "Chat": topic(),
    "ChatPolicy": topic_policy(POLICY, {"Ref": "Chat"}),
    "Other": topic(),
    "OtherPolicy": topic_policy(POLICY, {"Ref": "Other"}),
}
BOTH, NEITHER = {"Chat", "Other"}, set[str]()


def loop(output: Any, collection: Any = None, name: str = "Loop") -> dict[str, Any]:
    return {f"Fn::ForEach::{name}": ["N", collection or {"Ref": "Open"}, output]}


def policies(*topics: Any) -> dict[str, Any]:
    return loop({"Policy${N}": topic_policy(POLICY, *topics)})


def inline(arn: Any) -> dict[str, Any]:
    properties = {"TopicArn": arn, "PolicyDocument": POLICY}
    return {"Type": "AWS::SNS::TopicInlinePolicy", "Properties": properties}


MACROS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "of a topic": (policies({"Ref": "Chat"}), {"Chat"}),
    "of two topics": (policies({"Ref": "Chat"}, {"Fn::GetAtt": "Other.TopicArn"}), BOTH),
    "in line": (loop({"Policy${N}": inline({"Fn::Sub": "${Chat}"})}), {"Chat"}),
    "of a topic elsewhere": (policies({"Ref": "Elsewhere"}), NEITHER),
    "of topics that the value names": (policies({"Ref": "${N}"}), BOTH),
    "of the value itself": (policies({"Ref": "N"}), BOTH),
    "of topics that a function names": (policies({"Fn::GetStackOutput": {"StackName": "a"}}), BOTH),
    "of no list": (loop({"P${N}": topic_policy(POLICY) | {"Properties": {"Topics": {"Fn::Any": 1}}}}), BOTH),
    "without topics": (loop({"P${N}": {"Type": "AWS::SNS::TopicPolicy"}}), BOTH),
    "of another type in each": (loop({"P${N}": {"Type": "AWS::SNS::${N}"}}), BOTH),
    "of its own topics": (
        loop({"Topic${N}": topic(), "Policy${N}": topic_policy(POLICY, {"Ref": "Topic${N}"})}),
        NEITHER,
    ),
    "of topics alone": (loop({"Topic${N}": topic()}), NEITHER),
    "of another resource": (loop({"Queue${N}": {"Type": "AWS::SQS::Queue"}}), NEITHER),
    "in a loop": (loop(policies({"Ref": "Chat"}), name="Around"), {"Chat"}),
    "in a loop that is written out": (
        loop({"Fn::ForEach::In": ["M", {"Ref": "Open"}, {"P${N}${M}": inline({"Ref": "Chat"})}]}, ["a"]),
        {"Chat"},
    ),
    "that is malformed": ({"Fn::ForEach::Loop": ["N", ["a"]]}, BOTH),
    "by a macro": ({"Fn::Transform": {"Name": "Company::Chat"}}, BOTH),
    "by a loop that is written out": (loop({"Queue${N}": {"Type": "AWS::SQS::Queue"}}, ["a"]), NEITHER),
}


@pytest.mark.parametrize("name", MACROS)
def test_a_policy_of_a_macro_is_not_known(name: str, tmp_path: Path) -> None:
    macro, expected = MACROS[name]
    whole = template(STATIC | macro, Parameters=PARAMETERS, Transform="AWS::LanguageExtensions")
    found = load_stack(tmp_path, a__json=whole).topics
    unknown = {one.address.rpartition("#")[2] for one in found if not isinstance(one.policy, PolicyText)}
    assert unknown == expected


def test_a_topic_without_another_policy_may_have_that_of_a_macro(tmp_path: Path) -> None:
    whole = template({"Chat": topic()} | MACROS["of a topic"][0], Parameters=PARAMETERS)
    (found,) = load_stack(tmp_path, a__json=whole).topics
    assert not isinstance(found.policy, PolicyText)
    assert "a macro or loop" in found.policy.reason
