"""A statement that cannot be edited is printed in a form that can be copied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from checker.core.finding import Verdict
from checker.fix.result import Outcome
from tests.fix.workbench import repaired, write
from tests.inputs.test_forms import template
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, statement

CHAT = statement(Resource={"Ref": "Chat"})


def of_terraform(policy: str) -> str:
    topic = {"name": "chat", "policy": policy}
    return json.dumps({"resource": {"aws_sns_topic": {"chat": topic}}})


def of_a_loop() -> dict[str, str]:
    """A statement that an expression works out, with values that are no text."""
    grant = f'Principal = {{ Service = "connect.amazonaws.com" }}, Action = one, Resource = "{TOPIC_ARN}"'
    each = f'{{ Effect = "Allow", {grant}, Condition = {{ Bool = {{ "aws:SecureTransport" = true }} }} }}'
    policy = f'{{ Statement = [for one in ["sns:Publish", "sns:GetTopicAttributes"] : {each}] }}'
    return {
        "main.tf": f'resource "aws_sns_topic" "chat" {{\n  name = "chat"\n  policy = jsonencode({policy})\n}}\n'
    }


def for_a_condition(otherwise: Any) -> dict[str, str]:
    choice = {"Fn::If": ["Live", CHAT, otherwise]}
    return {"template.json": json.dumps(template({"Statement": [choice]}))}


def of_a_stack() -> dict[str, str]:
    """A template in YAML, in text that Terraform hands to CloudFormation."""
    grant = statement(Principal={"Service": "connect.amazonaws.com"}, Resource={"Ref": "Chat"})
    body = yaml.safe_dump(template({"Statement": [grant]}))
    return {
        "main.tf": f'resource "aws_cloudformation_stack" "chat" {{\n  template_body = <<EOT\n{body}EOT\n}}\n'
    }


LEFT: dict[str, tuple[dict[str, str], str]] = {
    "a reference in Terraform's JSON": (
        {
            "main.tf.json": of_terraform(
                '${jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "111122223333" }, '
                'Action = "sns:Publish", Resource = aws_sns_topic.chat.arn }] })}'
            )
        },
        '"Resource": "${aws_sns_topic.chat.arn}"',
    ),
    "values that are no text": (of_a_loop(), '"aws:SecureTransport" = true'),
    "a policy that hangs on a condition": (
        for_a_condition(statement(Principal={"AWS": ACCOUNT}, Resource={"Ref": "Chat"})),
        '"Resource": {"Ref": "Chat"}',
    ),
    "a template in a stack of Terraform": (of_a_stack(), '"Resource": {"Ref": "Chat"}'),
}


@pytest.mark.parametrize("name", LEFT)
def test_remaining_resources_are_printed(name: str, tmp_path: Path) -> None:
    files, said = LEFT[name]
    write(tmp_path, files)
    found = repaired([tmp_path] if "main.tf.json" in files else [tmp_path / next(iter(files))], unsafe=True)
    outcome = Outcome(found, {}, {}, ())
    unfixed = [one for one in found.unfixed if one.finding.verdict is Verdict.FAIL]
    lines = [line for one in unfixed for lines in outcome.written_out(one) for line in lines]
    assert said in "\n".join(lines)
    assert INSTANCE_ARN in "\n".join(lines)


def test_a_default_key_policy_is_not_displayed_with_a_placeholder_account(tmp_path: Path) -> None:
    text = (
        'resource "aws_kms_key" "chat" {}\nresource "aws_sns_topic" "chat" {\n  name = "chat"\n'
        "  kms_master_key_id = aws_kms_key.chat.arn\n}\n"
    )
    found = repaired(write(tmp_path, {"main.tf": text}))
    unfixed = next(one for one in found.unfixed if one.finding.rule == "connect-cannot-use-key")
    lines = "\n".join(line for lines in Outcome(found, {}, {}, ()).written_out(unfixed) for line in lines)
    assert '"arn:aws:iam::ACCOUNT_ID:root"' in lines
    assert "000000000000" not in lines
