"""For-expressions. https://developer.hashicorp.com/terraform/language/expressions/for"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.hcl.values import (
    Rest,
    array,
    entries,
    first_unknown,
    mapping,
    rest_of,
    text,
    truth,
    unknown,
    wrong,
)
from checker.policy.node import Array, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from checker.inputs.hcl.budget import Budget
    from checker.inputs.hcl.expression import Expression, For

    Evaluate = Callable[[Expression, Mapping[str, Node]], Node]


def loop(expression: For, evaluate: Evaluate, budget: Budget) -> Node:
    """Work a for-expression out; items that are not known leave the others known in a list."""
    collection = evaluate(expression.collection, {})
    rest = rest_of(collection)
    if rest is not None and isinstance(collection, Array) and expression.key is None:
        collection = collection._replace(items=tuple(one for one in collection.items if not _is_rest(one)))
    pairs = entries(collection)
    if isinstance(pairs, Unknown):
        return unknown(pairs, expression.at)
    turns = _turns(expression, pairs, evaluate, budget)
    if expression.key is not None:
        return _object(expression, list(turns), evaluate)
    found = [_value(expression, names, holds, evaluate) for names, holds in turns]
    if rest is not None:
        found.append(unknown(rest, expression.at))
    return array(found, expression.at)


def _is_rest(node: Node) -> bool:
    return isinstance(getattr(node, "value", None), Rest)


def _turns(
    expression: For, pairs: list[tuple[Node, Node]], evaluate: Evaluate, budget: Budget
) -> Iterator[tuple[Mapping[str, Node], bool | Unknown]]:
    """Give the names that each turn binds, and whether it counts."""
    for key, value in pairs:
        if not budget.spend():
            return
        bound = (value,) if len(expression.names) == 1 else (key, value)
        names = dict(zip(expression.names, bound, strict=False))
        holds = truth(evaluate(expression.condition, names)) if expression.condition is not None else True
        if holds is not False:
            yield names, Unknown("the condition is no boolean") if holds is None else holds


def _value(
    expression: For,
    names: Mapping[str, Node],
    holds: bool | Unknown,  # noqa: FBT001 - three-valued
    evaluate: Evaluate,
) -> Node:
    if isinstance(holds, Unknown):
        return unknown(Rest(holds.reason, holds.where), expression.at)
    return evaluate(expression.value, names)


def _object(
    expression: For, turns: list[tuple[Mapping[str, Node], bool | Unknown]], evaluate: Evaluate
) -> Node:
    pairs: list[tuple[str, Node]] = []
    for names, holds in turns:
        key = text(evaluate(expression.key, names)) if expression.key is not None else None
        why = first_unknown((holds, key))
        if why is not None:
            return unknown(why, expression.at)
        if not isinstance(key, str):
            return wrong("the key of an object is a string", expression.at)
        pairs.append((key, evaluate(expression.value, names)))
    return mapping(_grouped(pairs, expression) if expression.grouped else pairs, expression.at)


def _grouped(pairs: list[tuple[str, Node]], expression: For) -> Iterator[tuple[str, Node]]:
    for key in dict.fromkeys(key for key, _ in pairs):
        yield key, array((one for other, one in pairs if other == key), expression.at)
