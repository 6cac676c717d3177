"""Units whose policies are not known, because a feature that is not read may change them; and similar ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.core.unknown import Unknown
from checker.inputs.load import load
from tests.inputs.terraform.terragrunt.units import INCLUDE, MODULE, SOURCE, UNIT, inventory_of

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Inventory

INPUTS = 'inputs = {\n  name = "chat"\n  arn  = "pinned"\n}\n'
DEPENDENCY = 'dependency "x" {\n  config_path = "../x"\n}\n'
MAIN, DATA = "modules/chat/main.tf", "modules/chat/policy.json"
READS = {
    MAIN: 'resource "aws_sns_topic" "t" {\n  policy = file("${path.module}/policy.json")\n}\n',
    DATA: "{}",
}
COMPUTES = {**READS, MAIN: READS[MAIN].replace("policy.json", "${terraform.workspace}.json")}
CALLS = {MAIN: 'module "sub" {\n  source = "./sub"\n}\n', "modules/chat/sub/main.tf": MODULE}
OPEN = 'resource "aws_sns_topic" "open" {\n  name = "open"\n}\n'


def generate(path: str, contents: str, more: str = "") -> str:
    text = contents if contents.startswith("run_cmd") else f"<<EOF\n{contents}\nEOF"
    return (
        f'generate "x" {{\n  path = "{path}"\n  if_exists = "overwrite"\n  {more}\n  contents = {text}\n}}\n'
    )


def with_unit(folder: Path, more: str, files: dict[str, str] | None = None) -> Inventory:
    return inventory_of(folder, {UNIT: SOURCE + INPUTS + more, **(files or {})})


OVERRIDE = """resource "aws_sns_topic_policy" "chat" {{
  policy = jsonencode({{ Statement = [{{ Sid = {} }}] }})
}}
"""


def override(written: str) -> str:
    return DEPENDENCY + generate("x_override.tf", OVERRIDE.format(written))


OUTPUT = "${dependency.x.outputs.a}"


def terraform(hook: str, commands: str, execute: str) -> str:
    return f"terraform {{\n  {hook} {{\n    commands = {commands}\n    execute  = {execute}\n  }}\n}}\n"


@pytest.mark.parametrize(
    ("more", "files"),
    [
        (generate("x.tf.json", "{}"), {}),
        (generate("x.tofu", OPEN), {}),
        (generate("sub/main.tf", OPEN), {}),
        (generate("terraform.tfvars.json", "{}"), {}),
        (generate("../x.txt", ""), {}),
        (generate("${run_cmd()}", ""), {}),
        (generate("main.tf", 'run_cmd("./make.sh")'), {}),
        (generate("other.tf", 'run_cmd("./make.sh")'), {}),
        (generate("x.tf", "", 'disable = get_env("X") != ""'), {}),
        (generate("x.tf", "", 'disable = true\n  if_disabled = get_env("X")'), {}),
        (generate("x.tf", "x = = 1"), {}),
        (generate("x.tf", "", 'comment_prefix = "/* "'), {}),
        ("generate = run_cmd()\n", {}),
        (generate("policy.json", "{}"), READS),
        (generate("policy.json", 'run_cmd("./make.sh")'), READS),
        (generate("other.json", "{}"), COMPUTES),
        (override(f'"$${{lower("{OUTPUT}")}}"'), {}),
        (override(f"aws_sns_topic.{OUTPUT}.arn"), {}),
        (override(f'"\\{OUTPUT}"'), {}),
        (terraform('before_hook "x"', '["plan"]', '["cp", "a", "b"]'), {}),
        (terraform('after_hook "x"', "run_cmd()", '["cp", "a", "b"]'), {}),
        (terraform('before_hook "x"', '["validate", "init"]', "[run_cmd()]"), {}),
        ('terraform {\n  exclude_from_copy = ["x.tf"]\n}\n', {}),
        ("", {**READS, "live/prod/chat/policy.json": "{}"}),
        ("", {**CALLS, "live/prod/chat/sub/main.tf": "locals {}"}),
        (DEPENDENCY + generate("x.tf", f'resource "aws_sns_topic" "{OUTPUT}" {{}}'), {}),
    ],
)
def test_policies_that_are_not_known(more: str, files: dict[str, str], tmp_path: Path) -> None:
    inventory = with_unit(tmp_path, more, files)
    assert inventory.skipped
    assert [one for one in inventory.topics if not isinstance(one.policy, Unknown)] == []


@pytest.mark.parametrize(
    ("more", "files"),
    [
        (generate("backend.tf", 'terraform {\n  backend "s3" {}\n}'), {}),
        (generate(".terraform-version", "1.9"), {}),
        (generate("other.json", "{}"), READS),
        (generate("x.tf", "x = = 1", "disable = true"), {}),
        (generate("x.tf", f"# of {OUTPUT}"), {}),
        (override(f"trimspace(<<X\n{OUTPUT}\nX\n)"), {}),
        (override(f'"a \\"{OUTPUT}\\" $${{aws_sns_topic.chat.arn}} {OUTPUT}"'), {}),
        ("generate = {}\n", {}),
        ("", {**READS, "live/prod/chat/other.json": "{}"}),
        ("", {**CALLS, "live/prod/chat/other/main.tf": "locals {}"}),
        ("", {**CALLS, "live/prod/chat/sub/notes.txt": ""}),
        (terraform('before_hook "x"', '["validate", "destroy"]', '["cp", "a", "b"]'), {}),
        (terraform('after_hook "x"', '["apply"]', '["echo", "done"]'), {}),
        (terraform('error_hook "x"', '["apply"]', '["cp", "a", "b"]'), {}),
        ("terraform {\n  exclude_from_copy = []\n}\n", {}),
    ],
)
def test_policies_that_are_known(more: str, files: dict[str, str], tmp_path: Path) -> None:
    inventory = with_unit(tmp_path, more, files)
    assert [one for one in inventory.skipped if one.what == UNIT] == []
    (topic,) = inventory.topics
    assert not isinstance(topic.policy, Unknown)
    assert "generated-by-terragrunt" not in repr(topic)


ATTRIBUTE = f'generate = {{\n  x = {{\n    path = "x.tf"\n    if_exists = "overwrite"\n    contents = <<EOF\n{OPEN}EOF\n  }}\n}}\n'


@pytest.mark.parametrize(
    "more",
    [ATTRIBUTE, generate("x.tf", OPEN), generate("x.tf", OPEN.replace("resource", "/* a */ resource"))],
)
def test_a_generated_topic_is_read(more: str, tmp_path: Path) -> None:
    topics = with_unit(tmp_path, more).topics
    assert sorted(one.address.rpartition(".")[2] for one in topics) == ["chat", "open"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", True),
        (generate("fix_override.tf", "", 'disable = true\n  if_disabled = "remove"'), False),
        (generate("fix_override.tf", "", 'disable = true\n  if_disabled = "remove_terragrunt"'), True),
        (generate("fix_override.tf", "", 'disable = true\n  if_disabled = "skip"'), True),
        (generate("fix_override.tf", ""), False),
        (generate("main.tf", MODULE.replace("$", "$$")), True),
    ],
)
def test_a_file_of_the_module_is_removed_or_replaced(more: str, expected: bool, tmp_path: Path) -> None:
    files = {"modules/chat/fix_override.tf": OVERRIDE.format('"fixed"')}
    (topic,) = with_unit(tmp_path, more, files).topics
    assert ('"fixed"' in str(topic.policy) or "fixed" in repr(topic.policy)) is expected


def test_a_hook_of_an_included_configuration_is_reported_once(tmp_path: Path) -> None:
    hook = terraform('before_hook "x"', '["plan"]', '["./prepare.sh"]')
    files = {"live/root.hcl": hook, "live/prod/other/terragrunt.hcl": INCLUDE + SOURCE + INPUTS}
    inventory = inventory_of(tmp_path, {UNIT: INCLUDE + SOURCE + INPUTS, **files})
    assert [(one.what, one.position and one.position.line) for one in inventory.skipped] == [
        ("live/root.hcl", 2)
    ]
    assert len(inventory.topics) == 2
    replaced = terraform('before_hook "x"', '["validate"]', '["./prepare.sh"]')
    assert inventory_of(tmp_path, {UNIT: INCLUDE + SOURCE + INPUTS + replaced}, UNIT).skipped == ()


def test_a_unit_in_json_syntax_is_listed_and_its_module_is_not_proven(tmp_path: Path) -> None:
    (tmp_path / "modules" / "chat").mkdir(parents=True)
    (tmp_path / "modules" / "chat" / "main.tf").write_text(
        'resource "aws_sns_topic" "chat" { name = "chat" } # for connect.amazonaws.com\n'
    )
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "terragrunt.hcl.json").write_text('{"terraform": {"source": "../modules//chat"}}')
    found = load([tmp_path])
    assert found.topics == ()
    assert any("a Terragrunt unit in JSON syntax is not read" in one.reason for one in found.skipped)
