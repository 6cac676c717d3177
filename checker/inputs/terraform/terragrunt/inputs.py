"""The inputs of a unit, and how Terragrunt merges those of included configurations.

https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#include
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.inputs.terraform.hcl.values import (
    array,
    first_unknown,
    mapping,
    not_expected,
    text,
    unknown,
    why_unknown,
)
from checker.policy.node import Array, Object, Scalar, span_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.core.unknown import Unknown
    from checker.policy.node import Node, Span


class Inputs(NamedTuple):
    """Values by variable. ``rest`` is the reason why any other variable may have a value that is not known."""

    values: Mapping[str, Node]
    rest: Unknown | None = None

    def as_object(self, at: Span) -> Node:
        """Return them as a value of the configuration language."""
        return mapping(self.values.items(), at) if self.rest is None else unknown(self.rest, at)


def inputs_of(node: Node) -> Inputs:
    """Return the inputs that an object sets."""
    if isinstance(node, Object):
        return Inputs({one.key: one.value for one in node.members})
    return Inputs({}, not_expected(node, "`inputs` is not an object"))


def shallow(included: Inputs, own: Inputs) -> Inputs:
    """Merge inputs; the own ones replace included ones."""
    if own.rest is not None:
        return own
    return Inputs({**included.values, **own.values}, included.rest)


def deep(included: Inputs, own: Inputs) -> Inputs:
    """Merge inputs; maps are merged, lists are appended to the included ones, and other values are replaced."""
    if own.rest is not None:
        return own
    if included.rest is not None:
        values = {name: unknown(included.rest, span_of(one)) for name, one in own.values.items()}
        return Inputs(values, included.rest)
    both = {
        name: _merged(included.values[name], one)
        for name, one in own.values.items()
        if name in included.values
    }
    return Inputs({**included.values, **own.values, **both})


def _merged(included: Node, own: Node) -> Node:
    at = span_of(own)
    why = first_unknown((why_unknown(included), why_unknown(own)))
    if why is not None:
        return unknown(why, at)
    if isinstance(included, Object) and isinstance(own, Object):
        values = deep(inputs_of(included), inputs_of(own)).values
        return mapping(values.items(), at)
    if isinstance(included, Array) and isinstance(own, Array):
        return array((*included.items, *own.items), at)
    if not isinstance(included, Scalar) or not isinstance(own, Scalar) or _is_empty(own):
        return unknown("Terragrunt does not document how a deep merge combines these values", at)
    return own


def _is_empty(value: Scalar) -> bool:
    """True for a value that may not replace another: null, false, zero and the empty text."""
    return value.value is None or value.value is False or text(value) in ("", "0")
