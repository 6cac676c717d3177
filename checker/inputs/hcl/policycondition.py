"""The condition blocks of a statement.

The data source puts the values together that several blocks give for one test and variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.hcl.dynamic import Nested, nested
from checker.inputs.hcl.values import why_unknown, with_variables
from checker.policy.node import Array, Member, Node, Object, Scalar, Stretch, items, stretch_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPARE = (
    "StringEquals",
    "StringLike",
    "ArnEquals",
    "ArnLike",
    "StringNotEquals",
    "StringNotLike",
    "ArnNotEquals",
    "ArnNotLike",
    "NumericEquals",
    "DateEquals",
    "IpAddress",
    "BinaryEquals",
)
"""Names under which conditions are put of which not even the test is known; the first that is free."""


def conditions(one: Nested) -> Iterator[Member]:
    """Build the element Condition, if there is any condition."""
    found = list(nested(one.block.body, "condition", one.scope))
    if not found:
        return
    tests: dict[str, dict[str, tuple[Stretch, list[Node]]]] = {}
    unknown: list[Unknown] = []
    for block in found:
        why = _why(block)
        if isinstance(block, Nested) and why is None:
            _add(block, tests)
        elif why is not None:
            unknown.append(why)
    at = _around(found, one)
    members = [_operator(test, keys, at) for test, keys in tests.items()]
    members += _unknown(unknown, set(tests), at)
    yield Member("Condition", Object(tuple(members), at.source, at.start, at.end), at.start, at.end)


def _why(block: Nested | Scalar) -> Unknown | None:
    """Say why a condition is not known, if its test or variable is not."""
    if isinstance(block, Scalar):
        return why_unknown(block)
    said = (block.value("test"), block.value("variable"))
    found = [Unknown("it is not said") if one is None else why_unknown(one) for one in said]
    return found[0] if found[0] is not None else found[1]


def _add(block: Nested, tests: dict[str, dict[str, tuple[Stretch, list[Node]]]]) -> None:
    test, variable, values = (block.value(name) for name in ("test", "variable", "values"))
    at = block.block.header
    if variable is not None:
        at = stretch_of(variable)
    _, found = tests.setdefault(text_of(test) or "", {}).setdefault(text_of(variable) or "", (at, []))
    found += map(with_variables, items(values)) if values is not None else ()


def _operator(test: str, keys: dict[str, tuple[Stretch, list[Node]]], at: Stretch) -> Member:
    members = [_key(name, place, values, at) for name, (place, values) in keys.items()]
    first = members[0]
    return Member(test, Object(tuple(members), at.source, at.start, at.end), first.start, first.end)


def _key(name: str, place: Stretch, values: list[Node], at: Stretch) -> Member:
    """Build one key; it is placed where its name is written, if that is in the file of the block."""
    here = place if place.source is at.source else at
    span = values[0] if len(values) == 1 else here
    return Member(name, Array(tuple(values), span.source, span.start, span.end), here.start, here.end)


def _unknown(found: list[Unknown], taken: set[str], at: Stretch) -> Iterator[Member]:
    """Put what is not known under operators that are not used, for it would hide what is known under them."""
    free = (name for name in _SPARE if name not in taken)
    for why, name in zip(found, free, strict=False):
        yield Member(name, Scalar(why, at.source, at.start, at.end), at.start, at.end)


def _around(found: list[Nested | Scalar], one: Nested) -> Stretch:
    """From the first condition block to the last."""
    spans = [block.block.at for block in found if isinstance(block, Nested)]
    here = [span for span in spans if span.source is one.block.at.source]
    if not here:
        return one.block.header
    return Stretch(here[0].source, min(span.start for span in here), max(span.end for span in here))
