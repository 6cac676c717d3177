"""Expands `count` and `for_each` into instances, and resolves references to them.

https://developer.hashicorp.com/terraform/language/meta-arguments/for_each
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.declared import NOT_KNOWN
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Literal, written
from checker.inputs.terraform.hcl.limits import MAX_ITEMS, TOO_MUCH
from checker.inputs.terraform.hcl.render import decode
from checker.inputs.terraform.hcl.values import (
    array,
    decimal,
    entries,
    is_composed,
    known,
    mapping,
    number,
    text,
    unknown,
    why_unknown,
)
from checker.inputs.terraform.module.folder import absolute
from checker.inputs.terraform.module.session import Absent, Instance
from checker.policy.node import Array, Node, Object, Scalar, Span, children, items

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.session import Called

    Register = Callable[[str, Mapping[str, Node]], Node]
    from collections.abc import Iterator

    from checker.inputs.terraform.hcl.body import Argument, Body
    from checker.inputs.terraform.hcl.expression import Scope


def expand(block: Block, address: str, module: Called) -> Node:
    """Expand a resource or data source; the values that stand for instances name them in ``where``."""

    def register(one: str, names: Mapping[str, Node]) -> Node:
        module.session.instances[one] = Instance(one, block, module, names)
        return unknown(NOT_KNOWN.reason, block.header, one)

    return expanded(block, address, module, register)


def expanded(block: Block, address: str, module: Called, register: Register) -> Node:
    """Register an instance for every number or key; one for all if they are unknown."""
    count, each = block.body.arguments.get("count"), block.body.arguments.get("for_each")
    argument = each if count is None else count
    if argument is None:
        return register(address, {})
    expand_by = _keyed if count is None else _counted
    value = evaluate(argument.expression, module.scope)
    found = expand_by(value, address, block.header, module, register)
    if address in module.session.any_key:
        module.session.counts[address] = argument.expression.at
    if not children(found) and not isinstance(found, Scalar):
        module.session.absent.append(_absent(block, "count" if each is not argument else "for_each", module))
    return found


_VARIABLE = pattern(r"\bvar\.(\w+)")


def _absent(block: Block, argument: str, module: Called) -> Absent:
    """Describe a block that creates nothing."""
    name = ".".join(block.labels if block.kind == "resource" else (block.kind, *block.labels))
    at = block.body.arguments[argument].expression.at
    names = _VARIABLE.findall(at.source.text, at.start, at.end) if not module.address else ()
    text = block.at.source.text[block.at.start : block.at.end]
    file = absolute(Path(block.at.source.name))
    return Absent(file, name, argument, text, tuple(dict.fromkeys(names)))


def _counted(value: Node, address: str, at: Span, module: Called, register: Register) -> Node:
    found = decimal(value)
    if found is None or not 0 <= found <= MAX_ITEMS or not module.budget.spend_items(int(found)):
        why = why_unknown(value)
        index = unknown(Unknown("too many instances") if why is None else why, at)
        module.session.any_key.add(address)
        return register(address, {"count": mapping([("index", index)], at)})
    names = ({"count": mapping([("index", number(n, at))], at)} for n in range(int(found)))
    return array([register(f"{address}[{n}]", one) for n, one in enumerate(names)], at)


def _keyed(value: Node, address: str, at: Span, module: Called, register: Register) -> Node:
    pairs = _pairs(value)
    if isinstance(pairs, Unknown) or len(pairs) > MAX_ITEMS or not module.budget.spend_items(len(pairs)):
        why = pairs if isinstance(pairs, Unknown) else Unknown("too many instances")
        each = mapping([("key", unknown(why, at)), ("value", unknown(why, at))], at)
        module.session.any_key.add(address)
        return register(address, {"each": each})
    found = []
    for key, one in pairs:
        each = mapping([("key", known(key, at)), ("value", one)], at)
        found.append((key, register(f"{address}[{json.dumps(key)}]", {"each": each})))
    return mapping(found, at)


def _pairs(value: Node) -> list[tuple[str, Node]] | Unknown:
    """Return the keys and values of an object, or of a set of strings."""
    found = entries(value)
    if isinstance(found, Unknown):
        return found
    pairs: list[tuple[str, Node]] = []
    for key, one in found:
        name = text(one if isinstance(value, Array) else key)
        if not isinstance(name, str):
            return (
                name
                if isinstance(name, Unknown)
                else Unknown("`for_each` requires a map or a set of strings")
            )
        pairs.append((name, one))
    return sorted(pairs, key=lambda pair: pair[0])


class Nested(NamedTuple):
    """A block with the scope of its arguments."""

    block: Block
    scope: Scope

    @property
    def at(self) -> Span:
        """The range of the block."""
        return self.block.at

    @property
    def header(self) -> Span:
        """The range before the brace."""
        return self.block.header

    def value(self, name: str) -> Node | None:
        """Return the value of an argument; ``None`` if it is missing."""
        argument = self.block.body.arguments.get(name)
        return None if argument is None else evaluate(argument.expression, self.scope)

    def place(self, name: str) -> Span:
        """Return the range of an argument, or of the header if it is in another file."""
        at = self.block.body.arguments[name].at
        return at if at.source is self.at.source else self.header

    def blocks(self, name: str) -> tuple[Nested | Scalar, ...]:
        """Return the nested blocks of a type; an unknown value stands for an unknown number of blocks."""
        return tuple(_nested(self.block.body, name, self.scope))

    def document(self, node: Node) -> Node:
        """Return the policy that an argument holds as JSON, or the value if it is unknown."""
        found = self._decoded(node)
        statements = found.get("Statement") if isinstance(found, Object) else None
        count = len(items(statements)) if statements is not None else 1
        return found if self.scope.module.budget.spend(count) else unknown(TOO_MUCH, self.header)

    def _decoded(self, node: Node) -> Node:
        if not isinstance(node, Scalar) or (why_unknown(node) is not None and not is_composed(node)):
            return node
        try:
            return decode(node)
        except InputError as error:
            return unknown(error.reason, self.header, error.what)


def _nested(body: Body, kind: str, scope: Scope) -> Iterator[Nested | Scalar]:
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
