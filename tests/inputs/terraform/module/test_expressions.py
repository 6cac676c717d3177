"""What expressions come to. `?x` is a value that is not known, and what would settle it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from checker.core.unknown import Unknown
from checker.policy.node import Scalar
from tests.inputs.terraform.module.reading import plain, worked_out, write

BESIDE = """
variable "none" {}
variable "env" { default = "prod" }
variable "list" { default = ["b", "a", "b"] }
variable "map" { default = { x = 1, y = 2 } }
variable "off" { default = false }
variable "shape" {
  type    = object({ a = string, b = optional(string), c = optional(number, 7) })
  default = { a = "set" }
}
locals {
  one     = "1"
  nested  = { deep = [{ name = "n0" }, { name = "n1" }] }
  itself  = local.itself
  there   = local.back
  back    = local.there
  account = "arn:aws:iam::${var.none}:root"
}
data "aws_caller_identity" "me" {}
resource "aws_sns_topic" "t" { name = "chat-${var.env}" }
resource "aws_sns_topic" "two" {
  count = 2
  name  = "t${count.index}"
}
resource "aws_sns_topic" "each" {
  for_each = toset(["a", "b"])
  name     = "t-${each.key}"
}
resource "aws_sns_topic" "some" {
  count = var.none
  name  = "some"
}
resource "aws_sns_topic" "no" {
  count = 0
  name  = "no"
}
"""

FILES = {
    "text.txt": "from a file",
    "text.tftpl": "hello ${who} %{ for one in list }${one} %{ endfor }",
}

VALUES: list[tuple[str, Any]] = [
    # literals
    ("1", 1),
    ("-1.50", -1.5),
    ("1e3", 1000),
    ("true", True),
    ("null", None),
    ('"text"', "text"),
    (r'"a\n\t\"\\\u00e9"', 'a\n\t"\\é'),
    ('"$${x} %%{y}"', "${x} %{y}"),
    ("[]", []),
    ("[1, [2]]", [1, [2]]),
    ('{ a = 1, "b" : 2, (var.env) = 3, 4 = 5 }', {"a": 1, "b": 2, "prod": 3, "4": 5}),
    ("{ a = 1, a = 2 }", {"a": 2}),
    ("<<EOT\na ${var.env}\n  b\nEOT", "a prod\n  b\n"),
    ("<<-EOT\n    a\n      b\n\n    c\n  EOT", "a\n  b\n\nc\n"),
    # templates
    ('"${var.env}-${1 + 1}"', "prod-2"),
    ('"${true}"', True),
    ('"x${var.none}y"', "?x${var.none}y"),
    ('"${var.none}"', "?var.none"),
    ('"${local.account}/x"', "?arn:aws:iam::${var.none}:root/x"),
    ('"%{ if var.off }a%{ else }b%{ endif }"', "b"),
    ('"%{ for x in var.list }${x},%{ endfor }"', "b,a,b,"),
    ("<<EOT\n%{ for i, x in var.list ~}\n${i}${x}\n%{ endfor ~}\nEOT", "0b\n1a\n2b\n"),
    ("<<EOT\n%{ if var.none }a%{ endif }\nEOT", "?var.none"),
    ('"a ${"b ${"c"} }"}"', "a b c }"),
    # operators
    ("1 + 2 * 3 - 4 / 2", 5),
    ("(1 + 2) * 3 % 4", 1),
    ("1 < 2 && 2 >= 2 || false", True),
    ("!var.off", True),
    ('1 == "1"', False),
    ("[1] == [1]", True),
    ("null != null", False),
    ("var.off && var.none", False),
    ("true || var.none", True),
    ("var.none == 1", "?var.none"),
    ("-var.none", "?var.none"),
    ('1 + "a"', "?"),
    ("1 / 0", "?"),
    # what is not known, but not empty
    ('"a${var.none}" != ""', True),
    ('"${var.none}" != ""', "?var.none"),
    ("null == aws_sns_topic.t.arn", False),
    ("aws_sns_topic.t.owner == null", "?aws_sns_topic.t.owner"),
    ("var.none != null", "?var.none"),
    ('length("a${var.none}") > 0', True),
    ('length("a${var.none}") > 1', "?a${var.none}"),
    ('length("a${var.none}") + 1', "?a${var.none}"),
    ("length(var.none) > 0", "?var.none"),
    ("length(concat(var.none, [1])) == 0", False),
    ("length(concat(var.none, [])) == 0", "?var.none"),
    ("coalesce(aws_sns_topic.t.arn, 1)", "?aws_sns_topic.t.arn"),
    ('local.account != "" ? 1 : 2', 1),
    # choices and loops
    ("var.off ? 1 : 2", 2),
    ("var.none ? 1 : 1", 1),
    ("var.none ? 1 : 2", "?var.none"),
    ("[for x in var.list : upper(x)]", ["B", "A", "B"]),
    ('[for i, x in var.list : i if x == "b"]', [0, 2]),
    ('{ for k, v in var.map : "k${k}" => v * 2 }', {"kx": 2, "ky": 4}),
    ("{ for x in var.list : x => true... }", {"b": [True, True], "a": [True]}),
    ("[for x in var.none : x]", "?var.none"),
    ("[for x in concat([1], var.none) : x]", [1, "?var.none"]),
    # access
    ("local.nested.deep[1].name", "n1"),
    ('local.nested["deep"].0.name', "n0"),
    ("local.nested.deep[*].name", ["n0", "n1"]),
    ("local.nested.deep.*.name[0]", "n0"),
    ("var.env[*]", ["prod"]),
    ("local.nested.deep[9]", "?local.nested.deep[9]"),
    ("var.none.a[0]", "?var.none.a[0]"),
    ("var.shape", {"a": "set", "b": None, "c": 7}),
    ("path.module", "."),
    ("terraform.workspace", "?terraform.workspace"),
    ("undeclared.thing.arn", "?undeclared.thing.arn"),
    ("local.undeclared", "?local.undeclared"),
    ("local.itself", "?local.itself"),
    ("local.there", "?local.there"),
    # resources
    ("aws_sns_topic.t.name", "chat-prod"),
    ("aws_sns_topic.t.arn", "?aws_sns_topic.t.arn"),
    ("aws_sns_topic.t", "?aws_sns_topic.t"),
    ("aws_sns_topic.two[1].name", "t1"),
    ("aws_sns_topic.two[*].arn", ["?aws_sns_topic.two[0].arn", "?aws_sns_topic.two[1].arn"]),
    ('join("", aws_sns_topic.two[*].name)', "t0t1"),
    ('aws_sns_topic.each["b"].name', "t-b"),
    (
        "[for k, v in aws_sns_topic.each : v.arn]",
        ['?aws_sns_topic.each["a"].arn', '?aws_sns_topic.each["b"].arn'],
    ),
    ("values(aws_sns_topic.each)[*].name", ["t-a", "t-b"]),
    ("aws_sns_topic.some[0].arn", "?aws_sns_topic.some.arn"),
    ("aws_sns_topic.some.arn", "?aws_sns_topic.some.arn"),
    ('join("", aws_sns_topic.some.*.arn)', "?aws_sns_topic.some.arn"),
    ("aws_sns_topic.no[0].arn", "?aws_sns_topic.no[0].arn"),
    ('try(aws_sns_topic.no[0].arn, "none")', "none"),
    ("one(aws_sns_topic.no[*].arn)", None),
    ("data.aws_caller_identity.me.account_id", "?data.aws_caller_identity.me.account_id"),
    # functions
    ('jsonencode({ a = ["b"] })', {"a": ["b"]}),
    ('"x ${jsonencode({ a = ["b"] })}"', 'x {"a":["b"]}'),
    ('jsonencode("b")', '"b"'),
    ('jsondecode("{\\"a\\": [1]}").a[0]', 1),
    ('jsondecode("{")', '?jsondecode("{")'),
    ('format("%s-%d-%%-%v", var.env, 2, true)', "prod-2-%-true"),
    ('format("arn:%s:x", var.none)', "?arn:${var.none}:x"),
    ('format("%[2]s%[1]s", "a", "b")', "ba"),
    ('format("%05d", 2)', "?%05d"),
    ('formatlist("%s.%s", ["a", "b"], "c")', ["a.c", "b.c"]),
    ('join(",", var.list)', "b,a,b"),
    ('split(",", "a,b")', ["a", "b"]),
    ("concat(var.list, [1])", ["b", "a", "b", 1]),
    ("concat(var.none, [1])", ["?var.none", 1]),
    ("merge(var.map, { y = 3, z = 4 }, null)", {"x": 1, "y": 3, "z": 4}),
    ("merge(var.map, var.none)", "?var.none"),
    ("flatten([[1, [2]], 3])", [1, 2, 3]),
    ("distinct(var.list)", ["b", "a"]),
    ('compact(["a", "", null])', ["a"]),
    ("toset(var.list)", ["a", "b"]),
    ("tolist(var.list)[0]", "b"),
    ("tostring(1)", "1"),
    ('tonumber("2") + 1', 3),
    ('lookup(var.map, "x", 0)', 1),
    ('lookup(var.map, "q", 0)', 0),
    ("element(var.list, 4)", "a"),
    ("length(var.list)", 3),
    ('length("abc")', 3),
    ("length(concat(var.none, [1]))", "?var.none"),
    ("keys(var.map)", ["x", "y"]),
    ("values(var.map)", [1, 2]),
    ('lower("A")', "a"),
    ('title("a b")', "A B"),
    ('trim("--a-", "-")', "a"),
    ('trimprefix("ab", "a")', "b"),
    ('trimsuffix("ab", "b")', "a"),
    ('trimspace("  a ")', "a"),
    ('replace("a-b", "-", "+")', "a+b"),
    ('replace("a-b", "-", var.none)', "?a${var.none}b"),
    ('replace("ab", "/a/", "")', "?/a/"),
    ('coalesce(null, "", "c")', "c"),
    ('coalesce(var.none, "c")', "?var.none"),
    ('try(var.map.nope, "d")', "d"),
    ('try(var.none, "d")', "?var.none"),
    ("can(var.map.nope)", False),
    ('zipmap(["a", "b"], [1, 2])', {"a": 1, "b": 2}),
    ('setproduct(["a"], [1, 2])', [["a", 1], ["a", 2]]),
    ("range(3)", [0, 1, 2]),
    ('contains(var.list, "a")', True),
    ("max(1, 3, 2)", 3),
    ('substr("abcdef", 1, 3)', "bcd"),
    ("concat([var.list, [9]]...)", ["b", "a", "b", 9]),
    ("sha256(var.env)", "6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77"),
    ("sha256(var.none)", "?var.none"),
    ("bcrypt(var.env)", "?bcrypt(var.env)"),
    ("provider::aws::arn_parse(var.env)", "?provider::aws::arn_parse(var.env)"),
    ('file("${path.module}/text.txt")', "from a file"),
    ('file("/etc/hostname")', '?file("/etc/hostname")'),
    ('file("../../outside.txt")', '?file("../../outside.txt")'),
    ('file("missing.txt")', '?file("missing.txt")'),
    ('fileexists("missing.txt")', False),
    ('templatefile("text.tftpl", { who = var.none, list = [1, 2] })', "?hello ${var.none} 1 2 "),
    ('templatefile("text.tftpl", { who = "you", list = [] })', "hello you "),
]


@pytest.mark.parametrize(("expression", "value"), VALUES, ids=[one for one, _ in VALUES])
def test_what_an_expression_comes_to(expression: str, value: Any, tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert plain(worked_out(tmp_path, expression, BESIDE)) == value


@pytest.mark.parametrize(
    ("expression", "stands"),
    [
        ('"here"', '"here"'),
        ("[1, 2]", "[1, 2]"),
        ('upper("a")', 'upper("a")'),
        ("1 + 2 ", "1 + 2"),
        ("var.env", '"prod"'),
        ("local.nested.deep[1].name", '"n1"'),
        ("merge({ a = 1 }, var.map)", "merge({ a = 1 }, var.map)"),
        ('var.off ? "a" : "b"', '"b"'),
        ("var.none", "var.none"),
        ("aws_sns_topic.t.arn", "aws_sns_topic.t.arn"),
    ],
)
def test_a_value_knows_where_it_is_written(expression: str, stands: str, tmp_path: Path) -> None:
    node = worked_out(tmp_path, expression, BESIDE)
    assert node.source.text[node.start : node.end] == stands


def test_a_put_together_text_knows_where_its_characters_stand(tmp_path: Path) -> None:
    node = worked_out(tmp_path, '"${var.env} and ${local.one}!"', BESIDE)
    assert isinstance(node, Scalar)
    at = node.source.position(len("prod "), len("prod and"))
    assert node.source.line(at.line)[at.column - 1 : at.end_column - 1] == "and"


@pytest.mark.parametrize(
    ("declared", "files", "given", "value"),
    [
        ("", {}, {}, "?var.x"),
        ('default = "d"', {}, {}, "d"),
        ('default = "d"', {"terraform.tfvars": 'x = "f"'}, {}, "f"),
        ('default = "d"', {"terraform.tfvars": 'x = "f"', "a.auto.tfvars": 'x = "a"'}, {}, "a"),
        ("", {"a.auto.tfvars": 'x = "a"', "b.auto.tfvars.json": '{"x": "b"}'}, {}, "b"),
        ("", {"terraform.tfvars.json": '{"x": ["b"]}'}, {}, ["b"]),
        ('default = "d"', {"a.auto.tfvars": 'x = "a"'}, {"x": "line"}, "line"),
        ("type = list(string)", {}, {"x": '["a", "b"]'}, ["a", "b"]),
        ("type = string", {}, {"x": "[1]"}, "[1]"),
        ("type = list(string)", {}, {"x": "[1"}, "?[1"),
        ("", {"other.tfvars": 'x = "not read"'}, {}, "?var.x"),
    ],
)
def test_a_variable_has_the_value_that_counts(
    declared: str, files: dict[str, str], given: dict[str, str], value: Any, tmp_path: Path
) -> None:
    write(tmp_path, files)
    assert plain(worked_out(tmp_path, "var.x", f'variable "x" {{\n{declared}\n}}', **given)) == value


def test_a_value_from_another_file_stands_there(tmp_path: Path) -> None:
    write(tmp_path, {"a.auto.tfvars": '\n\nx = "there"'})
    node = worked_out(tmp_path, "var.x", 'variable "x" {}')
    assert node.source.name.endswith("a.auto.tfvars")
    assert node.source.position(node.start, node.end)[:2] == (3, 5)
    assert not isinstance(node, Unknown)


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("string", "1", "1"),
        ("number", '"1"', 1),
        ("bool", '"true"', True),
        ("any", "1", 1),
        ("list(string)", "[1]", ["1"]),
        ("map(object({ a = optional(number, 2) }))", "{ k = {} }", {"k": {"a": 2}}),
    ],
)
def test_a_variable_has_the_form_of_its_type(kind: str, default: str, value: Any, tmp_path: Path) -> None:
    declared = f'variable "x" {{\n  type    = {kind}\n  default = {default}\n}}'
    assert plain(worked_out(tmp_path, "var.x", declared)) == value


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs terraform")
def test_terraform_says_the_same(tmp_path: Path) -> None:
    """What is known of the table above, and needs no provider, is worked out by the real thing."""
    table = [
        (one, value) for one, value in VALUES if "?" not in json.dumps(value) and not ELSEWHERE.search(one)
    ]
    known = BESIDE[: BESIDE.index("data ")]
    declared = "".join(line for line in known.splitlines(keepends=True) if not CIRCLES.match(line))
    lines = [f'output "v{n}" {{\n  value = {one}\n}}\n' for n, (one, _) in enumerate(table)]
    write(tmp_path, {**FILES, "main.tf": declared + "".join(lines)})
    environment = {key: value for key, value in os.environ.items() if key != "TF_CLI_CONFIG_FILE"}
    for command in (["apply", "-auto-approve", "-var", "none=x"], ["output", "-json"]):
        done = subprocess.run(
            ["terraform", *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
    said = json.loads(done.stdout[done.stdout.index("{") :])
    assert {one: said[f"v{n}"]["value"] for n, (one, _) in enumerate(table) if f"v{n}" in said} == {
        one: value for one, value in table if value is not None
    }


ELSEWHERE = re.compile(r"aws_|local\.account|var\.none|^jsonencode")
"""Needs a provider or a value, or is left as it is to be read by us: objects that are encoded."""

CIRCLES = re.compile(r"  (itself|there|back) ")
