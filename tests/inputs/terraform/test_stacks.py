"""A template that Terraform deploys as a stack is judged like a template file, with the parameters of the stack."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.policy.model import Condition
from tests.cli.process import run
from tests.inputs.terraform.module.reading import policy_of, read, topic_of
from tests.inputs.terraform.plan import plans
from tests.inputs.terraform.plan.plans import change, judged, kept, plan, refer, state, written
from tests.samples import ACCOUNT, INSTANCE_ARN

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Topic
    from checker.policy.model import Value

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  InstanceArn: {Type: String, Default: "*"}
  Key: {Type: String, Default: alias/aws/sns}
Resources:
  Chat:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: chat
      KmsMasterKeyId: !Ref Key
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: connect.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref Chat
            Condition: {ArnLike: {aws:SourceArn: !Ref InstanceArn}}
"""
STACK = "aws_cloudformation_stack.chat"
HEREDOC = f"<<-YAML\n{textwrap.indent(TEMPLATE, '    ')}  YAML"
AS_JSON: dict[str, Any] = {
    "Parameters": {"InstanceArn": {"Type": "String", "Default": "*"}},
    "Resources": {
        "Chat": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}},
        "ChatPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Chat"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "connect.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": {"Ref": "Chat"},
                            "Condition": {"ArnLike": {"aws:SourceArn": {"Ref": "InstanceArn"}}},
                        }
                    ],
                },
            },
        },
    },
}


def stack(body: str, parameters: str = "", kind: str = "aws_cloudformation_stack", more: str = "") -> str:
    handed = f"  parameters = {parameters}\n" if parameters else ""
    return f'resource "{kind}" "chat" {{\n  name = "chat"\n{handed}  {body}\n}}\n{more}'


def source_arn(topic: Topic) -> Value:
    (statement,) = policy_of(topic).policy.known_statements()
    (condition,) = statement.conditions
    assert isinstance(condition, Condition)
    (value,) = condition.values
    return value


FORMS = {
    "heredoc": (f"template_body = {HEREDOC}", {}),
    "jsonencode": (f"template_body = jsonencode({json.dumps(AS_JSON)})", {}),
    "json heredoc": (f"template_body = <<JSON\n{json.dumps(AS_JSON, indent=1)}\nJSON", {}),
    "file": ('template_body = file("${path.module}/stack.yaml")', {"stack.yaml": TEMPLATE}),
    "templatefile": (
        'template_body = templatefile("stack.tpl", { name = "chat" })',
        {"stack.tpl": TEMPLATE.replace("TopicName: chat", "TopicName: ${name}")},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_template(form: str, tmp_path: Path) -> None:
    body, files = FORMS[form]
    inventory = read(tmp_path, {"main.tf": stack(body), **files})
    topic = topic_of(inventory)
    assert topic.address == f"{STACK}#Chat"
    assert source_arn(topic) == "*"
    assert "weak-source-condition" in {one.rule for one in judged(inventory)}


@pytest.mark.parametrize("form", ["heredoc", "file"])
def test_findings_point_to_the_line_of_the_template(form: str, tmp_path: Path) -> None:
    body, files = FORMS[form]
    policy = policy_of(topic_of(read(tmp_path, {"main.tf": stack(body), **files})))
    position = policy.document.locate(("Statement", 0, "Principal"), Part.VALUE)
    assert position is not None
    text = (tmp_path / ("stack.yaml" if files else "main.tf")).read_text().splitlines()
    assert "connect.amazonaws.com" in text[position.line - 1]
    assert policy.document.name.endswith("stack.yaml" if files else "main.tf")


PROVIDER = f'provider "aws" {{\n  region = "us-west-2"\n  allowed_account_ids = ["{ACCOUNT}"]\n}}\n'


def test_the_parameters_of_a_stack(tmp_path: Path) -> None:
    text = stack(f"template_body = {HEREDOC}", f'{{ InstanceArn = "{INSTANCE_ARN}" }}', more=PROVIDER)
    topic = topic_of(read(tmp_path, {"main.tf": text}))
    assert source_arn(topic) == INSTANCE_ARN
    assert str(topic.arn) == f"arn:aws:sns:us-west-2:{ACCOUNT}:chat"


@pytest.mark.parametrize("parameters", ["{ InstanceArn = aws_connect_instance.desk.arn }", "var.handed"])
def test_an_unknown_parameter_replaces_the_default(parameters: str, tmp_path: Path) -> None:
    more = 'variable "handed" {}\nresource "aws_connect_instance" "desk" { instance_alias = "desk" }'
    inventory = read(tmp_path, {"main.tf": stack(f"template_body = {HEREDOC}", parameters, more=more)})
    value = source_arn(topic_of(inventory))
    assert isinstance(value, Unknown)
    if "desk" in parameters:
        assert value.pieces == inventory.open_instances[0].arn.pieces


@pytest.mark.parametrize("kind", ["aws_cloudformation_stack", "aws_cloudformation_stack_set"])
@pytest.mark.parametrize(
    "parameters", [f'{{ InstanceArn = "{INSTANCE_ARN}" }}', "{ InstanceArn = var.name }"]
)
def test_the_name_of_a_parameter_in_systems_manager_is_not_its_value(
    kind: str, parameters: str, tmp_path: Path
) -> None:
    heredoc = HEREDOC.replace("{Type: String, ", "{Type: AWS::SSM::Parameter::Value<String>, ")
    text = stack(f"template_body = {heredoc}", parameters, kind, 'variable "name" {}')
    value = source_arn(topic_of(read(tmp_path, {"main.tf": text})))
    assert isinstance(value, Unknown)
    assert [getattr(one, "name", one) for one in value.pieces] == ["InstanceArn"]


def test_a_key_of_the_root_is_the_key_of_the_topic(tmp_path: Path) -> None:
    more = 'resource "aws_kms_key" "chat" {}'
    text = stack(f"template_body = {HEREDOC}", "{ Key = aws_kms_key.chat.arn }", more=more)
    inventory = read(tmp_path, {"main.tf": text})
    assert getattr(inventory.key_of(topic_of(inventory)), "address", "") == "aws_kms_key.chat"


def test_stacks_of_one_file_keep_their_names_apart(tmp_path: Path) -> None:
    text = stack(f"template_body = {HEREDOC}") + stack(f"template_body = {HEREDOC}").replace(
        '"chat" {', '"other" {'
    )
    inventory = read(tmp_path, {"main.tf": text})
    assert [one.address for one in inventory.topics] == [
        f"{STACK}#Chat",
        "aws_cloudformation_stack.other#Chat",
    ]


def test_a_stack_set_is_deployed_in_other_accounts_with_other_values(tmp_path: Path) -> None:
    kind = "aws_cloudformation_stack_set"
    text = stack(f"template_body = {HEREDOC}", f'{{ InstanceArn = "{INSTANCE_ARN}" }}', kind, PROVIDER)
    topic = topic_of(read(tmp_path, {"main.tf": text}))
    assert source_arn(topic) == INSTANCE_ARN
    assert isinstance(topic.arn, Unknown)
    assert f"AWS::AccountId of {kind}.chat" in topic.arn.where


def test_an_instance_of_the_root_is_not_that_of_a_stack_set(tmp_path: Path) -> None:
    more = 'resource "aws_connect_instance" "desk" { instance_alias = "desk" }'
    text = stack(f"template_body = {HEREDOC}", kind="aws_cloudformation_stack_set", more=more)
    inventory = read(tmp_path, {"main.tf": text})
    (instance,) = inventory.open_instances
    assert topic_of(inventory).home != instance.home


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('template_url = "https://bucket.s3.amazonaws.com/chat.yaml"', "does not read `template_url`"),
        ("template_body = var.template", "var.template"),
        ("template_body = data.http.template.body", "data.http.template"),
        ('template_body = "Just: text"', "not a template"),
    ],
)
def test_a_template_that_is_not_read_is_listed(body: str, reason: str, tmp_path: Path) -> None:
    more = 'variable "template" {}\ndata "http" "template" { url = "https://example.com" }\n'
    inventory = read(tmp_path, {"main.tf": stack(body, more=more)})
    (skipped,) = [one for one in inventory.skipped if "template of" in one.reason]
    assert reason in skipped.reason
    assert (skipped.position is not None, skipped.what) == (True, str(tmp_path / "main.tf"))


def test_a_template_that_cannot_be_parsed_is_an_error(tmp_path: Path) -> None:
    broken = "<<YAML\nResources:\n  Chat: {Type: [\nYAML"
    inventory = read(tmp_path, {"main.tf": stack(f"template_body = {broken}")})
    (skipped,) = inventory.skipped
    assert skipped.error
    assert skipped.position is not None
    assert skipped.position.line > 3


def test_an_interpolation_in_a_heredoc(tmp_path: Path) -> None:
    text = HEREDOC.replace("!Ref InstanceArn", '"${aws_connect_instance.desk.arn}"')
    more = 'resource "aws_connect_instance" "desk" { instance_alias = "desk" }'
    inventory = read(tmp_path, {"main.tf": stack(f"template_body = {text}", more=more)})
    value = source_arn(topic_of(inventory))
    assert isinstance(value, Unknown)
    assert value.pieces == inventory.open_instances[0].arn.pieces


STACK_ARN = f"arn:aws:cloudformation:us-west-2:{ACCOUNT}:stack/chat/0a1b2c3d-1111-4222-8333-444455556666"


@pytest.mark.parametrize("body", [TEMPLATE, json.dumps(AS_JSON)], ids=["yaml", "json"])
@pytest.mark.parametrize("form", ["plan", "shown", "kept"])
def test_plans_and_states(form: str, body: str, tmp_path: Path) -> None:
    values = {
        "name": "chat",
        "id": STACK_ARN,
        "template_body": body,
        "parameters": {"InstanceArn": INSTANCE_ARN},
    }
    found = change(STACK, values)
    forms = {"plan": plan([found]), "shown": state(found), "kept": kept(state(found))}
    inventory = plans.read(tmp_path, forms[form])
    (topic,) = inventory.topics
    assert source_arn(topic) == INSTANCE_ARN
    assert str(topic.arn) == f"arn:aws:sns:us-west-2:{ACCOUNT}:chat"
    pointer = policy_of(topic).document.pointer_to(("Statement", 0), Part.VALUE)
    assert pointer is not None
    assert pointer.endswith("/template_body")


def test_a_parameter_that_is_known_after_apply(tmp_path: Path) -> None:
    values = {"name": "chat", "template_body": TEMPLATE, "parameters": {}}
    found = change(STACK, values, {"id": True, "parameters": {"InstanceArn": True}})
    configured = written(STACK, {"template_body": {}, "parameters": refer("aws_connect_instance.desk.arn")})
    (topic,) = plans.read(tmp_path, plan([found], configured)).topics
    assert isinstance(source_arn(topic), Unknown)


def test_a_sensitive_parameter_is_not_shown(tmp_path: Path) -> None:
    secret = "arn:aws:connect:us-west-2:999988887777:instance/very-secret"  # noqa: S105 - a made-up ARN
    values = {"name": "chat", "template_body": TEMPLATE, "parameters": {"InstanceArn": secret}}
    found = change(STACK, values, sensitive={"parameters": {"InstanceArn": True}})
    (topic,) = plans.read(tmp_path, plan([found])).topics
    assert isinstance(source_arn(topic), Unknown)
    assert secret not in repr(source_arn(topic))


def test_a_template_in_a_file_is_judged_once(tmp_path: Path) -> None:
    from checker.inputs.load import load

    (tmp_path / "main.tf").write_text(stack(FORMS["file"][0]))
    (tmp_path / "stack.yaml").write_text(TEMPLATE)
    inventory = load([tmp_path])
    assert [one.address for one in inventory.topics] == [f"{STACK}#Chat"]
    assert inventory.skipped == ()


PINNED_IN_ACCOUNT = """
Parameters:
  InstanceArn: {Type: String}
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::$${AWS::AccountId}:root"}, Action: kms:*, Resource: "*"}
          - Effect: Allow
            Principal: {Service: connect.amazonaws.com}
            Action: ["kms:GenerateDataKey*", kms:Decrypt]
            Resource: "*"
  Chat:
    Type: AWS::SNS::Topic
    Properties: {TopicName: chat, KmsMasterKeyId: !GetAtt Key.Arn}
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: connect.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref Chat
            Condition:
              StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}
              ArnEquals: {aws:SourceArn: !Ref InstanceArn}
"""


@pytest.mark.parametrize(
    ("kind", "chain"), [("aws_cloudformation_stack", "whole"), ("aws_cloudformation_stack_set", "unknown")]
)
def test_a_stack_is_in_the_account_of_the_root_and_a_stack_set_is_not(
    kind: str, chain: str, tmp_path: Path
) -> None:
    body = f"<<-YAML\n{textwrap.indent(PINNED_IN_ACCOUNT, '    ')}  YAML"
    more = 'resource "aws_connect_instance" "desk" { instance_alias = "desk" }'
    handed = "{ InstanceArn = aws_connect_instance.desk.arn }"
    (tmp_path / "main.tf").write_text(stack(f"template_body = {body}", handed, kind, more))
    done = run("explain", ".", "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout)["chain"] == chain


INSTANCE = 'resource "{kind}" "one" {{\n  stack_set_name = {name}\n  parameter_overrides = {overrides}\n}}\n'
OF_SET = "aws_cloudformation_stack_set.chat.name"


@pytest.mark.parametrize(
    "kind", ["aws_cloudformation_stack_set_instance", "aws_cloudformation_stack_instances"]
)
@pytest.mark.parametrize(
    ("name", "overrides", "is_known"),
    [
        (OF_SET, '{ InstanceArn = "*" }', False),
        (OF_SET, "var.overrides", False),
        ("var.name", '{ InstanceArn = "*" }', False),
        (OF_SET, '{ Key = "alias/chat" }', True),
        (OF_SET, "null", True),
        ('"another"', '{ InstanceArn = "*" }', True),
    ],
)
def test_an_instance_of_a_stack_set_may_override_parameters(
    kind: str, name: str, overrides: str, *, is_known: bool, tmp_path: Path
) -> None:
    more = INSTANCE.format(kind=kind, name=name, overrides=overrides)
    more += 'variable "overrides" {}\nvariable "name" {}\n'
    parameters = f'{{ InstanceArn = "{INSTANCE_ARN}" }}'
    text = stack(f"template_body = {HEREDOC}", parameters, "aws_cloudformation_stack_set")
    topic = topic_of(read(tmp_path, {"main.tf": text, "instances.tf": more}))
    assert (source_arn(topic) == INSTANCE_ARN) == is_known


def test_an_instance_of_a_stack_set_in_a_plan(tmp_path: Path) -> None:
    address = "aws_cloudformation_stack_set.chat"
    found = change(
        address, {"name": "chat", "template_body": TEMPLATE, "parameters": {"InstanceArn": INSTANCE_ARN}}
    )
    one = change(
        "aws_cloudformation_stack_set_instance.one",
        {"stack_set_name": "chat", "parameter_overrides": {"InstanceArn": "*"}},
    )
    (topic,) = plans.read(tmp_path, plan([found, one])).topics
    assert isinstance(source_arn(topic), Unknown)


def test_an_allowed_value_that_is_not_known_may_be_any(tmp_path: Path) -> None:
    whole = {**AS_JSON, "Parameters": {"InstanceArn": {"Type": "String", "AllowedValues": ["a"]}}}
    body = json.dumps(whole).replace('["a"]', '["a", var.more]')
    text = stack(f"template_body = jsonencode({body})", more='variable "more" {}\n')
    value = source_arn(topic_of(read(tmp_path, {"main.tf": text})))
    assert isinstance(value, Unknown)
    assert [getattr(one, "allowed", None) for one in value.pieces] == [()]


@pytest.mark.parametrize(
    ("written", "is_known"),
    [("011122223333", False), ("'011122223333'", True), ("${account}", False), ("'${account}'", True)],
)
def test_an_octal_number_in_yaml_is_not_known(written: str, tmp_path: Path, *, is_known: bool) -> None:
    body = 'template_body = templatefile("stack.tpl", { account = "011122223333" })'
    files = {"stack.tpl": TEMPLATE.replace("!Ref InstanceArn", written)}
    value = source_arn(topic_of(read(tmp_path, {"main.tf": stack(body), **files})))
    assert (value == "011122223333") is is_known
    assert isinstance(value, Unknown) is not is_known
