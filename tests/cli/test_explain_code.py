"""`checker explain` for a topic that code declares: the answer holds in every deployment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.process import run, save
from tests.lint.setups import FORMS, NAMED, OWN, PARAMETER, Setup
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


PINNED = {"StringEquals": {"aws:SourceAccount": OWN}, "ArnEquals": {"aws:SourceArn": NAMED}}
GIVEN = {"StringEquals": {"aws:SourceAccount": OWN}, "ArnEquals": {"aws:SourceArn": PARAMETER}}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("form", FORMS, ids=lambda one: one.__name__)
def test_a_right_set_up_is_a_whole_chain_in_every_deployment(
    form: Callable[[Setup], dict[str, str]], tmp_path: Path
) -> None:
    setup = Setup(PINNED, has_instance=True, key_service="connect.amazonaws.com")
    written(tmp_path, form(setup))
    done = run("explain", ".", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    answers = [
        found[name] for name in ("connect_can_publish", "confused_deputy", "sibling_instances", "public")
    ]
    assert (*answers, found["kms"], found["chain"]) == ("yes", "closed", "closed", "no", "ok", "whole")
    assert "5eed" not in done.stdout
    assert "7354" not in done.stdout


def test_the_text_names_references_and_assumptions(tmp_path: Path) -> None:
    written(tmp_path, FORMS[0](Setup(GIVEN)))
    done = run("explain", ".", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(
        "Yes: in every deployment with the values of this run, this instance can publish to the topic."
    )
    assert "instance ${var.connect_instance_arn}" in done.stdout
    assert "`var.connect_instance_arn` is a Connect instance in the topic's Region" in done.stdout


def test_an_answer_that_depends_says_how(tmp_path: Path) -> None:
    written(tmp_path, FORMS[3](Setup(GIVEN, has_instance=True)))
    done = run("explain", "template.json#Topic", cwd=tmp_path)
    expected = (
        "depends on the deployment: no if `ConnectInstanceArn` is another instance, "
        "yes if `ConnectInstanceArn` is `${Instance.Arn}`"
    )
    assert expected in done.stdout
    assert done.stdout.startswith(f"It {expected}.")


def test_a_topic_that_is_not_declared_is_an_error_with_the_addresses(tmp_path: Path) -> None:
    written(tmp_path, FORMS[0](Setup(PINNED, has_instance=True)))
    done = run("explain", ".", "--topic", "aws_sns_topic.other", cwd=tmp_path)
    assert done.returncode == 2
    assert "no topic `aws_sns_topic.other`; it declares `aws_sns_topic.chat`" in done.stderr


def test_a_topic_of_one_of_several_roots_is_named_with_its_root(tmp_path: Path) -> None:
    for root in ("dev", "prod"):
        (tmp_path / root).mkdir()
        written(tmp_path / root, FORMS[0](Setup(PINNED, has_instance=True)))
    several = run("explain", ".", cwd=tmp_path)
    assert "it declares `dev/: aws_sns_topic.chat`, `prod/: aws_sns_topic.chat`" in several.stderr
    done = run("explain", ".", "--topic", "prod/: aws_sns_topic.chat", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_code_without_an_instance_needs_one(tmp_path: Path) -> None:
    written(tmp_path, FORMS[0](Setup({"StringEquals": {"aws:SourceAccount": OWN}})))
    done = run("explain", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: aws_sns_topic.chat: no Connect instance is known for this topic")


def test_a_policy_alone_needs_an_instance(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text('{"Version": "2012-10-17", "Statement": []}')
    done = run("explain", "policy.json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: policy.json: no Connect instance is known for this topic")
    assert "= help: name it: `checker explain policy.json --instance-arn INSTANCE_ARN`\n" in done.stderr


def test_an_option_may_name_an_instance_by_its_reference(tmp_path: Path) -> None:
    written(tmp_path, FORMS[0](Setup(PINNED, has_instance=True)))
    done = run("explain", ".", "--instance-arn", "aws_connect_instance.this.arn", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "by --instance-arn" in done.stdout
    wrong = run("explain", ".", "--instance-arn", "aws_connect_instance.that.arn", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no file declares `aws_connect_instance.that.arn`" in wrong.stderr
    assert "known: `aws_connect_instance.this.arn`" in wrong.stderr


VARIANTS = """
Parameters:
  Stage: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Chat:
    Type: AWS::SNS::Topic
    Properties:
      KmsMasterKeyId: !If [IsProd, alias/aws/sns, !Ref AWS::NoValue]
"""


def test_a_logical_name_stands_for_all_variants_of_a_topic(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(VARIANTS)
    several = run("explain", "t.yaml#Chat", "--instance-arn", INSTANCE_ARN, cwd=tmp_path)
    assert several.returncode == 2
    names = "`t.yaml#Chat (Stage=prod)`, `t.yaml#Chat (Stage other than prod)`"
    assert f"`Chat` names several topics: {names}" in several.stderr
    named = run("explain", "t.yaml#Chat (Stage=prod)", "--instance-arn", INSTANCE_ARN, cwd=tmp_path)
    assert "[aws-managed-key]" in named.stdout
    chosen = ("--instance-arn", INSTANCE_ARN, "--parameter", "Stage=prod")
    by_value = run("explain", "t.yaml#Chat", *chosen, cwd=tmp_path)
    assert "[aws-managed-key]" in by_value.stdout
    wrong = run("explain", "t.yaml#Chat", *chosen, "--parameter", "Stag=prod", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean `Stage`?" in wrong.stderr


def test_a_skipped_file_does_not_hide_a_broken_link(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(VARIANTS)
    (tmp_path / "app.ts").write_text('const principal = "connect.amazonaws.com", action = "sns:Publish";\n')
    done = run(
        *("explain", ".", "--topic", "Chat", "--instance-arn", INSTANCE_ARN, "--parameter", "Stage=prod"),
        cwd=tmp_path,
    )
    assert "skipped: app.ts" in done.stderr
    assert done.returncode == 1


SHARED_KEY = """
data "aws_caller_identity" "own" {}
resource "aws_kms_key" "chat" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "kms:*", Resource = "*",
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.own.account_id}:root" } },
    { Effect = "Allow", Action = "kms:Decrypt", Resource = "*",
      Principal = { AWS = "arn:aws:iam::777788889999:root" } },
    { Effect = "Allow", Action = ["kms:GenerateDataKey*", "kms:Decrypt"], Resource = "*",
      Principal = { Service = "connect.amazonaws.com" } }
  ] })
}
resource "aws_sns_topic" "chat" {
  name              = "chat"
  kms_master_key_id = aws_kms_key.chat.arn
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.chat.arn,
      Principal = { Service = "connect.amazonaws.com" },
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.own.account_id } } }
  ] })
}
"""


def test_a_partner_that_may_use_the_key_is_not_taken_for_its_owner(tmp_path: Path) -> None:
    written(tmp_path, {"main.tf": SHARED_KEY})
    done = run("explain", ".", "--instance-arn", INSTANCE_ARN, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "[missing-source-arn]" in done.stdout
    assert "777788889999" not in done.stdout


def test_another_account_that_the_policy_names_is_shown(tmp_path: Path) -> None:
    own, other = "data.aws_caller_identity.own.account_id } }", '"777788889999" } }'
    start = SHARED_KEY.index('    { Effect = "Allow", Action = "sns:Publish"')
    pinned = SHARED_KEY[start : SHARED_KEY.index("\n  ] })", start)]
    both = f"{pinned},\n{pinned.replace(own, other)}"
    written(tmp_path, {"main.tf": SHARED_KEY.replace(pinned, both)})
    done = run("explain", ".", "--instance-arn", INSTANCE_ARN, cwd=tmp_path)
    assert "Named account 777788889999      can publish through Connect" in done.stdout
    found = json.loads(
        run("explain", ".", "--instance-arn", INSTANCE_ARN, "--format", "json", cwd=tmp_path).stdout
    )
    assert found["named_accounts"] == {"777788889999": "yes"}


@pytest.mark.parametrize("actions", [["sns:Publish"], ["sns:Publish", "sns:Subscribe"]])
def test_access_that_is_wider_than_needed_is_shown(actions: list[str], tmp_path: Path) -> None:
    pin = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
    if actions == ["sns:Publish"]:
        del pin["ArnEquals"]
    policy = document(statement(Action=actions, Condition=pin))
    path = save(
        tmp_path / "topic.json", {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}
    )
    done = run("explain", path, "--instance-arn", INSTANCE_ARN)
    assert done.returncode == 0
    assert done.stdout.startswith(
        "Yes: this instance can publish to the topic.\nAccess is wider than needed: "
    )
