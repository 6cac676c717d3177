"""Terraform's functions of objects. https://developer.hashicorp.com/terraform/language/functions"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.hcl.functions_lists import TYPES, as_it_is, size_of, strict
from checker.inputs.hcl.values import (
    array,
    entries,
    first_unknown,
    is_null,
    known,
    mapping,
    merged,
    text,
    unknown,
    why_unknown,
    wrong,
)
from checker.policy.node import Array, Node, Object, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.inputs.hcl.budget import Budget

    Function = Callable[[Sequence[Node], Stretch, Budget], Node]


def _merge(arguments: Sequence[Node], at: Stretch, budget: Budget) -> Node:
    """Merge objects; null counts as an empty one."""
    given = [one for one in arguments if not is_null(one)]
    why = first_unknown(map(why_unknown, given))
    if why is not None:
        return unknown(why, at)
    objects = [one for one in given if isinstance(one, Object)]
    if len(objects) != len(given) or not budget.spend_items(sum(map(size_of, objects))):
        return wrong(TYPES, at)
    return merged(objects, at)


def _lookup(arguments: Sequence[Node], at: Stretch, _budget: Budget) -> Node:
    if len(arguments) not in (2, 3):
        return wrong(TYPES, at)
    key, why = text(arguments[1]), why_unknown(arguments[0])
    why = key if isinstance(key, Unknown) else why
    if why is not None:
        return unknown(why, at)
    if not isinstance(arguments[0], Object) or not isinstance(key, str):
        return wrong(TYPES, at)
    found = arguments[0].get(key)
    if found is not None:
        return found
    return arguments[2] if len(arguments) == 3 else wrong("the key is not there", at, key)


def _keys(at: Stretch, node: Node) -> Node:
    if not isinstance(node, Object):
        return wrong(TYPES, at)
    return array((known(key, at) for key in sorted({member.key for member in node.members})), at)


def _values(at: Stretch, node: Node) -> Node:
    found = entries(node) if isinstance(node, Object) else Unknown(TYPES)
    return wrong(TYPES, at) if isinstance(found, Unknown) else array((one for _, one in found), at)


def _zipmap(at: Stretch, keys: Array, values: Array) -> Node:
    names = [text(one) for one in keys.items]
    if any(not isinstance(one, str) for one in names):
        return unknown("a key is not known", at)
    pairs = zip(names, values.items, strict=False)
    return mapping(((name, one) for name, one in pairs if isinstance(name, str)), at)


OBJECT_FUNCTIONS: dict[str, Function] = {
    "tomap": as_it_is,
    "merge": _merge,
    "lookup": _lookup,
    "keys": strict(_keys),
    "values": strict(_values),
    "zipmap": strict(_zipmap),
}
