"""One statement block of aws_iam_policy_document, as the statement that it renders.

Spans are those of the blocks and arguments, so that a finding shows what somebody wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.hcl.dynamic import Nested, nested
from checker.inputs.hcl.policycondition import conditions
from checker.inputs.hcl.values import is_null, known, why_unknown, with_variables
from checker.policy.node import Array, Member, Node, Object, Scalar, Stretch, items, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_ELEMENTS = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}


def make_statement(one: Nested) -> Node:
    """Build the statement of a block."""
    at, header = one.block.at, one.block.header
    members = list(_elements(one))
    if all(member.key != "Effect" for member in members):
        members.append(Member("Effect", known("Allow", header), header.start, header.end))
    for kind, element in _PRINCIPALS.items():
        members += _principals(one, kind, element)
    members += conditions(one)
    return Object(tuple(members), at.source, at.start, at.end)


def _elements(one: Nested) -> Iterator[Member]:
    """The arguments that are set; an empty list or text is none."""
    for name, key in _ELEMENTS.items():
        argument, value = one.argument(name), one.value(name)
        if argument is None or value is None or is_null(value) or text_of(value) == "":
            continue
        if not (isinstance(value, Array) and not value.items):
            at = _member_place(argument.at, one)
            yield Member(key, with_variables(value), at.start, at.end)


def _member_place(at: Stretch, one: Nested) -> Stretch:
    """Where a key stands, as a place in the file of the block."""
    return at if at.source is one.block.at.source else one.block.header


def _principals(one: Nested, kind: str, element: str) -> Iterator[Member]:
    """The principals; an unknown type, or an unknown number of blocks, makes them all unknown."""
    found = list(nested(one.block.body, kind, one.scope))
    if not found:
        return
    blocks = [block for block in found if isinstance(block, Nested)]
    header = blocks[0].block.header if blocks else one.block.header
    place = _member_place(header, one)
    yield Member(element, _principal(found, blocks, place), place.start, place.end)


def _principal(found: list[Nested | Scalar], blocks: list[Nested], at: Stretch) -> Node:
    for block in found:
        why = (
            why_unknown(block.value("type") or known("", at))
            if isinstance(block, Nested)
            else why_unknown(block)
        )
        if why is not None:
            return Scalar(why, at.source, at.start, at.end)
    by_type: dict[str, list[Node]] = {}
    for block in blocks:
        name = text_of(block.value("type") or known("", at)) or ""
        identifiers = block.value("identifiers")
        by_type.setdefault(name, []).extend(
            items(with_variables(identifiers)) if identifiers is not None else ()
        )
    if len(blocks) == 1 and [text_of(one) for one in by_type.get("*", ())] == ["*"]:
        return by_type["*"][0]
    whole = blocks[0].block.at
    members = (
        Member(name, Array(tuple(values), whole.source, whole.start, whole.end), at.start, at.end)
        for name, values in by_type.items()
    )
    return Object(tuple(members), whole.source, whole.start, whole.end)
