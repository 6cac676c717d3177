"""Types of variables, as far as they change a value: what is simple is converted, what is left out is null.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints#optional-object-type-attributes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.hcl.evaluate import evaluate
from checker.inputs.hcl.expression import Call, Element, Expression, Literal, Name, ObjectOf
from checker.inputs.hcl.values import decimal, known, text, truth
from checker.policy.node import Array, Member, Node, Number, Object, Scalar, Stretch, stretch_of

if TYPE_CHECKING:
    from checker.inputs.hcl.evaluate import Scope

_MANY = ("map", "list", "set")


def completed(value: Node, kind: Expression, scope: Scope) -> Node:
    """Give a value the form of its type; attributes that it leaves out are null, or have a default."""
    if isinstance(kind, Name) and isinstance(value, Scalar):
        return _converted(value, kind.name)
    inside = kind.arguments[0] if isinstance(kind, Call) and kind.arguments else None
    if inside is None or not isinstance(kind, Call) or not scope.module.budget.spend():
        return value
    if kind.name == "optional":
        return completed(value, inside, scope)
    if kind.name in _MANY and isinstance(value, Array):
        return value._replace(items=tuple(completed(one, inside, scope) for one in value.items))
    if kind.name in _MANY and isinstance(value, Object):
        members = (one._replace(value=completed(one.value, inside, scope)) for one in value.members)
        return value._replace(members=tuple(members))
    if kind.name == "object" and isinstance(inside, ObjectOf) and isinstance(value, Object):
        return _object(value, inside, scope)
    return value


def _converted(value: Scalar, kind: str) -> Scalar:
    """Write a simple value as its type does: text for a string, a number or boolean for a text that is one."""
    said, exact, holds = text(value), decimal(value), truth(value)
    if kind == "string" and isinstance(said, str):
        return value._replace(value=said)
    if kind == "number" and isinstance(value.value, str) and exact is not None:
        return value._replace(value=Number(value.value))
    return value._replace(value=holds) if kind == "bool" and isinstance(holds, bool) else value


def _object(value: Object, kind: ObjectOf, scope: Scope) -> Object:
    kinds = {one.key.value: one for one in kind.elements if isinstance(one.key, Literal)}
    given = {one.key for one in value.members}
    members = [
        one._replace(value=completed(one.value, kinds[one.key].value, scope)) if one.key in kinds else one
        for one in value.members
    ]
    at = stretch_of(value)
    missing = ((str(name), one) for name, one in kinds.items() if name not in given)
    added = (Member(name, _missing(one, at, scope), at.start, at.end) for name, one in missing)
    return value._replace(members=(*members, *added))


def _missing(element: Element, at: Stretch, scope: Scope) -> Node:
    kind = element.value
    if isinstance(kind, Call) and kind.name == "optional" and len(kind.arguments) == 2:
        return evaluate(kind.arguments[1], scope)
    return known(None, at)
