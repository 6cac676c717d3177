"""What of a template bears on a stream, and what in it is passed over.

Subscriptions do not: whoever is subscribed, the topic and its policy are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import Skipped
from checker.inputs.cloudformation.deployment import LISTED, PROPERTIES, SUBSCRIPTION
from checker.inputs.cloudformation.nodes import collect_conditions, text_at
from checker.policy.node import Object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.cloudformation.sections import Resource, Template
    from checker.policy.node import Node


_INCLUDE = "AWS::Include"
_AWS = "AWS::"
"""AWS's own macros change no topic and no key, but for the one that includes another file.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
"""


class Bearing(NamedTuple):
    """The conditions that bear on a stream, how many values do, and how many the largest resource has."""

    conditions: dict[str, None]
    size: int
    largest: int


def bearing(template: Template) -> Bearing:
    """Collect what bears on a stream: the resources of its kinds, and what is exported of them."""
    resources = [one for one in template.resources.values() if one.type in PROPERTIES]
    outputs = [one for one in template.outputs.values() if resources and one.get("Export") is not None]
    bearing_ones = [one for one in resources if one.type != SUBSCRIPTION]
    named = [one.condition for one in bearing_ones] + [text_at(one.get("Condition")) for one in outputs]
    sizes = [collect_conditions(node, named) for node in (*_properties(bearing_ones), *outputs)]
    conditions = dict.fromkeys(name for name in named if name is not None)
    return Bearing(conditions, sum(sizes), max(sizes, default=0))


def _properties(resources: Iterable[Resource]) -> Iterator[Node]:
    """What is read of resources, but for the subscriptions that a topic lists."""
    for one in resources:
        names = [name for name in PROPERTIES[one.type] if name != LISTED]
        inside = one.properties
        values = (inside.get(name) for name in names) if isinstance(inside, Object) else (inside,)
        yield from (node for node in values if node is not None)


def passed_over(template: Template) -> Iterator[Skipped]:
    """Note what a macro would change or make resources of, and resources whose properties cannot be read."""
    yield from _transforms(template)
    for macro in template.macros:
        where = macro.value.source.position(macro.start, macro.end)
        yield Skipped(template.name, f"`{macro.key}` makes resources that are not judged", position=where)
    for one in template.resources.values():
        node = one.properties
        if one.type in PROPERTIES and node is not None and not isinstance(node, Object):
            where = node.source.position(node.start, node.end)
            reason = f"the properties of `{one.logical}` are no object"
            yield Skipped(template.name, reason, error=True, position=where)


def _transforms(template: Template) -> Iterator[Skipped]:
    for one in template.transforms:
        name = text_at(one.get("Name") if isinstance(one, Object) else one)
        if name is not None and (name == _INCLUDE or not name.startswith(_AWS)):
            where = one.source.position(one.start, one.end)
            yield Skipped(template.name, f"what `{name}` makes of the template is not judged", position=where)
