"""What is known of a text: references, texts composed of them, and functions that keep their structure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker.analysis.deployments import Deployment
from checker.analysis.symbols import name_of
from checker.core.unknown import Symbol, Unknown
from checker.policy.model import Condition
from tests.inputs.terraform.module.reading import policy_of, read, topic_of

if TYPE_CHECKING:
    from pathlib import Path

    from checker.policy.model import Value

ROOT = """
variable "arn" {{}}
variable "env" {{}}
variable "several" {{ type = list(string) }}
data "aws_caller_identity" "c" {{}}
variable "connect" {{ type = object({{ arn = string, ids = list(string) }}) }}
data "terraform_remote_state" "r" {{ backend = "s3" }}
data "aws_ssm_parameter" "p" {{ name = "/connect" }}
data "aws_connect_instance" "i" {{ instance_alias = "support" }}
locals {{
  by_env = {{ prod = data.aws_connect_instance.i.arn, dev = "arn:aws:connect:*:*:instance/*" }}
  partly = {{ prod = upper(data.aws_connect_instance.i.arn), dev = "arn:aws:connect:*:*:instance/*" }}
  arns   = {{ prod = "arn:aws:connect:us-east-1:111122223333:instance/a", dev = "arn:aws:connect:us-west-2:2:instance/b" }}
  envs   = {{ prod = {{ id = "a", account = "1" }}, dev = {{ id = "b", account = "2" }} }}
}}
resource "aws_sns_topic" "t" {{ name = "t" }}
resource "aws_sns_topic_policy" "t" {{
  arn    = aws_sns_topic.t.arn
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{ Sid = "A", Effect = "Allow", Action = "sns:Publish",
    Principal = {{ Service = "connect.amazonaws.com" }}, Resource = aws_sns_topic.t.arn,
    Condition = {{ ArnLike = {{ "aws:SourceArn" = {value} }} }} }}] }})
}}
"""


def value_of(folder: Path, value: str, **variables: str) -> Value:
    given = (f"{name} = {json.dumps(text)}" for name, text in variables.items())
    inventory = read(folder, {"main.tf": ROOT.format(value=value), "terraform.tfvars": "\n".join(given)})
    (statement,) = policy_of(topic_of(inventory)).policy.known_statements()
    (condition,) = statement.conditions
    assert isinstance(condition, Condition)
    (found,) = condition.values
    return found


def pieces(value: Value) -> list[str]:
    assert isinstance(value, Unknown)
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
        ("var.connect.arn", ["var.connect.arn"]),
        ("var.several", ["var.several[*]"]),
        ("var.several[0]", ["var.several[0]"]),
        ('[for one in var.several : "${one}/*"]', ["var.several[*]", "/*"]),
        ('[for one in var.several : split(":", one)[4]]', ["var.several[*]"]),
        ("data.terraform_remote_state.r.outputs.arn", ["data.terraform_remote_state.r.outputs.arn"]),
        ('data.terraform_remote_state.r.outputs["arn"]', ['data.terraform_remote_state.r.outputs["arn"]']),
        ("data.aws_ssm_parameter.p.value", ["data.aws_ssm_parameter.p.value"]),
        (
            '"${data.terraform_remote_state.r.outputs.arn}/*"',
            ["data.terraform_remote_state.r.outputs.arn", "/*"],
        ),
        ("aws_sns_topic.t.owner", ["account"]),
        ('split(":", data.aws_connect_instance.i.arn)[4]', ["account"]),
        (
            'element(split("/", data.aws_connect_instance.i.arn), 1)',
            ["data.aws_connect_instance.i.instance_id"],
        ),
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
        'var.env == var.arn ? var.arn : "x"',
        'var.env == "prod" && var.arn != "" ? var.arn : "x"',
        "local.by_env[lower(var.env)]",
        "local.partly[var.env]",
        "lookup(local.by_env, var.env, upper(var.arn))",
        "upper(data.aws_connect_instance.i.arn)",
        "title(var.arn)",
        "[for one in var.several : upper(one)]",
        '[for one in var.several : one if one != ""]',
        "substr(var.arn, 0, 20)",
        'trimprefix(var.arn, "arn:")',
        "jsonencode(var.arn)",
        'replace(data.aws_connect_instance.i.arn, "/instance.*/", "instance/*")',
        'replace(var.arn, "us-east-1", "us-west-2")',
        'join(":", slice(split(":", var.arn), 0, 5))',
        "split(var.env, var.arn)[4]",
        'split("-", "${var.arn}-x")[0]',
        'element(split(":", var.arn), 9)',
        'length(split(":", var.arn)) == 6 ? var.arn : "x"',
        'split(":", split("/", var.arn)[0])[4]',
        'try(data.terraform_remote_state.r.outputs.arn, "x")',
        'try(split(":", var.arn)[4], "x")',
        'try(local.arns[var.env], "*")',
        'can(local.arns[var.env]) ? "x" : var.arn',
        'can(data.terraform_remote_state.r.outputs.arn) ? "x" : var.arn',
        'one(split("/", var.arn))',
        "element(var.several, 0)",
        'can(regex("^arn", var.arn)) ? var.arn : upper(var.arn)',
        'var.env == "x" ? "${upper(var.arn)}/*" : "${var.arn}/*"',
        'can(regex("^arn", var.arn)) ? "x" : var.arn',
        'endswith(var.arn, "/*") ? var.arn : "x"',
    ],
)
def test_nothing_is_known_of_the_result_of_a_function_or_a_condition(value: str, tmp_path: Path) -> None:
    assert pieces(value_of(tmp_path, value)) == []


@pytest.mark.parametrize("env", ["prod", "dev"])
@pytest.mark.parametrize(
    "value",
    [
        'split(":", var.arn)[4]',
        'split("/", var.arn)[1]',
        'element(split(":", var.arn), 5)',
        '"arn:aws:iam::${split(":", var.arn)[4]}:root"',
        "local.arns[var.env]",
        'local.arns["${var.env}"]',
        "lookup(local.arns, var.env)",
        'lookup(local.arns, var.env, "none")',
        'lookup({ prod = "x" }, var.env, "y")',
        "local.envs[var.env].account",
        '"${local.envs[var.env].id}-${local.envs[var.env].account}"',
        'split(":", local.arns[var.env])[3]',
        'var.env == "prod" ? "x" : "y"',
        'var.env != "prod" ? var.arn : "y"',
        '"prod" == var.env ? split(":", var.arn)[4] : var.arn',
        '"${var.env == "prod" ? "x" : "y"}:${var.arn}"',
    ],
)
def test_the_value_of_a_deployment_is_that_of_the_code_with_its_variables(
    value: str, env: str, tmp_path: Path
) -> None:
    variables = {"env": env, "arn": "arn:aws:connect:eu-west-2:444455556666:instance/c"}
    found = value_of(tmp_path / "open", value)
    assert isinstance(found, Unknown)
    bases = {symbol.name: symbol for symbol in found.pieces if isinstance(symbol, Symbol)}
    scope = next(iter(bases.values())).scope
    deployment = Deployment({(f"var.{name}", scope): text for name, text in variables.items()}, ())
    assert {name_of(one)[1] for one in bases.values()} == {scope}
    assert deployment.fill(found) == value_of(tmp_path / "given", value, **variables)
