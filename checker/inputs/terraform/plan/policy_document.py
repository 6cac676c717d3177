"""Reads the blocks of `data.aws_iam_policy_document` from a plan; unknown parts stay unknown.

A document that depends on unknown values is read during apply. The plan contains its arguments, each value
known or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.sensitive import masked, parse_sensitive
from checker.inputs.terraform.plan.configuration import mapping
from checker.inputs.terraform.plan.plan_index import has_marks, marks_beneath
from checker.inputs.terraform.plan.resource import NOT_IN_PLAN
from checker.inputs.text import parse_embedded
from checker.policy.node import Array, Member, Node, Object, Scalar, Span, span_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from checker.inputs.terraform.plan.resource import Resource


_KEYS = {"principals": ("type",), "not_principals": ("type",), "condition": ("test", "variable")}
"""Arguments that identify a block; blocks of these types are an unordered set."""


class PlannedBlock(NamedTuple):
    """A block of a planned resource.

    ``path`` leads to it from the resource, ``written`` are the expressions of its arguments, and ``name`` names
    the sources of an expression.
    """

    resource: Resource
    node: Object
    path: tuple[str | int, ...]
    written: Mapping[str, object]
    name: Callable[[object], str]

    @property
    def at(self) -> Span:
        """The range of the block."""
        return span_of(self.node)

    @property
    def header(self) -> Span:
        """The range of the block, which has no first line."""
        return self.at

    def value(self, name: str) -> Node | None:
        """Return the value of an argument; ``None`` if it is missing."""
        return self._value(self.node.get(name), (*self.path, name), self.written.get(name))

    def place(self, name: str) -> Span:
        """Return the range of the value of an argument."""
        node = self.node.get(name)
        return self.at if node is None else span_of(node)

    def blocks(self, name: str) -> tuple[PlannedBlock | Scalar, ...]:
        """Return the nested blocks of a type; an unknown value stands for an unknown number of blocks."""
        if self.resource.lacks(*self.path, name):
            return (self._unknown(self.node, self.written.get(name)),)
        listed = self.node.get(name)
        return tuple(self._blocks(listed.items, name)) if isinstance(listed, Array) else ()

    def document(self, node: Node) -> Node:
        """Return the policy that an argument holds as JSON. Raises InputError for other text."""
        text = text_of(node)
        if text is None or not isinstance(node, Scalar):
            return node
        if has_marks(self.resource.sensitive):
            return parse_sensitive(node, self.resource.address)
        return parse_embedded(node, text).root

    def _blocks(self, listed: tuple[Node, ...], name: str) -> Iterator[PlannedBlock]:
        for index, node in enumerate(listed):
            if isinstance(node, Object):
                written = _written(self.written.get(name), node, index, len(listed), _KEYS.get(name, ()))
                yield PlannedBlock(self.resource, node, (*self.path, name, index), written, self.name)

    def _value(self, node: Node | None, path: tuple[str | int, ...], written: object) -> Node | None:
        if self.resource.lacks(*path):
            return self._unknown(node or self.node, written)
        if isinstance(node, Array):
            inside = (self._value(one, (*path, index), written) for index, one in enumerate(node.items))
            node = node._replace(items=tuple(one for one in inside if one is not None))
        if isinstance(node, Object):
            node = self._with_unknown_members(node, path, written)
        if node is None or not has_marks(self.resource.sensitive, *path):
            return node
        return masked(node, f"{self.resource.address}.{path[0]}")

    def _with_unknown_members(self, node: Object, path: tuple[str | int, ...], written: object) -> Object:
        """Add the members of an object that are unknown before apply, which a plan omits."""
        marks = marks_beneath(self.resource.unknown, path)
        names = [name for name, mark in marks.items() if has_marks(mark)] if isinstance(marks, dict) else []
        members = tuple(one for one in node.members if one.key not in names)
        unknown = (Member(name, self._unknown(node, written), node.start, node.start) for name in names)
        return node._replace(members=(*members, *unknown))

    def _unknown(self, node: Node, written: object) -> Scalar:
        """Make an unknown value with the name of its expression."""
        return Scalar(Unknown(NOT_IN_PLAN, self.name(written) or self.resource.address), *span_of(node))


def _written(
    expressions: object, block: Object, index: int, count: int, keys: tuple[str, ...]
) -> Mapping[str, object]:
    """Return the expressions of a block, which is found by its keys, or else by its position."""
    blocks = [mapping(one) for one in expressions] if isinstance(expressions, list) else []
    if not keys:  # dynamic blocks have fewer expressions
        return blocks[index] if len(blocks) == count else {}
    same = [one for one in blocks if all(_constant(one, key) == text_of(block.get(key)) for key in keys)]
    return same[0] if len(same) == 1 else blocks[0] if len(blocks) == 1 else {}


def _constant(block: Mapping[str, object], key: str) -> object:
    return mapping(block.get(key)).get("constant_value")
