"""The functions of Terragrunt: paths, computed from the file system, and values of the deployment.

https://terragrunt.gruntwork.io/docs/reference/hcl/functions/
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, TEXT, Unknown
from checker.inputs.terraform.hcl.expression import written
from checker.inputs.terraform.hcl.values import array, known, symbolic, text, unknown, wrong
from checker.inputs.terraform.module.providers import DEFAULT_ACCOUNT
from checker.inputs.terraform.terragrunt.files import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from checker.inputs.terraform.terragrunt.state import UnitState
    from checker.policy.node import Node, Span


class Place(NamedTuple):
    """The folders that functions start from.

    ``folder`` is that of the calling configuration, ``unit`` that of the unit. ``included`` is the file itself if
    it is included; ``includes`` returns the files that it includes, by name.
    """

    folder: Path
    unit: Path
    included: Path | None
    includes: Callable[[], Mapping[str, Path]]


class _Call(NamedTuple):
    """A call of a function, with the texts among its arguments."""

    at: Span
    arguments: Sequence[Node]
    place: Place
    state: UnitState

    def argument(self, number: int) -> str:
        """Return an argument; empty if it is missing or not a text."""
        found = text(self.arguments[number]) if number < len(self.arguments) else ""
        return found if isinstance(found, str) else ""


def call_function(
    name: str, arguments: Sequence[Node], at: Span, place: Place, state: UnitState
) -> Node | None:
    """Call a function; ``None`` for one that is not supported, such as `run_cmd`. Raises InputError."""
    function = _FUNCTIONS.get(name)
    if function is None:
        return None
    for one in arguments:
        found = text(one)
        if isinstance(found, Unknown):
            return unknown(found, at)
    return function(_Call(at, arguments, place, state))


def _find_in_parent_folders(call: _Call) -> Node:
    """Search the folders above that of the configuration, up to the repository.

    https://terragrunt.gruntwork.io/docs/reference/hcl/functions/#find_in_parent_folders
    """
    files = call.state.files
    names = (call.argument(0),) if call.argument(0) else DEFAULTS
    for folder in call.place.folder.parents:
        if not folder.is_relative_to(files.top):
            break
        for name in names:
            if "\0" not in name and os.path.exists(folder / name):  # noqa: PTH110 - never raises
                return known(str(folder / name), call.at)
    if len(call.arguments) > 1 and files.is_whole:
        return call.arguments[1]
    return unknown(f"`{names[0]}` is in no folder above, up to the repository", call.at, written(call.at))


def _included(call: _Call) -> Path | None:
    """Return the folder of the included configuration that a function is about; ``None`` without one.

    Raises InputError if there are several, and none is named.
    """
    if call.place.included is not None:
        return call.place.included.parent
    includes = call.place.includes()
    name = call.argument(0)
    if not name and len(includes) > 1:
        raise InputError(written(call.at), "the function requires the name of an include")
    found = includes.get(name) if name else next(iter(includes.values()), None)
    return found.parent if found is not None else None


def _relative_to_include(call: _Call) -> Node:
    folder = _included(call)
    return known("." if folder is None else os.path.relpath(call.place.folder, folder), call.at)


def _relative_from_include(call: _Call) -> Node:
    folder = _included(call)
    return known("." if folder is None else os.path.relpath(folder, call.place.folder), call.at)


def _parent_dir(call: _Call) -> Node:
    return known(str(_included(call) or call.place.folder), call.at)


def _environment(call: _Call) -> Node:
    """Return a variable of the environment, in which Terragrunt will run: a symbol."""
    name = f"get_env({', '.join(json.dumps(text(one)) for one in call.arguments)})"
    return symbolic(Unknown("a variable of the environment", name, (call.state.symbol(name, TEXT),)), call.at)


_OWN_ACCOUNT = "the account of Terragrunt's credentials"


def _account(call: _Call) -> Node:
    """Return the account of the credentials of Terragrunt, which a provider with its own may not use."""
    if call.state.shares_account and call.state.account:
        return known(call.state.account, call.at)
    if call.state.shares_account:
        return symbolic(Unknown(_OWN_ACCOUNT, written(call.at), (DEFAULT_ACCOUNT,)), call.at)
    symbol = call.state.symbol("get_aws_account_id()", ACCOUNT)
    return symbolic(Unknown(_OWN_ACCOUNT, symbol.name, (symbol,)), call.at)


def _commands(call: _Call) -> Node:
    """Return commands that take variables, input and locks: among them are those that deploy."""
    return array([known(one, call.at) for one in ("apply", "plan")], call.at)


def _path_to(call: _Call) -> Node:
    return known(os.path.relpath(call.state.files.top, call.place.folder), call.at)


def _path_from(call: _Call) -> Node:
    if not call.state.files.is_whole:
        return unknown("the folder is not in a Git repository", call.at, written(call.at))
    return known(os.path.relpath(call.place.folder, call.state.files.top), call.at)


def _not_supported(call: _Call) -> Node:
    return wrong("the function requires other arguments", call.at, written(call.at))


_FUNCTIONS: dict[str, Callable[[_Call], Node]] = {
    "find_in_parent_folders": _find_in_parent_folders,
    "path_relative_to_include": _relative_to_include,
    "path_relative_from_include": _relative_from_include,
    "get_parent_terragrunt_dir": _parent_dir,
    "get_terragrunt_dir": lambda call: known(str(call.place.folder), call.at),
    "get_original_terragrunt_dir": lambda call: known(str(call.place.unit), call.at),
    "get_repo_root": lambda call: known(str(call.state.files.top), call.at),
    "get_path_to_repo_root": _path_to,
    "get_path_from_repo_root": _path_from,
    "mark_as_read": lambda call: call.arguments[0] if call.arguments else _not_supported(call),
    "get_env": _environment,
    "get_aws_account_id": _account,
    "get_terraform_commands_that_need_vars": _commands,
    "get_terraform_commands_that_need_input": _commands,
    "get_terraform_commands_that_need_locking": _commands,
    "get_terraform_commands_that_need_parallelism": _commands,
}
