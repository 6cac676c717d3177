"""Functions that match, decode and hash texts give what Terraform gives, or are not known."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from checker.core.unknown import Unknown
from checker.policy.node import Scalar
from tests.inputs.terraform.module.reading import plain, policy_of, read, topic_of, worked_out, write

if TYPE_CHECKING:
    from pathlib import Path

ARN = "arn:aws:sns:us-east-1:111122223333:chat"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('regex("[0-9]{12}", "arn:aws:sns:us-east-1:111122223333:chat")', "111122223333"),
        (f'regex("^arn:([^:]+):sns:([^:]+):", "{ARN}")', ["aws", "us-east-1"]),
        (
            f'regex("(?P<account>[0-9]{{12}}):(?P<name>.+)$", "{ARN}")',
            {"account": "111122223333", "name": "chat"},
        ),
        (f'regex("sns:([^:]+):([0-9]+):", "{ARN}")[1]', "111122223333"),
        ('regex("(a)|(b)", "b")', [None, "b"]),
        ('regexall("[a-z]+", "ab1cd")', ["ab", "cd"]),
        ('regexall("([a-z])([0-9])", "a1b2")', [["a", "1"], ["b", "2"]]),
        ('length(regexall("x", "abc")) > 0', False),
        ('try(regex("x", "abc"), "none")', "none"),
        ('can(regex("^[a-z]+$", "abc"))', True),
        ('can(regex("^[a-z]+$", "a1"))', False),
        ('regex("(?i)CHAT", "my-chat")', "chat"),
        ('md5("hello")', "5d41402abc4b2a76b9719d911017c592"),
        ('sha1("hello")', "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
        ('substr(sha256("hello"), 0, 8)', "2cf24dba"),
        ('substr(sha512("hello"), 0, 8)', "9b71d224"),
        ('base64sha256("hello")', "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
        ('base64encode("hello")', "aGVsbG8="),
        ('base64decode("aGVsbG8=")', "hello"),
        ('try(base64decode("?"), "not")', "not"),
        ('yamldecode("a: [1, b, null, true]")', {"a": [1, "b", None, True]}),
        ("yamldecode(\"account: '012345678901'\").account", "012345678901"),
        ('yamldecode("account: 111122223333").account', 111122223333),
        ('try(yamldecode("a: ["), "not")', "not"),
        ('csvdecode("name,key\\nchat,alias/chat\\nalarms,")[0].key', "alias/chat"),
        ('[for one in csvdecode("a,b\\n1,2\\n3,\\"x, y\\"") : one.b]', ["2", "x, y"]),
        ('try(csvdecode("a,b\\n1"), "not")', "not"),
        ('templatestring(local.text, { name = "chat" })', "a chat"),
    ],
)
def test_known_arguments(expression: str, expected: Any, tmp_path: Path) -> None:
    found = worked_out(tmp_path, expression, 'locals {\n  text = "a $${name}"\n}')
    assert plain(found) == expected


@pytest.mark.parametrize(
    "expression",
    [
        'regex("^arn", var.text)',
        "md5(var.text)",
        "md5(jsonencode({ a = 1 }))",
        "yamldecode(var.text)",
        "csvdecode(var.text)",
        "base64decode(var.text)",
        "templatestring(var.text, {})",
        'provider::aws::arn_parse("arn:aws:sns:us-east-1:111122223333:chat").region',
        'yamldecode("account: 012345678901").account',
        'yamldecode("Version: 2012-10-17").Version',
        'yamldecode("a: Yes").a',
        'regex("(?=a)a", "a")',
        'regex("(a|a)*b", "aaaa")',
        'regex("\\\\pL", "a")',
        'regex("a$", "a\\n")',
        'regexall("a*", "baa")',
        'regex("(?P<x>a)(b)", "ab")',
        'regex("[[:alpha:]]", "a")',
    ],
)
def test_what_is_not_known_has_no_pieces(expression: str, tmp_path: Path) -> None:
    found = worked_out(tmp_path, expression, 'variable "text" {}')
    assert isinstance(found, Scalar)
    assert isinstance(found.value, Unknown)
    assert found.value.pieces == ()


@pytest.mark.parametrize(
    "pattern", ["a?" * 100 + "a" * 50, "(a|a)" * 50, ".*" * 50 + "x", "a{0,900}" * 20 + "b"]
)
def test_patterns_that_may_take_long_are_not_tried(pattern: str, tmp_path: Path) -> None:
    start = time.monotonic()
    worked_out(tmp_path, f'regex("{pattern}", "{"a" * 200}")')
    assert time.monotonic() - start < 2


STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "${topic}",
}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}, indent=1)
TOPIC = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n}\n'


def attached(policy: str) -> str:
    return f'{TOPIC}resource "aws_sns_topic_policy" "chat" {{\n  arn = aws_sns_topic.chat.arn\n  policy = {policy}\n}}\n'


@pytest.mark.parametrize(
    "template",
    [
        'file("${path.module}/policy.tpl")',
        '"${file("policy.tpl")}"',
        "<<EOT\n" + POLICY.replace("${", "$${") + "\nEOT",
    ],
    ids=["file", "interpolation", "heredoc"],
)
def test_a_template_file_data_source(template: str, tmp_path: Path) -> None:
    data = f'data "template_file" "p" {{\n  template = {template}\n  vars = {{ topic = aws_sns_topic.chat.arn }}\n}}\n'
    files = {"main.tf": data + attached("data.template_file.p.rendered"), "policy.tpl": POLICY}
    topic = topic_of(read(tmp_path, files))
    policy = policy_of(topic)
    assert "connect.amazonaws.com" in policy.text
    assert policy.policy.known_statements()
    assert policy.document.name.endswith("main.tf" if "EOT" in template else "policy.tpl")


def test_an_unknown_template_is_not_known(tmp_path: Path) -> None:
    data = 'variable "t" {}\ndata "template_file" "p" {\n  template = var.t\n}\n'
    topic = topic_of(read(tmp_path, {"main.tf": data + attached("data.template_file.p.rendered")}))
    assert isinstance(topic.policy, Unknown)


def test_what_checker_does_not_need_does_no_harm(tmp_path: Path) -> None:
    others = """
ephemeral "aws_secretsmanager_secret_version" "s" {
  secret_id = "chat"
}
check "health" {
  assert {
    condition     = provider::aws::trim_iam_role_path("arn:aws:iam::111122223333:role/a/b") != ""
    error_message = "no"
  }
}
removed {
  from = aws_sns_topic.old
  lifecycle { destroy = false }
}
moved {
  from = aws_sns_topic.a
  to   = aws_sns_topic.chat
}
import {
  to = aws_sns_topic.chat
  id = "arn:aws:sns:us-east-1:111122223333:chat"
}
variable "token" {
  type      = string
  ephemeral = true
}
"""
    policy = json.dumps(POLICY.replace("${topic}", "*"))
    files = {"main.tf": others + attached(policy), "chat.tftest.hcl": 'run "x" {\n  command = plan\n}\n'}
    assert "connect" in policy_of(topic_of(read(tmp_path, files))).text


def test_the_region_of_a_resource(tmp_path: Path) -> None:
    provider = 'provider "aws" {\n  region = "us-east-1"\n  allowed_account_ids = ["111122223333"]\n}\n'
    text = provider + TOPIC.replace('name = "chat"', 'name = "chat"\n  region = "us-west-2"')
    assert str(topic_of(read(tmp_path, {"main.tf": text})).arn) == "arn:aws:sns:us-west-2:111122223333:chat"


def test_topics_of_a_yaml_file(tmp_path: Path) -> None:
    text = """
locals { topics = yamldecode(file("topics.yaml")).topics }
resource "aws_sns_topic" "all" {
  for_each          = { for one in local.topics : one.name => one }
  name              = each.key
  kms_master_key_id = each.value.key
}
"""
    write(
        tmp_path,
        {"topics.yaml": "topics:\n  - {name: chat, key: alias/chat}\n  - {name: other, key: null}\n"},
    )
    topics = read(tmp_path, {"main.tf": text}).topics
    assert [(one.address, one.key) for one in topics] == [
        ('aws_sns_topic.all["chat"]', "alias/chat"),
        ('aws_sns_topic.all["other"]', None),
    ]
