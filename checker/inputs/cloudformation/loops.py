"""Writes out the loops of a template: Fn::ForEach in its resources, properties, conditions and outputs.

What a loop creates is located at the loop's output template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.cloudformation.conditions import Assignment, Conditions
from checker.inputs.cloudformation.functions import evaluation_of
from checker.inputs.cloudformation.sections import (
    has_extensions,
    listed_defaults,
    read_sections,
    text_defaults,
    without_defaults,
)
from checker.inputs.collect import Defaults
from checker.policy.node import Array, Member, Object, Scalar, items, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.text import TextDocument
    from checker.policy.model import Value
    from checker.policy.node import Node


FOR_EACH = "Fn::ForEach::"
_SECTIONS = ("Resources", "Conditions", "Outputs")
_MOST = 200_000
_MOST_CHARACTERS = 10_000_000
"""The maximum number of values that the loops of a template write, and of characters; nested loops multiply."""


def with_loops(
    document: TextDocument, given: Mapping[str, Value], *, defaults: Defaults = Defaults.ALL
) -> TextDocument:
    """Return a template with its loops written out, as far as their collections are known.

    A loop that is not written out stays as it is. ``defaults`` are those of parameters that are known. Raises InputError
    for loops that write too much.
    """
    if FOR_EACH not in document.source.text or not isinstance(document.root, Object):
        return document
    template = read_sections(document)
    if not has_extensions(template):
        return document
    dropped = defaults.dropped(listed_defaults(template), text_defaults(template))
    template = without_defaults(template, dropped)
    strict = evaluation_of(template, given)
    evaluation = evaluation_of(template, given, Assignment(Conditions(template, strict), {}))
    return document._replace(root=_Writer(document, evaluation).root(document.root))


class Loop(NamedTuple):
    """A loop: its identifier, its collection, and the members that it writes for each value."""

    identifier: str
    collection: Node
    output: Object


def loop_of(member: Member) -> Loop | None:
    """Read a loop; ``None`` for a member that is not a loop, or not a valid one."""
    parts = items(member.value) if member.key.startswith(FOR_EACH) else ()
    identifier = text_of(parts[0]) if len(parts) == 3 else None
    if identifier is None or not identifier.isalnum() or not isinstance(parts[2], Object):
        return None
    return Loop(identifier, parts[1], parts[2])


class _OpenTextError(Exception):
    """A text or name has a value that only the deployment knows."""


def _value(evaluated: Node, written: Node) -> Node | None:
    """Return a value as a node; ``None`` for one that is empty, not a text, or not known at all."""
    text = scalar_text(evaluated)
    if isinstance(text, str):
        return Scalar(text, evaluated.source, evaluated.start, evaluated.end) if text else None
    is_open = text is not None and text.pieces and isinstance(written, Object)
    return written if is_open else None


class _Writer:
    """Writes out the loops of one template, from the outside in."""

    def __init__(self, document: TextDocument, evaluation: Evaluation) -> None:
        self.document = document
        self.evaluation = evaluation
        self.count = 0
        self.characters = 0

    def root(self, root: Object) -> Object:
        sections = (
            one._replace(value=self.node(one.value)) if one.key in _SECTIONS else one for one in root.members
        )
        return root._replace(members=tuple(sections))

    def node(self, node: Node) -> Node:
        if isinstance(node, Array):
            return node._replace(items=tuple(map(self.node, node.items)))
        if isinstance(node, Object):
            return node._replace(members=tuple(self.members(node)))
        return node

    def members(self, node: Object) -> Iterator[Member]:
        for member in node.members:
            loop = loop_of(member)
            written = self.written(loop) if loop is not None else None
            if loop is None:
                yield member._replace(value=self.node(member.value))
            elif written is None:
                yield member
            else:
                for output in written:
                    yield from self.members(output)

    def written(self, loop: Loop) -> list[Object] | None:
        """Return what a loop writes for each value; ``None`` if that is not known."""
        values = self.values(loop.collection)
        if values is None:
            return None
        try:
            found = [self.replaced(loop.output, _Replacement.of(loop.identifier, one)) for one in values]
        except _OpenTextError:
            return None
        return [one for one in found if isinstance(one, Object)]

    def values(self, collection: Node) -> tuple[Node, ...] | None:
        """Return the values of a loop; ``None`` if they are not known.

        A listed value that only the deployment knows is the expression for it.
        """
        listed = self.evaluation.items(collection)
        own = collection.items if isinstance(collection, Array) else ()
        written = own if listed is not None and len(own) == len(listed) else listed or ()
        found = map(_value, listed or (), written)
        known = tuple(one for one in found if one is not None)
        return known if listed is not None and len(known) == len(listed) else None

    def replaced(self, node: Node, replacement: _Replacement) -> Node:
        """Replace an identifier in keys and values by a value. Raises InputError beyond the limits."""
        self.count += 1
        if self.count > _MOST:
            raise self.too_much(node, f"{_MOST} values")
        if isinstance(node, Array):
            return node._replace(items=tuple(self.replaced(one, replacement) for one in node.items))
        if isinstance(node, Object):
            return self.call(node, replacement) or self.members_replaced(node, replacement)
        return (
            node._replace(value=self.text(node, node.value, replacement))
            if isinstance(node.value, str)
            else node
        )

    def text(self, node: Node, text: str, replacement: _Replacement) -> str:
        """Replace an identifier in a text. Raises InputError before the text becomes too long."""
        if replacement.is_open_in(text):
            raise _OpenTextError
        self.characters += replacement.longest(text)
        if self.characters > _MOST_CHARACTERS:
            raise self.too_much(node, f"{_MOST_CHARACTERS} characters")
        return replacement.text(text)

    def too_much(self, node: Node, what: str) -> InputError:
        where = node.source.position(node.start, node.end)
        return InputError(self.document.name, f"loops write more than {what}", where)

    def call(self, node: Object, replacement: _Replacement) -> Node | None:
        """Replace `Ref` of the identifier, and name the value beside a text of `Fn::Sub`; ``None`` for others.

        The text of `Fn::Sub` stays as it is in the file, so that its parts have positions.
        """
        key = node.members[0].key if len(node.members) == 1 else ""
        argument = node.members[0].value if key in ("Ref", "Fn::Sub") else None
        if argument is None:
            return None
        if key == "Ref":
            is_own = text_of(argument) == replacement.identifier
            return replacement.at(node) if is_own else None
        text, *values = items(argument) or (argument,)
        if not replacement.is_plain_in(text_of(text) or ""):
            return None
        known = [one for other in values if isinstance(other, Object) for one in other.members]
        written = (*known, Member(replacement.identifier, replacement.at(node), node.start, node.end))
        named = self.members_replaced(Object(written, node.source, node.start, node.end), replacement)
        pair = Array((text, named), node.source, argument.start, argument.end)
        return node._replace(members=(node.members[0]._replace(value=pair),))

    def members_replaced(self, node: Object, replacement: _Replacement) -> Object:
        members = (
            one._replace(
                key=self.text(node, one.key, replacement), value=self.replaced(one.value, replacement)
            )
            for one in node.members
        )
        return node._replace(members=tuple(members))


class _Replacement(NamedTuple):
    """The replacement of an identifier: `${Name}` by a value, `&{Name}` by its letters and digits.

    ``node`` is the value, or an expression for it; ``value`` is empty for an expression.
    """

    identifier: str
    node: Node
    value: str
    pattern: re.Pattern[str]
    composed: re.Pattern[str]

    @classmethod
    def of(cls, identifier: str, node: Node) -> _Replacement:
        """Make the replacement of an identifier by a value."""
        own = rf"\{{{identifier}\}}"
        composed = re.compile(rf"&{own}|\$\{{[^{{}}]*\${own}")
        return cls(identifier, node, text_of(node) or "", re.compile(f"([$&]){own}"), composed)

    def text(self, text: str) -> str:
        """Replace the identifier in a text."""
        if self.identifier not in text:
            return text
        bare = "".join(character for character in self.value if character.isalnum())
        return self.pattern.sub(lambda match: self.value if match[1] == "$" else bare, text)

    def longest(self, text: str) -> int:
        """Return the greatest length of a text after the replacement."""
        return len(text) + text.count(f"{{{self.identifier}}}") * len(self.value)

    def is_open_in(self, text: str) -> bool:
        """True if a text has the identifier of a value that is an expression."""
        return isinstance(self.node, Object) and self.pattern.search(text) is not None

    def at(self, node: Node) -> Node:
        """Return the value, at the position of a node; an expression keeps its own."""
        if isinstance(self.node, Object):
            return self.node
        return Scalar(self.value, node.source, node.start, node.end)

    def is_plain_in(self, text: str) -> bool:
        """True if a text has the identifier, and only as a name of its own, unlike `${Topic${Name}}` and `&{Name}`."""
        return f"${{{self.identifier}}}" in text and self.composed.search(text) is None
