"""Finds what may change a unit's module outside of its files: hooks, and patterns of files that are not copied.

https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#terraform
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.values import is_null, text, truth
from checker.policy.node import Array

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.terragrunt.configuration import Configuration
    from checker.policy.node import Node, Span

_HOOKS = ("before_hook", "after_hook")
_DEPLOYING = ("init", "init-from-module", "plan", "apply", "terragrunt-read-config")
_HARMLESS = ("echo",)


def hooks(merged: Iterable[Configuration]) -> list[Skipped]:
    """Return the hooks that run commands around `init`, `plan` or `apply`; a unit replaces included ones by label."""
    found: dict[tuple[str, ...], Skipped | None] = {}
    for one in merged:
        for block in one.parsed.body.blocks("terraform"):
            for kind in _HOOKS:
                for hook in block.body.blocks(kind):
                    found[(kind, *hook.labels)] = _hook(hook, one)
    return [one for one in found.values() if one is not None]


def _hook(block: Block, configuration: Configuration) -> Skipped | None:
    values = {
        name: evaluate(one.expression, configuration.scope) for name, one in block.body.arguments.items()
    }
    execute = values.get("execute")
    program = text(execute.items[0]) if isinstance(execute, Array) and execute.items else None
    is_off = "if" in values and truth(values["if"]) is False
    if is_off or program in _HARMLESS or not _deploys(values.get("commands")):
        return None
    name = " ".join((block.kind, *(f'"{one}"' for one in block.labels)))
    return _report(block.header, f"the command of `{name}` may change the module or its values")


def _deploys(commands: Node | None) -> bool:
    """False for a hook around other commands only."""
    if not isinstance(commands, Array):
        return commands is not None
    return any(not isinstance(one, str) or one in _DEPLOYING for one in map(text, commands.items))


def omitted_files(merged: Iterable[Configuration]) -> Iterator[Skipped]:
    """Yield the lists of patterns for files of the module that Terragrunt does not copy."""
    for one in merged:
        for block in one.parsed.body.blocks("terraform"):
            argument = block.body.arguments.get("exclude_from_copy")
            value = evaluate(argument.expression, one.scope) if argument is not None else None
            is_empty = value is None or is_null(value) or (isinstance(value, Array) and not value.items)
            if argument is not None and not is_empty:
                yield _report(argument.at, "`exclude_from_copy` may leave out files of the module")


def _report(at: Span, reason: str) -> Skipped:
    return Skipped(at.source.name, reason, position=at.position())
