"""Takes a step into a value: an attribute, an index, or all items at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.hcl.expression import written
from checker.inputs.hcl.rendered import Rendered
from checker.inputs.hcl.values import Rest, Wrong, array, decimal, placed, text, unknown, why_unknown, wrong
from checker.policy.node import Array, Node, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.policy.node import Stretch

_LONG = 500
_REFERENCE = re.compile(r'[\w.-]+(?:\[(?:\d+|"[^"]*")\][\w.-]*)*')


def reach(value: Node, key: Node, at: Stretch, *, dotted: bool = False) -> Node:
    """Give what a list or an object has under a key; ``at`` is the expression up to here."""
    why, wanted = why_unknown(value), text(key)
    if why is not None:
        where = _further(value, why, wanted, at, dotted=dotted)
        return unknown(Wrong(why.reason, where) if isinstance(why, Wrong) else Unknown(why.reason, where), at)
    if isinstance(wanted, Unknown):
        return unknown(wanted, at)
    found = _inside(value, key, wanted)
    return wrong("there is no such attribute", at, written(at)) if found is None else placed(found, at)


def _inside(value: Node, key: Node, wanted: str | None) -> Node | None:
    if isinstance(value, Object):
        return value.get(wanted) if wanted is not None else None
    number = decimal(key)
    if not isinstance(value, Array) or number is None or number != int(number):
        return None
    before = value.items[: int(number) + 1]
    rest = next((one for one in before if isinstance(why_unknown(one), Rest)), None)
    if rest is not None:
        return rest
    return value.items[int(number)] if 0 <= number < len(value.items) else None


def _further(value: Node, why: Unknown, wanted: str | Unknown | None, at: Stretch, *, dotted: bool) -> str:
    """Name the part of a value that is not known: by what the whole is called where that is a reference."""
    is_name = len(why.where) < _LONG and _REFERENCE.fullmatch(why.where) is not None
    if isinstance(value.source, Rendered) or not is_name or not isinstance(wanted, str):
        return written(at)
    if dotted:
        return f"{why.where}.{wanted}"
    return f"{why.where}[{wanted}]" if wanted.isdigit() else f'{why.where}["{wanted}"]'


def splat(value: Node, into: Callable[[Node], Node], at: Stretch) -> Node:
    """Take steps into every item of a list, or into a single value that is not null.

    https://developer.hashicorp.com/terraform/language/expressions/splat
    """
    if isinstance(value, Array):
        return array([one if isinstance(why_unknown(one), Rest) else into(one) for one in value.items], at)
    if isinstance(value, Scalar) and value.value is None:
        return array((), at)
    why = why_unknown(value)
    if why is not None and not _REFERENCE.fullmatch(why.where):
        return unknown(why, at)
    return array([into(value)], at)
