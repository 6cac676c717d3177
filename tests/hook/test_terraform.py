"""A changed file of Terraform is judged through every root that it reaches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.app.run import Options, Run, examine
from tests.cli.process import save
from tests.samples import ACCOUNT, INSTANCE_ARN, document, statement

CONDITION = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnEquals": {"aws:SourceArn": "INSTANCE"},
}
POLICY = document(statement(Resource="${aws_sns_topic.chat.arn}", Condition=CONDITION))
VARIABLE = 'variable "instance" {}\n'
MODULE = f"""{VARIABLE}resource "aws_sns_topic" "chat" {{
  policy = jsonencode({json.dumps(POLICY).replace('"INSTANCE"', "var.instance")})
}}
"""
CALL = VARIABLE + 'module "m" {\n  source   = "FOLDER"\n  instance = var.instance\n}\n'
OTHER = INSTANCE_ARN.replace(ACCOUNT, "999999999999")
READER = MODULE.replace(
    "var.instance", 'jsondecode(file("${path.module}/data/chat.json")).instance'
).removeprefix(VARIABLE)
RIGHT, WRONG = f'instance = "{INSTANCE_ARN}"\n', f'instance = "{OTHER}"\n'
FILES = {
    "modules/stream/main.tf": MODULE,
    "modules/wrap/main.tf": CALL.replace("FOLDER", "../stream"),
    "live/dev/main.tf": CALL.replace("FOLDER", "../../modules/stream"),
    "live/dev/terraform.tfvars": WRONG,
    "live/prod/main.tf.json": json.dumps(
        {
            "variable": {"instance": {}},
            "module": {"m": {"source": "../../modules/wrap", "instance": "${var.instance}"}},
        }
    ),
    "live/prod/chat.auto.tfvars": WRONG,
    "live/test/main.tf": CALL.replace("FOLDER", "../../modules/wrap"),
    "live/test/terraform.tfvars": RIGHT,
    "live/test/one.tfvars": WRONG,
    "live/test/more/two.tfvars.json": json.dumps({"instance": OTHER}),
    "live/read/main.tf": READER,
    "live/read/data/chat.json": json.dumps({"instance": OTHER}),
    "modules/read/main.tf": 'locals {\n  name = "data/${var.name}.json"\n}\n\nvariable "name" {}\n'
    + READER.replace('"${path.module}/data/chat.json"', "local.name"),
    "live/dynamic/main.tf.json": json.dumps(
        {"module": {"m": {"source": "../../modules/read", "name": "chat"}}}
    ),
    "live/dynamic/data/chat.json": json.dumps({"instance": OTHER}),
    "live/dynamic/data/other.json": "{}",
    "live/alarms/main.tf": 'resource "aws_sns_topic" "alarms" {}\n',
}
DEV, PROD = "live/dev/terraform.tfvars", "live/prod/chat.auto.tfvars"
ONE, TWO = "live/test/one.tfvars", "live/test/more/two.tfvars.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        save(tmp_path / name, text)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed(*names: str) -> Run:
    return examine(Options(tuple(map(Path, names)), changed=True, isolated=True))


def broken(found: Run) -> set[str]:
    """The files with values that break the policy."""
    return {one.locations[0].source for one in found.report.findings if one.rule == "unmatchable-condition"}


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("names", "where"),
    [
        ([DEV], {DEV}),
        (["live/dev/main.tf"], {DEV}),
        ([PROD], {PROD}),
        (["live/prod/main.tf.json"], {PROD}),
        (["modules/wrap/main.tf"], {PROD}),
        (["modules/stream/main.tf"], {DEV, PROD}),
        (["live/test/main.tf"], set()),
        (["live/test/terraform.tfvars"], set()),
        ([ONE], {ONE}),
        ([TWO], {TWO}),
        ([ONE, TWO], {ONE, TWO}),
        (["live/alarms/main.tf"], set()),
        (["live/read/data/chat.json"], {"live/read/data/chat.json"}),
        (["live/dynamic/data/chat.json"], {"live/dynamic/data/chat.json"}),
        (["live/dynamic/data/other.json"], set()),
        (["live/read/../read/data/chat.json"], {"live/read/data/chat.json"}),
    ],
)
def test_a_change_is_judged_through_its_roots(names: list[str], where: set[str]) -> None:
    found = changed(*names)
    assert broken(found) == where
    assert not found.report.skipped


def test_callers_are_found_from_within_a_module(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "modules" / "stream")
    assert broken(changed("main.tf")) == {f"../../{DEV}", f"../../{PROD}"}


@pytest.mark.usefixtures("repository")
def test_topics_that_nothing_connects_to_connect_are_passed_over() -> None:
    report = changed("live/alarms/main.tf").report
    assert (report.examined, report.not_judged) == ((), 1)


def test_modules_that_call_each_other_are_read_all_the_same(repository: Path) -> None:
    save(repository / "modules/stream/loop.tf", 'module "loop" {\n  source = "../wrap"\n}\n')
    for name in ("live/dev", "live/prod", "live/test"):
        for path in (repository / name).glob("*.tf*"):
            path.unlink()
    assert changed("modules/stream/main.tf").report.examined


@pytest.mark.parametrize(
    ("name", "text"),
    [("shared/main.tf", MODULE), ("shared/x.tfvars", WRONG), ("shared/chat/main.tf", MODULE)],
)
def test_a_change_reaches_the_modules_that_link_to_a_file_or_its_folder(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    save(tmp_path / name, text)
    save(
        tmp_path / "live" / "main.tf",
        MODULE if name.endswith(".tfvars") else CALL.replace("FOLDER", "./chat"),
    )
    save(tmp_path / "live" / "terraform.tfvars", WRONG)
    link = {"shared/x.tfvars": "live/terraform.tfvars", "shared/main.tf": "live/main.tf"}.get(
        name, "live/chat"
    )
    (tmp_path / link).unlink(missing_ok=True)
    (tmp_path / link).symlink_to(f"../{name if link != 'live/chat' else 'shared/chat'}")
    assert broken(changed(name)) == {"live/terraform.tfvars"}


UNIT = (
    'include "root" {{\n  path = find_in_parent_folders("root.hcl")\n}}\nterraform {{\n  source = "{}"\n}}\n'
)
ROOT = 'locals {\n  env = read_terragrunt_config(find_in_parent_folders("env.hcl"))\n}\n'
PASSED = "inputs = {\n  instance = local.env.locals.instance\n}\n"
UNITS = {
    "units/root.hcl": ROOT + PASSED,
    "units/dev/env.hcl": f"locals {{\n  {WRONG}}}\n",
    "units/dev/chat/terragrunt.hcl": UNIT.format("../../../modules/stream"),
    "units/prod/env.hcl": f"locals {{\n  {WRONG}}}\n",
    "units/prod/chat/terragrunt.hcl": UNIT.format("${get_repo_root()}//modules/stream"),
    "units/prod/vpc/terragrunt.hcl": UNIT.format("../../../live/alarms"),
    "units/file/root.hcl": 'locals {\n  env = yamldecode(file("instance.yaml"))\n}\ninputs = local.env\n',
    "units/file/instance.yaml": f'instance: "{OTHER}"\n',
    "units/file/chat/terragrunt.hcl": UNIT.format("../../../modules/stream"),
}
IN_DEV, IN_PROD, IN_FILE = "units/dev/env.hcl", "units/prod/env.hcl", "units/file/instance.yaml"


@pytest.mark.parametrize(
    ("names", "where"),
    [
        (["units/dev/chat/terragrunt.hcl"], {IN_DEV}),
        ([IN_DEV], {IN_DEV}),
        ([IN_PROD], {IN_PROD}),
        (["units/root.hcl"], {IN_DEV, IN_PROD}),
        ([IN_FILE], {IN_FILE}),
        (["modules/stream/main.tf"], {IN_DEV, IN_PROD, IN_FILE, DEV, PROD}),
        (["units/prod/vpc/terragrunt.hcl"], set()),
    ],
)
def test_a_change_is_judged_through_the_units_that_it_affects(
    names: list[str], where: set[str], repository: Path
) -> None:
    for name, text in UNITS.items():
        save(repository / name, text)
    found = changed(*names)
    assert broken(found) == where
    assert not found.report.skipped
