"""Blocks that cannot concern topics and keys are not parsed, and nothing else changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checker.analysis.inventory import PolicyText
from checker.inputs.senders import Part, senders
from checker.inputs.terraform.module import root
from checker.inputs.terraform.module.folder import read_texts
from checker.inputs.terraform.module.relevant_blocks import may_start, relevant_texts
from tests.inputs.terraform.module.reading import read

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Key
    from checker.policy.model import Policy

TOPIC = """resource "aws_sns_topic" "alarms" {
  name              = "alarms-${random_id.suffix.hex}"
  kms_master_key_id = aws_kms_key.alarms.id
}
"""
KEY = """resource "aws_kms_key" "alarms" {
  policy = data.aws_iam_policy_document.key.json
}
"""
DOCUMENT = """data "aws_iam_policy_document" "key" {
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_s3_bucket.logs.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
  }
}
"""
SUFFIX = 'resource "random_id" "suffix" {\n  byte_length = var.length\n}\n'
BUCKET = 'resource "aws_s3_bucket" "logs" {\n  bucket = aws_iam_role.logs.name\n}\n'
ROLE = 'resource "aws_iam_role" "logs" {\n  name = "logs"\n}\n'
INSTANCE = 'resource "aws_instance" "web" {\n  ami = data.aws_ami.linux.id\n}\n'
AMI = 'data "aws_ami" "linux" {\n  owners = ["self"]\n}\n'
OUTPUT = 'output "web" {\n  value = aws_instance.web.id\n}\n'
HEREDOC = 'resource "aws_instance" "batch" {\n  user_data = <<EOT\n}\nEOT\n}\n'
VARIABLE = 'variable "length" {}\n'
FILES = {
    "main.tf": TOPIC + KEY + DOCUMENT,
    "others.tf": SUFFIX + BUCKET + ROLE + VARIABLE,
    "web.tf": INSTANCE + AMI + OUTPUT,
}


def policy(key: Key) -> Policy:
    assert isinstance(key.policy, PolicyText)
    return key.policy.policy


def parsed(files: dict[str, str], folder: Path) -> dict[str, str]:
    for name, text in files.items():
        (folder / name).write_text(text)
    texts = read_texts(folder, [])
    return {one.path.name: text for one, text in zip(texts, relevant_texts(folder, texts), strict=True)}


def test_blocks_that_nothing_relevant_refers_to_are_left_out(tmp_path: Path) -> None:
    found = parsed(FILES, tmp_path)
    assert found["main.tf"] == FILES["main.tf"]
    assert found["others.tf"] == FILES["others.tf"]
    assert found["web.tf"].isspace()
    assert [len(line) for line in found["web.tf"].split("\n")] == [
        len(line) for line in FILES["web.tf"].split("\n")
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("heredoc", HEREDOC),
        ("comment over several lines", f"/* {INSTANCE}*/\n{INSTANCE}"),
        ("block on one line", 'resource "aws_instance" "web" { ami = "x" }\n'),
        ("braces in a string", 'resource "aws_instance" "web" {\n  ami = "}"\n}\n'),
        ("local that refers to it", f"locals {{\n  web = aws_instance.web.id\n}}\n{INSTANCE}{AMI}"),
        (
            "module that refers to it",
            f'module "x" {{\n  source = "x"\n  web = aws_instance.web.id\n}}\n{INSTANCE}{AMI}',
        ),
    ],
)
def test_other_text_is_parsed(name: str, text: str, tmp_path: Path) -> None:
    assert parsed(FILES | {"more.tf": text}, tmp_path)["more.tf"] == text, name


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_lambda_function" "chat" {\n  function_name = "connect"\n}\n',
        'resource "aws_iam_role_policy" "chat" {\n  policy = file("policy.json")\n}\n',
        'resource "aws_connect_contact_flow" "chat" {\n  name = "chat"\n}\n',
        'locals {\n  action = "Connect:${var.action}"\n}\n',
        'locals {\n  action = join(":", ["connect", "*"])\n}\n',
        'locals {\n  code = "client.start_chat_contact()"\n}\n',
    ],
)
def test_a_root_that_may_start_streams_is_parsed_as_a_whole(text: str, tmp_path: Path) -> None:
    assert parsed(FILES | {"chat.tf": text}, tmp_path) == FILES | {"chat.tf": text}


def test_a_policy_for_the_service_starts_no_streams(tmp_path: Path) -> None:
    policy = """resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.alarms.arn
  policy = jsonencode({ Statement = [{ Sid = "AllowConnectChatStreaming", Principal = { Service = "connect.amazonaws.com" } }] })
}
"""
    assert parsed(FILES | {"policy.tf": policy}, tmp_path)["web.tf"].isspace()


@given(
    st.lists(
        st.sampled_from(
            [
                "connect:",
                "Connect:",
                "Start",
                "start_",
                "*",
                "?",
                "Contact",
                "-contact",
                "Streaming",
                " chat",
                "Chat",
                "x",
                ":",
            ]
        ),
        max_size=6,
    ).map("".join)
)
@example("connect:*")
@example("connect:Start*Contact")
@example("chatStreamingConfiguration")
def test_every_text_that_starts_streams_is_found_in_its_root(text: str) -> None:
    is_found = bool(senders([Part("a", "aws_iam_role", (), {"policy": [text, "aws_sns_topic.alarms.arn"]})]))
    assert may_start(text, frozenset()) or not is_found


def test_a_root_is_parsed_as_a_whole_if_a_module_may_start_streams(tmp_path: Path) -> None:
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "main.tf").write_text('locals {\n  action = "connect:StartChatContact"\n}\n')
    files = FILES | {"chat.tf": 'module "chat" {\n  source = "./chat"\n}\n'}
    assert parsed(files, tmp_path) == files


def test_topics_and_keys_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shortened = read(tmp_path / "root", FILES)
    monkeypatch.setattr(
        root, "relevant_texts", lambda _folder, texts, _variables: [one.text for one in texts]
    )
    whole = read(tmp_path / "root", FILES)
    assert [one.arn for one in shortened.topics] == [one.arn for one in whole.topics]
    assert [policy(one) for one in shortened.keys] == [policy(one) for one in whole.keys]


SUBSCRIPTION = """resource "aws_sns_topic_subscription" "alarms" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_alias.live.arn
}
"""
FUNCTIONS = """resource "aws_lambda_function" "NAME" {
  function_name = "NAME"
}
resource "aws_lambda_alias" "live" {
  function_name = aws_lambda_function.alarms.function_name
}
resource "aws_lambda_permission" "NAME" {
  function_name = FUNCTION
}
"""
FUNCTION = "aws_lambda_function.NAME.function_name"


def functions(name: str, function: str = FUNCTION) -> str:
    return FUNCTIONS.replace("FUNCTION", function).replace("NAME", name)


@pytest.mark.parametrize(
    ("name", "function", "kept"),
    [
        ("alarms", FUNCTION, True),
        ("alarms", "aws_lambda_alias.live.arn", True),
        ("alarms", '"alarms"', True),
        ("alarms", "var.function", True),
        ("other", FUNCTION, False),
    ],
)
def test_permissions_on_functions_that_matter_are_kept(
    name: str, function: str, kept: bool, tmp_path: Path
) -> None:
    files = {**FILES, "subscription.tf": SUBSCRIPTION, "functions.tf": functions(name, function)}
    found = parsed(files, tmp_path)["functions.tf"]
    assert ("aws_lambda_permission" in found) is kept
    assert (f'"aws_lambda_function" "{name}"' in found) is kept
    assert "aws_lambda_alias" in found


def test_functions_that_nothing_subscribes_are_left_out(tmp_path: Path) -> None:
    found = parsed({**FILES, "functions.tf": functions("alarms")}, tmp_path)
    assert found["functions.tf"].split() == []
