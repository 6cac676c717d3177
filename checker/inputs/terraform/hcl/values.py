"""Creates the nodes that expressions evaluate to. An unknown value is a scalar with Unknown."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Unknown, chosen_by
from checker.inputs.declared import NOT_KNOWN
from checker.policy.node import (
    Array,
    Member,
    Node,
    Number,
    Object,
    Scalar,
    Span,
    children,
    rendered,
    scalar_text,
    span_of,
)
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.core.unknown import Piece
    from checker.policy.node import Node


MARK = pattern("\ue000([0-9]+)\ue001")
"""Private characters around the number of a mark; `cleaned` removes them from user text."""


class Rendered(Source):
    """A text with marks that stand for nodes."""

    __slots__ = ("nodes",)

    def __init__(self, outer: Source, text: str, offsets: Sequence[int], nodes: Mapping[int, Node]) -> None:
        super().__init__(outer.name, text, outer, offsets)
        self.nodes = nodes


def mark(number: int) -> str:
    """Return the text of a mark."""
    return f"\ue000{number}\ue001"


def cleaned(text: str) -> str:
    """Replace the characters reserved for marks in a text."""
    return text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd")


_DIGITS = 40
_ALWAYS_SET = (".arn", ".topic_arn", ".id", ".key_id", ".account_id", ".json")


class Wrong(Unknown):
    """A value that Terraform rejects. `try` and `can` distinguish it from a value that is not known yet."""

    __slots__ = ()


class Rest(Unknown):
    """Stands in a list for an unknown number of items; its pieces are those of each of them."""

    __slots__ = ()


class Positive(Unknown):
    """A number known to be at least 1, such as the length of a nonempty value."""

    __slots__ = ()


def known(value: str | Number | bool | None, at: Span) -> Scalar:  # noqa: FBT001 - any value
    """Make a computed value at the position of the expression."""
    return Scalar(value, at.source, at.start, at.end)


def unknown(reason: Unknown | str, at: Span, where: str = "") -> Scalar:
    """Make an unknown value, with the reason of the unknown value that caused it.

    What is known of the text of the cause is not known of this value: a function or a condition may change it.
    """
    value = Unknown(reason, where) if isinstance(reason, str) else reason._replace(pieces=())
    return Scalar(value, at.source, at.start, at.end)


def symbolic(value: Unknown, at: Span) -> Scalar:
    """Make an unknown value with the pieces of its text, for a reference or a text that is composed of them."""
    return Scalar(value, at.source, at.start, at.end)


def wrong(reason: str, at: Span, where: str = "") -> Scalar:
    """Make a value that Terraform rejects."""
    return Scalar(Wrong(reason, where), at.source, at.start, at.end)


def number(value: Decimal | int, at: Span) -> Scalar:
    """Make a computed number in Terraform's format."""
    text = format(Decimal(value).normalize(), "f")
    return known(Number("0" if text == "-0" else text), at)


def placed(node: Node, at: Span) -> Node:
    """Move an unknown value to the position of the reference; a known value keeps its position."""
    if isinstance(node, Scalar) and isinstance(node.value, Unknown) and not isinstance(node.source, Rendered):
        return Scalar(node.value, at.source, at.start, at.end)
    return node


def referred(node: Node, at: Span) -> Node:
    """Move a computed module output to the position of the reference, because it belongs to the caller.

    The module may have other callers, so a wrong reference is fixed in one caller only. A literal keeps its
    position.
    """
    if not isinstance(node, Scalar) or isinstance(node.source, Rendered) or not isinstance(node.value, str):
        return placed(node, at)
    literal = node.value in node.source.text[node.start : node.end]
    return node if literal else known(node.value, at)


def why_unknown(node: Node) -> Unknown | None:
    """Return the reason if a value as a whole is unknown."""
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, Unknown) else None


def not_expected(node: Node, reason: str) -> Unknown:
    """Return why a value cannot be used: the reason why it is unknown, or else the given one."""
    why = why_unknown(node)
    return Unknown(reason) if why is None else why


def first_unknown(found: Iterable[object]) -> Unknown | None:
    """Return the first Unknown among texts, conditions or reasons."""
    return next((one for one in found if isinstance(one, Unknown)), None)


def unknown_within(node: Node) -> Unknown | None:
    """Return the reason if any part of a value is unknown."""
    if isinstance(node, Scalar):
        return why_unknown(node)
    return first_unknown(map(unknown_within, children(node)))


def rest_of(node: Node) -> Unknown | None:
    """Return the reason if some items of a list are unknown."""
    found = (why_unknown(one) for one in node.items) if isinstance(node, Array) else ()
    return next((one for one in found if isinstance(one, Rest)), None)


def why_not_whole(node: Node) -> Unknown | None:
    """Return the reason if a value, or the length of a list, is unknown."""
    return rest_of(node) if isinstance(node, Array) else why_unknown(node)


def is_composed(node: Node) -> bool:
    """True for a text that was joined from several values."""
    return isinstance(node.source, Rendered) and bool(node.source.nodes)


def is_filled(node: Node) -> bool:
    """True for a value that is certainly neither null nor empty, known or not.

    Examples are partly known texts, and attributes that AWS sets on every resource.
    """
    why = why_unknown(node)
    if why is None:
        return text(node) not in ("", None) if isinstance(node, Scalar) else True
    if isinstance(node.source, Rendered):
        return MARK.sub("", node.source.text) != ""
    return why.reason == NOT_KNOWN.reason and why.where.endswith(_ALWAYS_SET)


def identity(node: Node) -> tuple[str, list[tuple[Piece, ...]]]:
    """Return what equal values share: their text, and what is known of the parts that are not known.

    A function keeps the reference of its argument as its name, but has none of its pieces.
    """
    return rendered(node), [one.pieces for one in _unknowns(node)]


def _unknowns(node: Node) -> Iterator[Unknown]:
    why = why_unknown(node)
    if why is not None:
        yield why
    marked = node.source.nodes.values() if isinstance(node.source, Rendered) else ()
    for one in (*children(node), *marked):
        yield from _unknowns(one)


def truth(node: Node) -> bool | Unknown | None:
    """Return the value of a condition; ``None`` if it is not a boolean."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool | Unknown) else None


def decimal(node: Node) -> Decimal | None:
    """Return a number, or a string with a number, of limited size."""
    value = node.value if isinstance(node, Scalar) else None
    text = value.text if isinstance(value, Number) else value
    if not isinstance(text, str) or len(text) > _DIGITS:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < _DIGITS else None


def text(node: Node) -> str | Unknown | None:
    """Return a string, number or boolean as text; ``None`` for null, a list or an object."""
    if isinstance(node, Scalar) and isinstance(node.value, Number):
        exact = decimal(node)
        return node.value.text if exact is None else format(exact.normalize(), "f")
    return scalar_text(node)


def is_null(node: Node | None) -> bool:
    """True for null."""
    return isinstance(node, Scalar) and node.value is None


def array(items: Iterable[Node], at: Span) -> Array:
    """Make a computed list."""
    return Array(tuple(items), at.source, at.start, at.end)


def mapping(pairs: Iterable[tuple[str, Node]], at: Span) -> Object:
    """Make a computed object. Keys have the positions of their values, and the last duplicate key wins."""
    last = dict(pairs)
    members = (Member(key, value, at.start, at.end) for key, value in last.items())
    return Object(tuple(members), at.source, at.start, at.end)


def merged(objects: Iterable[Object], at: Span) -> Object:
    """Merge the members of several objects; the last value of a key wins, at the first key's place.

    A key from another file than the expression gets the position of the expression.
    """
    last: dict[str, Member] = {}
    for one in objects:
        for member in one.members:
            here = one.source is at.source
            last[member.key] = member if here else Member(member.key, member.value, at.start, at.end)
    return Object(tuple(last.values()), at.source, at.start, at.end)


def under_symbol(node: Node, key: Unknown, where: str, at: Span, default: Node | None = None) -> Node:
    """Return the value of an object under a key that is a symbol, as far as its entries are texts or objects.

    ``where`` is the expression.
    """
    members = node.members if isinstance(node, Object) else ()
    values = [one.value for one in members]
    if default is None and values and all(isinstance(one, Object) for one in values):
        return _objects_under_symbol(members, key, where, at)
    texts = [text(one) for one in (*values, *((default,) if default is not None else ()))]
    if None in texts:
        return unknown(key, at)
    pairs = zip((one.key for one in members), texts, strict=False)
    return looked_up(key, pairs, where, at, texts[-1] if default is not None else None)


def looked_up(
    key: Unknown,
    pairs: Iterable[tuple[str, str | Unknown | None]],
    where: str,
    at: Span,
    default: str | Unknown | None = None,
) -> Node:
    """Return the text of a table under a key that is a symbol."""
    pieces = chosen_by(key, pairs, default)
    return symbolic(Unknown(key.reason, where, pieces), at) if pieces else unknown(key, at)


def _objects_under_symbol(members: Sequence[Member], key: Unknown, where: str, at: Span) -> Node:
    """Return an object with the attributes that all entries have, each under the key."""
    objects = [(one.key, one.value) for one in members if isinstance(one.value, Object)]
    first = objects[0][1]
    shared = [one.key for one in first.members if all(other.get(one.key) is not None for _, other in objects)]

    def column(name: str) -> Object:
        cells = ((entry, other.get(name)) for entry, other in objects)
        return mapping([(entry, cell) for entry, cell in cells if cell is not None], at)

    return mapping([(name, under_symbol(column(name), key, f"{where}.{name}", at)) for name in shared], at)


def entries(node: Node) -> list[tuple[Node, Node]] | Unknown:
    """Return the keys and values of a list or object for a loop, or the reason if they are unknown."""
    rest = rest_of(node)
    if rest is not None:
        return rest
    at = span_of(node)
    if isinstance(node, Array):
        return [(number(index, at), one) for index, one in enumerate(node.items)]
    if isinstance(node, Object):
        return [(known(one.key, at), one.value) for one in sorted(node.members, key=lambda m: m.key)]
    found = why_unknown(node)
    return found if found is not None else Unknown("neither a list nor an object")


def with_variables(node: Node) -> Node:
    """Convert policy variables to AWS syntax: aws_iam_policy_document uses `&{...}` instead of `${...}`."""
    if isinstance(node, Array):
        return node._replace(items=tuple(map(with_variables, node.items)))
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(node, Scalar) and isinstance(value, str) and "&{" in value:
        return node._replace(value=value.replace("&{", "${"))
    return node
