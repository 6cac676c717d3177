"""Reads the values that `extra_arguments` pass to Terraform: values files, `-var`, and variables of the environment.

https://terragrunt.gruntwork.io/docs/features/extra-arguments/
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.body import Argument
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Passed
from checker.inputs.terraform.hcl.values import known, not_expected, rest_of, text
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
_DEPLOYING = ("apply", "plan")
_VARIABLE = "TF_VAR_"
_OPTION = re.compile(r"--?(var-file|var)(?:=(.*))?", re.DOTALL)


class Extra(NamedTuple):
    """The values of `extra_arguments`: those of the environment, and those of the command line."""

    environment: Layer
    options: tuple[Layer, ...]


class Places(NamedTuple):
    """The folders in which values files may be: those of the unit and of the module."""

    unit: Path
    module: Path


def extra_values(merged: Iterable[Configuration], places: Places) -> Extra:
    """Return the values of the merged blocks, in the order of the command line. Raises InputError."""
    blocks: dict[str, tuple[Block, Configuration]] = {}
    for one in merged:
        for terraform in one.parsed.body.blocks("terraform"):
            found = terraform.body.blocks("extra_arguments")
            blocks |= {block.labels[0]: (block, one) for block in found if block.labels}
    environment: Layer = {}
    options: list[Layer] = []
    for block, configuration in blocks.values():
        values = _evaluated(block, configuration)
        if _deploys(values.get("commands")):
            environment = _over(environment, _environment(values.get("env_vars")))
            options += _options(values, configuration, places)
    return Extra(environment, tuple(options))


def _evaluated(block: Block, configuration: Configuration) -> dict[str, Node]:
    arguments = block.body.arguments.items()
    return {name: evaluate(one.expression, configuration.scope) for name, one in arguments}


def _over(first: Layer, second: Layer) -> Layer:
    return (
        second
        if isinstance(second, Unknown)
        else first
        if isinstance(first, Unknown)
        else {**first, **second}
    )


def _deploys(commands: Node | None) -> bool:
    """False for arguments of other commands only."""
    if not isinstance(commands, Array):
        return commands is not None
    texts = [text(one) for one in commands.items]
    return any(not isinstance(one, str) or one in _DEPLOYING for one in texts)


def _environment(node: Node | None) -> Layer:
    if node is None:
        return {}
    if not isinstance(node, Object):
        return not_expected(node, "`env_vars` is not an object")
    pairs = ((one.key.removeprefix(_VARIABLE), one) for one in node.members if one.key.startswith(_VARIABLE))
    return {name: passed(name, one.value) for name, one in pairs}


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
    paths = [Path(os.path.normpath(folder / path)) for folder in places]
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
