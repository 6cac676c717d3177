"""Implements Terraform's list and object functions.
https://developer.hashicorp.com/terraform/language/functions

A list with unknown items keeps the known ones: a ``Rest`` stands for the unknown items.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.expression import written
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.values import (
    Positive,
    Rest,
    Wrong,
    array,
    decimal,
    entries,
    first_unknown,
    identity,
    is_filled,
    is_null,
    known,
    mapping,
    merged,
    number,
    placed,
    text,
    under_symbol,
    unknown,
    why_not_whole,
    why_unknown,
    wrong,
)
from checker.policy.node import Array, Node, Object, Scalar, Span, children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.inputs.terraform.hcl.limits import Budget

    Function = Callable[[Sequence[Node], Span, Budget], Node]
    from collections.abc import Callable, Sequence


TYPES = "an argument has the wrong type for the function"
_MAX_DEPTH = 30


def strict(work: Callable[..., Node]) -> Function:
    """Wrap a function whose arguments must be fully known, including all items of lists."""

    def function(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
        why = first_unknown(map(why_not_whole, arguments))
        if why is not None:
            return unknown(why, at)
        try:
            found = work(at, *arguments)
        except (TypeError, AttributeError, IndexError):
            return wrong(TYPES, at)
        return found if budget.spend_items(size_of(found)) else unknown(TOO_MUCH, at)

    return function


def size_of(node: Node) -> int:
    """Count the items of a list or the members of an object."""
    return (
        len(node.items) if isinstance(node, Array) else len(node.members) if isinstance(node, Object) else 1
    )


def _items(node: Node, at: Span) -> tuple[Node, ...]:
    """Return the items of a list; an unknown list has one item that stands for all."""
    if not isinstance(node, Scalar):
        return children(node)
    why = why_unknown(node)
    return (node,) if why is None else (unknown(Rest(why.reason, why.where), at),)


def _concat(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    found = [item for one in arguments for item in _items(one, at)]
    return array(found, at) if budget.spend_items(len(found)) else unknown(TOO_MUCH, at)


def _flatten(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    def walk(node: Node, depth: int) -> Iterator[Node]:
        for one in node.items if isinstance(node, Array) and depth < _MAX_DEPTH else (node,):
            if one is not node and isinstance(one, Array):
                yield from walk(one, depth + 1)
            elif budget.spend():
                yield one

    why = why_unknown(arguments[0]) if len(arguments) == 1 else Wrong(TYPES)
    return array(walk(arguments[0], 0), at) if why is None else unknown(why, at)


def _distinct(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    """Keep the first of equal items; an unknown item equals no other."""
    one = arguments[0] if len(arguments) == 1 else None
    why = why_unknown(one) if one is not None else None
    if why is not None:
        return unknown(why, at)
    if not isinstance(one, Array) or not budget.spend_items(len(one.items)):
        return wrong(TYPES, at)
    first = {_distinguished(item): item for item in reversed(one.items)}
    return array((item for item in one.items if first[_distinguished(item)] is item), at)


def _distinguished(item: Node) -> object:
    """Return what equal items share; a value of which nothing is known equals no other."""
    text_, pieces = identity(item)
    return (text_, tuple(pieces)) if all(pieces) else id(item)


def _compact(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    one = arguments[0] if len(arguments) == 1 else None
    if not isinstance(one, Array):
        why = why_unknown(one) if one is not None else None
        return wrong(TYPES, at) if why is None else unknown(why, at)
    return array((item for item in one.items if text(item) != "" and not is_null(item)), at)


def only_argument(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    """Return the only argument, because types make no difference here."""
    return arguments[0] if len(arguments) == 1 else wrong(TYPES, at)


def _element(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    """Return an item of a list; one before the unknown items is known."""
    node, number = (arguments[0], decimal(arguments[1])) if len(arguments) == 2 else (known(None, at), None)
    before = node.items[: int(number) + 1] if isinstance(node, Array) and number is not None else ()
    if number is not None and len(before) > number >= 0 and not any(map(_is_rest, before)):
        return placed(before[int(number)], at)
    return strict(_wrapped)(arguments, at, budget)


def _is_rest(node: Node) -> bool:
    return isinstance(why_unknown(node), Rest)


def _wrapped(at: Span, node: Node, index: Node) -> Node:
    """Return an item of a list; the index starts again after the last one."""
    wanted = decimal(index)
    if not isinstance(node, Array) or wanted is None or not node.items:
        return wrong(TYPES, at)
    return placed(node.items[int(wanted) % len(node.items)], at)


def _length(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    """Count the items; the length of an unknown but nonempty value is positive."""
    one = arguments[0] if len(arguments) == 1 else wrong(TYPES, at)
    why = why_not_whole(one)
    some = len(one.items) > 1 if isinstance(one, Array) else is_filled(one)
    if why is not None and some and not isinstance(why, Wrong):
        return unknown(Positive(why.reason, why.where), at)
    return strict(_counted)(arguments, at, budget)


def _counted(at: Span, node: Node) -> Node:
    found = text(node)
    if isinstance(found, str) and isinstance(node, Scalar) and isinstance(node.value, str):
        return number(len(found), at)
    return number(size_of(node), at) if not isinstance(node, Scalar) else wrong(TYPES, at)


def _setproduct(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    count = 1
    for one in arguments:
        why = why_not_whole(one)
        if why is not None or not isinstance(one, Array):
            return wrong(TYPES, at) if why is None else unknown(why, at)
        count *= len(one.items)
    if not budget.spend_items(count * len(arguments)):
        return unknown(TOO_MUCH, at)
    rows = product(*(one.items for one in arguments if isinstance(one, Array)))
    return array((array(row, at) for row in rows), at)


def _slice(at: Span, node: Array, begin: Node, end: Node) -> Node:
    first, last = decimal(begin), decimal(end)
    if first is None or last is None:
        return wrong(TYPES, at)
    return array(node.items[int(first) : int(last)], at)


def _sorted(node: Node, at: Span) -> Node:
    """Sort a list of texts; other lists have no known order."""
    known_all = isinstance(node, Array) and all(isinstance(text(one), str) for one in node.items)
    if not isinstance(node, Array) or not known_all:
        return node
    return array(sorted(node.items, key=lambda one: str(text(one))), at)


def _range(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    why = first_unknown(map(why_unknown, arguments))
    if why is not None:
        return unknown(why, at)
    given = [int(one) for one in map(decimal, arguments) if one is not None]
    if len(given) != len(arguments) or not 0 < len(given) < 4 or given[2:] == [0]:
        return wrong(TYPES, at)
    found = range(*given)
    if not budget.spend_items(min(len(found), 10**9)):
        return unknown(TOO_MUCH, at)
    return array((number(one, at) for one in found), at)


LIST_FUNCTIONS: dict[str, Function] = {
    "concat": _concat,
    "flatten": _flatten,
    "distinct": _distinct,
    "setunion": lambda arguments, at, budget: _distinct([_concat(arguments, at, budget)], at, budget),
    "compact": _compact,
    "toset": lambda arguments, at, budget: _sorted(_distinct(arguments, at, budget), at),
    "tolist": only_argument,
    "sensitive": only_argument,
    "nonsensitive": only_argument,
    "element": _element,
    "length": _length,
    "setproduct": _setproduct,
    "slice": strict(_slice),
    "reverse": strict(lambda at, node: array(reversed(node.items), at)),
    "sort": strict(lambda at, node: _sorted(node, at)),
    "range": _range,
}


def _merge(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    """Merge objects; null counts as an empty object."""
    given = [one for one in arguments if not is_null(one)]
    why = first_unknown(map(why_unknown, given))
    if why is not None:
        return unknown(why, at)
    objects = [one for one in given if isinstance(one, Object)]
    if len(objects) != len(given) or not budget.spend_items(sum(map(size_of, objects))):
        return wrong(TYPES, at)
    return merged(objects, at)


def _lookup(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    if len(arguments) not in (2, 3):
        return wrong(TYPES, at)
    key, why = text(arguments[1]), why_unknown(arguments[0])
    if isinstance(key, Unknown) and why is None:
        default = arguments[2] if len(arguments) == 3 else None
        return under_symbol(arguments[0], key, written(at), at, default)
    why = key if isinstance(key, Unknown) else why
    if why is not None:
        return unknown(why, at)
    if not isinstance(arguments[0], Object) or not isinstance(key, str):
        return wrong(TYPES, at)
    found = arguments[0].get(key)
    if found is not None:
        return found
    return arguments[2] if len(arguments) == 3 else wrong("the key does not exist", at, key)


def _keys(at: Span, node: Node) -> Node:
    if not isinstance(node, Object):
        return wrong(TYPES, at)
    return array((known(key, at) for key in sorted({member.key for member in node.members})), at)


def _values(at: Span, node: Node) -> Node:
    found = entries(node) if isinstance(node, Object) else Unknown(TYPES)
    return wrong(TYPES, at) if isinstance(found, Unknown) else array((one for _, one in found), at)


def _zipmap(at: Span, keys: Array, values: Array) -> Node:
    names = [text(one) for one in keys.items]
    if any(not isinstance(one, str) for one in names):
        return unknown("a key is not known", at)
    pairs = zip(names, values.items, strict=False)
    return mapping(((name, one) for name, one in pairs if isinstance(name, str)), at)


OBJECT_FUNCTIONS: dict[str, Function] = {
    "tomap": only_argument,
    "merge": _merge,
    "lookup": _lookup,
    "keys": strict(_keys),
    "values": strict(_values),
    "zipmap": strict(_zipmap),
}
