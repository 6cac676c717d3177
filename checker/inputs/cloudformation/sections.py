"""The sections of a template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Place
from checker.core.errors import InputError
from checker.policy.node import Node, Object, describe, items, text_of

if TYPE_CHECKING:
    from checker.inputs.text import TextDocument
    from checker.policy.node import Member


class Resource(NamedTuple):
    """A resource as it is written; ``condition`` names the condition that it exists under."""

    logical: str
    type: str
    properties: Node | None
    condition: str | None


class Template(NamedTuple):
    """A template; every section is there, empty if it is not written.

    ``transforms`` are the macros that are given the whole template, ``macros`` make resources of their own.
    """

    document: TextDocument
    parameters: dict[str, Object]
    mappings: dict[str, Object]
    conditions: dict[str, Node]
    resources: dict[str, Resource]
    outputs: dict[str, Object]
    transforms: tuple[Node, ...]
    macros: tuple[Member, ...]

    @property
    def name(self) -> str:
        """The file."""
        return self.document.name

    def symbol(self, logical: str, attribute: str = "") -> str:
        """What a value of a resource is called while it is not known: `stack.yaml#ChatTopic.TopicName`."""
        return f"{self.name}#{logical}.{attribute}" if attribute else f"{self.name}#{logical}"

    def place(self, logical: str, *route: str) -> Place:
        """Where a resource is written, or something in it."""
        return Place(self.document, ("Resources", logical, *route))


def read_sections(document: TextDocument) -> Template:
    """Take a template apart. Raises InputError for a section that is no object."""
    resources = _members(document, "Resources")
    transform = document.root.get("Transform") if isinstance(document.root, Object) else None
    return Template(
        document,
        _objects(document, "Parameters"),
        _objects(document, "Mappings"),
        {one.key: one.value for one in _members(document, "Conditions")},
        {one.key: _resource(one.key, one.value) for one in resources if isinstance(one.value, Object)},
        _objects(document, "Outputs"),
        items(transform) if transform is not None else (),
        tuple(filter(is_macro, resources)),
    )


def _members(document: TextDocument, section: str) -> tuple[Member, ...]:
    node = document.root.get(section) if isinstance(document.root, Object) else None
    if node is None or isinstance(node, Object):
        return node.members if isinstance(node, Object) else ()
    where = node.source.position(node.start, node.end)
    raise InputError(document.name, f"`{section}` is an object, this is {describe(node)}", where)


def _objects(document: TextDocument, section: str) -> dict[str, Object]:
    return {one.key: one.value for one in _members(document, section) if isinstance(one.value, Object)}


def _resource(logical: str, node: Object) -> Resource:
    condition = node.get("Condition")
    return Resource(
        logical,
        text_of(node.get("Type")) or "",
        _properties(node),
        text_of(condition) if condition is not None else None,
    )


def _properties(node: Object) -> Node | None:
    """The properties; a macro that stands beside them may set any of them, as one among them may."""
    inside = node.get("Properties")
    macros = tuple(filter(is_macro, node.members))
    if not macros or not (inside is None or isinstance(inside, Object)):
        return inside
    written = inside.members if inside is not None else ()
    return node._replace(members=(*written, *macros))


def is_macro(member: Member) -> bool:
    """True for what CloudFormation puts members of its own in the place of: Fn::Transform and Fn::ForEach."""
    return member.key.startswith("Fn::")
