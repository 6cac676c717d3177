"""Configurations that are broken, too large, or that lead out of the repository."""

from __future__ import annotations

import os
from time import process_time
from typing import TYPE_CHECKING

import pytest

from checker.core.unknown import Unknown
from checker.inputs.load import load
from tests.inputs.terraform.module.reading import write
from tests.inputs.terraform.terragrunt.units import INCLUDE, MODULE, SOURCE, UNIT, arn_of, inventory_of, told

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = "inputs = {\n  arn = local.a\n}\n"
OUT = "../" * 30


def include(path: str) -> str:
    return f'include "a" {{\n  path = "{path}"\n}}\n{SOURCE}'


@pytest.mark.parametrize(
    ("files", "place", "reason"),
    [
        ({UNIT: include("a.hcl")}, UNIT, "no such file: `live/prod/chat/a.hcl`"),
        ({UNIT: INCLUDE + SOURCE}, UNIT, "`root.hcl` is in no folder above, up to the repository"),
        ({UNIT: 'include "a" {\n}\n' + SOURCE}, UNIT, "`path` is missing"),
        ({UNIT: include('${get_env("X")}')}, UNIT, "the included configuration is not known"),
        ({UNIT: include("terragrunt.hcl")}, UNIT, "includes another, which Terragrunt does not allow"),
        (
            {UNIT: include("a.hcl"), "live/prod/chat/a.hcl": include("terragrunt.hcl")},
            "live/prod/chat/a.hcl",
            "includes another, which Terragrunt does not allow",
        ),
        ({UNIT: include(f"{OUT}etc/hostname")}, UNIT, "files outside of the repository are not read"),
        (
            {UNIT: include("a.hcl"), "live/prod/chat/a.hcl": "a = {\n"},
            "live/prod/chat/a.hcl",
            "this `{` is not closed",
        ),
        ({UNIT: include("a.hcl") + "b = ["}, UNIT, "this `[` is not closed"),
        ({UNIT: SOURCE + "a = [" * 200}, UNIT, "nested more than"),
        ({UNIT: SOURCE + "a = [1, 2]\n" * 40_000}, UNIT, "longer than the limit"),
        (
            {
                UNIT: include("a.hcl").replace("path", 'merge_strategy = "x"\n  path'),
                "live/prod/chat/a.hcl": "",
            },
            UNIT,
            "`merge_strategy` is not",
        ),
    ],
)
def test_an_error_is_reported_with_its_place(
    files: dict[str, str], place: str, reason: str, tmp_path: Path
) -> None:
    inventory = inventory_of(tmp_path, files, "live")
    (skipped,) = [one for one in inventory.skipped if one.error]
    assert skipped.what == place
    assert reason in skipped.reason
    assert skipped.position is not None
    assert inventory.topics == ()


def test_an_error_of_a_unit_about_another_subject_does_not_fail_the_run(tmp_path: Path) -> None:
    write(tmp_path, {"modules/vpc/main.tf": 'resource "aws_vpc" "v" {}\n'})
    text = include("missing.hcl")
    (skipped,) = inventory_of(tmp_path, {UNIT: text.replace('"../../../modules//chat"', "local.x")}).skipped[
        :1
    ]
    assert not skipped.error
    assert inventory_of(tmp_path, {UNIT: text.replace("chat", "vpc")}, "live").skipped == ()


@pytest.mark.parametrize(
    "local",
    [
        "local.a",
        "local.b",
        'read_terragrunt_config("terragrunt.hcl").inputs.arn',
        'read_terragrunt_config("loop.hcl").locals.a',
        f'read_terragrunt_config("{OUT}etc/hostname").locals.a',
        f'file("{OUT}etc/hostname")',
        'file("outside.txt")',
        'read_terragrunt_config("outside.hcl").locals.a',
        'read_terragrunt_config("broken.hcl").locals.a',
        'read_terragrunt_config("\\u0000").locals.a',
        'find_in_parent_folders("\\u0000")',
        "find_in_parent_folders(null)",
        "find_in_parent_folders([])",
        "read_terragrunt_config()",
        "include.root.locals.a",
        "include",
        "dependency",
        "dependency.x",
        "dependency.x.inputs",
        "values",
        "mark_as_read()",
        '[for x in range(100000) : "a"]',
    ],
)
def test_a_value_that_is_not_valid_is_not_known(local: str, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text('locals {\n  a = "secret"\n}\n')
    (tmp_path / "live/prod/chat").mkdir(parents=True)
    for name in ("outside.txt", "outside.hcl"):
        (tmp_path / "live/prod/chat" / name).symlink_to(outside)
    files = {
        UNIT: f"locals {{\n  a = {local}\n  b = local.a\n}}\n{SOURCE}{INPUTS}",
        "live/prod/chat/loop.hcl": 'locals {\n  a = read_terragrunt_config("terragrunt.hcl").locals.a\n}\n',
        "live/prod/chat/broken.hcl": "a = [\n",
    }
    (topic,) = inventory_of(tmp_path, files).topics
    assert told(arn_of(topic)) == "?"


def test_files_that_are_not_regular_or_lead_out_of_the_repository_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {".git/x": "", "outside.hcl": SOURCE, "r/.git/x": "", "r/modules/chat/main.tf": MODULE})
    for name in ("fifo", "link", "folder"):
        (tmp_path / "r/live" / name).mkdir(parents=True)
    os.mkfifo(tmp_path / "r/live/fifo/terragrunt.hcl")
    (tmp_path / "r/live/link/terragrunt.hcl").symlink_to("../../../outside.hcl")
    (tmp_path / "r/live/folder/terragrunt.hcl").mkdir()
    reasons = [one.reason for one in load([tmp_path / "r/live"]).skipped]
    assert reasons == ["a named pipe, not a regular file", "files outside of the repository are not read"]


def test_configurations_that_read_others_many_times_end(tmp_path: Path) -> None:
    def reading(name: str) -> str:
        reads = (f'  a{number} = read_terragrunt_config("{name}").locals.a0\n' for number in range(30))
        return f"locals {{\n{''.join(reads)}}}\n"

    files = {f"live/prod/chat/{number}.hcl": reading(f"{number + 1}.hcl") for number in range(9)}
    files["live/prod/chat/9.hcl"] = 'locals {\n  a0 = "end"\n}\n'
    unit = SOURCE + 'inputs = {\n  arn = read_terragrunt_config("0.hcl").locals.a0\n}\n'
    (topic,) = inventory_of(tmp_path, {UNIT: unit, **files}).topics
    assert isinstance(topic.policy, Unknown)
    assert topic.policy.reason == "evaluation limit exceeded"


@pytest.mark.parametrize(
    "source",
    [
        "git::x//\\u0000",
        f"git::x//{OUT}etc",
        "../\\u0000",
        "a" * 5000,
        f"git::x//{'a' * 5000}",
        "git::x//" + "a/" * 900,
    ],
)
def test_a_source_that_names_no_folder_is_listed(source: str, tmp_path: Path) -> None:
    text = f'# Amazon Connect\nterraform {{\n  source = "{source}"\n}}\n'
    write(tmp_path, {"live/prod/chat/.terragrunt-cache/a/b/main.tf": MODULE})
    (skipped,) = inventory_of(tmp_path, {UNIT: text}, "live").skipped
    assert "was not checked" in skipped.reason


@pytest.mark.parametrize("between", ["/*\ninputs = {\n*/\n", "locals {\n  a = <<EOF\ninputs = {\nEOF\n}\n"])
def test_a_line_that_only_looks_like_inputs_hides_nothing(between: str, tmp_path: Path) -> None:
    unit = between + 'locals {\n  m = "chat"\n}\n' + SOURCE.replace("//chat", "/${local.m}")
    assert len(inventory_of(tmp_path, {UNIT: unit}).topics) == 1


MARKS = 'locals {{\n  x = get_env("X")\n}}\n{}generate "x" {{\n  path = "x.tf"\n  if_exists = "overwrite"\n  contents = <<EOF\n{}\nEOF\n}}\n'


@pytest.mark.parametrize(
    "unit",
    [
        MARKS.format(SOURCE, "\n" * 60_000),
        MARKS.format(SOURCE, "locals {\n  t = <<X\n" + "${local.x} $${a} " * 2_000 + "\nX\n}\n"),
        'locals {\n  m = "none"\n}\n'
        + SOURCE.replace("//chat", "/${local.m}")
        + "/*\n"
        + "inputs = {\n" * 15_000
        + "*/\n",
    ],
)
def test_a_long_text_takes_linear_time(unit: str, tmp_path: Path) -> None:
    start = process_time()
    inventory_of(tmp_path, {UNIT: unit, "modules/none/main.tf": ""})
    assert process_time() - start < 10
