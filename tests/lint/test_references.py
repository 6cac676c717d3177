"""The places that values come from in real code: each is followed, so that a right set-up is proven clean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.lint.test_setups import doubts, problems

if TYPE_CHECKING:
    from pathlib import Path


class Code(NamedTuple):
    """The values that a policy pins, the code that they refer to, and the problems that are expected."""

    account: str
    arn: str
    code: str = ""
    problems: frozenset[str] = frozenset()


def problem(*names: str) -> frozenset[str]:
    return frozenset(names)


TERRAFORM = """
data "aws_caller_identity" "current" {{}}
resource "aws_sns_topic" "chat" {{ name = "chat" }}
data "aws_iam_policy_document" "chat" {{
  statement {{
    sid       = "AllowConnect"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {{
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }}
    condition {{
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [{account}]
    }}
    condition {{
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [{arn}]
    }}
  }}
}}
resource "aws_sns_topic_policy" "chat" {{
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}}
"""
OWN = "data.aws_caller_identity.current.account_id"
ARN = 'variable "arn" { type = string }\n'
ENV = 'variable "env" { type = string }\nprovider "aws" { region = "us-east-1" }\n'
ENVIRONMENTS = """
locals {
  envs = {
    dev  = { account = "111122223333", arn = "arn:aws:connect:us-east-1:111122223333:instance/11111111-1111-1111-1111-111111111111" }
    prod = { account = "%s", arn = "arn:aws:connect:%s:444455556666:instance/22222222-2222-2222-2222-222222222222" }
  }
}
"""
PROD = "444455556666"
UNMATCHABLE, REGION = "unmatchable-condition", "cross-region"
IN_TERRAFORM = {
    "part of an ARN": Code('split(":", var.arn)[4]', "var.arn", ARN),
    "element of an ARN": Code('element(split(":", var.arn), 4)', "var.arn", ARN),
    "wrong part of an ARN": Code('split(":", var.arn)[3]', "var.arn", ARN, problem(f"error {UNMATCHABLE}")),
    "data source for an ARN": Code(
        "data.aws_arn.a.account", "var.arn", ARN + 'data "aws_arn" "a" { arn = var.arn }'
    ),
    "owner of the topic": Code("aws_sns_topic.chat.owner", "var.arn", ARN),
    "remote state": Code(
        OWN,
        "data.terraform_remote_state.connect.outputs.instance_arn",
        'data "terraform_remote_state" "connect" { backend = "s3" }',
    ),
    "parameter store": Code(
        OWN,
        "data.aws_ssm_parameter.connect.value",
        'data "aws_ssm_parameter" "connect" { name = "/connect" }',
    ),
    "output of a module that is not here": Code(
        OWN,
        "module.connect.instance_arn",
        'module "connect" { source = "git::https://example.com/connect.git" }',
    ),
    "object": Code(
        "var.connect.account",
        "var.connect.arn",
        'variable "connect" { type = object({ arn = string, account = string }) }',
    ),
    "object without a type": Code("var.connect.account", "var.connect.arn", 'variable "connect" {}'),
    "table by variable": Code(
        "local.envs[var.env].account", "local.envs[var.env].arn", ENV + ENVIRONMENTS % (PROD, "us-east-1")
    ),
    "table by workspace": Code(
        "local.envs[terraform.workspace].account",
        "lookup(local.envs, terraform.workspace).arn",
        ENV + ENVIRONMENTS % (PROD, "us-east-1"),
    ),
    "table with a wrong account": Code(
        "local.envs[var.env].account",
        "local.envs[var.env].arn",
        ENV + ENVIRONMENTS % ("777788889999", "us-east-1"),
        problem(f"warning {UNMATCHABLE}"),
    ),
    "table with another Region": Code(
        "local.envs[var.env].account",
        "local.envs[var.env].arn",
        ENV + ENVIRONMENTS % (PROD, "eu-west-2"),
        problem(f"warning {REGION}"),
    ),
    "choice by variable": Code(
        'var.env == "prod" ? local.envs.prod.account : local.envs.dev.account',
        'var.env == "prod" ? local.envs.prod.arn : local.envs.dev.arn',
        ENV + ENVIRONMENTS % (PROD, "us-east-1"),
    ),
    "choice by the account itself": Code(
        "var.account",
        'var.account == "111122223333" ? local.envs.dev.arn : var.arn',
        ENV + ENVIRONMENTS % (PROD, "us-east-1") + ARN + 'variable "account" { type = string }\n',
    ),
    "opposite choices by variable": Code(
        'var.env == "prod" ? local.envs.dev.account : local.envs.prod.account',
        'var.env == "prod" ? local.envs.prod.arn : local.envs.dev.arn',
        ENV + ENVIRONMENTS % (PROD, "us-east-1"),
        problem(f"error {UNMATCHABLE}"),
    ),
}

TEMPLATE = """
Parameters:
  ConnectInstanceArn: {{Type: String}}
  Stage: {{Type: String, AllowedValues: [dev, prod]}}
Mappings:
  Stages:
    dev: {{Account: "111122223333", Id: "11111111-1111-1111-1111-111111111111"}}
    prod: {{Account: "444455556666", Id: "22222222-2222-2222-2222-222222222222"}}
  Regions:
    us-east-1: {{Account: "111122223333", Arn: "arn:aws:connect:us-east-1:111122223333:instance/11111111-1111-1111-1111-111111111111"}}
    eu-west-2: {{Account: "{regional}", Arn: "arn:aws:connect:eu-west-2:444455556666:instance/22222222-2222-2222-2222-222222222222"}}
Resources:
  Connect:
    Type: AWS::CloudFormation::Stack
    Properties: {{TemplateURL: "https://example.com/connect.yaml"}}
  Topic: {{Type: AWS::SNS::Topic}}
  Policy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Service: connect.amazonaws.com}}
            Action: sns:Publish
            Resource: !Ref Topic
            Condition:
              StringEquals: {{aws:SourceAccount: {account}}}
              ArnLike: {{aws:SourceArn: {arn}}}
"""
BY_REGION = "!FindInMap [Regions, !Ref AWS::Region, {}]"
BY_STAGE = "!FindInMap [Stages, !Ref Stage, {}]"
IN_TEMPLATES = {
    "part of an ARN": Code('!Select [4, !Split [":", !Ref ConnectInstanceArn]]', "!Ref ConnectInstanceArn"),
    "wrong part of an ARN": Code(
        '!Select [2, !Split [":", !Ref ConnectInstanceArn]]',
        "!Ref ConnectInstanceArn",
        problems=problem(f"error {UNMATCHABLE}"),
    ),
    "output of a nested stack": Code("!Ref AWS::AccountId", "!GetAtt Connect.Outputs.InstanceArn"),
    "map by Region": Code(BY_REGION.format("Account"), BY_REGION.format("Arn"), PROD),
    "map by Region with a wrong account": Code(
        BY_REGION.format("Account"),
        BY_REGION.format("Arn"),
        "777788889999",
        problem(f"warning {UNMATCHABLE}"),
    ),
    "map by stage": Code(
        BY_STAGE.format("Account"),
        '!Sub ["arn:aws:connect:us-east-1:${A}:instance/${I}", {A: '
        + BY_STAGE.format("Account")
        + ", I: "
        + BY_STAGE.format("Id")
        + "}]",
    ),
}


@pytest.mark.parametrize("name", IN_TERRAFORM)
def test_a_reference_in_terraform_is_followed(name: str, tmp_path: Path) -> None:
    case = IN_TERRAFORM[name]
    text = case.code + TERRAFORM.format(account=case.account, arn=case.arn)
    (tmp_path / "main.tf").write_text(text)
    _expect(case, tmp_path)


@pytest.mark.parametrize("name", IN_TEMPLATES)
def test_a_reference_in_a_template_is_followed(name: str, tmp_path: Path) -> None:
    case = IN_TEMPLATES[name]
    text = TEMPLATE.format(account=case.account, arn=case.arn, regional=case.code or PROD)
    (tmp_path / "template.yaml").write_text(text)
    _expect(case, tmp_path)


def _expect(case: Code, folder: Path) -> None:
    found = judge(load([folder]), all_rules())
    assert problems(found) == case.problems
    assert not doubts(found) - {one.partition(" ")[2] for one in case.problems}


TOPIC_ELSEWHERE = """
variable "topic" {{}}
variable "instance" {{}}
data "aws_partition" "current" {{}}
data "aws_caller_identity" "current" {{}}
resource "aws_sns_topic_policy" "chat" {{
  arn = var.topic
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Sid = "AllowConnect", Effect = "Allow", Principal = {{ Service = "connect.amazonaws.com" }}
      Action = "sns:Publish", Resource = var.topic
      Condition = {{
        StringEquals = {{ "aws:SourceAccount" = data.aws_caller_identity.current.account_id }}
        ArnLike = {{ "aws:SourceArn" = "arn:{partition}:connect:us-west-2:{account}:instance/${{var.instance}}" }}
      }}
    }}]
  }})
}}
"""


@pytest.mark.parametrize("partition", ["aws", "${data.aws_partition.current.partition}"])
@pytest.mark.parametrize("account", ["111122223333", "${data.aws_caller_identity.current.account_id}"])
def test_a_topic_elsewhere_is_in_the_region_of_its_instance(
    partition: str, account: str, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(TOPIC_ELSEWHERE.format(partition=partition, account=account))
    assert problems(judge(load([tmp_path]), all_rules())) == set()
