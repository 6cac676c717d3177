"""A missing condition is not excluded while the account or the Resource is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.core.finding import Verdict
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules

OWN = {"Ref": "AWS::AccountId"}
ANY_OWN = {"Fn::Sub": "arn:aws:connect:*:${AWS::AccountId}:instance/*"}
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
TOPIC = {"Ref": "Chat"}
SOME = {"Ref": "SomeTopic"}


def verdicts(path: Path, resource: Any, condition: Any) -> dict[str, Verdict]:
    statement = {
        "Sid": "AllowConnect",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": resource,
        "Condition": condition,
    }
    policy = {
        "Topics": [TOPIC],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"SomeTopic": {"Type": "String"}},
        "Resources": {
            "Chat": {"Type": "AWS::SNS::Topic"},
            "ChatPolicy": {"Type": "AWS::SNS::TopicPolicy", "Properties": policy},
        },
    }
    path.write_text(json.dumps(template))
    (examined,) = judge(load([path]), all_rules()).examined
    return dict(examined.verdicts)


@pytest.mark.parametrize(
    ("resource", "condition", "missing"),
    [
        (TOPIC, {"StringEquals": {"aws:SourceAccount": OWN}}, "missing-source-arn"),
        (SOME, {"StringEquals": {"aws:SourceAccount": OWN}}, "missing-source-arn"),
        (SOME, {}, "missing-source-arn"),
        (SOME, {}, "missing-source-account"),
        (TOPIC, {"ArnLike": {"aws:SourceArn": ANY_OWN}}, "missing-source-account"),
        (SOME, {"ArnEquals": {"aws:SourceArn": INSTANCE}}, "missing-source-account"),
    ],
)
def test_a_missing_condition_is_never_excluded_while_a_value_is_unknown(
    resource: Any, condition: Any, missing: str, tmp_path: Path
) -> None:
    assert verdicts(tmp_path / "template.json", resource, condition)[missing] is not Verdict.PASS


ROOT = """
provider "aws" {{ region = "us-east-1" }}
variable "x" {{}}
resource "aws_sns_topic" "chat" {{
  kms_master_key_id = var.x
}}
resource "aws_sns_topic_policy" "chat" {{
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{statements}] }})
}}
"""
GRANT = (
    '{{Sid = "A", Effect = {effect}, Principal = {{Service = "connect.amazonaws.com"}}, Action = {action}, '
    "Resource = {resource}, Condition = {condition}}}"
)
KNOWN = {
    "effect": '"Allow"',
    "action": '"sns:Publish"',
    "resource": "aws_sns_topic.chat.arn",
    "condition": f'{{ArnEquals = {{"aws:SourceArn" = "{INSTANCE}"}}}}',
}
PINS = ("missing-source-account", "missing-source-arn", "weak-source-condition")
EVERY = (*PINS, "blocking-deny", "excess-connect-actions", "unmatchable-condition", "wrong-resource")


@pytest.mark.parametrize(
    ("changes", "more", "rules"),
    [
        ({}, ", var.x", EVERY),
        ({"effect": "var.x"}, "", EVERY),
        ({"resource": "var.x"}, "", ("wrong-resource",)),
        ({"condition": "var.x"}, "", ("unmatchable-condition",)),
        ({"action": "[var.x]"}, "", ("excess-connect-actions",)),
        ({}, "", ("unusable-key", "aws-managed-key")),
    ],
)
def test_a_rule_never_passes_if_a_value_could_not_be_read(
    changes: dict[str, str], more: str, rules: tuple[str, ...], tmp_path: Path
) -> None:
    statements = GRANT.format(**KNOWN | changes) + more
    (tmp_path / "main.tf").write_text(ROOT.format(statements=statements))
    (examined,) = judge(load([tmp_path]), all_rules()).examined
    assert {rule for rule in rules if examined.verdicts[rule] is Verdict.PASS} == set()


def test_a_stack_is_assumed_to_be_in_a_region_with_connect(tmp_path: Path) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    found = verdicts(tmp_path / "template.json", TOPIC, condition)
    assert found["region-without-connect"] is Verdict.PASS
