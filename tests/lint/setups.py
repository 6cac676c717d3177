"""Set-ups as people write them, in six forms: the words of each form for the values that a policy pins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

OWN, NAMED, COMPOSED, BELOW, WRONG_SERVICE, PARAMETER, ROLE = (
    *("own account", "declared instance", "composed ARN", "below the instance"),
    *("composed ARN of another service", "parameter", "account of another provider"),
)


class Setup(NamedTuple):
    """What differs between set-ups: the conditions, the instance, and the grant in the key policy."""

    conditions: dict[str, dict[str, str]]
    has_instance: bool = False
    key_service: str | None = None
    far_instance: bool = False


TERRAFORM = {
    OWN: "data.aws_caller_identity.current.account_id",
    NAMED: "aws_connect_instance.this.arn",
    PARAMETER: "var.connect_instance_arn",
    ROLE: "data.aws_caller_identity.other.account_id",
    COMPOSED: '"arn:${data.aws_partition.current.partition}:connect:${data.aws_region.current.name}:'
    '${data.aws_caller_identity.current.account_id}:instance/${var.instance_id}"',
    BELOW: '"${aws_connect_instance.this.arn}/*"',
    WRONG_SERVICE: '"arn:aws:sns:${data.aws_region.current.name}:'
    '${data.aws_caller_identity.current.account_id}:instance/${var.instance_id}"',
}
_SUB = "${AWS::Region}:${AWS::AccountId}:instance/${InstanceId}"
CLOUDFORMATION: dict[str, Any] = {
    OWN: {"Ref": "AWS::AccountId"},
    NAMED: {"Fn::GetAtt": ["Instance", "Arn"]},
    PARAMETER: {"Ref": "ConnectInstanceArn"},
    COMPOSED: {"Fn::Sub": f"arn:${{AWS::Partition}}:connect:{_SUB}"},
    BELOW: {"Fn::Sub": "${Instance.Arn}/*"},
    WRONG_SERVICE: {"Fn::Sub": f"arn:aws:sns:{_SUB}"},
}
_JOINED = [":", {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}, ":instance/", {"Ref": "InstanceId"}]
CDK: dict[str, Any] = CLOUDFORMATION | {
    COMPOSED: {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":connect", *_JOINED]]},
    BELOW: {"Fn::Join": ["", [{"Fn::GetAtt": ["Instance", "Arn"]}, "/*"]]},
    WRONG_SERVICE: {"Fn::Join": ["", ["arn:aws:sns", *_JOINED]]},
}

_HEADER = """
variable "connect_instance_arn" { type = string }
variable "instance_id" {}
provider "aws" {}
provider "aws" {
  alias = "other"
  assume_role { role_arn = var.other_role }
}
provider "aws" {
  alias  = "far"
  region = "ap-southeast-2"
}
variable "other_role" {}
data "aws_caller_identity" "current" {}
data "aws_caller_identity" "other" { provider = aws.other }
data "aws_partition" "current" {}
data "aws_region" "current" {}
"""
_INSTANCE = """
resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
PROVIDER}
"""
_TOPIC = """
resource "aws_sns_topic" "chat" {
  name = "chat"
KEY}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = POLICY
}
"""
_KEY = """
resource "aws_kms_key" "chat" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Root", Effect = "Allow", Action = "kms:*", Resource = "*",
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" } },GRANT
    ]
  })
}
"""


def _terraform(setup: Setup, policy: str, more: str = "") -> str:
    provider = "  provider = aws.far\n" if setup.far_instance else ""
    instance = _INSTANCE.replace("PROVIDER", provider) if setup.has_instance else ""
    service = setup.key_service
    grant = (
        f'\n      {{ Sid = "Use", Effect = "Allow", Action = ["kms:GenerateDataKey*", "kms:Decrypt"], Resource = "*",'
        f' Principal = {{ Service = "{service}" }} }},'
        if service
        else ""
    )
    key = _KEY.replace("GRANT", grant) if service is not None else ""
    uses = "  kms_master_key_id = aws_kms_key.chat.arn\n" if service is not None else ""
    return _HEADER + instance + key + _TOPIC.replace("KEY", uses).replace("POLICY", policy) + more


def document(setup: Setup) -> dict[str, str]:
    """Write the policy as aws_iam_policy_document."""
    blocks = "".join(
        f'    condition {{\n      test = "{test}"\n      variable = "{key}"\n      values = [{TERRAFORM[value]}]\n    }}\n'
        for test, keys in setup.conditions.items()
        for key, value in keys.items()
    )
    data = (
        'data "aws_iam_policy_document" "chat" {\n  statement {\n    sid = "Connect"\n    actions = ["sns:Publish"]\n'
        "    resources = [aws_sns_topic.chat.arn]\n"
        '    principals {\n      type = "Service"\n      identifiers = ["connect.amazonaws.com"]\n    }\n'
        f"{blocks}  }}\n}}\n"
    )
    return {"main.tf": _terraform(setup, "data.aws_iam_policy_document.chat.json", data)}


def jsonencode(setup: Setup) -> dict[str, str]:
    """Write the policy with jsonencode, and the statement in a local value."""
    tests = ", ".join(
        f'{test} = {{ "{key}" = {TERRAFORM[value]} }}'
        for test, keys in setup.conditions.items()
        for key, value in keys.items()
    )
    condition = f", Condition = {{ {tests} }}" if tests else ""
    statement = (
        'Sid = "Connect", Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }, '
        f'Action = "sns:Publish", Resource = aws_sns_topic.chat.arn{condition}'
    )
    more = f"locals {{\n  statement = {{ {statement} }}\n}}\n"
    return {
        "main.tf": _terraform(
            setup, 'jsonencode({ Version = "2012-10-17", Statement = [local.statement] })', more
        )
    }


def heredoc(setup: Setup) -> dict[str, str]:
    """Write the policy as JSON in a heredoc."""

    def text(value: str) -> str:
        word = TERRAFORM[value]
        return word if word.startswith('"') else f'"${{{word}}}"'

    tests = ", ".join(
        f'"{test}": {{"{key}": {text(value)}}}'
        for test, keys in setup.conditions.items()
        for key, value in keys.items()
    )
    condition = f', "Condition": {{{tests}}}' if tests else ""
    policy = (
        '<<-EOT\n    {"Version": "2012-10-17", "Statement": [{"Sid": "Connect", "Effect": "Allow",\n'
        '      "Principal": {"Service": "connect.amazonaws.com"}, "Action": "sns:Publish",\n'
        f'      "Resource": "${{aws_sns_topic.chat.arn}}"{condition}}}]}}\n  EOT'
    )
    return {"main.tf": _terraform(setup, policy)}


def _template(setup: Setup, words: dict[str, Any], root: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": "Connect",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Topic"},
    }
    if setup.conditions:
        statement["Condition"] = {
            test: {key: words[value] for key, value in keys.items()}
            for test, keys in setup.conditions.items()
        }
    resources: dict[str, Any] = {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
    }
    if setup.has_instance:
        resources["Instance"] = {
            "Type": "AWS::Connect::Instance",
            "Properties": {"IdentityManagementType": "CONNECT_MANAGED"},
        }
    if setup.key_service is not None:
        own = {
            "Sid": "Root",
            "Effect": "Allow",
            "Principal": {"AWS": root},
            "Action": "kms:*",
            "Resource": "*",
        }
        use = own | {
            "Sid": "Use",
            "Principal": {"Service": setup.key_service},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        }
        listed = [own, *([use] if setup.key_service else [])]
        resources["Key"] = {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": listed}},
        }
        resources["Topic"]["Properties"]["KmsMasterKeyId"] = {"Fn::GetAtt": ["Key", "Arn"]}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"ConnectInstanceArn": {"Type": "String"}, "InstanceId": {"Type": "String"}},
        "Resources": resources,
    }


_ROOT = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
_ROOT_JOINED = {
    "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root"]]
}


def cloudformation(setup: Setup) -> dict[str, str]:
    """Write a template with Ref, GetAtt and Sub."""
    return {"template.json": json.dumps(_template(setup, CLOUDFORMATION, _ROOT), indent=2)}


def sam(setup: Setup) -> dict[str, str]:
    """Write a SAM template."""
    whole = _template(setup, CLOUDFORMATION, _ROOT) | {"Transform": "AWS::Serverless-2016-10-31"}
    return {"template.json": json.dumps(whole, indent=2)}


def cdk(setup: Setup) -> dict[str, str]:
    """Write a template as CDK synthesizes it."""
    return {"Chat.template.json": json.dumps(_template(setup, CDK, _ROOT_JOINED), indent=1)}


FORMS: tuple[Callable[[Setup], dict[str, str]], ...] = (
    *(document, jsonencode, heredoc),
    *(cloudformation, sam, cdk),
)
