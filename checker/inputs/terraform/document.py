"""Policies of `data.aws_iam_policy_document`, put together as the provider would, with what is not known left open.

A document that depends on what is not known yet is read during the apply: the plan has its arguments, each
value of them known or not.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.sids import merged_by_sid
from checker.inputs.terraform.marks import has_marks
from checker.inputs.terraform.masking import parse_sensitive
from checker.inputs.terraform.modules import mapping
from checker.inputs.terraform.statement import member, statement
from checker.inputs.text import parse_embedded
from checker.policy.node import Array, Node, Object, Scalar, items, text_of
from checker.policy.vocabulary import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.terraform.arguments import Arguments
    from checker.inputs.terraform.resource import Resource

_SOURCES = ("source_json", "source_policy_documents")
_OVERRIDES = ("override_json", "override_policy_documents")


def policy_of(given: Arguments, written: Mapping[str, object]) -> Node:
    """The policy of a document; an Unknown scalar where nothing of it is known.

    ``written`` are the expressions of its arguments. Raises InputError for a source that is not JSON.
    """
    resource, values = given.resource, given.resource.values
    for name in ("statement", *_OVERRIDES):  # an override may take the place of any statement
        if is_open(resource, name):
            return given.unknown(values, written.get(name))
    statements = [*_own(given, written)]
    statements = merged_by_sid((*_inner(given, _SOURCES), *statements, *_inner(given, _OVERRIDES)))
    hidden = [name for name in _SOURCES if is_open(resource, name)]
    statements += (given.unknown(values, written.get(name)) for name in hidden)
    version = given.leaf(values.get("version"), ("version",), written.get("version"), values)
    members = (
        *member("Version", version or Scalar(VERSION, values.source, values.start, values.start)),
        *member("Id", given.leaf(values.get("policy_id"), ("policy_id",), written.get("policy_id"), values)),
        *member("Statement", Array(tuple(statements), values.source, values.start, values.end)),
    )
    return Object(members, values.source, values.start, values.end)


def is_open(resource: Resource, name: str) -> bool:
    """True for an argument that is not known, or a list of documents one of which is not."""
    return resource.lacks(name) or (name != "statement" and has_marks(resource.unknown, name))


def _own(given: Arguments, written: Mapping[str, object]) -> Iterator[Node]:
    blocks, listed = given.resource.values.get("statement"), written.get("statement")
    found = blocks.items if isinstance(blocks, Array) else ()
    fits = isinstance(listed, list) and len(listed) == len(found)  # not where blocks are dynamic
    for index, one in enumerate(found):
        if isinstance(one, Object):
            expressions = mapping(listed[index]) if fits and isinstance(listed, list) else {}
            yield statement(given, one, ("statement", index), expressions)


def _inner(given: Arguments, names: tuple[str, ...]) -> Iterator[Node]:
    """The statements of other documents, which stand in the plan as JSON."""
    for name in names:
        node = given.resource.node(name)
        for one in items(node) if node is not None else ():
            text = text_of(one)
            if text and isinstance(one, Scalar):
                yield from _statements(given, name, one, text)


def _statements(given: Arguments, name: str, node: Scalar, text: str) -> tuple[Node, ...]:
    where = f"{given.resource.address}.{name}"
    hidden = has_marks(given.resource.sensitive, name)
    root = parse_sensitive(node, where) if hidden else parse_embedded(node, text).root
    inside = root.get("Statement") if isinstance(root, Object) else root
    return items(inside) if inside is not None else ()
