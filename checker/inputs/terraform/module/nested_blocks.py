"""Nested blocks, those too that `dynamic` makes.

https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Literal, written
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.values import entries, mapping, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.terraform.hcl.body import Argument, Block, Body
    from checker.inputs.terraform.hcl.scope import Scope
    from checker.policy.node import Node, Scalar


class Nested(NamedTuple):
    """A nested block, and what its arguments may refer to."""

    block: Block
    scope: Scope

    def argument(self, name: str) -> Argument | None:
        """One of its arguments."""
        return self.block.body.arguments.get(name)

    def value(self, name: str) -> Node | None:
        """The value of an argument; ``None`` where there is none."""
        argument = self.argument(name)
        return None if argument is None else evaluate(argument.expression, self.scope)


def nested(body: Body, kind: str, scope: Scope) -> Iterator[Nested | Scalar]:
    """Give the blocks of a type; a value that is not known stands for those of which not even the number is."""
    yield from (Nested(one, scope) for one in body.blocks(kind))
    for one in body.blocks("dynamic"):
        if one.labels == (kind,):
            yield from _made(one, kind, scope)


def _made(block: Block, kind: str, scope: Scope) -> Iterator[Nested | Scalar]:
    arguments, content = block.body.arguments, block.body.blocks("content")
    each = arguments.get("for_each")
    if each is None or not content:
        return
    found = entries(evaluate(each.expression, scope))
    if isinstance(found, Unknown):
        yield unknown(found, block.header)
        return
    name = _iterator(arguments.get("iterator")) or kind
    for key, value in found:
        if not scope.module.budget.spend():
            yield unknown(TOO_MUCH, block.header, written(each.expression.at))
            return
        one = mapping([("key", key), ("value", value)], each.expression.at)
        yield Nested(content[0], scope.within({name: one}))


def _iterator(argument: Argument | None) -> str:
    if argument is None:
        return ""
    expression = argument.expression
    return str(expression.value) if isinstance(expression, Literal) else written(expression.at)
