"""Whole runs over repositories with units: answers, exit codes and cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.app.check import lint
from checker.app.exit_codes import Ending
from checker.app.run import Options, examine
from checker.core.finding import Verdict
from checker.inputs.load import load
from checker.inputs.terraform.module import collect_blocks
from checker.inputs.terraform.terragrunt import files as configuration_files
from tests.inputs.terraform.module.reading import write
from tests.inputs.terraform.terragrunt.units import INCLUDE, MODULE

if TYPE_CHECKING:
    from checker.lint.report import Report

PINNED = MODULE.replace(
    '{ ArnEquals = { "aws:SourceArn" = var.given == null ? var.arn : join(" ", flatten(values(var.given))) } }',
    '{ ArnEquals = { "aws:SourceArn" = var.arn }, StringEquals = { "aws:SourceAccount" = split(":", var.arn)[4] } }',
)
PROVIDER = """generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite"
  contents  = <<EOF
provider "aws" {
  region              = "eu-west-2"
  allowed_account_ids = ["111122223333"]
}
EOF
}
"""
SOURCE = 'terraform {\n  source = "../../modules/chat"\n}\n'
DEPENDENCY = """dependency "connect" {
  config_path  = "../connect"
  mock_outputs = { arn = "arn:aws:connect:us-east-1:999999999999:instance/00000000-0000-4000-8000-000000000001" }
}
"""
WRONG = "arn:aws:connect:us-east-1:111122223333:instance/12345678-1234-1234-1234-123456789012"
REMOTE = 'terraform {\n  source = "git::x//chat?ref=v1"\n}\n# Amazon Connect\n'


def unit(arn: str, more: str = "") -> str:
    return f'{INCLUDE}{SOURCE}{more}inputs = {{\n  name = "chat"\n  arn  = {arn}\n}}\n'


def report_of(folder: Path, files: dict[str, str]) -> Report:
    write(folder, {".git/x": "", "modules/chat/main.tf": PINNED, "live/root.hcl": PROVIDER, **files})
    return examine(Options((Path("live"),), isolated=True)).report


def test_environments_get_their_own_answers_and_mock_outputs_are_not_used(tmp_path: Path) -> None:
    files = {
        "live/dev/terragrunt.hcl": unit(f'"{WRONG}"'),
        "live/prod/terragrunt.hcl": unit("dependency.connect.outputs.arn", DEPENDENCY),
    }
    report = report_of(tmp_path, files)
    found = {one.address: one for one in report.examined}
    dev, prod = found["live/dev/: aws_sns_topic.chat"], found["live/prod/: aws_sns_topic.chat"]
    assert dev.verdicts["cross-region"] is not Verdict.PASS
    assert {prod.verdicts[name] for name in ("cross-region", "connect-not-allowed", "source-owner")} == {
        Verdict.PASS
    }
    assert {one.rule for one in report.findings} == {"cross-region"}
    assert any("dependency.connect.outputs.arn" in one for one in prod.assumptions)


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 3)])
def test_a_unit_whose_module_is_missing_fails_only_a_strict_run(
    strict: bool, code: int, tmp_path: Path
) -> None:
    write(tmp_path, {".git/x": "", "live/chat/terragrunt.hcl": REMOTE})
    ending: Ending = lint(Options((Path("live"),), isolated=True, strict=strict), ("json",), "")
    assert ending.code == code


def test_units_of_one_module_share_its_parse_and_others_are_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def counted(parse: object) -> object:
        def inner(source: object, *rest: object) -> object:
            names.append(source.name)  # type: ignore[attr-defined]
            return parse(source, *rest)  # type: ignore[operator]

        return inner

    for module in (collect_blocks, configuration_files):
        monkeypatch.setattr(module, "parse", counted(module.parse))
    vpc = INCLUDE + SOURCE.replace("chat", "vpc")
    files = {
        "modules/chat/main.tf": PINNED,
        "modules/vpc/main.tf": 'resource "aws_vpc" "v" {}\n',
        "live/root.hcl": PROVIDER,
        **{f"live/chat{number}/terragrunt.hcl": unit(f'"{WRONG}"') for number in range(5)},
        **{f"live/vpc{number}/terragrunt.hcl": vpc for number in range(5)},
    }
    write(tmp_path, files)
    assert len(load([Path()]).topics) == 5
    assert [names.count(one) for one in ("modules/chat/main.tf", "live/root.hcl")] == [1, 1]
    assert not [one for one in names if "vpc" in one]
