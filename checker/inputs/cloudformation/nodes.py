"""Builds nodes that replace function calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown, pieces_in
from checker.policy.node import Array, Node, Object, Scalar, items, rendered, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.policy.model import Value


_SHOWN = 200


def valued(node: Node, value: Value | list[str]) -> Node:
    """Replace a function call with a value."""
    if isinstance(value, list):
        inside = tuple(Scalar(one, node.source, node.start, node.end) for one in value)
        return Array(inside, node.source, node.start, node.end)
    return Scalar(value, node.source, node.start, node.end)


def moved(node: Node, found: Node) -> Node:
    """Move a value that is written elsewhere to the position where it is used."""
    if isinstance(found, Array):
        return Array(tuple(moved(node, one) for one in found.items), node.source, node.start, node.end)
    return found if isinstance(found, Object) else found._replace(start=node.start, end=node.end)


def not_evaluated(_: object, node: Object, __: Node | None = None) -> Node:
    """Replace a call that only the deployment can evaluate, or that is not a known function."""
    name = next((one.key for one in node.members if one.key.startswith("Fn::")), "Ref")
    written = rendered(node)
    where = written if len(written) <= _SHOWN else f"{written[:_SHOWN]}..."
    return valued(node, Unknown(f"`{name}` is evaluated during deployment", where))


def conditions_in(root: Node) -> tuple[str, ...]:
    """Return the conditions that a value depends on."""
    named: list[str | None] = []
    collect_conditions(root, named)
    return tuple(name for name in named if name is not None)


def collect_conditions(root: Node, named: list[str | None]) -> int:
    """Collect the names of the conditions under a node, and count its values."""
    waiting, size = [root], 0
    while waiting:
        node = waiting.pop()
        size += 1
        if isinstance(node, Array):
            waiting += node.items
        for member in node.members if isinstance(node, Object) else ():
            waiting.append(member.value)
            if member.key == "Fn::If":
                named += map(text_at, items(member.value)[:1])
    return size


def text_at(node: Node | None) -> str | None:
    """Return the text of an optional node."""
    return text_of(node) if node is not None else None


_LONGEST = 100_000
"""Maximum length of a text, above that of any policy; nested names grow exponentially."""


def joined(pieces: Iterable[Value]) -> Value:
    """Join pieces into a text. With an unknown piece, the result is Unknown with the partial text in
    ``where``.

    A single unknown piece is returned unchanged, so that references can still be followed.
    """
    found = [piece for piece in pieces if piece != ""]
    length = sum(len(piece) if isinstance(piece, str) else len(piece.where) + 3 for piece in found)
    if length > _LONGEST:
        return Unknown(f"a string longer than {_LONGEST} characters")
    unknown = next((piece for piece in found if isinstance(piece, Unknown)), None)
    if unknown is not None and len(found) > 1:
        return Unknown(unknown.reason, "".join(map(_written, found)), pieces_in(found))
    return unknown if unknown is not None else "".join(map(str, found))


def _written(piece: Value) -> str:
    """Write a piece in the syntax of Fn::Sub; a piece with gaps is not wrapped again."""
    if isinstance(piece, str) or "${" in piece.where:
        return piece if isinstance(piece, str) else piece.where
    return f"${{{piece.where}}}"
