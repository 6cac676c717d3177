"""A statement for Connect is judged or listed as not read, in any file of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker.inputs.collect import Given
from checker.inputs.load import load

if TYPE_CHECKING:
    from pathlib import Path

STATEMENT = {
    "Sid": "AllowConnect",
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "*",
}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
ARGUMENTS = 'principals = ["connect.amazonaws.com"]\n  actions = ["sns:Publish"]\n'
TOPIC = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n'
DOCUMENT = """
data "aws_iam_policy_document" "chat" {
  statement {
    actions   = ["sns:Publish"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
  }
}
"""
TEMPLATE = {"Resources": {"Chat": {"Type": "AWS::SNS::Topic"}}}


def template(**resources: object) -> str:
    return json.dumps({"Resources": {**TEMPLATE["Resources"], **resources}}, indent=1)


def topic_policy(statement: object) -> dict[str, object]:
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [{"Ref": "Chat"}], "PolicyDocument": document},
    }


READ = {
    "inline policy": {"main.tf": f"{TOPIC}  policy = jsonencode({POLICY})\n}}\n"},
    "heredoc": {"main.tf": f"{TOPIC}  policy = <<EOT\n{POLICY}\nEOT\n}}\n"},
    "policy document": {
        "main.tf": f"{DOCUMENT}{TOPIC}  policy = data.aws_iam_policy_document.chat.json\n}}\n"
    },
    "local": {
        "main.tf": f"locals {{\n  policy = jsonencode({POLICY})\n}}\n{TOPIC}  policy = local.policy\n}}\n"
    },
    "template of a module": {
        "main.tf": TOPIC + '  policy = templatefile("policy.tpl", {})\n}\n',
        "policy.tpl": POLICY,
    },
    "overridden block": {
        "main.tf": f"{TOPIC}  policy = jsonencode({POLICY})\n}}\n",
        "override.tf": f"{TOPIC}  policy = jsonencode({POLICY})\n}}\n",
    },
    "template": {"template.json": template(Policy=topic_policy(STATEMENT))},
    "two policies that compete": {
        "template.json": template(One=topic_policy(STATEMENT), Two=topic_policy(STATEMENT))
    },
    "documentation": {"README.md": POLICY, "notes.txt": POLICY},
    "comment": {"main.tf": f"# {POLICY}\n", "run.py": f"# {POLICY}\n"},
    "tests of another tool": {"topic.tftest.hcl": POLICY, "stack.test.ts": POLICY},
    "file that OpenTofu replaces": {
        "main.tf": f"{TOPIC}  policy = data.aws_iam_policy_document.chat.json\n}}\n",
        "policy.tf": DOCUMENT,
        "policy.tofu": DOCUMENT,
    },
    "statement that is not known": {
        "main.tf": f'{TOPIC}  policy = data.aws_iam_policy_document.chat.json\n}}\nvariable "arns" {{}}\n'
        + DOCUMENT.replace("statement {", 'dynamic "statement" {\n for_each = var.arns\n content {', 1)
        + "}\n"
    },
    "another action": {"run.py": POLICY.replace("sns:Publish", "lambda:InvokeFunction")},
    "permission of a function beside a topic": {
        "template.json": template(
            Permission={
                "Type": "AWS::Lambda::Permission",
                "Properties": {"Action": "lambda:InvokeFunction", "Principal": "connect.amazonaws.com"},
            },
            Role={
                "Type": "AWS::IAM::Role",
                "Properties": {"Policy": [{"Effect": "Allow", "Action": "sns:Publish"}]},
            },
        )
    },
    "another statement": {
        "run.py": json.dumps(
            [STATEMENT | {"Action": "s3:GetObject"}, STATEMENT | {"Principal": {"Service": "x"}}]
        )
    },
    "another service": {"run.py": POLICY.replace("connect.", "connect-campaigns.")},
    "image": {"logo.bin": "\0" + POLICY},
}


@pytest.mark.parametrize("name", READ)
def test_a_policy_that_was_read_is_not_listed(name: str, tmp_path: Path) -> None:
    assert listed(READ[name], tmp_path) == []


CONDITIONAL = f"""{TOPIC}}}
variable "enable" {{
  type    = bool
  default = false
}}
resource "aws_sns_topic_policy" "chat" {{
  COUNT
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}}
{DOCUMENT}"""
NOT_READ = {
    "count that is zero": (
        {"main.tf": CONDITIONAL.replace("COUNT", "count = var.enable ? 1 : 0")},
        (
            "main.tf",
            20,
            "`count` of `aws_sns_topic_policy.chat`, which uses it, is 0 with the values of this run",
        ),
    ),
    "empty for_each": (
        {"main.tf": CONDITIONAL.replace("COUNT", "for_each = toset([])")},
        ("main.tf", 20, "`for_each` of `aws_sns_topic_policy.chat`, which uses it, is empty"),
    ),
    "module of a registry": (
        {"main.tf": f'module "chat" {{\n  source = "acme/topic/aws"\n  {ARGUMENTS}}}\n'},
        ("main.tf", 3, "`module.chat` comes from `acme/topic/aws`, which is not downloaded"),
    ),
    "module that is not there": (
        {"main.tf": f'module "chat" {{\n  source = "../topic"\n  {ARGUMENTS}}}\n'},
        ("main.tf", 3, "the folder `../topic` of `module.chat` was not found"),
    ),
    "document without a topic": (
        {"main.tf": DOCUMENT},
        ("main.tf", 8, "`data.aws_iam_policy_document.chat` is not part of the policy"),
    ),
    "second document": (
        {"main.tf": f"{TOPIC}  policy = jsonencode({POLICY})\n}}\n{DOCUMENT}"},
        ("main.tf", 12, "`data.aws_iam_policy_document.chat` is not part of the policy"),
    ),
    "resource of another provider": (
        {"main.tf": f'resource "example_topic" "chat" {{\n  policy = jsonencode({POLICY})\n}}\n'},
        ("main.tf", 2, "checker does not read `example_topic.chat`"),
    ),
    "custom resource": (
        {"template.json": template(Policy=topic_policy(STATEMENT) | {"Type": "Custom::Policy"})},
        ("template.json", 0, "in a part of the file that checker does not read"),
    ),
    "code": ({"stack.ts": f"const policy = {POLICY};\n"}, ("stack.ts", 1, "the file is code")),
    "unknown data": ({"dump.csv": f"chat,{POLICY}\n"}, ("dump.csv", 1, "does not read this kind of file")),
    "file of another tool": (
        {"values.yaml": f"chart:\n  policy: '{POLICY}'\n"},
        ("values.yaml", 2, "does not read this kind of file"),
    ),
    "template that nothing renders": (
        {"policy.json.tpl": POLICY},
        ("policy.json.tpl", 1, "does not read this kind of file"),
    ),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_a_policy_that_was_not_read_is_listed_once_with_its_cause(name: str, tmp_path: Path) -> None:
    files, (file, line, reason) = NOT_READ[name]
    ((found, at, told),) = listed(files, tmp_path)
    assert found == file
    assert line in (0, at)
    assert reason in told


def test_a_module_for_keys_is_listed_beside_a_policy_for_connect(tmp_path: Path) -> None:
    key = 'module "key" {\n  source  = "terraform-aws-modules/kms/aws"\n  version = "3.1.0"\n}\n'
    files = {"main.tf": f"{TOPIC}  policy = jsonencode({POLICY})\n}}\n", "key.tf": key}
    ((file, line, reason),) = listed(files, tmp_path)
    assert (file, line) == ("key.tf", 1)
    assert "topics and keys of a module were not checked: `module.key` comes from" in reason


def test_modules_of_a_root_without_connect_are_not_listed(tmp_path: Path) -> None:
    files = {"main.tf": 'module "key" {\n  source = "terraform-aws-modules/kms/aws"\n}\n'}
    assert listed(files, tmp_path) == []


def test_a_count_that_is_zero_names_its_variable(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(CONDITIONAL.replace("COUNT", "count = var.enable ? 1 : 0"))
    (skipped,) = load([tmp_path]).skipped
    assert skipped.help == "`--var enable=VALUE` sets another value"
    assert load([tmp_path], given=Given(variables=(("enable", "true"),))).skipped == ()


def listed(files: dict[str, str], folder: Path) -> list[tuple[str, int, str]]:
    for name, text in files.items():
        (folder / name).write_text(text)
    found = load([folder]).skipped
    assert all(one.help and not one.error and not one.complete for one in found)
    names = [one.what.removeprefix(f"{folder}/") for one in found]
    return [
        (name, one.position.line if one.position else 0, one.reason)
        for name, one in zip(names, found, strict=True)
    ]


def test_the_tree_of_a_cdk_app_repeats_its_templates(tmp_path: Path) -> None:
    tree = {"version": "tree-0.1", "tree": {"attributes": topic_policy(STATEMENT)}}
    (tmp_path / "tree.json").write_text(json.dumps(tree))
    assert [one.what for one in load([tmp_path]).skipped] == [(tmp_path / "tree.json").as_posix()]
    text = template(Policy=topic_policy({**STATEMENT, "Resource": {"Ref": "Chat"}}))
    (tmp_path / "Chat.template.json").write_text(text)
    (tmp_path / "Chat.assets.json").write_text('{"version": "36.0.0", "files": {"a": {"source": "sns:"}}}')
    (tmp_path / "manifest.json").write_text('{"version": "36.0.0", "artifacts": {"Chat": "sns:"}}')
    found = load([tmp_path])
    assert found.skipped == ()
    assert len(found.topics) == 1


SYNTHESIZED = template(Policy=topic_policy({**STATEMENT, "Resource": {"Ref": "Chat"}}))
APPS: dict[str, tuple[dict[str, str], list[str]]] = {
    "policy in the template": ({"cdk.out/Chat.template.json": SYNTHESIZED}, []),
    "policy of a stage": ({"cdk.out/assembly-Prod/Chat.template.json": SYNTHESIZED}, []),
    "no policy in the template": ({"cdk.out/Chat.template.json": json.dumps(TEMPLATE)}, ["lib/chat.ts"]),
    "app of its own": ({"cdk.out/Chat.template.json": SYNTHESIZED, "lib/cdk.json": "{}"}, ["lib/chat.ts"]),
    "another app": ({"other/cdk.out/Chat.template.json": SYNTHESIZED}, ["lib/chat.ts"]),
    "not synthesized": ({"Chat.template.json": SYNTHESIZED}, ["lib/chat.ts"]),
}


@pytest.mark.parametrize("name", APPS)
def test_code_of_a_cdk_app_is_read_with_its_synthesized_policy(name: str, tmp_path: Path) -> None:
    files, expected = APPS[name]
    for path, text in {"cdk.json": "{}", "lib/chat.ts": f"const policy = {POLICY};\n", **files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert [one.what for one in load([tmp_path]).skipped] == [f"{tmp_path}/{one}" for one in expected]


def test_a_file_below_two_named_folders_is_listed_once(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "stack.ts").write_text(f"const policy = {POLICY};\n")
    found = load([tmp_path, tmp_path / "src"]).skipped
    assert [one.what for one in found] == [f"{tmp_path}/src/stack.ts"]
