"""What is known of a text: references and texts composed of them have pieces, results of functions do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.core.unknown import Symbol, Unknown
from checker.policy.model import Condition
from tests.inputs.terraform.module.reading import policy_of, read, topic_of

if TYPE_CHECKING:
    from pathlib import Path

ROOT = """
variable "arn" {{}}
variable "env" {{}}
variable "several" {{ type = list(string) }}
data "aws_caller_identity" "c" {{}}
data "aws_connect_instance" "i" {{ instance_alias = "support" }}
locals {{
  by_env = {{ prod = data.aws_connect_instance.i.arn, dev = "arn:aws:connect:*:*:instance/*" }}
}}
resource "aws_sns_topic" "t" {{ name = "t" }}
resource "aws_sns_topic_policy" "t" {{
  arn    = aws_sns_topic.t.arn
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{ Sid = "A", Effect = "Allow", Action = "sns:Publish",
    Principal = {{ Service = "connect.amazonaws.com" }}, Resource = aws_sns_topic.t.arn,
    Condition = {{ ArnLike = {{ "aws:SourceArn" = {value} }} }} }}] }})
}}
"""


def value_of(folder: Path, value: str) -> Unknown:
    inventory = read(folder, {"main.tf": ROOT.format(value=value)})
    (statement,) = policy_of(topic_of(inventory)).policy.known_statements()
    (condition,) = statement.conditions
    assert isinstance(condition, Condition)
    (found,) = condition.values
    assert isinstance(found, Unknown)
    return found


def pieces(value: Unknown) -> list[str]:
    return [one.name if isinstance(one, Symbol) else one for one in value.pieces]


INSTANCE = [
    "arn:",
    "partition",
    ":connect:",
    "Region",
    ":",
    "account",
    ":instance/",
    "data.aws_connect_instance.i.instance_id",
]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("var.arn", ["var.arn"]),
        ('format("%s/*", var.arn)', ["var.arn", "/*"]),
        ("data.aws_connect_instance.i.arn", INSTANCE),
        ('"${data.aws_connect_instance.i.arn}/*"', [*INSTANCE, "/*"]),
        ('join("", [data.aws_connect_instance.i.arn, "/*"])', [*INSTANCE, "/*"]),
        (
            '"arn:aws:connect:us-east-1:${data.aws_caller_identity.c.account_id}:instance/x"',
            ["arn:aws:connect:us-east-1:", "account", ":instance/x"],
        ),
    ],
)
def test_references_and_composed_texts_have_pieces(value: str, expected: list[str], tmp_path: Path) -> None:
    assert pieces(value_of(tmp_path, value)) == expected


@pytest.mark.parametrize(
    "value",
    [
        'var.env == "prod" ? var.arn : "arn:aws:connect:*:*:instance/*"',
        'data.aws_caller_identity.c.account_id == "111122223333" ? var.arn : "x"',
        "local.by_env[var.env]",
        "local.by_env[terraform.workspace]",
        "lookup(local.by_env, var.env)",
        "upper(data.aws_connect_instance.i.arn)",
        "title(var.arn)",
        "substr(var.arn, 0, 20)",
        'trimprefix(var.arn, "arn:")',
        "jsonencode(var.arn)",
        'replace(data.aws_connect_instance.i.arn, "/instance.*/", "instance/*")',
        'replace(var.arn, "us-east-1", "us-west-2")',
        'join(":", slice(split(":", var.arn), 0, 5))',
        'element(split(":", var.arn), 4)',
        'split(":", var.arn)[4]',
        'one(split("/", var.arn))',
        "var.several[0]",
        "element(var.several, 0)",
        'can(regex("^arn", var.arn)) ? "x" : var.arn',
        'endswith(var.arn, "/*") ? var.arn : "x"',
    ],
)
def test_nothing_is_known_of_the_result_of_a_function_or_a_condition(value: str, tmp_path: Path) -> None:
    assert pieces(value_of(tmp_path, value)) == []
