"""Values of variables: from the caller of the module, the command line, files, and defaults.

https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.hcl.evaluate import Scope, evaluate
from checker.inputs.hcl.expression import written
from checker.inputs.hcl.inner import read_inner
from checker.inputs.hcl.types import completed
from checker.inputs.hcl.values import known, truth, unknown, wrong

if TYPE_CHECKING:
    from checker.inputs.hcl.body import Block
    from checker.inputs.hcl.modules import Module
    from checker.policy.node import Node, Stretch

_SIMPLE = ("", "any", "string", "number", "bool")


def value_of_variable(name: str, where: str, module: Module, at: Stretch) -> Node:
    """Give the value of a variable; one without is Unknown, and called by its name."""
    block = module.files.variables.get(name)
    if block is None:
        return wrong("not declared", at, where)
    found = _given(name, block, module)
    if found is None:
        return unknown("a variable without a value", at, where)
    kind = block.body.arguments.get("type")
    value = completed(found, kind.expression, module.scope) if kind is not None else found
    return module.secrets.protect(value, where) if is_sensitive(block, module.scope) else value


def is_sensitive(block: Block, scope: Scope) -> bool:
    """True for a variable or output that is marked as sensitive, or that no plan may hold."""
    marks = (block.body.arguments.get(name) for name in ("sensitive", "ephemeral"))
    return any(one is not None and truth(evaluate(one.expression, scope)) is True for one in marks)


def hide_sensitive(module: Module) -> None:
    """Hide the sensitive values of a module's files, also those that nothing refers to: a diff may show them."""
    for name, block in module.files.variables.items():
        if is_sensitive(block, module.scope):
            module.variable(name, block.header)
            for one in (block.body.arguments.get("default"), module.files.values.get(name)):
                if one is not None:
                    module.secrets.protect(
                        evaluate(one.expression, module.scope), module.named(f"var.{name}")
                    )


def _given(name: str, block: Block, module: Module) -> Node | None:
    """Find the value that counts."""
    if module.given is not None:
        make = module.given.get(name)
        return make() if make is not None else _default(block, module)
    on_line = module.session.variables.get(name)
    if on_line is not None:
        return _read(on_line, block, module)
    argument = module.files.values.get(name)
    return (
        evaluate(argument.expression, Scope(module, {})) if argument is not None else _default(block, module)
    )


def _default(block: Block, module: Module) -> Node | None:
    argument = block.body.arguments.get("default")
    return evaluate(argument.expression, module.scope) if argument is not None else None


def _read(value: str, block: Block, module: Module) -> Node:
    """Read a value of the command line, which is an expression where the type is no simple one."""
    argument = block.body.arguments.get("type")
    kind = written(argument.expression.at).strip('"') if argument is not None else ""
    if kind in _SIMPLE:
        return known(value, block.header)
    source, offset = block.header.source, block.header.start
    return evaluate(read_inner(source, value, [offset] * (len(value) + 1)), module.scope)
