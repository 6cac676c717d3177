"""Reads the policy of a resource from an object, from JSON text, or from text with Fn::Sub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.cloudformation.functions import pieces
from checker.inputs.cloudformation.nodes import joined
from checker.inputs.scalar_offsets import offsets_of
from checker.inputs.text import fault_inside
from checker.policy.node import Array, Member, Node, Object, Scalar, items, text_of
from checker.policy.source import Source, offsets_at
from checker.policy.text_json import TextError, parse_json

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.functions import Piece


_FIRST_MARK = 0xE000
_MARKS = [chr(_FIRST_MARK + number) for number in range(0x1000)]
"""Private-use characters that mark unknown parts of a text while it is parsed as JSON."""


def policy_node(evaluation: Evaluation, node: Node) -> Node | None:
    """Evaluate the node of a policy, and parse it if it is text.

    Raises InputError, with the position, for text that is not JSON.
    """
    found = evaluation.node(node)
    text = text_of(found)
    if found is node and text is not None:
        return _parsed(found, text, offsets_of(found.source, found.start, text))
    argument = node.get("Fn::Sub") if isinstance(node, Object) and isinstance(found, Scalar) else None
    filled_in = pieces(evaluation, argument) if argument is not None else None
    if argument is not None and filled_in is not None:
        return _filled_in(items(argument)[0], filled_in) or found
    if found is not None and text is not None:
        return _parsed(found, text, offsets_at(found.start, len(text)))
    return found


def _parsed(node: Node, text: str, offsets: Sequence[int], marks: Collection[str] = ()) -> Node | None:
    """Parse a text as JSON; ``None`` if an unknown part may extend beyond a string."""
    source = Source(node.source.name, text, node.source, offsets)
    try:
        return parse_json(source)
    except TextError as error:
        if text[error.start : error.start + 1] in marks:
            return None
        raise fault_inside(error) from None


def _filled_in(node: Node, found: list[Piece]) -> Node | None:
    """Parse a text with gaps; unknown parts are marked during parsing and then replaced with Unknown."""
    written = text_of(node) or ""
    gaps = [piece.value for piece in found if isinstance(piece.value, Unknown)]
    if len(gaps) > len(_MARKS) or any(mark in written for mark in _MARKS[: len(gaps)]):
        return None
    marks = iter(_MARKS)
    values = [one.value if isinstance(one.value, str) else next(marks) for one in found]
    text = "".join(values)
    if not text.lstrip().startswith("{"):
        return None
    raw = offsets_of(node.source, node.start, written)
    offsets = [
        at for one, value in zip(found, values, strict=True) for at in _offsets(one, value, written, raw)
    ]
    by_mark = dict(zip(_MARKS, gaps, strict=False))
    root = _parsed(node, text, [*offsets, raw[len(written)]], by_mark)
    return None if root is None else _unmarked(root, by_mark)


def _offsets(piece: Piece, value: str, written: str, raw: Sequence[int]) -> Sequence[int]:
    if written[piece.start : piece.end] == value:
        return raw[piece.start : piece.end]
    return offsets_at(raw[piece.start], len(value) - 1) if value else ()


def _unmarked(node: Node, gaps: dict[str, Unknown]) -> Node:
    if isinstance(node, Array):
        return node._replace(items=tuple(_unmarked(one, gaps) for one in node.items))
    if isinstance(node, Object):
        members = (Member(_key(m.key, gaps), _unmarked(m.value, gaps), m.start, m.end) for m in node.members)
        return node._replace(members=tuple(members))
    return node._replace(value=_filled(node.value, gaps)) if isinstance(node.value, str) else node


def _filled(text: str, gaps: dict[str, Unknown]) -> str | Unknown:
    return (
        joined(gaps.get(character, character) for character in text)
        if not gaps.keys().isdisjoint(text)
        else text
    )


def _key(text: str, gaps: dict[str, Unknown]) -> str:
    value = _filled(text, gaps)
    return value if isinstance(value, str) else value.where
