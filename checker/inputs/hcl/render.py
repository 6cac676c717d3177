"""Puts templates together, so that every character knows where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.hcl.budget import MAX_TEXT
from checker.inputs.hcl.expression import Choice, Interpolation, Loop, Part, Text, written
from checker.inputs.hcl.rendered import Rendered, cleaned, mark
from checker.inputs.hcl.values import Wrong, entries, known, text, truth, unknown
from checker.policy.node import Node, Scalar, Stretch, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.inputs.hcl.budget import Budget
    from checker.inputs.hcl.expression import Expression

    Evaluate = Callable[[Expression, Mapping[str, Node]], Node]

_SHOWN = 500
_TOO_LONG = "longer than a text that is put together here"


def render(parts: Sequence[Part], at: Stretch, evaluate: Evaluate, budget: Budget) -> Node:
    """Render a template; one that is a single interpolation is that value.

    ``evaluate`` is given an expression and the names that loops of the template bind.
    """
    if len(parts) == 1 and isinstance(parts[0], Interpolation):
        return evaluate(parts[0].value, {})
    builder = Builder(at, budget)
    _Renderer(builder, evaluate).parts(parts, {})
    return builder.node()


def joined(pieces: Sequence[Node], between: str, at: Stretch, budget: Budget) -> Node:
    """Put values together, as `join` does; a single one is that value."""
    if len(pieces) == 1:
        return pieces[0]
    builder = Builder(at, budget)
    for number, piece in enumerate(pieces):
        if number and between:
            builder.characters(between, [at.start] * (len(between) + 1))
        builder.value(piece, at)
    return builder.node()


class Builder:
    """A text that grows, with the offset in ``at.source`` of each of its characters."""

    def __init__(self, at: Stretch, budget: Budget) -> None:
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
        """Add characters that stand at these offsets, of which there is one more for the end."""
        self._add(cleaned(written), cleaned(written), offsets[: len(written)], offsets[len(written)])

    def lose(self, reason: Unknown) -> None:
        """Note that nothing can be said of the text, not even where its unknown parts are."""
        self.lost = reason if self.lost is None else self.lost

    def value(self, node: Node, at: Stretch) -> None:
        """Add the value of what is interpolated at a stretch."""
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
        """Give the whole."""
        if self.lost is not None:
            return unknown(self.lost, self.at)
        whole = "".join(self.shown)
        source = Rendered(self.at.source, "".join(self.texts), [*self.offsets, self.end], self.nodes)
        stretch = Stretch(source, 0, len(source.text))
        if self.unknown is None:
            return known(whole, stretch)
        kind = Wrong if isinstance(self.unknown, Wrong) else Unknown
        return unknown(kind(self.unknown.reason, whole[:_SHOWN]), stretch)


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
            self.builder.lose(Unknown("no condition", written(part.at)) if holds is None else holds)

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
    """Write a value as a template would, one that is not known by its name."""
    found = text(node)
    if isinstance(found, Unknown):
        whole = isinstance(node.source, Rendered)
        return found.where if whole else f"${{{found.where}}}"
    return rendered(node) if found is None else found
