"""Parses Terraform's JSON syntax: blocks and arguments are JSON values, and strings are templates.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.body import Argument, Block, Body
from checker.inputs.terraform.hcl.expression import (
    Element,
    Expression,
    ListOf,
    Literal,
    ObjectOf,
    Template,
    Text,
    Unsupported,
)
from checker.inputs.terraform.hcl.template import TemplateError, split
from checker.inputs.text import parse_source
from checker.policy.node import Array, Node, Object, Span, items, span_of
from checker.policy.source import offsets_of_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.node import Member
    from checker.policy.source import Source


_LABELS = {
    "resource": 2,
    "data": 2,
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "dynamic": 1,
    "backend": 1,
}


def parse_json_syntax(source: Source) -> Body:
    """Parse a file. Raises InputError, with the position, for text that is not a JSON object."""
    root = parse_source(source).root
    if not isinstance(root, Object):
        raise InputError(source.name, "expected an object", source.position(root.start, root.end))
    blocks = (one for member in root.members for one in _blocks(member, source))
    return Body({}, tuple(blocks))


def _blocks(member: Member, source: Source) -> Iterator[Block]:
    """Read the blocks of one type with their labels."""
    at = Span(source, member.start, member.end)
    yield from _labelled(member.key, (), member.value, at, _LABELS.get(member.key, 0))


def _labelled(kind: str, labels: tuple[str, ...], node: Node, header: Span, missing: int) -> Iterator[Block]:
    for one in items(node):
        if not isinstance(one, Object):
            continue
        if missing:
            for member in one.members:
                at = Span(one.source, member.start, member.end)
                yield from _labelled(kind, (*labels, member.key), member.value, at, missing - 1)
        else:
            yield Block(kind, labels, _body(one), Span(one.source, header.start, one.end), header)


def _body(node: Object) -> Body:
    """Read a body, in which blocks and arguments differ only by schema."""

    def nested(kind: str) -> tuple[Block, ...]:
        found = (one for one in node.members if one.key == kind)
        return tuple(block for one in found for block in _blocks(one, node.source))

    return Body(arguments_of(node), (), nested)


def arguments_of(node: Object) -> dict[str, Argument]:
    """Read the members of an object as arguments."""
    return {
        one.key: Argument(
            one.key,
            Span(node.source, one.start, one.end),
            lambda one=one: expression_of(one.value),  # type: ignore[misc]
        )
        for one in node.members
    }


def expression_of(node: Node) -> Expression:
    """Convert a value to an expression."""
    at = span_of(node)
    if isinstance(node, Array):
        return ListOf(at, tuple(map(expression_of, node.items)))
    if isinstance(node, Object):
        return ObjectOf(at, tuple(_element(one, node) for one in node.members))
    if isinstance(node.value, Unknown):
        return Unsupported(at, node.value.reason)
    return _string(node.value, at) if isinstance(node.value, str) else Literal(at, node.value)


def _element(member: Member, node: Object) -> Element:
    at = Span(node.source, member.start, member.end)
    return Element(_string(member.key, at), at, expression_of(member.value))


def _string(value: str, at: Span) -> Expression:
    """Read a string as a template."""
    if "${" not in value and "%{" not in value:
        return Literal(at, value)
    offsets = offsets_of_json(at.source.text, at.start + 1, len(value))
    try:
        parts = split(at.source, value, offsets)
    except TemplateError as error:
        return Unsupported(at, str(error))
    whole = parts[0] if len(parts) == 1 and isinstance(parts[0], Text) else None
    return Literal(at, whole.text) if whole is not None and whole.text == value else Template(at, parts)
