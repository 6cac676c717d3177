"""One policy in every form that teams keep it in: the same findings, each on the line that it is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from checker.core.finding import Finding, Verdict
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
WEAK = {
    "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
    "ArnLikeIfExists": {"aws:SourceArn": INSTANCE_ARN},
}
BELOW = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"{INSTANCE_ARN}/*"}}
OWNER = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
POLICIES: dict[str, dict[str, Any]] = {
    "documented": document(statement(Sid="Chat", Condition=PINNED)),
    "open-deputy": document(statement(Sid="Chat")),
    "weak-condition": document(statement(Sid="Chat", Condition=WEAK)),
    "below-the-instance": document(statement(Sid="Chat", Condition=BELOW)),
    "source-owner": document(statement(Sid="Chat", Principal={"AWS": "*"}, Condition=OWNER)),
    "subscribe-too": document(
        statement(Sid="Chat", Action=["sns:Publish", "sns:Subscribe"], Condition=PINNED)
    ),
    "blocked": document(
        statement(Sid="Chat", Condition=PINNED),
        statement(
            Sid="Org",
            Effect="Deny",
            Principal="*",
            Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        ),
    ),
    "misspelt-key": document(
        statement(Sid="Chat", Condition={"StringEquals": {"aws:SourceAcount": ACCOUNT}})
    ),
}
WORDS = {  # on the line of a finding stands one of these, in every form
    "missing-source-account": ("Sid", "sid", "Effect", "statement", "{"),
    "missing-source-arn": ("Sid", "sid", "Effect", "statement", "Condition", "{"),
    "weak-source-condition": (ACCOUNT, INSTANCE_ARN, "aws:Source"),
    "unmatchable-condition": ("/*",),
    "source-owner": ("AWS:SourceOwner",),
    "excess-connect-actions": ("Action", "actions", "sns:"),
    "blocking-deny": ("Sid", "sid", "Effect", "statement", "{"),
    "invalid-policy": ("aws:SourceAcount",),
}


def hcl(value: Any, depth: int = 1) -> str:
    """Write a value as an HCL expression."""
    pad = "  " * depth
    if isinstance(value, dict):
        lines = [f"{pad}  {json.dumps(key)} = {hcl(one, depth + 1)}" for key, one in value.items()]
        return "{\n" + "\n".join(lines) + f"\n{pad}}}"
    if isinstance(value, list):
        return "[" + ", ".join(hcl(one, depth + 1) for one in value) + "]"
    return json.dumps(value)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def data_source(policy: dict[str, Any]) -> str:
    """Write a policy as `aws_iam_policy_document`."""
    lines = ['data "aws_iam_policy_document" "chat" {']
    for one in policy["Statement"]:
        lines += ["  statement {", f'    sid = "{one["Sid"]}"', f'    effect = "{one["Effect"]}"']
        principal = {"*": "*"} if one["Principal"] == "*" else one["Principal"]
        for kind, names in principal.items():
            lines += [
                "    principals {",
                f'      type = "{kind}"',
                f"      identifiers = {json.dumps(listed(names))}",
                "    }",
            ]
        lines += [
            f"    actions = {json.dumps(listed(one['Action']))}",
            f"    resources = {json.dumps(listed(one['Resource']))}",
        ]
        for operator, keys in one.get("Condition", {}).items():
            for key, values in keys.items():
                lines += ["    condition {", f'      test = "{operator}"', f'      variable = "{key}"']
                lines += [f"      values = {json.dumps(listed(values))}", "    }"]
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


TOPIC = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n}\n'
ATTACHED = 'resource "aws_sns_topic_policy" "chat" {{\n  arn    = aws_sns_topic.chat.arn\n  policy = {}\n}}\n'


def terraform(expression: str, before: str = "") -> dict[str, str]:
    return {"main.tf": TOPIC + before + ATTACHED.format(expression)}


def plan(policy: dict[str, Any]) -> dict[str, str]:
    reference = {"references": ["aws_sns_topic.chat.arn", "aws_sns_topic.chat"]}
    base = {"mode": "managed", "name": "chat", "provider_name": "registry.terraform.io/hashicorp/aws"}
    topic = {**base, "address": "aws_sns_topic.chat", "type": "aws_sns_topic"}
    attached = {**base, "address": "aws_sns_topic_policy.chat", "type": "aws_sns_topic_policy"}
    topic_values = {"name": "chat", "fifo_topic": False, "kms_master_key_id": None}
    values = {"policy": json.dumps(policy)}
    changes = [
        {
            **topic,
            "change": {
                "actions": ["create"],
                "before": None,
                "after": topic_values,
                "after_unknown": {"arn": True, "id": True, "policy": True},
            },
        },
        {
            **attached,
            "change": {
                "actions": ["create"],
                "before": None,
                "after": values,
                "after_unknown": {"arn": True, "id": True},
            },
        },
    ]
    configured = [
        {**topic, "expressions": {"name": {"constant_value": "chat"}}},
        {**attached, "expressions": {"arn": reference, "policy": {}}},
    ]
    planned = [{**topic, "values": topic_values}, {**attached, "values": values}]
    whole = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }
    return {"plan.json": json.dumps(whole, indent=1)}


def template(policy: Any) -> dict[str, Any]:
    attached = {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [{"Ref": "Chat"}], "PolicyDocument": policy},
    }
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Chat": topic, "ChatPolicy": attached}}


FORMS: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
    "json": lambda policy: {"policy.json": json.dumps(policy, indent=2)},
    "json-one-line": lambda policy: {"policy.json": json.dumps(policy)},
    "yaml": lambda policy: {"policy.yaml": yaml.safe_dump(policy, sort_keys=False)},
    "attributes": lambda policy: {
        "topic.json": json.dumps(
            {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}, indent=1
        )
    },
    "heredoc": lambda policy: terraform(f"<<EOT\n{json.dumps(policy, indent=2)}\nEOT"),
    "indented-heredoc": lambda policy: terraform(
        "<<-EOT\n" + "".join(f"    {line}\n" for line in json.dumps(policy, indent=2).splitlines()) + "  EOT"
    ),
    "quoted-string": lambda policy: terraform(json.dumps(json.dumps(policy))),
    "jsonencode": lambda policy: terraform(f"jsonencode({hcl(policy)})"),
    "local": lambda policy: terraform(
        "jsonencode(local.policy)", f"locals {{\n  policy = {hcl(policy)}\n}}\n"
    ),
    "policy-document": lambda policy: terraform(
        "data.aws_iam_policy_document.chat.json", data_source(policy)
    ),
    "file": lambda policy: {
        **terraform('file("${path.module}/policies/chat.json")'),
        "policies/chat.json": json.dumps(policy, indent=1),
    },
    "plan": plan,
    "cloudformation-json": lambda policy: {"template.json": json.dumps(template(policy), indent=1)},
    "cloudformation-yaml": lambda policy: {
        "template.yaml": yaml.safe_dump(template(policy), sort_keys=False)
    },
    "cloudformation-string": lambda policy: {
        "template.json": json.dumps(template(json.dumps(policy)), indent=1)
    },
}


def findings(files: dict[str, str], folder: Path) -> list[Finding]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    paths = [folder] if "main.tf" in files else [folder / next(iter(files))]
    inventory = load(paths)
    assert not [one for one in inventory.skipped if one.error]
    topics = [topic for topic in inventory.topics if topic.address or "main.tf" not in files]
    report = judge(inventory._replace(topics=tuple(topics)), all_rules(), Scope(all_topics=True))
    assert not report.crashed
    return [one for one in report.findings if one.verdict is Verdict.FAIL]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", POLICIES)
def test_every_form_of_a_policy_has_the_same_findings_on_the_lines_they_are_about(
    name: str, form: str, tmp_path: Path
) -> None:
    expected = findings(FORMS["json"](POLICIES[name]), tmp_path / "json")
    found = findings(FORMS[form](POLICIES[name]), tmp_path / form)
    assert sorted((one.rule, one.severity.value) for one in found) == sorted(
        (one.rule, one.severity.value) for one in expected
    )
    for one in found:
        first = one.locations[0]
        position = first.position()
        assert position is not None
        line = Path(first.source).read_text().splitlines()[position.line - 1]
        assert any(word in line for word in WORDS[one.rule]), (one.rule, first.source, position, line)
