"""`checker diff` of whole Terraform roots, templates and folders, mostly across the revisions of a repository."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.process import run, save
from tests.samples import TESTS, document, statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODULE = """
variable "instance_arn" { type = string }
variable "partner" { default = "444455556666" }
data "aws_caller_identity" "current" {}
resource "aws_kms_key" "chat" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Sid = "Root", Effect = "Allow", Action = "kms:*", Resource = "*",
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" } },
    { Sid = "Use", Effect = "Allow", Action = ["kms:GenerateDataKey*", "kms:Decrypt"], Resource = "*",
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
    { Sid = "Connect", Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.chat.arn,
      Principal = { Service = "connect.amazonaws.com" },
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id },
                    ArnEquals    = { "aws:SourceArn" = var.instance_arn } } },
    { Sid = "Partner", Effect = "Allow", Action = "sns:Subscribe", Resource = aws_sns_topic.chat.arn,
      Principal = { AWS = "arn:aws:iam::${var.partner}:root" } }
  ] })
}
"""
PIN = """,
                    ArnEquals    = { "aws:SourceArn" = var.instance_arn }"""
CALL = """
resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}
module "chat" {
  source       = "../modules/chat"
  instance_arn = aws_connect_instance.this.arn
}
"""
SAME = "topic aws_sns_topic.chat: allows the same requests"


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    save(tmp_path / "dev" / "main.tf", MODULE)
    git("add", ".")
    git("commit", "--quiet", "-m", "one")
    return tmp_path


def compared(*more: str) -> tuple[int, str]:
    done = run("diff", "HEAD:dev", "dev", *more)
    assert done.stderr == ("" if done.returncode == 0 else "next: checker check dev\n")
    return done.returncode, done.stdout


def in_json(*more: str) -> dict[str, Any]:
    schema = Draft202012Validator(
        json.loads(files("checker.schemas").joinpath("diff.v1.json").read_text("utf-8"))
    )
    read: dict[str, Any] = json.loads(compared("--format", "json", *more)[1])
    assert [error.message for error in schema.iter_errors(read)] == []
    return read


def changed_to(repository: Path, *pairs: tuple[str, str]) -> None:
    text = MODULE
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    save(repository / "dev" / "main.tf", text)


def reordered(text: str) -> str:
    start, middle, end = (
        text.index('    { Sid = "Connect"'),
        text.index('    { Sid = "Partner"'),
        -len("  ] })\n}\n"),
    )
    return (
        f"{text[:start]}{text[middle:end].rstrip()},\n{text[start:middle].rstrip().rstrip(',')}\n{text[end:]}"
    )


def moved_file(text: str, folder: Path) -> str:
    save(folder / "topics.tf", text)
    return ""


def split_policy(text: str, folder: Path) -> str:
    save(folder / "policy.tf", text[text.index('resource "aws_sns_topic_policy"') :])
    return text[: text.index('resource "aws_sns_topic_policy"')]


UNCHANGED: dict[str, Callable[[str, Path], str]] = {
    "no change": lambda text, _: text,
    "reordered statements": lambda text, _: reordered(text),
    "another file": moved_file,
    "several files": split_policy,
    "a list in place of a text": lambda text, _: text.replace('"sns:Publish"', '["SNS:publish"]'),
    "any resource": lambda text, _: text.replace("Resource = aws_sns_topic.chat.arn", 'Resource = "*"'),
    "another name of a data source": lambda text, _: text.replace("current", "here"),
    "the same default in a local": lambda text, _: (
        text.replace("${var.partner}", "${local.p}") + 'locals { p = "444455556666" }'
    ),
    "another address, and the same ARN": lambda text, _: text.replace(
        '"aws_sns_topic" "chat"', '"aws_sns_topic" "stream"'
    ).replace("aws_sns_topic.chat", "aws_sns_topic.stream"),
}


@pytest.mark.parametrize("case", UNCHANGED)
def test_the_text_changes_and_access_does_not(case: str, repository: Path) -> None:
    save(repository / "dev" / "main.tf", UNCHANGED[case](MODULE, repository / "dev"))
    code, text = compared()
    assert (code, text.splitlines()[-1]) == (0, "compared 1 topic and 1 key: 2 unchanged")
    read = in_json()
    assert (read["same"], read["gained"], read["lost"], read["doubts"]) == (True, [], [], [])
    assert [one["status"] for one in read["resources"]] == ["same", "same"]


def test_a_wider_policy_is_shown_with_the_files_of_both_sides(repository: Path) -> None:
    changed_to(repository, (PIN, ""))
    code, text = compared()
    assert code == 1
    assert text.splitlines()[:8] == [
        "topic aws_sns_topic.chat",
        "  old: HEAD:dev/main.tf:13",
        "  new: dev/main.tf:13",
        "  newly allowed",
        "    + sns:Publish by any other Connect instance of account ${account}",
        "      witness: Connect for instance 00000000-0000-4000-8000-000000000000 of account ${account} "
        "could sns:Publish",
        "      old: no statement allows it",
        "      new: statement `Connect` allows it",
    ]
    assert text.splitlines()[-1] == "compared 1 topic and 1 key: 1 changed, 1 unchanged"
    read = in_json()
    (gained,) = read["gained"]
    assert (gained["resource"], gained["who"]) == (
        "aws_sns_topic.chat",
        "any other Connect instance of account ${account}",
    )
    assert "checker-" not in json.dumps(read)
    assert read["resources"][0]["old"] == {"name": "aws_sns_topic.chat", "place": "HEAD:dev/main.tf:13"}


def test_a_changed_default_of_a_variable_changes_access(repository: Path) -> None:
    changed_to(repository, ('"444455556666"', '"777788889999"'))
    code, text = compared()
    assert code == 1
    assert "+ sns:Subscribe by any principal of account 777788889999" in text
    assert "- sns:Subscribe by any principal of account 444455556666" in text
    assert compared("--var", "partner=121212121212")[0] == 0


def test_what_depends_on_the_deployment_names_one_of_each(repository: Path) -> None:
    changed_to(repository, ('{ default = "444455556666" }', "{ type = string }"))
    code, text = compared()
    assert code == 3
    assert (
        "  depends on the deployment\n    + sns:Subscribe by any principal of account ${var.partner}" in text
    )
    assert "      not if `var.partner` is `444455556666`\n      if `var.partner` is any other value" in text
    read = in_json()
    assert (read["same"], read["gained"], read["lost"]) == (None, [], [])
    assert [one["change"] for one in read["resources"][0]["dependent"]] == ["gained", "lost"]
    assert compared("--var", "partner=444455556666")[0] == 0


@pytest.mark.parametrize(
    ("account", "code", "title", "who"),
    [
        ("${data.aws_caller_identity.current.account_id}", 1, "  no longer allowed", "${account}"),
        ("777788889999", 3, "  depends on the deployment", "777788889999"),
    ],
)
def test_a_deny_stops_a_role_of_the_account_of_the_deployment(
    account: str, code: int, title: str, who: str, repository: Path
) -> None:
    deny = f"""{{ Sid = "D", Effect = "Deny", Action = "sns:Publish", Resource = aws_sns_topic.chat.arn,
      Principal = {{ AWS = "arn:aws:iam::{account}:role/Foo" }} }},
    {{ Sid = "Partner","""
    changed_to(repository, ('{ Sid = "Partner",', deny))
    done, text = compared()
    assert done == code
    assert title in text.splitlines()
    assert f"    - sns:Publish by role Foo of account {who}, if an identity policy allows it" in text


def test_a_key_policy_changes_and_one_resource_can_be_chosen(repository: Path) -> None:
    changed_to(
        repository,
        (
            'Sid = "Use", Effect = "Allow", Action = ["kms:GenerateDataKey*", ',
            'Sid = "Use", Effect = "Allow", Action = [',
        ),
    )
    code, text = compared()
    assert code == 1
    assert text.startswith("key aws_kms_key.chat\n")
    assert "- kms:GenerateDataKey" in text
    assert compared("--resource", "aws_sns_topic.chat") == (0, f"{SAME}\n\ncompared 1 topic: 1 unchanged\n")
    missing = run("diff", "HEAD:dev", "dev", "--resource", "nope")
    assert missing.returncode == 2
    assert "available: `aws_sns_topic.chat`, `aws_kms_key.chat`" in missing.stderr


def test_a_topic_moves_into_a_module(repository: Path) -> None:
    save(repository / "modules" / "chat" / "main.tf", MODULE.replace('  name              = "chat"\n', ""))
    save(repository / "dev" / "main.tf", MODULE.replace('  name              = "chat"\n', ""))
    git("add", ".")
    git("commit", "--quiet", "-m", "generated name")
    call = 'module "chat" {\n  source = "../modules/chat"\n  instance_arn = var.instance_arn\n}\n'
    call += 'variable "instance_arn" { type = string }\n'
    save(repository / "dev" / "main.tf", call)
    code, text = compared()
    assert code == 1
    assert "topic module.chat.aws_sns_topic.chat: added" in text
    assert "topic aws_sns_topic.chat: removed" in text
    moved = [
        f"moved {{\n  from = {one}\n  to   = module.chat.{one}\n}}\n"
        for one in ("aws_sns_topic.chat", "aws_kms_key.chat")
    ]
    save(repository / "dev" / "main.tf", call + "".join(moved))
    assert compared()[0] == 0
    assert "module.chat.aws_sns_topic.chat: allows the same requests" in compared()[1]


def test_modules_outside_the_folder_are_those_of_the_revision(repository: Path) -> None:
    module = save(repository / "modules" / "chat" / "main.tf", MODULE)
    for name in ("dev", "prod"):
        save(repository / name / "main.tf", CALL)
    git("add", ".")
    git("commit", "--quiet", "-m", "modules")
    module.write_text(MODULE.replace(PIN, ""))
    done = run("diff", "HEAD:.", ".")
    assert done.returncode == 1
    for name in ("dev", "prod"):
        assert (
            f"topic {name}/: module.chat.aws_sns_topic.chat\n  old: HEAD:modules/chat/main.tf:13\n"
            in done.stdout
        )
    assert "compared 2 topics and 2 keys: 2 changed, 2 unchanged" in done.stdout
    assert run("diff", "dev", "prod").returncode == 0
    below = run("diff", "HEAD:./main.tf", "main.tf", cwd=repository / "dev")
    assert "new: ../modules/chat/main.tf:13" in below.stdout


def test_added_and_removed_resources(repository: Path) -> None:
    save(repository / "dev" / "more.tf", 'resource "aws_sns_topic" "alerts" {}\n')
    code, text = compared()
    assert code == 1
    added = "topic aws_sns_topic.alerts: added; only its own account can access it\n  new: dev/more.tf:1\n"
    assert text.startswith(added)
    read = in_json()
    assert [(one["name"], one["gained"]) for one in read["resources"] if one["status"] == "added"] == [
        ("aws_sns_topic.alerts", [])
    ]
    back = run("diff", "dev", "HEAD:dev").stdout
    assert "topic aws_sns_topic.alerts: removed; only its own account could access it" in back
    save(repository / "dev" / "main.tf", "")
    lost = compared()[1]
    assert "topic aws_sns_topic.chat: removed\n  old: HEAD:dev/main.tf:13\n  no longer allowed\n" in lost
    assert "- sns:Subscribe by any principal of account 444455556666" in lost


def test_a_new_name_is_a_new_arn(repository: Path) -> None:
    changed_to(repository, ('= "chat"\n', '= "stream"\n'))
    code, text = compared()
    assert code == 1
    assert (
        "  old ARN: arn:aws:sns:${Region}:${account}:chat\n  new ARN: arn:aws:sns:${Region}:${account}:stream"
        in text
    )
    assert "allowed" not in text


def test_values_that_are_not_known_may_have_changed(repository: Path) -> None:
    unknown = ("${var.partner}", "${local.partner}")
    changed_to(repository, unknown)
    local = save(repository / "dev" / "local.tf", "locals { partner = one(data.external.x.result) }\n")
    git("add", ".")
    git("commit", "--quiet", "-m", "unknown")
    assert compared()[0] == 0
    local.write_text("locals { partner = one(data.external.y.result) }\n")
    assert compared()[0] in (1, 3)
    changed_to(repository, unknown, ("Partner", "Other"))
    local.write_text("locals { partner = one(data.external.x.result) }\n\n")
    assert "before the change" in compared()[1]
    assert compared()[0] == 3


def test_what_was_not_read_is_listed(repository: Path) -> None:
    save(repository / "dev" / "bad.tf", 'resource "aws_sns_topic" {{')
    code, text = compared()
    assert code == 3
    assert "not read\n  ? dev/bad.tf: " in text
    (repository / "dev" / "bad.tf").unlink()
    save(repository / "dev" / "more.tf", 'module "sns" {\n  source = "terraform-aws-modules/sns/aws"\n}\n')
    code, text = compared()
    assert code == 3
    assert (
        "  ? dev/more.tf: module `sns` (terraform-aws-modules/sns/aws) is neither local nor downloaded"
        in text
    )
    assert in_json()["doubts"][0]["where"] == "dev/more.tf"


TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  InstanceArn: {Type: String}
Resources:
  Chat:
    Type: AWS::SNS::Topic
  Policy:
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
              StringEquals: {"aws:SourceAccount": !Ref "AWS::AccountId"}
              ArnEquals: {"aws:SourceArn": !Ref InstanceArn}
"""


def test_templates_across_revisions(repository: Path) -> None:
    template = save(repository / "stack" / "template.yaml", TEMPLATE)
    git("add", ".")
    git("commit", "--quiet", "-m", "template")
    template.write_text(TEMPLATE.replace("Resource: !Ref Chat", 'Resource: "*"'))
    for old, new in (("HEAD:stack/template.yaml", "stack/template.yaml"), ("HEAD:stack", "stack")):
        done = run("diff", old, new)
        assert (done.returncode, done.stdout.splitlines()[0]) == (
            0,
            "topic template.yaml#Chat: allows the same requests",
        )
    template.write_text(
        TEMPLATE.replace('              ArnEquals: {"aws:SourceArn": !Ref InstanceArn}\n', "")
    )
    done = run("diff", "HEAD:stack/template.yaml", "stack/template.yaml")
    assert done.returncode == 1
    assert "+ sns:Publish by any other Connect instance of account ${AWS::AccountId}" in done.stdout or (
        "+ sns:Publish by any other Connect instance of account ${account}" in done.stdout
    )
    other = save(repository / "other.yaml", TEMPLATE)
    assert run("diff", "HEAD:stack/template.yaml", other).returncode == 0


def test_folders_of_policies_and_staged_files(repository: Path) -> None:
    save(repository / "policies" / "a.json", document(statement()))
    save(
        repository / "policies" / "b.json",
        document(statement(Resource="arn:aws:sns:us-east-1:111122223333:b")),
    )
    git("add", ".")
    assert run("diff", ":policies", "policies").returncode == 0
    save(repository / "policies" / "a.json", document(statement(Action="sns:Subscribe")))
    done = run("diff", ":policies/", "policies")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "compared 2 topics: 1 changed, 1 unchanged"


def test_an_option_names_the_only_topic(repository: Path) -> None:
    changed_to(repository, (PIN, ""))
    arn = "arn:aws:sns:us-east-1:111122223333:chat"
    text = compared("--topic-arn", arn)[1]
    assert "any other Connect instance of account 111122223333" in text
    save(repository / "dev" / "more.tf", 'resource "aws_sns_topic" "alerts" {}\n')
    refused = run("diff", "HEAD:dev", "dev", "--topic-arn", arn)
    assert refused.returncode == 2
    assert "choose one with `--resource NAME`" in refused.stderr


def test_plans_before_and_after_the_resources_exist() -> None:
    plans = TESTS / "fixtures" / "terraform"
    done = run("diff", plans / "create.json", plans / "no-op.json")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "compared 1 topic and 1 key: 2 unchanged")
    changed = run("diff", plans / "create.json", plans / "update.json")
    assert changed.returncode == 1
    assert "- sns:Publish by Connect for instance" in changed.stdout
    assert changed.stdout.splitlines()[-1] == "compared 1 topic and 1 key: 1 changed, 1 unchanged"
