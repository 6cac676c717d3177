"""The syntax tree of a document: every value with its span, independent of the file format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Part, Position, Route
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.source import Source


class Number(NamedTuple):
    """A number as written; policies compare numbers as text or as decimals, never as floats."""

    text: str


class Scalar(NamedTuple):
    """A string, number, boolean or null, or a value that is not known."""

    value: str | Number | bool | Unknown | None
    source: Source
    start: int
    end: int


class Member(NamedTuple):
    """One key of an object with its value."""

    key: str
    value: Node
    start: int
    end: int


class Object(NamedTuple):
    """An object; a repeated key has one entry in ``members`` for each occurrence."""

    members: tuple[Member, ...]
    source: Source
    start: int
    end: int

    def get(self, key: str) -> Node | None:
        """Return the value of ``key``; the last one if the key is repeated, as JSON parsers do."""
        value = None
        for member in self.members:
            if member.key == key:
                value = member.value
        return value

    def duplicates(self) -> Iterator[tuple[Member, Member]]:
        """Pair each member that repeats a key with the first member with that key."""
        first: dict[str, Member] = {}
        for member in self.members:
            earlier = first.setdefault(member.key, member)
            if earlier is not member:
                yield earlier, member


class Array(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    source: Source
    start: int
    end: int


Node = Object | Array | Scalar


Made = str | bool | Unknown | Node | list["Made"] | dict[str, "Made"]
"""A value to make a node of; a node in it stays as it is."""


def made(value: Made, source: Source, start: int, end: int) -> Node:
    """Make a node of a value, in which every part has the same place."""
    if isinstance(value, dict):
        members = (Member(key, made(one, source, start, end), start, end) for key, one in value.items())
        return Object(tuple(members), source, start, end)
    if isinstance(value, list):
        return Array(tuple(made(one, source, start, end) for one in value), source, start, end)
    return Scalar(value, source, start, end) if isinstance(value, str | bool | Unknown) else value


def items(node: Node) -> tuple[Node, ...]:
    """Return the items of a list; a single value counts as a list of one."""
    return node.items if isinstance(node, Array) else (node,)


def children(node: Node) -> tuple[Node, ...]:
    """Return the values of an object or the items of a list; a scalar has none."""
    if isinstance(node, Object):
        return tuple(member.value for member in node.members)
    return node.items if isinstance(node, Array) else ()


def text_of(node: Node | None) -> str | None:
    """Return the value of a string node; ``None`` for any other node."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def scalar_text(node: Node) -> str | Unknown | None:
    """Return a string, number or boolean as the text that policies compare; ``None`` for any other node."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.text if isinstance(value, Number) else value


def rendered(node: Node) -> str:
    """Write a node as compact JSON; an unknown value is written as its name."""
    import json  # imported here because only values from other formats than JSON need it

    if isinstance(node, Object):
        return (
            "{"
            + ",".join(f"{json.dumps(member.key)}:{rendered(member.value)}" for member in node.members)
            + "}"
        )
    if isinstance(node, Array):
        return "[" + ",".join(map(rendered, node.items)) + "]"
    value = node.value.where if isinstance(node.value, Unknown) else node.value
    return value.text if isinstance(value, Number) else json.dumps(value)


def meaning(node: Node) -> str:
    """Write the content of a node in a canonical form: keys sorted, a list of one as its item."""
    if isinstance(node, Object):
        return (
            "{" + ",".join(sorted(f"{member.key!r}:{meaning(member.value)}" for member in node.members)) + "}"
        )
    if isinstance(node, Array):
        listed = ",".join(map(meaning, node.items))
        return listed if len(node.items) == 1 else f"[{listed}]"
    return rendered(node._replace(value=node.value.reference) if isinstance(node.value, Unknown) else node)


def describe(node: Node) -> str:
    """Name a node's JSON type for an error message."""
    if isinstance(node, Object):
        return "an object"
    if isinstance(node, Array):
        return "a list"
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    return "a string" if isinstance(value, str) else "a number" if isinstance(value, Number) else "unknown"


class Span(NamedTuple):
    """A range of a text: the offsets of its first character and of the one after its last."""

    source: Source
    start: int
    end: int

    def position(self) -> Position:
        """Return the lines and columns of the range in the file."""
        return self.source.position(self.start, self.end)


def span_of(node: Node) -> Span:
    """Return the range of a node in its text."""
    return Span(node.source, node.start, node.end)


def find(root: Node, route: Route, part: Part) -> Span:
    """Find the range of text that a route leads to, or that of the nearest existing ancestor.

    Nodes may come from different files; each range names its own file.
    """
    node = root
    for step in route:
        if isinstance(step, int):
            inside = items(node)
            if step >= len(inside):
                break
            node = inside[step]
        else:
            member = _member(node, step, first=part is Part.FIRST_KEY)
            if member is None:
                break
            if part is not Part.VALUE and step is route[-1]:
                return Span(node.source, member.start, member.end)
            node = member.value
    return span_of(node)


def _member(node: Node, key: str, *, first: bool) -> Member | None:
    if not isinstance(node, Object):
        return None
    members = node.members if first else reversed(node.members)
    return next((member for member in members if member.key == key), None)


_NAMES = ("Sid", "id", "arn", "SubscriptionArn", "GrantId", "Arn")


def anchor(root: Node, route: Route) -> str:
    """Write a route without numbers: a list item is named by its Sid, ID or ARN, or else by its content.

    The name stays the same when statements or lines are added, or lists are sorted.
    """
    node: Node | None = root
    steps = []
    for step in route:
        if node is None:
            steps.append(str(step))
        elif isinstance(step, int):
            inside = items(node)
            node = inside[step] if step < len(inside) else None
            steps.append(f"[{_name(node)}]" if node is not None else "[]")
        else:
            node = node.get(step) if isinstance(node, Object) else None
            steps.append(step.lower())
    return ".".join(steps)


def _name(node: Node) -> str:
    if isinstance(node, Object):
        named = (node.get(key) for key in _NAMES)
        texts = (scalar_text(named_node) for named_node in named if named_node is not None)
        return next((text for text in texts if isinstance(text, str) and text), _content(node))
    return _content(node)


def _content(node: Node) -> str:
    """Write the content of a node, independent of key order and layout."""
    if isinstance(node, Object):
        return (
            "{" + ",".join(sorted(f"{member.key}:{_content(member.value)}" for member in node.members)) + "}"
        )
    if isinstance(node, Array):
        return "[" + ",".join(map(_content, node.items)) + "]"
    return _scalar(node)


def _scalar(node: Scalar) -> str:
    return node.value.text if isinstance(node.value, Number) else str(node.value)
