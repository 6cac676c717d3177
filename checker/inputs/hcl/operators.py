"""HCL's operators. https://developer.hashicorp.com/terraform/language/expressions/operators"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.hcl.values import (
    Positive,
    decimal,
    first_unknown,
    is_filled,
    known,
    number,
    text,
    truth,
    unknown,
    unknown_within,
    why_unknown,
    wrong,
)
from checker.policy.node import Scalar, rendered

if TYPE_CHECKING:
    from decimal import Decimal

    from checker.policy.node import Node, Stretch


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
"""What holds between a number of 1 or more and another."""


def operate(left: Node, sign: str, right: Node, at: Stretch) -> Node:
    """Work out ``left sign right``."""
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
    found = _reckon(a, sign, b) if a is not None and b is not None else None
    if found is None:
        return wrong(f"`{sign}` takes two numbers", at)
    return known(found, at) if isinstance(found, bool) else number(found, at)


def negate(sign: str, operand: Node, at: Stretch) -> Node:
    """Work out ``!a`` or ``-a``."""
    if sign == "!":
        holds = truth(operand)
        if isinstance(holds, Unknown):
            return unknown(holds, at)
        return wrong("`!` takes a boolean", at) if holds is None else known(not holds, at)
    why, found = unknown_within(operand), decimal(operand)
    if why is not None:
        return unknown(why, at)
    return wrong("`-` takes a number", at) if found is None else number(-found, at)


def _certain(left: Node, sign: str, right: Node) -> bool | None:
    """Compare what is not known, but certain not to be empty, with null, an empty text or zero."""
    for one, other in ((left, right), (right, left)):
        if sign in ("==", "!=") and why_unknown(one) is not None and text(other) in ("", None):
            nothing = isinstance(other, Scalar) and is_filled(one)
            return (sign == "!=") if nothing else None
    if isinstance(why_unknown(left), Positive):
        return _OF_POSITIVE.get((sign, text(right)))
    return None


def _logic(left: Node, sign: str, right: Node, at: Stretch) -> Node:
    """One operand decides where it can, whatever the other is."""
    decisive = sign == "||"
    found = [truth(left), truth(right)]
    if any(one is decisive for one in found):
        return known(decisive, at)
    why = first_unknown(found)
    if why is not None:
        return unknown(why, at)
    return wrong(f"`{sign}` takes two booleans", at) if None in found else known(not decisive, at)


def _same(left: Node, right: Node) -> bool:
    """Compare values; a number is not the same as its text."""
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return type(left.value) is type(right.value) and text(left) == text(right)
    return rendered(left) == rendered(right)


def _reckon(a: Decimal, sign: str, b: Decimal) -> Decimal | bool | None:
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
