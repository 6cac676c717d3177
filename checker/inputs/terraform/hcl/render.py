"""Renders templates with the source position of every character."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.unknown import Unknown, pieces_in
from checker.inputs.terraform.hcl.expression import Choice, Interpolation, Loop, Part, Text, written
from checker.inputs.terraform.hcl.limits import MAX_TEXT
from checker.inputs.terraform.hcl.values import (
    MARK,
    Rendered,
    Wrong,
    cleaned,
    entries,
    first_unknown,
    known,
    mark,
    placed,
    symbolic,
    text,
    truth,
    unknown,
    why_unknown,
)
from checker.inputs.text import fault_inside, parse_inside
from checker.policy.node import Array, Member, Node, Scalar, Span, rendered, span_of
from checker.policy.source import Source, offsets_at, offsets_of_string
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.core.unknown import Piece
    from checker.inputs.terraform.hcl.expression import Expression
    from checker.inputs.terraform.hcl.limits import Budget

    Evaluate = Callable[[Expression, Mapping[str, Node]], Node]
    from collections.abc import Mapping


_SHOWN = 500
_TOO_LONG = "the string is too long to evaluate"


def render(parts: Sequence[Part], at: Span, evaluate: Evaluate, budget: Budget) -> Node:
    """Render a template; a template with a single interpolation evaluates to that value.

    ``evaluate`` takes an expression and the loop variables of the template.
    """
    if len(parts) == 1 and isinstance(parts[0], Interpolation):
        return evaluate(parts[0].value, {})
    builder = Builder(at, budget)
    _Renderer(builder, evaluate).parts(parts, {})
    return builder.node()


def joined(pieces: Sequence[Node], between: str, at: Span, budget: Budget) -> Node:
    """Join values into a text, as `join` does; a single value is returned unchanged."""
    if len(pieces) == 1:
        return pieces[0]
    builder = Builder(at, budget)
    for number, piece in enumerate(pieces):
        if number and between:
            builder.characters(between, [at.start] * (len(between) + 1))
        builder.value(piece, at)
    return builder.node()


class Builder:
    """Builds a text with the offset in ``at.source`` of each character."""

    def __init__(self, at: Span, budget: Budget) -> None:
        self.at, self.budget = at, budget
        self.texts: list[str] = []
        self.shown: list[str] = []
        self.offsets: list[int] = []
        self.end = at.start
        self.length = 0
        self.nodes: dict[int, Node] = {}
        self.unknown: Unknown | None = None
        self.lost: Unknown | None = None

    def characters(self, written: str, offsets: Sequence[int]) -> None:
        """Append characters with their offsets; one more offset marks the end."""
        self._add(cleaned(written), cleaned(written), offsets[: len(written)], offsets[len(written)])

    def lose(self, reason: Unknown) -> None:
        """Mark the whole text as unknown, because even the positions of its unknown parts are not known."""
        self.lost = reason if self.lost is None else self.lost

    def value(self, node: Node, at: Span) -> None:
        """Append the value of an interpolation at a range."""
        found = text(node)
        if isinstance(found, Unknown) and self.unknown is None:
            self.unknown = found
        source = node.source
        if isinstance(source, Rendered) and source.nodes and isinstance(node, Scalar):
            self.nodes |= source.nodes
            self._add(source.text, shown(node), [at.start] * len(source.text), at.end)
        elif isinstance(found, str):
            self.characters(found, [*([at.start] * len(found)), at.end])
        else:
            marked = mark(self.budget.new_mark())
            self.nodes[self.budget.marks] = node
            self._add(marked, shown(node), [at.start] * len(marked), at.end)

    def _add(self, written: str, readable: str, offsets: Sequence[int], end: int) -> None:
        self.length += max(len(readable), len(written))
        if self.length > MAX_TEXT or not self.budget.spend_text(len(written)):
            self.lose(Unknown(_TOO_LONG))
            return
        self.texts.append(written)
        self.shown.append(readable)
        self.offsets += offsets
        self.end = end

    def node(self) -> Node:
        """Return the result as a node."""
        if self.lost is not None:
            return unknown(self.lost, self.at)
        whole = "".join(self.shown)
        source = Rendered(self.at.source, "".join(self.texts), [*self.offsets, self.end], self.nodes)
        span = Span(source, 0, len(source.text))
        if self.unknown is None:
            return known(whole, span)
        kind = Wrong if isinstance(self.unknown, Wrong) else Unknown
        pieces = _pieces("".join(self.texts), self.nodes)
        return symbolic(kind(self.unknown.reason, whole[:_SHOWN], pieces), span)


def _pieces(written: str, nodes: Mapping[int, Node]) -> tuple[Piece, ...]:
    """Return the pieces of a text with marks; empty if nothing is known of the value of a mark."""
    parts: list[object] = []
    at = 0
    for match in MARK.finditer(written):
        parts += (written[at : match.start()], text(nodes[int(match[1])]) if int(match[1]) in nodes else None)
        at = match.end()
    parts.append(written[at:])
    return pieces_in(part for part in parts if part != "")


class _Renderer:
    """Walks the parts of one template."""

    def __init__(self, builder: Builder, evaluate: Evaluate) -> None:
        self.builder, self.evaluate = builder, evaluate

    def parts(self, parts: Sequence[Part], names: Mapping[str, Node]) -> None:
        for part in parts:
            if isinstance(part, Text):
                self.builder.characters(part.text, part.offsets)
            elif isinstance(part, Interpolation):
                self.builder.value(self.evaluate(part.value, names), part.at)
            elif isinstance(part, Choice):
                self.choice(part, names)
            else:
                self.loop(part, names)

    def choice(self, part: Choice, names: Mapping[str, Node]) -> None:
        holds = truth(self.evaluate(part.condition, names))
        if isinstance(holds, bool):
            self.parts(part.then if holds else part.otherwise, names)
        else:
            self.builder.lose(Unknown("not a boolean", written(part.at)) if holds is None else holds)

    def loop(self, part: Loop, names: Mapping[str, Node]) -> None:
        collection = self.evaluate(part.collection, names)
        found = entries(collection)
        if isinstance(found, Unknown):
            self.builder.lose(found)
            return
        for key, value in found:
            if not self.builder.budget.spend():
                break
            bound = (value,) if len(part.names) == 1 else (key, value)
            self.parts(part.body, {**names, **dict(zip(part.names, bound, strict=True))})


def shown(node: Node) -> str:
    """Write a value as a template renders it; an unknown value is written as its name."""
    found = text(node)
    if isinstance(found, Unknown):
        whole = isinstance(node.source, Rendered)
        return found.where if whole else f"${{{found.where}}}"
    return rendered(node) if found is None else found


_SPAN = pattern(rf'\\.|"|{MARK.pattern}', re.DOTALL)


def decode(node: Scalar) -> Node:
    """Parse the JSON in a string; marks in it are replaced with their nodes.

    Raises InputError, with the position, for text that is not JSON.
    """
    outer, written, offsets = text_with_offsets(node)
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
            return node  # an unknown part between values may be anything
        raise
    return _Restored(nodes).node(root) if nodes else root


def decode_yaml(node: Scalar) -> Node:
    """Parse the YAML in a string; marks in it are replaced with their nodes.

    Raises InputError, with the position, for text that is not YAML.
    """
    from checker.inputs.yaml_text import parse_yaml  # PyYAML is slow to import

    outer, written, offsets = text_with_offsets(node)
    nodes = outer.nodes if isinstance(outer, Rendered) else {}
    try:
        root = parse_yaml(Source(outer.name, written, outer, offsets))
    except TextError as error:
        raise fault_inside(error) from None
    return _Restored(nodes).node(root) if nodes else root


def text_with_offsets(node: Scalar) -> tuple[Source, str, Sequence[int]]:
    """Return the source of a string, its characters and their offsets."""
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
    """True for a JSON string literal with this value, with any escapes."""
    try:
        return written.startswith('"') and bool(json.loads(written) == value)
    except ValueError:
        return False


def _with_quotes(written: str, offsets: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Add quotes around marks that stand for JSON values."""
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
    """Replaces marks with nodes."""

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
                    Unknown("the name of the key is not known", where), node.source, node.start, node.end
                )
        members = (Member(m.key, self.node(m.value), m.start, m.end) for m in node.members)
        return node._replace(members=tuple(members))

    def scalar(self, node: Scalar) -> Node:
        value = node.value if isinstance(node.value, str) else ""
        marks = [one for one in map(self.meant, MARK.finditer(value)) if one is not None]
        if not marks:
            return node
        if len(marks) == 1 and MARK.fullmatch(value):
            return placed(marks[0], span_of(node))
        reason = first_unknown(map(why_unknown, marks))
        whole = self.readable(value)
        if reason is None:
            return node._replace(value=whole)
        return node._replace(value=Unknown(reason.reason, whole, _pieces(value, self.nodes)))

    def meant(self, match: re.Match[str]) -> Node | None:
        return self.nodes.get(int(match[1]))

    def readable(self, value: str) -> str:
        def one(match: re.Match[str]) -> str:
            node = self.meant(match)
            return "" if node is None else shown(node)

        return MARK.sub(one, value)
