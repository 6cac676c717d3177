"""Reads the values that `extra_arguments` pass to Terraform: values files, `-var`, and variables of the environment.

https://terragrunt.gruntwork.io/docs/features/extra-arguments/
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.body import Argument
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Literal, ObjectOf, Passed
from checker.inputs.terraform.hcl.values import known, not_expected, rest_of, text, unknown
from checker.inputs.terraform.module.collect_blocks import values_in
from checker.policy.node import Array, Object, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.terragrunt.configuration import Configuration
    from checker.inputs.terraform.terragrunt.state import UnitState
    from checker.policy.node import Node

Layer = dict[str, Argument] | Unknown
"""Values that override those of earlier layers, or the reason why any variable may have another value."""
_DEPLOYING = ("plan", "apply")
_VARIABLE = "TF_VAR_"
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_ADDED = "TF_CLI_ARGS"
_OPTION = pattern(r"--?(var-file|var)(?:=(.*))?", re.DOTALL)


class Extra(NamedTuple):
    """The values of `extra_arguments` for a command: those of the environment, and those of the command line."""

    environment: Layer = {}  # noqa: RUF012 - never changed
    options: tuple[Layer, ...] = ()


class Places(NamedTuple):
    """The folders in which values files may be, those of the unit and of the module; and the names of generated files."""

    unit: Path
    module: Path
    generated: frozenset[str] = frozenset()


def extra_values(merged: Iterable[Configuration], places: Places) -> tuple[Extra, Extra]:
    """Return the values of the merged blocks for `plan` and for `apply`. Raises InputError."""
    blocks = [_evaluated(block, configuration) for block, configuration in extra_arguments(merged)]
    parts = [_parts(values, configuration, places) for values, configuration in blocks]
    plan, apply = (_for_command(command, parts) for command in _DEPLOYING)
    return plan, apply


def extra_arguments(merged: Iterable[Configuration]) -> list[tuple[Block, Configuration]]:
    """Return the merged blocks, in the order of the command line."""
    blocks: dict[str, tuple[Block, Configuration]] = {}
    for one in merged:
        for terraform in one.parsed.body.blocks("terraform"):
            found = terraform.body.blocks("extra_arguments")
            blocks |= {block.labels[0]: (block, one) for block in found if block.labels}
    return list(blocks.values())


def set_credentials(merged: Iterable[Configuration]) -> bool:
    """True if a variable of the environment may change the credentials of Terraform; a name that is not known may.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
    """
    found = (
        (block.body.arguments.get("env_vars"), configuration)
        for block, configuration in extra_arguments(merged)
    )
    names = (name for argument, one in found if argument is not None for name in _names(argument, one))
    return any(name is None or (name.startswith("AWS_") and name not in _REGIONS) for name in names)


def _names(argument: Argument, configuration: Configuration) -> Iterator[str | None]:
    """Yield the names in an object, ``None`` if they are not known; values are evaluated only if names depend on them."""
    expression = argument.expression
    if isinstance(expression, ObjectOf) and all(isinstance(one.key, Literal) for one in expression.elements):
        yield from (str(one.key.value) for one in expression.elements if isinstance(one.key, Literal))
        return
    node = evaluate(expression, configuration.scope)
    yield from (one.key for one in node.members) if isinstance(node, Object) else (None,)


class _Part(NamedTuple):
    """The values of one block, with the part of the environment that adds options to each command."""

    runs: Mapping[str, bool | Unknown]
    extra: Extra
    added: Mapping[str, Layer]


def _evaluated(block: Block, configuration: Configuration) -> tuple[dict[str, Node], Configuration]:
    arguments = block.body.arguments.items()
    values = {name: evaluate(one.expression, configuration.scope) for name, one in arguments}
    return values, configuration


def _parts(values: Mapping[str, Node], configuration: Configuration, places: Places) -> _Part:
    runs = {command: _runs(values.get("commands"), command) for command in _DEPLOYING}
    if all(one is False for one in runs.values()):
        return _Part(runs, Extra(), {})
    node = values.get("env_vars")
    extra = Extra(_environment(node), tuple(_options(values, configuration, places)))
    return _Part(runs, extra, {command: _added_options(node, command) for command in _DEPLOYING})


def _for_command(command: str, parts: Iterable[_Part]) -> Extra:
    """Join the values of the blocks for a command; the options of the environment precede all others."""
    environment: Layer = {}
    added: list[Layer] = []
    options: list[Layer] = []
    for one in parts:
        runs = one.runs[command]
        if runs is False:
            continue
        environment = _over(environment, _doubted(one.extra.environment, runs))
        added.append(_doubted(one.added[command], runs))
        options += (_doubted(layer, runs) for layer in one.extra.options)
    return Extra(environment, tuple(one for one in (*added, *options) if one != {}))


def _doubted(layer: Layer, runs: bool | Unknown) -> Layer:  # noqa: FBT001 - or unknown
    """Return the values of a block; unknown values if it is not known whether the block counts."""
    if isinstance(layer, Unknown) or not isinstance(runs, Unknown):
        return layer
    return {name: passed(name, unknown(runs, one.at)) for name, one in layer.items()}


def _over(first: Layer, second: Layer) -> Layer:
    if isinstance(second, Unknown):
        return second
    return first if isinstance(first, Unknown) else {**first, **second}


def _runs(commands: Node | None, command: str) -> bool | Unknown:
    """True if the arguments are for a command, false if they are for other commands only."""
    if commands is None:
        return False
    if not isinstance(commands, Array):
        return not_expected(commands, "`commands` is not a list")
    texts = [text(one) for one in commands.items]
    if command in texts:
        return True
    return next((one for one in texts if isinstance(one, Unknown)), False)


def _environment(node: Node | None) -> Layer:
    if node is None:
        return {}
    if not isinstance(node, Object):
        return not_expected(node, "`env_vars` is not an object")
    pairs = ((one.key.removeprefix(_VARIABLE), one) for one in node.members if one.key.startswith(_VARIABLE))
    return {name: passed(name, one.value) for name, one in pairs}


def _added_options(node: Node | None, command: str) -> Layer:
    """Return why any variable may have another value, if the environment may add options with values to a command.

    https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_cli_args-and-tf_cli_args_name
    """
    if node is not None and not isinstance(node, Object):
        return not_expected(node, "`env_vars` is not an object")
    for one in node.members if node is not None else ():
        given = text(one.value)
        if one.key in (_ADDED, f"{_ADDED}_{command}") and not (isinstance(given, str) and "var" not in given):
            return Unknown(f"`{one.key}` adds options that are not read")
    return {}


def passed(name: str, node: Node) -> Argument:
    """Return a value of a variable."""
    at = span_of(node)
    return Argument(name, at, lambda: Passed(at, node))


def _options(values: Mapping[str, Node], configuration: Configuration, places: Places) -> Iterator[Layer]:
    yield from _arguments(values.get("arguments"), configuration, places)
    for name in ("required_var_files", "optional_var_files"):
        for one in _texts(values.get(name)):
            yield _file(one, configuration, places, is_optional=name.startswith("optional"))


def _texts(node: Node | None) -> Iterator[str | Unknown]:
    """Yield the texts of a list; Unknown for one that is not known, or for an unknown number of them."""
    if node is None:
        return
    why = rest_of(node)
    if not isinstance(node, Array) or why is not None:
        yield not_expected(node, "not a list") if why is None else why
        return
    for one in node.items:
        found = text(one)
        yield Unknown("not a text") if found is None else found


def _arguments(node: Node | None, configuration: Configuration, places: Places) -> Iterator[Layer]:
    option = ""
    for one in _texts(node):
        if isinstance(one, Unknown):
            yield one
            continue
        match = _OPTION.fullmatch(one) if not option else None
        name, value = (match[1], match[2]) if match is not None else (option, one)
        option = name if name and value is None else ""
        if name == "var-file" and value is not None:
            yield _file(value, configuration, places, is_optional=False)
        elif name == "var" and value is not None and node is not None:
            variable, _, given = value.partition("=")
            yield {variable: passed(variable, known(given, span_of(node)))}


def _file(path: str | Unknown, configuration: Configuration, places: Places, *, is_optional: bool) -> Layer:
    """Read a values file. A relative path is one in the folder where Terraform runs, a copy of both folders."""
    if isinstance(path, Unknown):
        return path
    name = os.path.normpath(path)
    if name.startswith("..") or name in places.generated:
        return Unknown("a values file outside of the module, or a generated one, is not read", path)
    paths = [Path(os.path.normpath(folder / path)) for folder in places[:2]]
    if "\0" in path or not all(map(configuration.state.files.contains, paths)):
        return Unknown("files outside of the repository are not read", path)
    found = next((one for one in paths if os.path.isfile(one)), None)  # noqa: PTH113 - never raises
    if found is not None:
        return _values_in(found, configuration.state)
    return (
        {} if is_optional else Unknown("the values file was not found", configuration.state.shown(paths[0]))
    )


def _values_in(path: Path, state: UnitState) -> Layer:
    state.opened.add(str(path))
    try:
        return values_in(state.files.named(path))
    except InputError as error:
        return Unknown(error.reason, error.what)
