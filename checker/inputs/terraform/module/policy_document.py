"""Renders the data source aws_iam_policy_document from its blocks.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.limits import MAX_ITEMS
from checker.inputs.terraform.hcl.render import decode
from checker.inputs.terraform.hcl.values import (
    array,
    is_composed,
    is_null,
    known,
    unknown,
    why_unknown,
    with_variables,
)
from checker.inputs.terraform.merge_statements import merged_by_sid
from checker.inputs.terraform.module.expand import Nested, nested
from checker.policy.node import Array, Member, Node, Object, Scalar, Stretch, items, stretch_of, text_of
from checker.policy.vocabulary import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.terraform.module.session import Instance


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
"""Operators that hold conditions with an unknown test; the first unused one is taken."""


def conditions(one: Nested) -> Iterator[Member]:
    """Build the Condition element, if there are conditions."""
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
    """Return the reason if the test or variable of a condition is unknown."""
    if isinstance(block, Scalar):
        return why_unknown(block)
    said = (block.value("test"), block.value("variable"))
    found = [Unknown("not set") if one is None else why_unknown(one) for one in said]
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
    """Build a condition key, at the position of its name if that is in the block's file."""
    here = place if place.source is at.source else at
    span = values[0] if len(values) == 1 else here
    return Member(name, Array(tuple(values), span.source, span.start, span.end), here.start, here.end)


def _unknown(found: list[Unknown], taken: set[str], at: Stretch) -> Iterator[Member]:
    """Add unknown conditions under unused operators, so that they do not hide known conditions."""
    free = (name for name in _SPARE if name not in taken)
    for why, name in zip(found, free, strict=False):
        yield Member(name, Scalar(why, at.source, at.start, at.end), at.start, at.end)


def _around(found: list[Nested | Scalar], one: Nested) -> Stretch:
    """Return the range from the first condition block to the last."""
    spans = [block.block.at for block in found if isinstance(block, Nested)]
    here = [span for span in spans if span.source is one.block.at.source]
    if not here:
        return one.block.header
    return Stretch(here[0].source, min(span.start for span in here), max(span.end for span in here))


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
    """Yield the elements that are set; an empty list or text counts as unset."""
    for name, key in _ELEMENTS.items():
        argument, value = one.argument(name), one.value(name)
        if argument is None or value is None or is_null(value) or text_of(value) == "":
            continue
        if not (isinstance(value, Array) and not value.items):
            at = _member_place(argument.at, one)
            yield Member(key, with_variables(value), at.start, at.end)


def _member_place(at: Stretch, one: Nested) -> Stretch:
    """Return the position of a key within the file of the block."""
    return at if at.source is one.block.at.source else one.block.header


def _principals(one: Nested, kind: str, element: str) -> Iterator[Member]:
    """Build the principals; an unknown type or number of blocks makes all principals unknown."""
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


_BEFORE = ("source_json", "source_policy_documents")
_AFTER = ("override_json", "override_policy_documents")


def policy_document(instance: Instance) -> Node:
    """Render the policy. Unknown parts of other documents become one unknown statement."""
    whole = Nested(instance.block, instance.scope)
    at = instance.block.header
    own = [
        make_statement(one) if isinstance(one, Nested) else one
        for one in nested(instance.block.body, "statement", instance.scope)
    ]
    documents = [*_documents(whole, _BEFORE), _own(whole, own), *_documents(whole, _AFTER)]
    statements = [one for document in documents for one in _statements(document)]
    found = merged_by_sid(statements)
    cost = len(statements) * (1 + len(found) // 16)  # nested documents grow exponentially
    if not instance.module.budget.spend(cost) or len(found) > MAX_ITEMS:
        return unknown("too many statements to evaluate", at, f"{instance.address}.json")
    members = [member for key in ("Version", "Id") for member in _last(documents, key, whole)]
    members.append(Member("Statement", array(found, at), at.start, at.end))
    return Object(tuple(members), at.source, at.start, at.end)


def _own(whole: Nested, statements: list[Node]) -> Object:
    """Build the document of the data source's own blocks."""
    at = whole.block.header
    found = [Member("Statement", array(statements, at), at.start, at.end)]
    for key, name in (("Version", "version"), ("Id", "policy_id")):
        value = whole.value(name)
        if value is not None and not is_null(value):
            found.append(Member(key, value, at.start, at.end))
    return Object(tuple(found), at.source, at.start, at.end)


def _documents(whole: Nested, names: tuple[str, ...]) -> Iterator[Node]:
    """Return the documents to merge."""
    for name in names:
        value = whole.value(name)
        for one in items(value) if value is not None else ():
            if not is_null(one) and text_of(one) != "":
                yield _parsed(one, whole)


def _parsed(node: Node, whole: Nested) -> Node:
    if not isinstance(node, Scalar) or (why_unknown(node) is not None and not is_composed(node)):
        return node
    try:
        return decode(node)
    except InputError as error:
        return unknown(error.reason, whole.block.header, error.what)


def _statements(document: Node) -> tuple[Node, ...]:
    if not isinstance(document, Object):
        why = why_unknown(document)
        return (document,) if why is not None else ()
    found = document.get("Statement")
    return items(found) if found is not None else ()


def _last(documents: list[Node], key: str, whole: Nested) -> Iterator[Member]:
    """Return the latest Version of the documents, 2012-10-17 if none sets it, and the last Id."""
    at = whole.block.header
    said = [one.get(key) for one in documents if isinstance(one, Object)]
    values = [one for one in said if isinstance(one, Scalar)]
    if key == "Version":
        own = whole.argument("version") is not None
        values = [*([] if own else [known(VERSION, at)]), *values]
        values.sort(key=lambda one: text_of(one) or "")
    yield from (Member(key, one, at.start, at.end) for one in values[-1:])
