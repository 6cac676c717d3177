"""JSON in a string to nodes, with what was interpolated in it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.hcl.render import shown
from checker.inputs.hcl.rendered import MARK, Rendered
from checker.inputs.hcl.values import first_unknown, placed, text, why_unknown
from checker.inputs.text import parse_inside
from checker.policy.node import Array, Member, Node, Scalar, stretch_of
from checker.policy.source import Source, offsets_at, offsets_of_string

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPAN = re.compile(rf'\\.|"|{MARK.pattern}', re.DOTALL)


def decode(node: Scalar) -> Node:
    """Parse the JSON that a string holds; a mark in it becomes what it stands for.

    Raises InputError, with the place, for what is no JSON.
    """
    outer, written, offsets = _written(node)
    nodes = outer.nodes if isinstance(outer, Rendered) else {}
    length = len(written)
    if nodes:
        written, offsets = _with_quotes(written, offsets)
    source = Source(outer.name, written, outer, offsets)
    try:
        root = parse_inside(source)
    except InputError:
        why = why_unknown(node)
        if why is not None and len(written) > length:
            return node  # what is not known stands between values, and may be anything
        raise
    return _Restored(nodes).node(root) if nodes else root


def _written(node: Scalar) -> tuple[Source, str, Sequence[int]]:
    """Give the source that a string is written in, its characters and the offsets of these."""
    source, start, end = node.source, node.start, node.end
    value = source.text[start:end] if isinstance(source, Rendered) else text(node)
    if not isinstance(value, str):
        return source, "", [start]
    if source.text[start:end] == value:
        return source, value, range(start, end + 1)
    if source.text[start + 1 : end - 1] == value:
        return source, value, range(start + 1, end)
    if _is_literal(source.text[start:end], value):
        return source, value, offsets_of_string(source.text, start, len(value))
    return source, value, offsets_at(start, len(value))


def _is_literal(written: str, value: str) -> bool:
    """True for a JSON string of this value, escaped as it may be."""
    try:
        return written.startswith('"') and bool(json.loads(written) == value)
    except ValueError:
        return False


def _with_quotes(written: str, offsets: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Put quotes around the marks that stand where JSON wants a value."""
    texts: list[str] = []
    places: list[int] = []
    quoted, at = False, 0
    for match in _SPAN.finditer(written):
        if match[0] == '"':
            quoted = not quoted
        elif match[1] and not quoted:
            texts += (written[at : match.start()], '"', match[0], '"')
            places += offsets[at : match.start()]
            places += [offsets[match.start()]] * (len(match[0]) + 2)
            at = match.end()
    places += offsets[at : len(written) + 1]
    return "".join([*texts, written[at:]]), places


class _Restored:
    """Puts nodes in the place of marks."""

    def __init__(self, nodes: Mapping[int, Node]) -> None:
        self.nodes = nodes

    def node(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return self.scalar(node)
        if isinstance(node, Array):
            return node._replace(items=tuple(map(self.node, node.items)))
        for member in node.members:
            if MARK.search(member.key):
                where = self.readable(member.key)
                return Scalar(
                    Unknown("the name of a key is not known", where), node.source, node.start, node.end
                )
        members = (Member(m.key, self.node(m.value), m.start, m.end) for m in node.members)
        return node._replace(members=tuple(members))

    def scalar(self, node: Scalar) -> Node:
        value = node.value if isinstance(node.value, str) else ""
        marks = [one for one in map(self.meant, MARK.finditer(value)) if one is not None]
        if not marks:
            return node
        if len(marks) == 1 and MARK.fullmatch(value):
            return placed(marks[0], stretch_of(node))
        reason = first_unknown(map(why_unknown, marks))
        whole = self.readable(value)
        return node._replace(value=whole if reason is None else Unknown(reason.reason, whole))

    def meant(self, match: re.Match[str]) -> Node | None:
        return self.nodes.get(int(match[1]))

    def readable(self, value: str) -> str:
        def one(match: re.Match[str]) -> str:
            node = self.meant(match)
            return "" if node is None else shown(node)

        return MARK.sub(one, value)
