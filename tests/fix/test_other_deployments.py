"""A safe fix takes nothing from the deployments of the same code for other instances than the one that the user named."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from checker.analysis.inventory import Instance
from checker.analysis.topic import TopicAnalysis
from checker.fix.appraisal import PROVEN, with_previews
from checker.fix.editable import allow_any_file
from checker.iam.prove import prove
from checker.inputs.collect import Given
from checker.inputs.load import load
from tests.fix.workbench import repaired
from tests.samples import ACCOUNT, INSTANCE_ARN, arn_of

OTHER = arn_of("arn:aws:connect:us-east-1:444455556666:instance/5a6b7c8d-1111-4222-8333-444455556666")
CONDITION = "CONDITION"
TEMPLATE = """Parameters:
  InstanceArn:
    Type: String
  InstanceId:
    Type: String
  Account:
    Type: String
Resources:
  Chat:
    Type: AWS::SNS::Topic
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: Connect
            Effect: Allow
            Principal: {Service: connect.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref Chat
            Condition:
              CONDITION
"""
TERRAFORM = """variable "instance_arn" {
  type = string
}
variable "instance_id" {
  type = string
}
variable "account" {
  type = string
}
data "aws_caller_identity" "current" {}
resource "aws_sns_topic" "chat" {
  name = "chat"
}
resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Connect"
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.chat.arn
      Condition = { CONDITION }
    }]
  })
}
"""
IN_JSON = """{
  "Parameters": {"InstanceArn": {"Type": "String"}, "InstanceId": {"Type": "String"}, "Account": {"Type": "String"}},
  "Resources": {
    "Chat": {"Type": "AWS::SNS::Topic"},
    "ChatPolicy": {
      "Type": "AWS::SNS::TopicPolicy",
      "Properties": {
        "Topics": [{"Ref": "Chat"}],
        "PolicyDocument": {
          "Version": "2012-10-17",
          "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "connect.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": {"Ref": "Chat"},
            "Condition": {CONDITION}
          }]
        }
      }
    }
  }
}
"""
WITH_DEFAULT = TEMPLATE.replace(
    "  InstanceArn:\n    Type: String\n", f"  InstanceArn:\n    Type: String\n    Default: {INSTANCE_ARN}\n"
)
ACCOUNT_DEFAULT = TEMPLATE.replace(
    "  Account:\n    Type: String\n", f'  Account:\n    Type: String\n    Default: "{ACCOUNT}"\n'
)
HCL_ACCOUNT_DEFAULT = TERRAFORM.replace(
    'variable "account" {\n', f'variable "account" {{\n  default = "{ACCOUNT}"\n'
)
VARIABLE = 'variable "instance_arn" {\n  type = string\n'
HCL_DEFAULT = TERRAFORM.replace(VARIABLE, f'{VARIABLE}  default = "{INSTANCE_ARN}"\n')
LIST_DEFAULT = TERRAFORM.replace(VARIABLE, f'{VARIABLE}  default = ["{INSTANCE_ARN}"]\n').replace(
    "type = string", "type = list(string)", 1
)
WITH_MAP = f"""Mappings:
  Of:
    dev: {{Arn: {INSTANCE_ARN}}}
    prod: {{Arn: {OTHER}}}
""" + TEMPLATE.replace("  Account:\n    Type: String\n", "  Stage:\n    Type: String\n    Default: dev\n")
WITH_OPEN_MAP = WITH_MAP.replace("    Default: dev\n", "")
BY_ACCOUNT = WITH_MAP.replace("    dev: {", f'    "{ACCOUNT}": {{').replace(
    "    prod: {", f'    "{OTHER.account}": {{'
)
HCL_MAP = (
    TERRAFORM
    + f"""variable "stage" {{
  type = string
}}
locals {{
  of = {{ dev = "{INSTANCE_ARN}", prod = "{OTHER}" }}
}}
"""
)
COMPOSED = "arn:aws:connect:${AWS::Region}:${AWS::AccountId}:instance/${InstanceId}"
OF_ACCOUNT = "arn:aws:connect:us-east-1:${Account}:instance/${InstanceId}"
IN_HCL = (
    "arn:aws:connect:us-east-1:${data.aws_caller_identity.current.account_id}:instance/${var.instance_id}"
)
OF_VARIABLES = "arn:aws:connect:us-east-1:${var.account}:instance/${var.instance_id}"
PART = 'split(":", var.instance_arn)[4]'


class Form(NamedTuple):
    """Code with a condition on the source, and what a safe fix writes into it; empty if none is safe."""

    code: str
    condition: str
    written: str


FORMS = {
    "ARN": Form(TEMPLATE, "{ ArnEquals: { aws:SourceArn: !Ref InstanceArn } }", '{ Fn::Select: [4, { Fn::Split: [":", { Ref: InstanceArn }] }] }'),
    "ARN in lines": Form(TEMPLATE, "ArnLike:\n                aws:SourceArn: !Ref InstanceArn", '!Select [4, !Split [":", !Ref InstanceArn]]'),
    "ARN in JSON": Form(IN_JSON, '"ArnLike": {"aws:SourceArn": {"Ref": "InstanceArn"}}', '{"Fn::Select": ["4", {"Fn::Split": [":", {"Ref": "InstanceArn"}]}]}'),
    "composed ARN": Form(TEMPLATE, f"ArnEquals:\n                aws:SourceArn: !Sub {COMPOSED}", "!Ref AWS::AccountId"),
    "ARN with an account": Form(TEMPLATE, f"ArnEquals:\n                aws:SourceArn: !Sub {OF_ACCOUNT}", "!Ref Account"),
    "account": Form(TEMPLATE, "StringEquals:\n                aws:SourceAccount: !Ref Account", ""),
    "account in lower case": Form(TEMPLATE, "StringEquals:\n                aws:sourceaccount: !Ref Account", ""),
    "two ARNs": Form(TEMPLATE, f"ArnEquals:\n                aws:SourceArn: [!Ref InstanceArn, {INSTANCE_ARN}]", ""),
    "ARN by default": Form(WITH_DEFAULT, "ArnEquals:\n                aws:SourceArn: !Ref InstanceArn", '!Select [4, !Split [":", !Ref InstanceArn]]'),
    "ARN by default in lines": Form(WITH_DEFAULT, "ArnEquals:\n                aws:SourceArn:\n                  Ref: InstanceArn", ""),
    "ARN of a map": Form(WITH_MAP, "ArnEquals:\n                aws:SourceArn: !FindInMap [Of, !Ref Stage, Arn]", '!Select [4, !Split [":", !FindInMap [Of, !Ref Stage, Arn]]]'),
    "ARN of a map under an open key": Form(WITH_OPEN_MAP, "ArnEquals:\n                aws:SourceArn: !FindInMap [Of, !Ref Stage, Arn]", '!Select [4, !Split [":", !FindInMap [Of, !Ref Stage, Arn]]]'),
    "ARN of a map under the account": Form(BY_ACCOUNT, "ArnEquals:\n                aws:SourceArn: !FindInMap [Of, !Ref AWS::AccountId, Arn]", '!Select [4, !Split [":", !FindInMap [Of, !Ref AWS::AccountId, Arn]]]'),
    "ARN of a map in Terraform": Form(HCL_MAP, 'ArnEquals = { "aws:SourceArn" = local.of[var.stage] }', 'split(":", local.of[var.stage])[4]'),
    "account by default": Form(ACCOUNT_DEFAULT, "StringEquals:\n                aws:SourceAccount: !Ref Account", ""),
    "account of a variable by default": Form(HCL_ACCOUNT_DEFAULT, 'StringEquals = { "aws:SourceAccount" = var.account }', ""),
    "variable by default": Form(HCL_DEFAULT, 'ArnEquals = { "aws:SourceArn" = var.instance_arn }', PART),
    "variable by default in a list": Form(HCL_DEFAULT, 'ArnEquals = { "aws:SourceArn" = [var.instance_arn] }', PART),
    "list by default": Form(LIST_DEFAULT, 'ArnEquals = { "aws:SourceArn" = var.instance_arn }', ""),
    "function of a variable by default": Form(HCL_DEFAULT, 'ArnEquals = { "aws:SourceArn" = trimspace(var.instance_arn) }', ""),
    "variable": Form(TERRAFORM, 'ArnEquals = { "aws:SourceArn" = var.instance_arn }', PART),
    "variable in a text": Form(TERRAFORM, 'ArnLike = { "aws:SourceArn" = "${var.instance_arn}" }', PART),
    "composed text": Form(TERRAFORM, f'ArnEquals = {{ "aws:SourceArn" = "{IN_HCL}" }}', "data.aws_caller_identity.current.account_id"),
    "text with an account": Form(TERRAFORM, f'ArnEquals = {{ "aws:SourceArn" = "{OF_VARIABLES}" }}', "var.account"),
    "account of a variable": Form(TERRAFORM, 'StringEquals = { "aws:SourceAccount" = var.account }', ""),
}  # fmt: skip
NAMES = {
    "InstanceArn": str(OTHER),
    "InstanceId": OTHER.instance_id,
    "Account": OTHER.account,
    "Stage": "prod",
}
OTHER_DEPLOYMENT = Given(
    parameters=(*NAMES.items(), ("AWS::AccountId", OTHER.account), ("AWS::Region", OTHER.region)),
    variables=(
        ("instance_arn", str(OTHER)),
        ("instance_id", OTHER.instance_id),
        ("account", OTHER.account),
        ("stage", "prod"),
    ),
)


def may_publish(path: Path, *, is_list: bool = False) -> bool:
    """Return whether the other instance can publish in a deployment for it."""
    variables = dict(OTHER_DEPLOYMENT.variables) | ({"instance_arn": f'["{OTHER}"]'} if is_list else {})
    given = OTHER_DEPLOYMENT._replace(variables=tuple(variables.items()))
    inventory = load([path], given=given)._replace(instances=(Instance(OTHER),))
    (topic,) = inventory.topics
    ways = TopicAnalysis(topic, inventory).in_deployments
    return all(prove.can_publish(way.policy, way.target, OTHER).truth is True for way in ways)


@pytest.mark.parametrize("name", FORMS)
def test_a_safe_fix_for_a_named_instance_keeps_the_stream_of_other_deployments(
    name: str, tmp_path: Path
) -> None:
    form = FORMS[name]
    folder = tmp_path / "code"
    folder.mkdir()
    is_terraform = "variable" in form.code
    path = folder / ("main.tf" if is_terraform else "t.json" if form.code is IN_JSON else "t.yaml")
    path.write_text(form.code.replace(CONDITION, form.condition))
    read = folder if is_terraform else path
    is_list = form.code is LIST_DEFAULT
    assert may_publish(read, is_list=is_list)
    found = repaired([read])
    texts = found.texts
    previews = {
        (finding.rule, fix.applicability)
        for finding in with_previews(found.before, allow_any_file).findings
        for fix in finding.fixes
    }
    assert {rule for rule, label in previews if label in PROVEN} == {one.finding.rule for one in found.fixed}
    assert [form.written in text for text in texts.values()] == [True] * bool(form.written)
    for where, text in texts.items():
        Path(where).write_text(text)
    assert may_publish(read, is_list=is_list)
