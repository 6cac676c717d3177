"""Which units are read, the modules that they deploy, and what is reported of the others."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from hashlib import sha1
from typing import TYPE_CHECKING

import pytest

from checker.core.unknown import Symbol, Unknown
from checker.inputs.git_tree import copied
from checker.inputs.load import load
from tests.inputs.terraform.module.reading import write
from tests.inputs.terraform.terragrunt.units import (
    INCLUDE,
    MODULE,
    SOURCE,
    UNIT,
    arn_of,
    inventory_of,
    told,
    topic_of,
)

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = 'inputs = {\n  arn  = "given"\n  name = "chat"\n}\n'
REMOTE = "git::git@github.com:acme/modules.git//modules/chat?ref=v1.2.0"
CACHE = "live/prod/chat/.terragrunt-cache/aaa/bbb"


def unit(source: str, rest: str = INPUTS) -> str:
    return f'terraform {{\n  source = "{source}"\n}}\n{rest}'


@pytest.mark.parametrize(
    "source",
    [
        "../../../modules/chat",
        "../../../modules//chat",
        "../../..//modules/chat",
        "${get_repo_root()}/modules/chat",
        "${get_repo_root()}//modules/chat",
        "${get_terragrunt_dir()}/../../../modules/chat",
        "${get_path_to_repo_root()}//modules/chat",
        "${path_relative_from_include()}/../modules//chat",
        '${dirname(find_in_parent_folders("root.hcl"))}/../modules/chat',
        "${get_parent_terragrunt_dir()}/../modules/chat",
        '${get_parent_terragrunt_dir("root")}/../modules/chat',
        "../../../modules/${basename(get_terragrunt_dir())}",
        "${local.modules}//chat",
    ],
)
def test_a_local_module(source: str, tmp_path: Path) -> None:
    files = {
        "live/root.hcl": "",
        UNIT: 'locals {\n  modules = "../../../modules"\n}\n' + INCLUDE + unit(source),
    }
    topic = topic_of(inventory_of(tmp_path, files))
    assert told(arn_of(topic)) == "given"
    assert topic.place.document.name == "modules/chat/main.tf"


def test_the_module_of_an_included_configuration(tmp_path: Path) -> None:
    parent = unit("${path_relative_from_include()}/../modules/${basename(path_relative_to_include())}")
    files = {"live/root.hcl": parent, UNIT: INCLUDE}
    assert told(arn_of(topic_of(inventory_of(tmp_path, files)))) == "given"


def test_a_unit_without_source_deploys_its_own_folder(tmp_path: Path) -> None:
    files = {"modules/chat/main.tf": "", "live/prod/chat/main.tf": MODULE, UNIT: INPUTS}
    topic = topic_of(inventory_of(tmp_path, files))
    assert told(arn_of(topic)) == "given"
    assert topic.place.document.name == "live/prod/chat/main.tf"


@pytest.mark.parametrize("name", ["live/terragrunt.hcl", "live/root.hcl"])
def test_a_configuration_that_others_include_is_not_a_unit(name: str, tmp_path: Path) -> None:
    files = {
        name: INPUTS + 'remote_state {\n  backend = "s3"\n}\n',
        UNIT: f'include "root" {{\n  path = find_in_parent_folders("{name.removeprefix("live/")}")\n}}\n{SOURCE}',
    }
    assert told(arn_of(topic_of(inventory_of(tmp_path, files)))) == "given"


def test_two_units_of_a_module_have_their_own_answers(tmp_path: Path) -> None:
    files = {
        f"live/{name}/terragrunt.hcl": f'terraform {{\n  source = "../../modules/chat"\n}}\ninputs = {{ arn = "{name}" }}\n'
        for name in ("dev", "prod")
    }
    inventory = inventory_of(tmp_path, files)
    assert inventory.skipped == ()
    found = {one.root: told(arn_of(one)) for one in inventory.topics}
    assert found == {"live/dev/": "dev", "live/prod/": "prod"}


@pytest.mark.parametrize("order", [("live", "modules"), ("modules", "live")])
def test_a_deployed_module_is_not_read_on_its_own(order: tuple[str, str], tmp_path: Path) -> None:
    write(tmp_path, {"modules/chat/main.tf": MODULE, UNIT: unit("../../../modules/chat")})
    topics = load([tmp_path / name for name in order]).topics
    assert [told(arn_of(one)) for one in topics] == ["given"]


def test_a_module_that_another_root_calls_is_read_for_both(tmp_path: Path) -> None:
    call = 'module "chat" {\n  source = "../modules/chat"\n  arn = "called"\n}\n'
    inventory = inventory_of(tmp_path, {UNIT: unit("../../../modules/chat"), "root/main.tf": call})
    assert {told(arn_of(one)) for one in inventory.topics} == {"given", "called"}


@pytest.mark.parametrize(
    ("copies", "is_read"),
    [
        ({CACHE: "ref=v1.2.0"}, True),
        ({CACHE: ""}, True),
        ({CACHE: "ref=v1.1.0"}, False),
        ({CACHE: "ref=v1.1.0", f"{CACHE}2": "ref=v1.2.0"}, True),
        ({CACHE: "", f"{CACHE}2": ""}, False),
        ({}, False),
    ],
)
def test_a_downloaded_module_is_the_only_copy_of_its_version(
    copies: dict[str, str], is_read: bool, tmp_path: Path
) -> None:
    files = {UNIT: unit(REMOTE, INPUTS.replace("given", "arn:aws:connect:us-east-1:111122223333:instance/a"))}
    for folder, query in copies.items():
        digest = urlsafe_b64encode(sha1(query.encode()).digest()).decode().rstrip("=")  # noqa: S324 - as Terragrunt
        files[f"{folder}/modules/chat/main.tf"] = MODULE
        files[f"{folder}/.terragrunt-source-version"] = digest if query else ""
    inventory = inventory_of(tmp_path, files, "live")
    assert bool(inventory.topics) is is_read
    assert bool(inventory.skipped) is not is_read


@pytest.mark.parametrize(
    ("text", "reason", "line", "command"),
    [
        (unit(REMOTE), f"its module `{REMOTE}` is not downloaded", 2, True),
        (
            unit("git::https://me:token@x.com/y.git//m"),
            "`git::https://x.com/y.git//m` is not downloaded",
            2,
            True,
        ),
        (unit("tfr:///terraform-aws-modules/sns/aws?version=6.0.0"), "is not downloaded", 2, True),
        (unit("../nowhere"), "the folder `live/prod/nowhere` was not found", 2, False),
        (unit("../../../../../etc"), "is outside of the repository", 2, False),
        (unit('${get_env(\\"X\\")}'.replace("\\", "")), "its `source` is not known", 2, False),
    ],
)
def test_a_missing_module_is_listed_if_the_unit_is_about_connect(
    text: str, reason: str, line: int, command: bool, tmp_path: Path
) -> None:
    assert inventory_of(tmp_path, {UNIT: text}, "live").skipped == ()
    about = text.replace('"given"', '"arn:aws:connect:us-east-1:111122223333:instance/a"')
    (skipped,) = inventory_of(tmp_path, {UNIT: about}, "live").skipped
    assert (skipped.what, skipped.position and skipped.position.line) == (UNIT, line)
    assert reason in skipped.reason
    assert skipped.help.startswith("run `terragrunt init` in live/prod/chat") is command
    assert not skipped.error


@pytest.mark.parametrize(
    ("rest", "is_about_connect"),
    [
        ("inputs = {\n  instance_arn = dependency.connect.outputs.instance_arn\n}\n", True),
        ("inputs = {\n  connect_arn = dependency.a.outputs.arn\n}\n", True),
        ('inputs = {\n  queue = "prod-connect-events"\n}\n', True),
        ('dependency "a" {\n  config_path = "../connect"\n}\n', True),
        ("inputs = {\n  connect_timeout = 5\n  connection = 1\n  direct_connect_id = 2\n}\n", False),
        ("inputs = {\n  arn = 1 # connect to it\n}\n", False),
        ("# connect\n", False),
    ],
)
def test_a_missing_module_is_listed_if_the_inputs_name_connect(
    rest: str, is_about_connect: bool, tmp_path: Path
) -> None:
    inventory = inventory_of(tmp_path, {UNIT: unit(REMOTE, rest)}, "live")
    assert [one.what for one in inventory.skipped] == [UNIT] * is_about_connect


def test_a_missing_module_that_an_included_configuration_names_is_listed_at_the_include(
    tmp_path: Path,
) -> None:
    files = {"live/root.hcl": unit(REMOTE), UNIT: INCLUDE + "# Amazon Connect\n"}
    (skipped,) = inventory_of(tmp_path, files, "live").skipped
    assert (skipped.what, skipped.position and skipped.position.line) == (UNIT, 1)


POLICY = """inputs = {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sns:Publish",
    Principal = { Service = "connect.amazonaws.com" }, Resource = "*" }] })
}
"""
TOPIC = 'variable "policy" {}\nresource "aws_sns_topic" "chat" {\n  policy = POLICY\n}\n'


@pytest.mark.parametrize(
    ("name", "policy", "reason"),
    [
        (UNIT, "var.policy", ""),
        (UNIT, "null", "no unit of Terragrunt in this run passes it"),
        ("live/env.hcl", "var.policy", "no unit of Terragrunt in this run passes it"),
        ("live/terragrunt.stack.hcl", "var.policy", "does not read stacks"),
    ],
)
def test_a_policy_in_a_configuration_is_read_or_listed(
    name: str, policy: str, reason: str, tmp_path: Path
) -> None:
    files = {UNIT: SOURCE, name: (SOURCE if name == UNIT else "") + POLICY}
    inventory = inventory_of(tmp_path, {"modules/chat/main.tf": TOPIC.replace("POLICY", policy), **files})
    reasons = [one.reason for one in inventory.skipped]
    assert [reason in one for one in reasons] == [True] * bool(reason)


def test_a_comment_in_a_configuration_suppresses_findings_there(tmp_path: Path) -> None:
    comment = '# checker:ignore=public-topic reason="test"\n'
    inventory = inventory_of(tmp_path, {UNIT: comment + SOURCE + INPUTS})
    assert [one.source for one in inventory.comments] == [UNIT]


def test_a_named_unit_is_read_and_a_named_configuration_is_refused(tmp_path: Path) -> None:
    files = {UNIT: SOURCE + INPUTS, "live/root.hcl": ""}
    assert topic_of(inventory_of(tmp_path, files, UNIT)).named
    (refused,) = inventory_of(tmp_path, files, "live/root.hcl").skipped
    assert refused.error
    other = {**files, "modules/chat/main.tf": 'resource "aws_vpc" "v" {}\n'}
    (skipped,) = inventory_of(tmp_path, other, UNIT).skipped
    assert skipped.reason == "the unit deploys no topic, key or Connect instance"


def test_modules_that_terraform_init_downloaded_in_the_cache_are_read(tmp_path: Path) -> None:
    call = 'module "chat" {\n  source = "acme/chat/aws"\n  arn = "deep"\n}\n'
    modules = '{"Modules": [{"Key": "chat", "Source": "registry.terraform.io/acme/chat/aws", "Dir": ".terraform/modules/chat"}]}'
    files = {
        "modules/chat/main.tf": call,
        UNIT: SOURCE + "# Amazon Connect\n",
        f"{CACHE}/chat/.terraform/modules/modules.json": modules,
        f"{CACHE}/chat/.terraform/modules/chat/main.tf": MODULE,
    }
    assert told(arn_of(topic_of(inventory_of(tmp_path, files)))) == "deep"


def test_repositories_without_units_do_not_import_their_reader(tmp_path: Path) -> None:
    write(tmp_path, {"main.tf": MODULE})
    code = (
        "import sys; from pathlib import Path; from checker.inputs.load import load; load([Path()]);"
        "print([name for name in sys.modules if 'terragrunt' in name])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=environment, text=True
    )
    assert done.stdout.strip() == "[]"


def test_the_folder_of_a_unit_that_cannot_be_resolved_is_not_read_on_its_own(tmp_path: Path) -> None:
    """Its variables would seem to have their defaults."""
    for text in (unit(REMOTE), INCLUDE + INPUTS):
        inventory = inventory_of(tmp_path, {UNIT: text, "live/prod/chat/main.tf": MODULE}, "live")
        assert inventory.topics == ()
        assert [one.what for one in inventory.skipped] == [UNIT, "live/prod/chat/main.tf"]


def test_resources_beside_a_unit_with_another_module_are_part_of_it(tmp_path: Path) -> None:
    files = {"modules/vpc/main.tf": 'resource "aws_vpc" "v" {}\n', "live/prod/chat/main.tf": MODULE}
    topic = topic_of(inventory_of(tmp_path, {**files, UNIT: unit("../../../modules/vpc")}, "live"))
    assert told(arn_of(topic)) == "given"


def test_symbols_of_a_unit_in_the_current_folder_are_those_of_the_unit(tmp_path: Path) -> None:
    text = SOURCE.replace("../../../", "./") + "inputs = {\n  arn = dependency.a.outputs.b\n}\n"
    value = arn_of(topic_of(inventory_of(tmp_path, {"terragrunt.hcl": text})))
    assert isinstance(value, Unknown)
    assert [one.scope for one in value.pieces if isinstance(one, Symbol)] == ["./"]


@pytest.mark.parametrize("path", ["live", "live/prod/chat", "."])
def test_a_revision_is_read_with_the_modules_outside_of_the_named_folder(path: str, tmp_path: Path) -> None:
    write(tmp_path, {"modules/chat/main.tf": MODULE, UNIT: SOURCE + INPUTS})
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    with copied(f":{path}") as tree:
        assert told(arn_of(topic_of(load([tree.path])))) == "given"


def test_a_named_file_beside_a_unit_is_read_with_its_inputs(tmp_path: Path) -> None:
    files = {"modules/chat/main.tf": "", "live/prod/chat/main.tf": MODULE, UNIT: INPUTS}
    topic = topic_of(inventory_of(tmp_path, files, "live/prod/chat/main.tf"))
    assert (told(arn_of(topic)), topic.named) == ("given", True)
