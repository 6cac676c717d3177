"""What an expression comes to: a node. What cannot be known, or not yet, is an Unknown in a scalar."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.declared import NOT_KNOWN
from checker.policy.node import (
    Array,
    Member,
    Node,
    Number,
    Object,
    Scalar,
    Stretch,
    children,
    scalar_text,
    stretch_of,
)
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.policy.node import Node


MARK = re.compile("\ue000([0-9]+)\ue001")
"""Private characters around a number; `cleaned` keeps them out of what people write."""


class Rendered(Source):
    """A text whose marks stand for nodes."""

    __slots__ = ("nodes",)

    def __init__(self, outer: Source, text: str, offsets: Sequence[int], nodes: Mapping[int, Node]) -> None:
        super().__init__(outer.name, text, outer, offsets)
        self.nodes = nodes


def mark(number: int) -> str:
    """Write a mark."""
    return f"\ue000{number}\ue001"


def cleaned(text: str) -> str:
    """A text without characters that a mark is made of, each replaced by one other."""
    return text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd")


_DIGITS = 40
_ALWAYS_SET = (".arn", ".id", ".key_id", ".account_id", ".json")


class Wrong(Unknown):
    """Something that Terraform refuses; `try` and `can` tell it from what is merely not known yet."""

    __slots__ = ()


class Rest(Unknown):
    """Stands in a list for items of which not even the number is known."""

    __slots__ = ()


class Positive(Unknown):
    """A number of which is known only that it is not below 1: how long something is that is not empty."""

    __slots__ = ()


def known(value: str | Number | bool | None, at: Stretch) -> Scalar:  # noqa: FBT001 - any value
    """A value that is worked out, placed where the expression stands."""
    return Scalar(value, at.source, at.start, at.end)


def unknown(reason: Unknown | str, at: Stretch, where: str = "") -> Scalar:
    """A value that is not known, or the one that made it so."""
    value = Unknown(reason, where) if isinstance(reason, str) else reason
    return Scalar(value, at.source, at.start, at.end)


def wrong(reason: str, at: Stretch, where: str = "") -> Scalar:
    """What Terraform refuses."""
    return Scalar(Wrong(reason, where), at.source, at.start, at.end)


def number(value: Decimal | int, at: Stretch) -> Scalar:
    """A number that is worked out, written as Terraform does."""
    text = format(Decimal(value).normalize(), "f")
    return known(Number("0" if text == "-0" else text), at)


def placed(node: Node, at: Stretch) -> Node:
    """Place a value that is not known where it is referred to; one that is stays where it is written."""
    if isinstance(node, Scalar) and isinstance(node.value, Unknown) and not isinstance(node.source, Rendered):
        return Scalar(node.value, at.source, at.start, at.end)
    return node


def referred(node: Node, at: Stretch) -> Node:
    """Place the value of a module's output: a text that is worked out belongs to the caller that refers to it.

    The module serves other callers too, so that a wrong reference is corrected in the caller alone. A literal stays
    where it is written.
    """
    if not isinstance(node, Scalar) or isinstance(node.source, Rendered) or not isinstance(node.value, str):
        return placed(node, at)
    literal = node.value in node.source.text[node.start : node.end]
    return node if literal else known(node.value, at)


def why_unknown(node: Node) -> Unknown | None:
    """Say why a value as a whole is not known, if it is not."""
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, Unknown) else None


def first_unknown(found: Iterable[object]) -> Unknown | None:
    """The first of texts, conditions or reasons that is not known."""
    return next((one for one in found if isinstance(one, Unknown)), None)


def unknown_within(node: Node) -> Unknown | None:
    """Say why some part of a value is not known, if one is not."""
    if isinstance(node, Scalar):
        return why_unknown(node)
    return first_unknown(map(unknown_within, children(node)))


def rest_of(node: Node) -> Unknown | None:
    """Say why not all items of a list are known, if they are not."""
    found = (why_unknown(one) for one in node.items) if isinstance(node, Array) else ()
    return next((one for one in found if isinstance(one, Rest)), None)


def why_not_whole(node: Node) -> Unknown | None:
    """Say why a value, or the number of a list's items, is not known, if it is not."""
    return rest_of(node) if isinstance(node, Array) else why_unknown(node)


def is_put_together(node: Node) -> bool:
    """True for a text in which something else stands than text that is known."""
    return isinstance(node.source, Rendered) and bool(node.source.nodes)


def is_filled(node: Node) -> bool:
    """True for what is certain to be neither null nor empty, known or not.

    That is a text of which a part is known, and what AWS gives everything that it makes.
    """
    why = why_unknown(node)
    if why is None:
        return text(node) not in ("", None) if isinstance(node, Scalar) else True
    if isinstance(node.source, Rendered):
        return MARK.sub("", node.source.text) != ""
    return why.reason == NOT_KNOWN.reason and why.where.endswith(_ALWAYS_SET)


def truth(node: Node) -> bool | Unknown | None:
    """Read a condition; ``None`` for what is none."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool | Unknown) else None


def decimal(node: Node) -> Decimal | None:
    """Read a number, or a string that is one, of a size that can be reckoned with."""
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
    """Give a string, number or boolean as text; ``None`` for null, a list or an object."""
    if isinstance(node, Scalar) and isinstance(node.value, Number):
        exact = decimal(node)
        return node.value.text if exact is None else format(exact.normalize(), "f")
    return scalar_text(node)


def is_null(node: Node | None) -> bool:
    """True for null."""
    return isinstance(node, Scalar) and node.value is None


def array(items: Iterable[Node], at: Stretch) -> Array:
    """A list that is worked out."""
    return Array(tuple(items), at.source, at.start, at.end)


def mapping(pairs: Iterable[tuple[str, Node]], at: Stretch) -> Object:
    """An object that is worked out; each key is placed where its value is, the last of a name counts."""
    last = dict(pairs)
    members = (Member(key, value, at.start, at.end) for key, value in last.items())
    return Object(tuple(members), at.source, at.start, at.end)


def merged(objects: Iterable[Object], at: Stretch) -> Object:
    """An object of the members of several; the last of a name counts, in the place of the first.

    A key that is written in another file than the expression is placed where the expression stands.
    """
    last: dict[str, Member] = {}
    for one in objects:
        for member in one.members:
            here = one.source is at.source
            last[member.key] = member if here else Member(member.key, member.value, at.start, at.end)
    return Object(tuple(last.values()), at.source, at.start, at.end)


def entries(node: Node) -> list[tuple[Node, Node]] | Unknown:
    """Give keys and values of a list or an object, as loops see them; or why they are not known."""
    rest = rest_of(node)
    if rest is not None:
        return rest
    at = stretch_of(node)
    if isinstance(node, Array):
        return [(number(index, at), one) for index, one in enumerate(node.items)]
    if isinstance(node, Object):
        return [(known(one.key, at), one.value) for one in sorted(node.members, key=lambda m: m.key)]
    found = why_unknown(node)
    return found if found is not None else Unknown("neither a list nor an object")


def with_variables(node: Node) -> Node:
    """Write policy variables as AWS does: aws_iam_policy_document takes `&{...}`, because HCL reads `${...}`."""
    if isinstance(node, Array):
        return node._replace(items=tuple(map(with_variables, node.items)))
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(node, Scalar) and isinstance(value, str) and "&{" in value:
        return node._replace(value=value.replace("&{", "${"))
    return node
