"""Builds the root module that a unit deploys: the module's blocks, generated files, and the values of its variables.

Values override each other in this order: inputs, the environment of `extra_arguments`, values files in the folder, and
the options of `extra_arguments`. https://terragrunt.gruntwork.io/docs/reference/hcl/attributes/#inputs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import is_account
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.body import Argument
from checker.inputs.terraform.hcl.expression import ListOf, Literal, Passed, written
from checker.inputs.terraform.hcl.render import joined
from checker.inputs.terraform.hcl.values import identity, is_null, known, text, unknown
from checker.inputs.terraform.module.collect_blocks import gather
from checker.inputs.terraform.module.folder import absolute, read_texts
from checker.inputs.terraform.module.session import Deployment
from checker.inputs.terraform.terragrunt.arguments import Places, extra_values, passed, set_credentials
from checker.inputs.terraform.terragrunt.assembly import Folders, assemble
from checker.inputs.terraform.terragrunt.commands import hooks, omitted_files
from checker.inputs.terraform.terragrunt.generated import CREDENTIALS, generated_files
from checker.inputs.terraform.terragrunt.generated_text import text_of
from checker.policy.node import Object, Scalar, span_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from checker.core.errors import InputError, Skipped
    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.hcl.expression import Expression
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.inputs.terraform.module.folder import Folder
    from checker.inputs.terraform.terragrunt.arguments import Extra, Layer
    from checker.inputs.terraform.terragrunt.generated import Generated
    from checker.inputs.terraform.terragrunt.inputs import Inputs
    from checker.inputs.terraform.terragrunt.unit import Unit
    from checker.policy.node import Node


class Root(NamedTuple):
    """A root module as it is deployed: its folder, its blocks and values, and the module as it is written.

    ``unread`` are features that are not read, such as generated files of which too little is known, and ``doubts`` the
    reasons why any policy may be another one. ``generated`` are all generated files.
    """

    folder: Path
    own: Folder
    shared: Folder
    deployment: Deployment
    generated: tuple[Generated, ...]
    unread: tuple[Skipped, ...]
    doubts: tuple[Skipped, ...]


def root_of(unit: Unit, module: Path, parsed: Mapping[str, Folder], faults: list[InputError]) -> Root:
    """Build the root module of a unit. ``parsed`` are the modules read before. Raises InputError."""
    folder, named = unit.state.files.named(module), unit.state.files.named
    shared = parsed.get(absolute(folder)) or gather(folder, read_texts(folder, faults), faults)
    generated = tuple(generated_files(unit.merged))
    folders = Folders(folder, named(unit.folder) if unit.has_own_folder else None)
    whole = assemble(folders, shared, generated, faults)
    own = whole.module._replace(providers={}) if whole.open_files else whole.module
    _note_account(unit, own, generated)
    running = hooks(unit.merged)
    places = Places(unit.folder, module, frozenset(one.name for one in generated))
    own = _with_values(unit, own, _values(unit, own, whole.values, places), running)
    others = (*running, *omitted_files(unit.merged))
    unread, doubts = (*whole.open_files, *others), (*whole.doubts, *others)
    return Root(folder, own, shared, _deployment(unit), generated, unread, doubts)


def _note_account(unit: Unit, module: Folder, generated: Sequence[Generated]) -> None:
    """Note if the default provider uses Terragrunt's credentials, and the only account that it allows."""
    unit.state.shares_account = not _has_credentials(unit, module, generated)
    unit.state.account = _only_account(module)


def _with_values(
    unit: Unit, module: Folder, values: Mapping[str, Argument], running: Sequence[Skipped]
) -> Folder:
    """Return a module with its values, which are unknown if a hook may change them, and all sources of the unit."""
    why = Unknown(running[0].reason) if running else None
    values = {**values, **(_unknown_values(why, module.variables) if why is not None else {})}
    sources = [*module.sources, *(one.source for one in unit.state.met.values())]
    return module._replace(values=values, sources=sources)


def _deployment(unit: Unit) -> Deployment:
    state, named = unit.state, unit.state.files.named
    added = named(unit.folder) if unit.has_own_folder else None
    downloads = named(unit.downloads) if unit.downloads is not None else None
    return Deployment(state.name, state.budget, state.secrets, added, downloads)


def _has_credentials(unit: Unit, module: Folder, generated: Sequence[Generated]) -> bool:
    """True if a provider may use other credentials than Terragrunt's, by the environment and by text search."""
    if set_credentials(unit.merged):
        return True
    texts = [one.text for one in module.sources]
    texts += [one.source.text for one in unit.state.met.values()]
    texts += [text_of(one.contents) for one in generated if one.contents is not None]
    return any(map(CREDENTIALS.search, texts))


def _only_account(module: Folder) -> str:
    """Return the account that the default provider allows, if it is written out; Terraform fails for any other."""
    block = module.providers.get(("aws", ""))
    argument = block.body.arguments.get("allowed_account_ids") if block is not None else None
    allowed = argument.expression if argument is not None else None
    if not isinstance(allowed, ListOf) or len(allowed.items) != 1:
        return ""
    only = allowed.items[0]
    return str(only.value) if isinstance(only, Literal) and is_account(str(only.value)) else ""


def _values(unit: Unit, module: Folder, files: Layer, places: Places) -> dict[str, Argument]:
    """Return the values of the variables, with an unknown one for each that may have another."""
    plan, apply = extra_values(unit.merged, places)
    found = _layered(unit, module, files, apply)
    if plan == apply:
        return found
    planned = _layered(unit, module, files, plan)
    differing = {
        name: block
        for name, block in module.variables.items()
        if not _is_same(planned.get(name), found.get(name))
    }
    return {**found, **_unknown_values(Unknown("`plan` and `apply` get different values"), differing)}


def _is_same(first: Argument | None, second: Argument | None) -> bool:
    if first is None or second is None:
        return first is second
    one, two = first.expression, second.expression
    if isinstance(one, Passed) and isinstance(two, Passed):
        return identity(one.node) == identity(two.node)
    return one is two


def _layered(unit: Unit, module: Folder, files: Layer, extra: Extra) -> dict[str, Argument]:
    inputs = unit.configuration.inputs
    if not isinstance(files, Unknown):
        files = {**files, **_nulls(inputs, files)}
    budget = unit.state.budget
    values = _inputs(inputs, module, budget)
    for layer in (extra.environment, files, *extra.options):
        values = {**values, **_known(_from_texts(layer, module, budget), module)}
    return values


def _known(layer: Layer, module: Folder) -> dict[str, Argument]:
    return _unknown_values(layer, module.variables) if isinstance(layer, Unknown) else layer


def _unknown_values(why: Unknown, variables: Mapping[str, Block]) -> dict[str, Argument]:
    return {name: passed(name, unknown(why, block.header)) for name, block in variables.items()}


def _from_texts(layer: Layer, module: Folder, budget: Budget) -> Layer:
    """Convert the values that Terraform reads from texts: of the environment, and of the option `-var`."""
    if isinstance(layer, Unknown):
        return layer
    return {
        name: _from_text(one, module.variables[name], budget)
        for name, one in layer.items()
        if name in module.variables
    }


def _from_text(argument: Argument, block: Block, budget: Budget) -> Argument:
    def read() -> Expression:
        given = argument.expression
        return Passed(given.at, _converted(given.node, block, budget)) if isinstance(given, Passed) else given

    return Argument(argument.name, argument.at, read)


def _nulls(inputs: Inputs, files: Mapping[str, Argument]) -> dict[str, Argument]:
    """Return the inputs that are null and also in a values file: versions of Terragrunt differ in which one counts.

    https://github.com/gruntwork-io/terragrunt/pull/2663
    """
    names = (name for name in files if is_null(inputs.values.get(name)))
    reason = "a values file overrides the input null, or not"
    return {name: passed(name, unknown(reason, span_of(inputs.values[name]))) for name in names}


def _inputs(inputs: Inputs, module: Folder, budget: Budget) -> dict[str, Argument]:
    found: dict[str, Argument] = {}
    for name, block in module.variables.items():
        if name in inputs.values:
            found[name] = passed(name, _converted(inputs.values[name], block, budget))
        elif inputs.rest is not None:
            found[name] = passed(name, unknown(inputs.rest, block.header))
    return found


_TEXTS, _SIMPLE = ("", "string"), ("", "string", "number", "bool")


def _converted(value: Node, block: Block, budget: Budget) -> Node:
    """Return a value as Terraform reads it from the environment, where it is a text or JSON.

    A variable of a simple type, or without one, gets the text; another one parses it.
    https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_var_name
    """
    argument, at = block.body.arguments.get("type"), span_of(value)
    kind = written(argument.expression.at).strip('"') if argument is not None else ""
    if isinstance(value, Object) and kind in _TEXTS:
        return joined((value, known("", at)), "", at, budget)  # the text of its JSON
    is_text = isinstance(value, Scalar) and isinstance(value.value, str)
    if is_text != (kind in _SIMPLE) and (is_text or not isinstance(value, Scalar)):
        return unknown("the variable has another type than the input", at)
    found = text(value) if not kind and not is_null(value) else None
    return known(found, at) if isinstance(found, str) and not is_text else value
