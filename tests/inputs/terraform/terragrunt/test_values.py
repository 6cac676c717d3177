"""The values that a unit passes to its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.core.unknown import Symbol, Unknown
from tests.inputs.terraform.terragrunt.units import (
    INCLUDE,
    MODULE,
    SOURCE,
    arn_of,
    inventory_of,
    told,
    topic_of,
    value_of,
)

if TYPE_CHECKING:
    from pathlib import Path


DEPENDENCY = """
dependency "connect" {
  config_path  = "../connect"
  mock_outputs = { arn = "mock" }
}
"""


def passing(value: str, before: str = "") -> str:
    return f"{before}{SOURCE}inputs = {{\n  arn = {value}\n}}\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"a"', "a"),
        ("local.a", "a"),
        ('upper("${local.a}-b")', "A-B"),
        ("local.nested.x[1]", "2"),
        ("dependency.connect.outputs.arn", "{dependency.connect.outputs.arn}"),
        ('"${dependency.connect.outputs.arn}/x"', "{dependency.connect.outputs.arn}/x"),
        ("dependency.connect.outputs.arns[0]", "{dependency.connect.outputs.arns[0]}"),
        ("dependency.connect.outputs.a.b", "{dependency.connect.outputs.a.b}"),
        ('get_env("ARN")', '{get_env("ARN")}'),
        ('get_env("ARN", "default")', '{get_env("ARN", "default")}'),
        ("get_env(local.a)", '{get_env("a")}'),
        ("values.arn", "{values.arn}"),
        ("feature.arn.value", "{feature.arn.value}"),
        ("get_aws_account_id()", "{account}"),
        ('run_cmd("echo", "a")', "?"),
        ('sops_decrypt_file("a.yaml")', "?"),
        ('get_env(run_cmd("echo"))', "?"),
        ("local.missing", "?"),
        ("local.self", "?"),
        ('try(run_cmd("echo", "a"), "b")', "?"),
        ("try(local.missing, local.a)", "a"),
        ("basename(get_terragrunt_dir())", "chat"),
        ('trimspace(file("arn.txt"))', "from file"),
        ('yamldecode(file("${get_repo_root()}/all.yaml")).arn', "from yaml"),
        ('read_terragrunt_config("other.hcl").locals.a', "other"),
        ('read_terragrunt_config("other.hcl").inputs.b', "in other"),
        ('read_terragrunt_config("other.hcl").remote_state.bucket', "?"),
        ('read_terragrunt_config("missing.hcl", { locals = { a = "d" } }).locals.a', "d"),
        ('read_terragrunt_config("missing.hcl").locals.a', "?"),
        ('try(read_terragrunt_config("missing.hcl").locals.a, "e")', "e"),
    ],
)
def test_an_input(value: str, expected: str, tmp_path: Path) -> None:
    own = 'locals {\n  a      = "a"\n  nested = { x = [1, 2] }\n  self   = local.self\n}\n'
    files = {
        "live/prod/chat/arn.txt": "from file\n",
        "all.yaml": "arn: from yaml\n",
        "live/prod/chat/other.hcl": 'locals {\n  a = "other"\n}\ninputs = {\n  b = "in ${local.a}"\n}\n',
    }
    assert value_of(tmp_path, passing(value, own + DEPENDENCY), files) == expected


PATHS = {
    "live/root.hcl": 'locals {{\n  x = "in root"\n}}\ninputs = {{\n  arn = {}\n}}\n',
    "live/prod/env.hcl": 'locals {\n  env = "prod"\n  up  = find_in_parent_folders("root.hcl")\n}\n',
    "live/prod/env.yaml": "env: prod\n",
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("local.x", "in root"),
        ("path_relative_to_include()", "prod/chat"),
        ("path_relative_from_include()", "../.."),
        ("basename(get_terragrunt_dir())", "chat"),
        ("basename(get_original_terragrunt_dir())", "chat"),
        ("basename(get_parent_terragrunt_dir())", "live"),
        ("get_path_from_repo_root()", "live/prod/chat"),
        ("get_path_to_repo_root()", "../../.."),
        ('basename(dirname(find_in_parent_folders("env.hcl")))', "prod"),
        ('find_in_parent_folders("nowhere.hcl", "fallback")', "fallback"),
        ('find_in_parent_folders("nowhere.hcl")', "?"),
        ('read_terragrunt_config(find_in_parent_folders("env.hcl")).locals.env', "prod"),
        ('basename(read_terragrunt_config(find_in_parent_folders("env.hcl")).locals.up)', "root.hcl"),
        ('yamldecode(file(find_in_parent_folders("env.yaml"))).env', "prod"),
    ],
)
def test_an_input_of_an_included_configuration(value: str, expected: str, tmp_path: Path) -> None:
    files = {**PATHS, "live/root.hcl": PATHS["live/root.hcl"].format(value)}
    assert value_of(tmp_path, INCLUDE + SOURCE, files) == expected


def included(strategy: str, own: str, parent: str, more: str = "") -> dict[str, str]:
    include = (
        f'include "root" {{\n  path = "../root.hcl"\n  merge_strategy = "{strategy}"\n  expose = true\n}}\n'
    )
    return {
        "live/prod/chat/terragrunt.hcl": f"{include}{SOURCE}inputs = {{ {own} }}\n",
        "live/prod/root.hcl": f"{more}inputs = {{ {parent} }}\n",
    }


@pytest.mark.parametrize(
    ("strategy", "own", "parent", "expected"),
    [
        ("shallow", "", 'arn = "parent"', "parent"),
        ("shallow", 'arn = "own"', 'arn = "parent"', "own"),
        ("deep", 'arn = "own"', 'arn = "parent"', "own"),
        ("deep", 'arn = ""', 'arn = "parent"', "?"),
        ("no_merge", "", 'arn = "parent"', "default"),
        ("no_merge", "arn = include.root.inputs.arn", 'arn = "parent"', "parent"),
        ("no_merge", "arn = include.root.locals.x", "", "x"),
        ("no_merge", "arn = include.other.locals.x", "", "?"),
        ("shallow", 'given = { a = ["own"] }', 'given = { a = ["parent"], b = ["b"] }', "own"),
        ("deep", 'given = { a = ["own"] }', 'given = { a = ["parent"], b = ["b"] }', "parent own b"),
        ("deep", "given = { a = run_cmd() }", 'given = { a = ["parent"] }', "?"),
        ("deep", 'given = { a = ["own"] }', 'given = { a = "parent" }', "?"),
        ("shallow", 'arn = "own" }, run_cmd(), {', "", "?"),
    ],
)
def test_inputs_are_merged(strategy: str, own: str, parent: str, expected: str, tmp_path: Path) -> None:
    files = included(strategy, own, parent, 'locals {\n  x = "x"\n}\n')
    if "run_cmd(), {" in own:
        unit = "live/prod/chat/terragrunt.hcl"
        files[unit] = files[unit].replace("inputs = { ", "inputs = merge({ ").replace("{ }\n", "{ })\n")
    assert told(arn_of(topic_of(inventory_of(tmp_path, files)))) == expected


def test_later_includes_override_earlier_ones_and_a_bare_include_is_the_only_one(tmp_path: Path) -> None:
    names = ("a", "b")
    unit = "".join(f'include "{name}" {{\n  path = "{name}.hcl"\n}}\n' for name in names) + SOURCE
    files = {f"live/prod/chat/{name}.hcl": f'inputs = {{\n  arn = "{name}"\n}}\n' for name in names}
    assert value_of(tmp_path, unit, files) == "b"
    bare = 'include {\n  path   = "a.hcl"\n  expose = true\n}\n' + passing(
        '"${include.inputs.arn} of ${path_relative_to_include()}"'
    )
    assert value_of(tmp_path, bare, files) == "a of ."


EXTRA = """terraform {{
  source = "../../../modules/chat"
  extra_arguments "vars" {{
    commands = {commands}
    {arguments}
  }}
}}
inputs = {{
  arn = "input"
}}
"""
BOTH, NEEDED = '["plan", "apply"]', "get_terraform_commands_that_need_vars()"


@pytest.mark.parametrize(
    ("commands", "arguments", "expected"),
    [
        (BOTH, "", "input"),
        (BOTH, 'required_var_files = ["${get_terragrunt_dir()}/../common.tfvars"]', "common"),
        (NEEDED, 'optional_var_files = ["${get_terragrunt_dir()}/../common.tfvars"]', "common"),
        (BOTH, 'optional_var_files = ["${get_terragrunt_dir()}/missing.tfvars"]', "input"),
        (BOTH, 'required_var_files = ["${get_terragrunt_dir()}/missing.tfvars"]', "?"),
        (BOTH, 'required_var_files = ["../../../../../../../etc/x.tfvars"]', "?"),
        (BOTH, 'optional_var_files = ["${get_env("FILE")}"]', "?"),
        (BOTH, "optional_var_files = [for x in run_cmd() : x]", "?"),
        (BOTH, 'required_var_files = ["broken.tfvars"]', "?"),
        (BOTH, 'arguments = ["-lock-timeout=20m", "-var-file=own.tfvars"]', "own"),
        (BOTH, 'arguments = ["-var-file", "own.tfvars"]', "own"),
        (BOTH, 'arguments = ["-var", "arn=line"]', "line"),
        (BOTH, 'arguments = ["-var=arn=line"]\nrequired_var_files = ["own.tfvars"]', "own"),
        (BOTH, 'arguments = [get_env("X")]', "?"),
        (BOTH, 'env_vars = { TF_VAR_arn = "environment" }', "environment"),
        (BOTH, "env_vars = run_cmd()", "?"),
        ('["import"]', 'arguments = ["-var-file=own.tfvars"]', "input"),
        ('[get_env("X")]', 'arguments = ["-var-file=own.tfvars"]', "?"),
        ('["plan"]', 'arguments = ["-var-file=own.tfvars"]', "?"),
        ('["apply"]', 'arguments = ["-var", "arn=line"]', "?"),
        ('["plan"]', 'arguments = ["-var", "arn=input"]', "input"),
        ('["plan"]', 'arguments = ["-var", "name=line"]', "input"),
        ('["plan", "apply", get_env("X")]', 'arguments = ["-var", "arn=line"]', "line"),
        ("run_cmd()", 'arguments = ["-var", "arn=line"]', "?"),
        (BOTH, 'env_vars = { TF_CLI_ARGS_apply = "-var=arn=line" }', "?"),
        (BOTH, 'env_vars = { TF_CLI_ARGS = get_env("X") }', "?"),
        (BOTH, 'env_vars = { TF_CLI_ARGS_plan = "-no-color", TF_CLI_ARGS_init = "-var=arn=a" }', "input"),
        (BOTH, 'arguments = ["-var-file=../common.tfvars"]', "?"),
        (BOTH, 'arguments = ["-var-file=x/../own.tfvars"]', "own"),
    ],
)
def test_extra_arguments(commands: str, arguments: str, expected: str, tmp_path: Path) -> None:
    files = {
        "live/prod/common.tfvars": 'arn = "common"\n',
        "live/prod/chat/own.tfvars": 'arn = "own"\n',
        "live/prod/chat/broken.tfvars": "arn = [\n",
    }
    assert value_of(tmp_path, EXTRA.format(commands=commands, arguments=arguments), files) == expected


@pytest.mark.parametrize(
    ("files", "variables", "expected"),
    [
        ({}, {}, "input"),
        ({"modules/chat/terraform.tfvars": 'arn = "module"\n'}, {}, "module"),
        (
            {
                "live/prod/chat/a.auto.tfvars": 'arn = "unit"\n',
                "modules/chat/terraform.tfvars": 'arn = "m"\n',
            },
            {},
            "unit",
        ),
        (
            {"live/prod/chat/terraform.tfvars": "", "modules/chat/terraform.tfvars": 'arn = "m"\n'},
            {},
            "input",
        ),
        ({"live/prod/chat/more.tf": 'variable "unused" {}\n'}, {}, "input"),
        ({}, {"arn": "line"}, "line"),
    ],
)
def test_values_override_inputs(
    files: dict[str, str], variables: dict[str, str], expected: str, tmp_path: Path
) -> None:
    inventory = inventory_of(
        tmp_path, {"live/prod/chat/terragrunt.hcl": passing('"input"'), **files}, **variables
    )
    assert told(arn_of(topic_of(inventory))) == expected


@pytest.mark.parametrize("name", ["main.tf", "other_override.tf"])
def test_files_of_the_unit_are_copied_over_those_of_the_module(name: str, tmp_path: Path) -> None:
    topic = 'resource "aws_sns_topic" "chat" {\n  name = "replaced"\n}\n'
    policy = MODULE.replace('resource "aws_sns_topic" "chat" {\n  name = var.name\n}\n', "")
    files = {
        "live/prod/chat/terragrunt.hcl": passing('"input"'),
        f"live/prod/chat/{name}": topic + (policy if name == "main.tf" else ""),
    }
    (topic_arn,) = [one.arn for one in inventory_of(tmp_path, files).topics]
    assert isinstance(topic_arn, Unknown)
    assert str(topic_arn.pieces[-1]).endswith("replaced")


def test_references_of_one_name_to_different_units_are_different_symbols(tmp_path: Path) -> None:
    other = DEPENDENCY.replace("../connect", "../other/connect")
    value = '"${dependency.connect.outputs.arn} ${read_terragrunt_config("other.hcl").inputs.arn}"'
    output = "inputs = {\n  arn = dependency.connect.outputs.arn\n}\n"

    def symbols(block: str) -> int:
        files = {
            "live/prod/chat/terragrunt.hcl": passing(value, DEPENDENCY),
            "live/prod/chat/other.hcl": block + output,
        }
        found = arn_of(topic_of(inventory_of(tmp_path, files)))
        assert isinstance(found, Unknown)
        return len({one for one in found.pieces if isinstance(one, Symbol)})

    assert (symbols(other), symbols(DEPENDENCY)) == (2, 1)


def test_a_null_input_is_null_and_not_the_default(tmp_path: Path) -> None:
    topic = MODULE.replace("var.given == null ? var.arn", 'var.arn == null ? "null" : "a" == var.arn ? "a"')
    files = {"modules/chat/main.tf": topic}
    assert value_of(tmp_path, passing("null"), files) == "null"
    assert (
        value_of(tmp_path, passing("null"), {**files, "modules/chat/terraform.tfvars": 'arn = "a"\n'}) == "?"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("include.env.inputs.name", "of env"),
        ("include.inputs.name", "?"),
        ("path_relative_to_include()", "?"),
        ('path_relative_to_include("env")', "chat"),
    ],
)
def test_an_include_without_a_label_beside_another(value: str, expected: str, tmp_path: Path) -> None:
    env = 'include "env" {\n  path = "../env.hcl"\n  expose = true\n  merge_strategy = "no_merge"\n}\n'
    unit = passing(value, 'include {\n  path = "../../root.hcl"\n}\n' + env)
    files = {"live/root.hcl": "", "live/prod/env.hcl": 'inputs = {\n  name = "of env"\n}\n'}
    assert value_of(tmp_path, unit, files) == expected


VALUE = 'var.given == null ? var.arn : join(" ", flatten(values(var.given)))'


@pytest.mark.parametrize(
    ("kind", "unit", "read", "expected"),
    [
        ("type = any", 'env_vars = { TF_VAR_v = "{\\"a\\": 1}" }', 'try(var.v.a, "default")', "?"),
        ("type = map(string)", 'arguments = ["-var", "v={a=1}"]', 'lookup(var.v, "a", "default")', "?"),
        ("type = string", 'env_vars = { TF_VAR_v = "text" }', "var.v", "text"),
        ("type = string", 'arguments = ["-var", "v=text"]', "var.v", "text"),
        ("", "env_vars = { TF_VAR_v = 1 }", 'var.v == "1" ? "text" : "number"', "text"),
        ("", "env_vars = { TF_VAR_v = { a = 1 } }", 'length(var.v) == 1 ? "object" : "text"', "text"),
        ("", "env_vars = { TF_VAR_v = { a = 1 } }", "jsondecode(var.v).a", "1"),
        ("", "env_vars = { TF_VAR_v = [1] }", "var.v[0]", "?"),
    ],
)
def test_a_text_is_converted_to_the_type_of_the_variable(
    kind: str, unit: str, read: str, expected: str, tmp_path: Path
) -> None:
    module = f'variable "v" {{\n  {kind}\n}}\n{MODULE.replace(VALUE, read)}'
    assert VALUE in MODULE
    source = EXTRA.format(commands=BOTH, arguments=unit)
    assert value_of(tmp_path, source, {"modules/chat/main.tf": module}) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ('{ AWS_DEFAULT_PROFILE = "other" }', "{get_aws_account_id()}"),
        ('{ "AWS_ACCESS_KEY" = "AKIA" }', "{get_aws_account_id()}"),
        ('yamldecode(file("env.yaml"))', "{get_aws_account_id()}"),
        ('{ (get_env("NAME")) = "other" }', "?"),
        ("run_cmd()", "?"),
        ('{ AWS_REGION = "eu-west-2" }', "{account}"),
        ("{ TF_VAR_arn = get_aws_account_id() }", "{account}"),
        ('{ join("_", ["TF", "IN", "AUTOMATION"]) = "1" }', "{account}"),
    ],
)
def test_the_environment_may_change_the_account(variables: str, expected: str, tmp_path: Path) -> None:
    unit = EXTRA.format(commands=BOTH, arguments=f"env_vars = {variables}")
    unit = unit.replace('arn = "input"', "arn = get_aws_account_id()")
    assert value_of(tmp_path, unit, {"live/prod/chat/env.yaml": "AWS_PROFILE: other\n"}) == expected
