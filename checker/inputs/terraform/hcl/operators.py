"""Implements HCL's operators. https://developer.hashicorp.com/terraform/language/expressions/operators"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.values import (
    Positive,
    Rest,
    array,
    decimal,
    entries,
    first_unknown,
    is_filled,
    known,
    mapping,
    number,
    rest_of,
    symbolic,
    text,
    truth,
    unknown,
    unknown_within,
    why_unknown,
    wrong,
)
from checker.policy.node import Array, Node, Scalar, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from decimal import Decimal

    from checker.inputs.terraform.hcl.expression import Expression, For
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.policy.node import Node, Span

    Evaluate = Callable[[Expression, Mapping[str, Node]], Node]


_OF_POSITIVE: dict[tuple[str, object], bool] = {
    (">", "0"): True,
    (">=", "0"): True,
    ("!=", "0"): True,
    ("==", "0"): False,
    ("<", "0"): False,
    ("<=", "0"): False,
    (">=", "1"): True,
    ("<", "1"): False,
}
"""Results of comparing a number of at least 1 with another number."""


def operate(left: Node, sign: str, right: Node, at: Span) -> Node:
    """Evaluate ``left sign right``."""
    if sign in ("&&", "||"):
        return _logic(left, sign, right, at)
    certain = _certain(left, sign, right)
    if certain is not None:
        return known(certain, at)
    why = first_unknown(map(unknown_within, (left, right)))
    if why is not None:
        return unknown(why, at)
    if sign in ("==", "!="):
        return known(_same(left, right) is (sign == "=="), at)
    a, b = decimal(left), decimal(right)
    found = _compute(a, sign, b) if a is not None and b is not None else None
    if found is None:
        return wrong(f"`{sign}` requires two numbers", at)
    return known(found, at) if isinstance(found, bool) else number(found, at)


def negate(sign: str, operand: Node, at: Span) -> Node:
    """Evaluate ``!a`` or ``-a``."""
    if sign == "!":
        holds = truth(operand)
        if isinstance(holds, Unknown):
            return unknown(holds, at)
        return wrong("`!` requires a boolean", at) if holds is None else known(not holds, at)
    why, found = unknown_within(operand), decimal(operand)
    if why is not None:
        return unknown(why, at)
    return wrong("`-` requires a number", at) if found is None else number(-found, at)


def _certain(left: Node, sign: str, right: Node) -> bool | None:
    """Compare an unknown but nonempty value with null, an empty text or zero."""
    for one, other in ((left, right), (right, left)):
        if sign in ("==", "!=") and why_unknown(one) is not None and text(other) in ("", None):
            nothing = isinstance(other, Scalar) and is_filled(one)
            return (sign == "!=") if nothing else None
    if isinstance(why_unknown(left), Positive):
        return _OF_POSITIVE.get((sign, text(right)))
    return None


def _logic(left: Node, sign: str, right: Node, at: Span) -> Node:
    """Evaluate a logical operator; one known operand may decide the result."""
    decisive = sign == "||"
    found = [truth(left), truth(right)]
    if any(one is decisive for one in found):
        return known(decisive, at)
    why = first_unknown(found)
    if why is not None:
        return unknown(why, at)
    return wrong(f"`{sign}` requires two booleans", at) if None in found else known(not decisive, at)


def _same(left: Node, right: Node) -> bool:
    """Compare values; a number differs from its text."""
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return type(left.value) is type(right.value) and text(left) == text(right)
    return rendered(left) == rendered(right)


def _compute(a: Decimal, sign: str, b: Decimal) -> Decimal | bool | None:
    if sign in ("/", "%") and not b:
        return None
    match sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
        case "%":
            return a % b
        case "<":
            return a < b
        case ">":
            return a > b
        case "<=":
            return a <= b
        case ">=":
            return a >= b
    return None


def loop(expression: For, evaluate: Evaluate, budget: Budget) -> Node:
    """Evaluate a for-expression; in a list, unknown items leave the others known."""
    collection = evaluate(expression.collection, {})
    rest = rest_of(collection)
    if rest is not None and isinstance(collection, Array) and expression.key is None:
        collection = collection._replace(items=tuple(one for one in collection.items if not _is_rest(one)))
    pairs = entries(collection)
    if isinstance(pairs, Unknown):
        return unknown(pairs, expression.at)
    turns = _iterations(expression, pairs, evaluate, budget)
    if expression.key is not None:
        return _object(expression, list(turns), evaluate)
    found = [_value(expression, names, holds, evaluate) for names, holds in turns]
    if rest is not None:
        found.append(_each(expression, rest, evaluate))
    return array(found, expression.at)


def _each(expression: For, rest: Unknown, evaluate: Evaluate) -> Node:
    """Evaluate a for-expression for the unknown items of a list, each of which has the same pieces."""
    if len(expression.names) != 1 or expression.condition is not None or not rest.pieces:
        return unknown(rest, expression.at)
    item = symbolic(Unknown(*rest), expression.at)
    value = text(evaluate(expression.value, {expression.names[0]: item}))
    pieces = value.pieces if isinstance(value, Unknown) else ()
    return symbolic(Rest(rest.reason, rest.where, pieces), expression.at)


def _is_rest(node: Node) -> bool:
    return isinstance(getattr(node, "value", None), Rest)


def _iterations(
    expression: For, pairs: list[tuple[Node, Node]], evaluate: Evaluate, budget: Budget
) -> Iterator[tuple[Mapping[str, Node], bool | Unknown]]:
    """Yield the variables of each iteration, and whether its condition holds."""
    for key, value in pairs:
        if not budget.spend():
            return
        bound = (value,) if len(expression.names) == 1 else (key, value)
        names = dict(zip(expression.names, bound, strict=False))
        holds = truth(evaluate(expression.condition, names)) if expression.condition is not None else True
        if holds is not False:
            yield names, Unknown("the condition is not a boolean") if holds is None else holds


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
            return wrong("an object key must be a string", expression.at)
        pairs.append((key, evaluate(expression.value, names)))
    return mapping(_grouped(pairs, expression) if expression.grouped else pairs, expression.at)


def _grouped(pairs: list[tuple[str, Node]], expression: For) -> Iterator[tuple[str, Node]]:
    for key in dict.fromkeys(key for key, _ in pairs):
        yield key, array((one for other, one in pairs if other == key), expression.at)
