"""Splits a template into its sections.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Place
from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.cloudformation.constraints import constraints_of
from checker.policy.node import Node, Object, describe, items, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from checker.inputs.cloudformation.constraints import Constraint
    from checker.inputs.text import TextDocument
    from checker.policy.node import Member


_KEY = pattern(r"FindInMap\W+\w+\W+(?:\w+\W+)?Ref\W+(\w+)")
"""A parameter that selects the entry of a map: `!FindInMap [Accounts, !Ref Stage, Id]`, also in JSON."""


class Resource(NamedTuple):
    """A resource of a template. ``condition`` is the name of its condition."""

    logical: str
    type: str
    properties: Node | None
    condition: str | None
    metadata: Object | None = None

    @property
    def construct(self) -> str:
        """The path of the construct in its CDK app, as CDK writes it; empty for other resources."""
        return (text_of(self.metadata.get("aws:cdk:path")) if self.metadata is not None else None) or ""


class Template(NamedTuple):
    """A template with all sections; missing sections are empty.

    ``scope`` distinguishes the templates of a run: the file, with a number for each further template in it.
    ``stack`` is the name of the nested stack in the template that deploys this one; empty for other templates.
    ``constraints`` are what parameters may be. ``transforms`` are the macros for the whole template. ``macros`` create resources of their own.
    """

    document: TextDocument
    scope: str
    stack: str
    parameters: dict[str, Object]
    mappings: dict[str, Object]
    conditions: dict[str, Node]
    resources: dict[str, Resource]
    outputs: dict[str, Object]
    transforms: tuple[Node, ...]
    macros: tuple[Member, ...]
    constraints: dict[str, Constraint]

    @property
    def name(self) -> str:
        """The file."""
        return self.document.name

    def symbol(self, logical: str, attribute: str = "") -> str:
        """Return the symbol of an unknown value of a resource: `stack.yaml#ChatTopic.TopicName`."""
        return f"{self.scope}#{logical}.{attribute}" if attribute else f"{self.scope}#{logical}"

    def place(self, logical: str, *route: str) -> Place:
        """Return the position of a resource or of a part of it."""
        return Place(self.document, ("Resources", logical, *route))


MOST_RESOURCES = 5_000
"""The number of resources in a template, which take about ten seconds. CloudFormation allows 500.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""


def read_sections(document: TextDocument, scope: str = "", stack: str = "") -> Template:
    """Split a template into sections. Raises InputError for a section that is not an object.

    ``scope`` is that of the template; empty for the only template of its file. ``stack`` is
    the name of a nested stack.
    """
    resources, parameters = _members(document, "Resources"), _objects(document, "Parameters")
    if len(resources) > MOST_RESOURCES:
        raise InputError(
            document.name, f"more than {MOST_RESOURCES:,} resources, and CloudFormation allows 500"
        )
    return Template(
        document,
        scope or document.name,
        stack,
        parameters,
        _objects(document, "Mappings"),
        {one.key: one.value for one in _members(document, "Conditions")},
        {one.key: _resource(one.key, one.value) for one in resources if isinstance(one.value, Object)},
        _objects(document, "Outputs"),
        tuple(_transforms(document)),
        tuple(filter(is_macro, resources)),
        constraints_of(parameters, _objects(document, "Rules")),
    )


def _transforms(document: TextDocument) -> Iterator[Node]:
    """Yield the macros for the whole template, in both forms."""
    for key in ("Transform", "Fn::Transform"):
        node = document.root.get(key) if isinstance(document.root, Object) else None
        yield from items(node) if node is not None else ()


def _members(document: TextDocument, section: str) -> tuple[Member, ...]:
    node = document.root.get(section) if isinstance(document.root, Object) else None
    if node is None or isinstance(node, Object):
        return node.members if isinstance(node, Object) else ()
    where = node.source.position(node.start, node.end)
    raise InputError(document.name, f"`{section}` must be an object, found {describe(node)}", where)


def _objects(document: TextDocument, section: str) -> dict[str, Object]:
    return {one.key: one.value for one in _members(document, section) if isinstance(one.value, Object)}


def _resource(logical: str, node: Object) -> Resource:
    condition, metadata = node.get("Condition"), node.get("Metadata")
    return Resource(
        logical,
        text_of(node.get("Type")) or "",
        _properties(node),
        text_of(condition) if condition is not None else None,
        metadata if isinstance(metadata, Object) else None,
    )


def _properties(node: Object) -> Node | None:
    """Return the properties. A macro beside them may set any property, so it is added as one of them."""
    inside = node.get("Properties")
    macros = tuple(filter(is_macro, node.members))
    if not macros or not (inside is None or isinstance(inside, Object)):
        return inside
    written = inside.members if inside is not None else ()
    return node._replace(members=(*written, *macros))


def listed_defaults(template: Template) -> frozenset[str]:
    """Return the parameters with a default of which the file lists several values: those allowed, or keys of a map."""
    listed = {name for name, one in template.constraints.items() if len(one.allowed) > 1}
    listed |= {*_KEY.findall(template.document.source.text)} if template.mappings else set()
    parameters = template.parameters
    return frozenset(one for one in listed & parameters.keys() if parameters[one].get("Default") is not None)


def text_defaults(template: Template) -> frozenset[str]:
    """Return the parameters whose default is a text, but not an empty one, which stands for no value."""
    return frozenset(name for name, declared in template.parameters.items() if _has_text_as_default(declared))


def _has_text_as_default(declared: Object) -> bool:
    default = declared.get("Default")
    text = scalar_text(default) if default is not None else None
    return text_of(declared.get("Type")) == "String" and isinstance(text, str) and text != ""


def without_defaults(template: Template, dropped: Collection[str]) -> Template:
    """Return the template without the defaults of some parameters; each is the first of the values allowed."""
    parameters, constraints = dict(template.parameters), dict(template.constraints)
    for name in dropped:
        node = parameters[name]
        written = node.get("Default")
        default = scalar_text(written) if written is not None else None
        parameters[name] = node._replace(members=tuple(one for one in node.members if one.key != "Default"))
        constraint = constraints.get(name)
        if constraint is not None:
            allowed = tuple(sorted(constraint.allowed, key=lambda text: text != default))
            constraints[name] = constraint._replace(allowed=allowed)
    return template._replace(parameters=parameters, constraints=constraints)


def is_macro(member: Member) -> bool:
    """True for a macro that adds members to its object: Fn::Transform and Fn::ForEach."""
    return member.key.startswith("Fn::")


_EXTENSIONS = "AWS::LanguageExtensions"


def has_extensions(template: Template) -> bool:
    """True if the template may use loops and the other functions of `Transform: AWS::LanguageExtensions`."""
    return _EXTENSIONS in map(transform_name, template.transforms)


def transform_name(node: Node) -> str | None:
    """Return the name of a transform."""
    name = node.get("Name") if isinstance(node, Object) else node
    return text_of(name) if name is not None else None
