"""Calls of modules: local and downloaded ones are read, of others nothing is known but their name.

https://developer.hashicorp.com/terraform/language/modules/syntax
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.inputs.hcl.budget import TOO_MUCH
from checker.inputs.hcl.evaluate import Scope, evaluate
from checker.inputs.hcl.expand import expanded
from checker.inputs.hcl.folder import absolute, local_folder
from checker.inputs.hcl.installed import folder_of
from checker.inputs.hcl.providers import passed_providers
from checker.inputs.hcl.values import text, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from checker.inputs.hcl.body import Argument, Block
    from checker.inputs.hcl.modules import Module
    from checker.policy.node import Node

_META = ("source", "version", "count", "for_each", "providers", "depends_on")
_COST = 50
_NOT_LOCAL = "a module that is neither local nor downloaded is not read"


def call_module(block: Block, address: str, caller: Module) -> Node:
    """Make the instances of a module known, if its files can be read."""
    folder = _folder(block, address, caller)
    if isinstance(folder, str):
        return unknown(folder, block.header, address)

    def register(one: str, names: Mapping[str, Node]) -> Node:
        if not caller.budget.spend(_COST):
            return unknown(TOO_MUCH, block.header, one)
        caller.session.called[one] = type(caller)(
            caller.session,
            folder,
            one,
            _given(block, Scope(caller, names)),
            passed_providers(block, caller.providers),
            caller.chain,
        )
        return unknown("an output of a module", block.header, one)

    return expanded(block, address, caller, register)


def _folder(block: Block, address: str, caller: Module) -> Path | str:
    """Find a local or downloaded module, or say why there is none to read."""
    argument = block.body.arguments.get("source")
    source = text(evaluate(argument.expression, caller.scope)) if argument is not None else None
    if not isinstance(source, str) or not source:
        return _NOT_LOCAL
    if not source.startswith(("./", "../")):
        return folder_of(address, source, caller.session.downloads) or _NOT_LOCAL
    folder = local_folder(caller.folder, source)
    if "\0" in source or not os.path.isdir(folder):  # noqa: PTH112 - it never raises
        return "the folder of the module is not there"
    if absolute(folder) in caller.chain:
        return "a module that calls itself"
    return folder


def _given(block: Block, scope: Scope) -> dict[str, Callable[[], Node]]:
    def value_of(argument: Argument) -> Callable[[], Node]:
        return lambda: evaluate(argument.expression, scope)

    return {name: value_of(one) for name, one in block.body.arguments.items() if name not in _META}
