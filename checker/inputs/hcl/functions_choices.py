"""Terraform's functions of choice and of truth. https://developer.hashicorp.com/terraform/language/functions"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.hcl.functions_lists import strict
from checker.inputs.hcl.values import (
    first_unknown,
    is_filled,
    is_null,
    known,
    placed,
    text,
    truth,
    unknown,
    why_unknown,
    wrong,
)
from checker.policy.node import Array, Node, Stretch, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.inputs.hcl.budget import Budget

    Function = Callable[[Sequence[Node], Stretch, Budget], Node]


def _coalesce(arguments: Sequence[Node], at: Stretch, _budget: Budget) -> Node:
    """Give the first that is neither null nor empty; one that is not known may be either."""
    for number_, one in enumerate(arguments):
        why = why_unknown(one)
        if why is not None:
            certain = number_ == len(arguments) - 1 or is_filled(one)
            return one if certain else unknown(why, at)
        if not is_null(one) and text(one) != "":
            return one
    return wrong("all arguments are null or empty", at)


def _coalescelist(at: Stretch, *lists: Node) -> Node:
    found = next((one for one in lists if isinstance(one, Array) and one.items), None)
    return wrong("all lists are empty", at) if found is None else found


def _one(at: Stretch, node: Node) -> Node:
    if not isinstance(node, Array) or len(node.items) > 1:
        return wrong("`one` takes a list of at most one item", at)
    return placed(node.items[0], at) if node.items else known(None, at)


def _contains(at: Stretch, node: Array, wanted: Node) -> Node:
    found = [rendered(one) == rendered(wanted) for one in node.items if why_unknown(one) is None]
    why = first_unknown(map(why_unknown, (*node.items, wanted)))
    return (
        known(any(found), at)
        if why is None or (any(found) and why_unknown(wanted) is None)
        else unknown(why, at)
    )


def _outcome(*, decisive: bool) -> Callable[..., Node]:
    def work(at: Stretch, node: Array) -> Node:
        found = [truth(one) for one in node.items]
        if any(one is decisive for one in found):
            return known(decisive, at)
        why = first_unknown(found)
        return known(not decisive, at) if why is None else unknown(why, at)

    return work


CHOICE_FUNCTIONS: dict[str, Function] = {
    "coalesce": _coalesce,
    "coalescelist": strict(_coalescelist),
    "one": strict(_one),
    "contains": strict(_contains),
    "anytrue": strict(_outcome(decisive=True)),
    "alltrue": strict(_outcome(decisive=False)),
}
