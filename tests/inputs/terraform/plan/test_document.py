"""Policy documents that are read during the apply: each value known or not, as the provider would put them together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import PolicyText
from tests.inputs.terraform.plan.plans import change, plan, read, refer, written

TOPIC, POLICY = "aws_sns_topic.chat", "aws_sns_topic_policy.chat"
DATA = "data.aws_iam_policy_document.chat"
CONNECT = {"type": "Service", "identifiers": ["connect.amazonaws.com"]}
BASE = {"actions": ["sns:Publish"], "resources": ["*"], "principals": [CONNECT], "condition": []}
READ = {"Effect": "Allow", "Principal": {"Service": ["connect.amazonaws.com"]}, "Action": ["sns:Publish"]}


def policy_of(
    folder: Path, after: dict[str, Any], unknown: dict[str, Any], expressions: dict[str, Any] | None = None
) -> Any:
    changes = [
        change(DATA, after, {"json": True, **unknown}),
        change(TOPIC, {"name": "chat"}, {"arn": True, "policy": True}),
        change(POLICY, {}, {"arn": True, "policy": True}),
    ]
    configured = [
        written(TOPIC, {}),
        written(POLICY, {"arn": refer(f"{TOPIC}.arn"), "policy": refer(f"{DATA}.json")}),
        written(DATA, expressions or {}),
    ]
    (topic,) = read(folder, plan(changes, *configured)).topics
    assert isinstance(topic.policy, PolicyText)
    return json.loads(topic.policy.text)


def block(**more: Any) -> dict[str, Any]:
    return {**BASE, "sid": "", "effect": None, **more}


STATEMENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": (block(), {**READ, "Resource": ["*"]}),
    "sid and effect": (
        block(sid="A", effect="Deny"),
        {"Sid": "A", **READ, "Effect": "Deny", "Resource": ["*"]},
    ),
    "everybody": (
        block(principals=[{"type": "*", "identifiers": ["*"]}]),
        {**READ, "Principal": "*", "Resource": ["*"]},
    ),
    "principals of one type": (
        block(principals=[CONNECT, {"type": "Service", "identifiers": ["sns.amazonaws.com"]}]),
        {
            **READ,
            "Principal": {"Service": ["connect.amazonaws.com", "sns.amazonaws.com"]},
            "Resource": ["*"],
        },
    ),
    "the other forms": (
        {"not_actions": ["a"], "not_resources": ["b"], "not_principals": [CONNECT]},
        {
            "Effect": "Allow",
            "NotPrincipal": {"Service": ["connect.amazonaws.com"]},
            "NotAction": ["a"],
            "NotResource": ["b"],
        },
    ),
    "conditions": (
        block(
            condition=[
                {"test": "StringEquals", "variable": "a:b", "values": ["1"]},
                {"test": "StringEquals", "variable": "a:b", "values": ["2"]},
                {"test": "StringLike", "variable": "a:b", "values": ["&{aws:x}"]},
            ]
        ),
        {
            **READ,
            "Resource": ["*"],
            "Condition": {"StringEquals": {"a:b": ["1", "2"]}, "StringLike": {"a:b": ["${aws:x}"]}},
        },
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_block_is_a_statement(name: str, tmp_path: Path) -> None:
    given, wanted = STATEMENTS[name]
    found = policy_of(tmp_path, {"statement": [given]}, {})
    assert found == {"Version": "2012-10-17", "Statement": [wanted]}


def test_an_unknown_value_is_named_by_the_expression_of_its_own_block(tmp_path: Path) -> None:
    values = [
        {"test": "ArnEquals", "variable": "aws:SourceArn", "values": [None]},
        {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [None]},
    ]
    marks = {"statement": [{"condition": [{"values": [True]}, {"values": [True]}], "resources": [True]}]}
    expressions = {
        "resources": refer(f"{TOPIC}.arn"),
        "condition": [
            {
                "test": {"constant_value": "StringEquals"},
                "variable": {"constant_value": "aws:SourceAccount"},
                "values": refer("data.aws_caller_identity.me.account_id"),
            },
            {
                "test": {"constant_value": "ArnEquals"},
                "variable": {"constant_value": "aws:SourceArn"},
                "values": refer("aws_connect_instance.main.arn"),
            },
        ],
    }
    after = {"statement": [block(condition=values, resources=[None])]}
    (found,) = policy_of(tmp_path, after, marks, {"statement": [expressions]})["Statement"]
    assert found["Resource"] == [f"{TOPIC}.arn"]
    assert found["Condition"] == {
        "ArnEquals": {"aws:SourceArn": ["aws_connect_instance.main.arn"]},
        "StringEquals": {"aws:SourceAccount": ["data.aws_caller_identity.me.account_id"]},
    }


def sids(policy: Any) -> list[str]:
    return [one if isinstance(one, str) else one["Sid"] for one in policy["Statement"]]


def inner(*names: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": name} for name in names]})


def test_sources_come_first_and_overrides_take_the_place_of_their_sid(tmp_path: Path) -> None:
    after = {
        "source_policy_documents": [inner("a", "b")],
        "statement": [block(sid="b"), block(sid="c")],
        "override_policy_documents": [inner("a", "d")],
    }
    found = policy_of(tmp_path, after, {})
    assert sids(found) == ["a", "b", "c", "d"]
    assert "Action" not in found["Statement"][0]
    assert "Action" in found["Statement"][1]


def test_an_unknown_source_is_one_more_unknown_statement(tmp_path: Path) -> None:
    after = {"source_policy_documents": [None], "statement": [block(sid="a")]}
    expressions = {"source_policy_documents": refer("aws_ssm_parameter.policy.value")}
    found = policy_of(tmp_path, after, {"source_policy_documents": [True]}, expressions)
    assert sids(found) == ["aws_ssm_parameter.policy.value", "a"]


def test_an_unknown_override_may_replace_every_statement_with_a_sid(tmp_path: Path) -> None:
    after = {"override_policy_documents": [None], "statement": [block(sid="a"), block()]}
    expressions = {"override_policy_documents": refer("aws_ssm_parameter.policy.value")}
    found = policy_of(tmp_path, after, {"override_policy_documents": [True]}, expressions)
    unknown = "aws_ssm_parameter.policy.value"
    assert found["Statement"] == [unknown, {**READ, "Resource": ["*"]}, unknown]


def test_unknown_statement_blocks_are_one_unknown_statement(tmp_path: Path) -> None:
    assert policy_of(tmp_path, {"statement": [block()]}, {"statement": True})["Statement"] == [DATA]
