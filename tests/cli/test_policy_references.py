"""`checker policy` with references in place of ARNs: what it prints is valid code, and clean in a whole root."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from scripts.terraform_fixtures import MissingToolError, Tools
from tests.cli.process import run, save
from tests.samples import INSTANCE_ARN, TOPIC_ARN

if TYPE_CHECKING:
    from pathlib import Path

TERRAFORM = ["--format", "terraform"]
CLOUDFORMATION = ["--format", "cloudformation"]
ROOT = """
variable "instance_arn" { type = string }
resource "aws_kms_key" "chat" {}
resource "aws_sns_topic" "chat" {
  name              = "chat"
  kms_master_key_id = aws_kms_key.chat.arn
}
"""
INSTANCE = """
resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
  instance_alias           = "chat"
}
"""
NAMES = [
    "--topic-ref",
    "aws_sns_topic.chat.arn",
    "--key-ref",
    "aws_kms_key.chat.key_id",
    "--kms-condition",
    "topic",
]
INSTANCES = {
    "instance": ["--instance-ref", "aws_connect_instance.this.arn"],
    "variable": ["--instance-ref", "var.instance_arn"],
    "interpolation": ["--instance-ref", "${aws_connect_instance.this.arn}"],
    "both": ["--instance-ref", "aws_connect_instance.this.arn", "--instance-ref", "var.instance_arn"],
}


def printed(*arguments: str) -> str:
    done = run("policy", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def findings_in(folder: Path) -> list[str]:
    done = run("check", folder, "--fail-on", "note", "--strict", "--format", "json")
    report = json.loads(done.stdout)
    assert report["summary"]["topics"] == 1, report
    return [one["rule"] for one in report["findings"]]


@pytest.mark.parametrize("case", INSTANCES)
def test_terraform_is_clean_in_a_whole_root(case: str, tmp_path: Path) -> None:
    text = printed(*TERRAFORM, *INSTANCES[case], *NAMES)
    save(tmp_path / "root.tf", ROOT + INSTANCE * ("aws_connect_instance" in text))
    save(tmp_path / "policy.tf", text)
    assert findings_in(tmp_path) == []
    assert text.count("values   = [data.aws_caller_identity.current.account_id]") == 1
    assert "${" not in text


def test_terraform_takes_it(tmp_path: Path) -> None:
    try:
        tools = Tools.find()
    except MissingToolError as error:
        pytest.skip(f"{error}, so that nothing can be validated")
    save(tmp_path / "root.tf", ROOT + INSTANCE)
    save(tmp_path / "policy.tf", printed(*TERRAFORM, *INSTANCES["both"], *NAMES))
    for arguments in (
        ["fmt", "-check", "-diff", "-no-color", "policy.tf"],
        ["init", "-input=false", f"-plugin-dir={tools.mirror}"],
        ["validate", "-no-color"],
    ):
        done = subprocess.run(
            [tools.terraform, *arguments], cwd=tmp_path, capture_output=True, check=False, text=True
        )
        assert done.returncode == 0, (done.stdout, done.stderr)


def test_a_literal_instance_pins_its_own_account() -> None:
    text = printed(*TERRAFORM, "--instance-arn", INSTANCE_ARN, "--topic-ref", "module.chat.topic_arn")
    assert f'["{INSTANCE_ARN}"]' in text
    assert 'values   = ["111122223333"]' in text
    assert "aws_caller_identity" not in text
    assert "resources = [module.chat.topic_arn]" in text
    mixed = printed(
        *TERRAFORM, "--instance-arn", INSTANCE_ARN, *INSTANCES["variable"], "--topic-arn", TOPIC_ARN
    )
    assert mixed.count("statement {") == 2
    assert "data.aws_caller_identity.current.account_id" in mixed


TEMPLATE = """
Parameters:
  ConnectInstanceArn:
    Type: String
Resources:
  ChatTopic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: chat
"""

DECLARED = """\
  ChatInstance:
    Type: AWS::Connect::Instance
    Properties:
      IdentityManagementType: CONNECT_MANAGED
      InstanceAlias: chat
      Attributes: {InboundCalls: true, OutboundCalls: true}
"""


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["!GetAtt ChatInstance.Arn"], "aws:SourceArn: !GetAtt ChatInstance.Arn"),
        (["ChatInstance.Arn"], "aws:SourceArn: !GetAtt ChatInstance.Arn"),
        (["!Ref ConnectInstanceArn"], "aws:SourceArn: !Ref ConnectInstanceArn"),
        (["ConnectInstanceArn"], "aws:SourceArn: !Ref ConnectInstanceArn"),
        (["ConnectInstanceArn", "ChatInstance.Arn"], "- !GetAtt ChatInstance.Arn"),
    ],
)
def test_cloudformation_is_clean_in_a_whole_template(names: list[str], written: str, tmp_path: Path) -> None:
    options = [word for name in names for word in ("--instance-ref", name)]
    text = printed(*CLOUDFORMATION, *options, "--topic-ref", "!Ref ChatTopic")
    assert written in text
    assert "aws:SourceAccount: !Ref AWS::AccountId" in text
    instance = DECLARED * ("!GetAtt ChatInstance" in text)
    whole = TEMPLATE + instance + text.partition("Resources:\n")[2]
    save(tmp_path / "template.yaml", f'AWSTemplateFormatVersion: "2010-09-09"{whole}')
    assert findings_in(tmp_path) == []


def test_the_policy_of_a_key_names_the_account_of_the_stack() -> None:
    text = printed(
        *CLOUDFORMATION,
        "--instance-ref",
        "X.Arn",
        "--topic-ref",
        "T",
        "--key-ref",
        "ChatKey",
        "--only",
        "key",
    )
    assert "resource of the key itself, ChatKey:" in text
    assert "AWS: !Ref AWS::AccountId" in text


TF, CF = [*TERRAFORM, "--topic-arn", TOPIC_ARN], [*CLOUDFORMATION, "--topic-arn", TOPIC_ARN]


@pytest.mark.parametrize(
    ("arguments", "reason", "help_text"),
    [
        (
            [*TF, "--instance-ref", "nonsense"],
            "`nonsense` is not a reference in Terraform",
            "`aws_connect_instance.this.arn`",
        ),
        ([*TF, "--instance-ref", "a b.c"], "is not a reference in Terraform", "write a reference such as"),
        ([*TF, "--instance-ref", 'x.y"}'], "is not a reference in Terraform", "write a reference such as"),
        (
            [*TF, "--instance-ref", "aws_connect_instance.this"],
            "is not the ARN of the resource",
            "write `aws_connect_instance.this.arn`",
        ),
        (
            [*TF, "--instance-ref", "aws_connect_instance.this.id"],
            "is not the ARN of the resource",
            "write `aws_connect_instance.this.arn`",
        ),
        (
            [*TF, "--instance-ref", "data.aws_connect_instance.x.id"],
            "is not the ARN",
            "write `data.aws_connect_instance.x.arn`",
        ),
        (
            [*TF, "--instance-ref", "aws_ssm_parameter.this"],
            "names a resource, not its ARN",
            "add the attribute",
        ),
        (
            [*TF, "--instance-ref", "aws_sns_topic.chat.arn"],
            "refers to an `aws_sns_topic`",
            "use `--topic-ref aws_sns_topic.chat.arn`",
        ),
        (
            [*TF, "--instance-ref", INSTANCE_ARN],
            "is an ARN, not a reference",
            f"use `--instance-arn {INSTANCE_ARN}`",
        ),
        ([*TF, "--instance-ref", "!GetAtt X.Arn"], "is not a reference in Terraform", "such as"),
        (
            [*CF, "--instance-ref", "!GetAtt X"],
            "is not a reference in CloudFormation",
            "`!GetAtt ChatInstance.Arn`",
        ),
        (
            [*CF, "--instance-ref", "aws_connect_instance.this.arn"],
            "is not a reference in CloudFormation",
            "such as",
        ),
        ([*CF, "--instance-ref", "!Sub x"], "is not a reference in CloudFormation", "such as"),
        (
            ["--topic-arn", TOPIC_ARN, "--instance-ref", "var.x"],
            "cannot be used with --format json",
            "add `--format terraform`",
        ),
        (
            [*TF, "--instance-ref", "var.x", "--topic-ref", "var.y"],
            "cannot be used with --topic-arn",
            "keep one",
        ),
        (
            [*TF, "--instance-ref", "var.x", "--merge", "x.json"],
            "cannot be used with --instance-ref",
            "checker fix",
        ),
        (TF, "--instance-arn: missing option", "`--instance-ref NAME`"),
        ([*TERRAFORM, "--instance-ref", "var.x"], "--topic-arn: missing option", "`--topic-ref NAME`"),
        (
            [
                *CLOUDFORMATION,
                "--instance-ref",
                "X",
                "--topic-ref",
                "T",
                "--key-ref",
                "K",
                "--kms-condition",
                "topic",
            ],
            "a reference would be circular",
            "`--topic-arn ARN`",
        ),
    ],
)
def test_what_is_not_a_reference(arguments: list[str], reason: str, help_text: str) -> None:
    done = run("policy", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert reason in first
    assert second.startswith("  = help: ")
    assert help_text in second


def test_the_comment_recommends_a_condition_that_the_command_accepts() -> None:
    instance = ("--instance-ref", "Instance.Arn")
    key = ("--key-ref", "ChatKey")
    text = printed(*CLOUDFORMATION, *instance, "--topic-ref", "Chat", *key)
    joined = " ".join(line.strip(" #") for line in text.splitlines())
    assert "`--topic-arn ARN --kms-condition topic` limits it" in joined
    limited = printed(*CLOUDFORMATION, *instance, "--topic-arn", TOPIC_ARN, "--kms-condition", "topic", *key)
    assert "limits it" not in limited
