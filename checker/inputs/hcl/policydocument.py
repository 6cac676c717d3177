"""The data source aws_iam_policy_document: blocks to the policy that it renders.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.hcl.budget import MAX_ITEMS
from checker.inputs.hcl.decode import decode
from checker.inputs.hcl.dynamic import Nested, nested
from checker.inputs.hcl.policystatement import make_statement
from checker.inputs.hcl.values import array, is_null, is_put_together, known, unknown, why_unknown
from checker.inputs.sids import merged_by_sid
from checker.policy.node import Member, Node, Object, Scalar, items, text_of
from checker.policy.vocabulary import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.hcl.session import Instance

_BEFORE = ("source_json", "source_policy_documents")
_AFTER = ("override_json", "override_policy_documents")


def policy_document(instance: Instance) -> Node:
    """Build the policy. What is not known of other documents stands for one statement more."""
    whole = Nested(instance.block, instance.scope)
    at = instance.block.header
    own = [
        make_statement(one) if isinstance(one, Nested) else one
        for one in nested(instance.block.body, "statement", instance.scope)
    ]
    documents = [*_documents(whole, _BEFORE), _own(whole, own), *_documents(whole, _AFTER)]
    statements = [one for document in documents for one in _statements(document)]
    found = merged_by_sid(statements)
    cost = len(statements) * (1 + len(found) // 16)  # documents made of documents grow without end
    if not instance.module.budget.spend(cost) or len(found) > MAX_ITEMS:
        return unknown("too many statements to work out", at, f"{instance.address}.json")
    members = [member for key in ("Version", "Id") for member in _last(documents, key, whole)]
    members.append(Member("Statement", array(found, at), at.start, at.end))
    return Object(tuple(members), at.source, at.start, at.end)


def _own(whole: Nested, statements: list[Node]) -> Object:
    """The document that the data source's own blocks make."""
    at = whole.block.header
    found = [Member("Statement", array(statements, at), at.start, at.end)]
    for key, name in (("Version", "version"), ("Id", "policy_id")):
        value = whole.value(name)
        if value is not None and not is_null(value):
            found.append(Member(key, value, at.start, at.end))
    return Object(tuple(found), at.source, at.start, at.end)


def _documents(whole: Nested, names: tuple[str, ...]) -> Iterator[Node]:
    """The documents that are merged into it."""
    for name in names:
        value = whole.value(name)
        for one in items(value) if value is not None else ():
            if not is_null(one) and text_of(one) != "":
                yield _parsed(one, whole)


def _parsed(node: Node, whole: Nested) -> Node:
    if not isinstance(node, Scalar) or (why_unknown(node) is not None and not is_put_together(node)):
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
    """The latest version that any document has, 2012-10-17 if none says; the id that stands last."""
    at = whole.block.header
    said = [one.get(key) for one in documents if isinstance(one, Object)]
    values = [one for one in said if isinstance(one, Scalar)]
    if key == "Version":
        own = whole.argument("version") is not None
        values = [*([] if own else [known(VERSION, at)]), *values]
        values.sort(key=lambda one: text_of(one) or "")
    yield from (Member(key, one, at.start, at.end) for one in values[-1:])
