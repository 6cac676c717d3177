"""Finds templates that other documents hold: output of CloudFormation's API, and stack sets of a template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.scalar_offsets import offsets_of
from checker.inputs.text import TextDocument, fault_inside
from checker.policy.node import Object, items, scalar_text, text_of
from checker.policy.source import Source
from checker.policy.text_json import TextError, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.cloudformation.sections import Template
    from checker.policy.node import Node


STACK_SET = "AWS::CloudFormation::StackSet"
BODY = "TemplateBody"


class Stored(NamedTuple):
    """A template in another document, with the values of its parameters that are known there."""

    document: TextDocument
    values: Mapping[str, str]


def document_of(body: Node) -> TextDocument:
    """Return a template that is an object, or JSON or YAML in a string.

    Raises InputError, with the position, for a string that is neither.
    """
    text = text_of(body)
    if text is None:
        return TextDocument(body.source, body)
    source = Source(body.source.name, text, body.source, offsets_of(body.source, body.start, text))
    try:
        return TextDocument(source, _parsed(source))
    except TextError as error:
        raise fault_inside(error) from None


def _parsed(source: Source) -> Node:
    if source.text.lstrip().startswith("{"):
        return parse_json(source)
    from checker.inputs.yaml_text import parse_yaml  # PyYAML is not on the path of JSON files

    return parse_yaml(source)


def stack_sets(template: Template) -> Iterator[Stored]:
    """Yield the inline templates of stack sets. Raises InputError for one that is not a template."""
    for resource in template.resources.values():
        inside = resource.properties if resource.type == STACK_SET else None
        body = inside.get(BODY) if isinstance(inside, Object) else None
        if isinstance(inside, Object) and body is not None and text_of(body) is not None:
            yield Stored(document_of(body), _values(inside.get("Parameters")))


def _values(parameters: Node | None) -> dict[str, str]:
    """Return the parameters of a stack set that are texts."""
    listed = [one for one in items(parameters) if isinstance(one, Object)] if parameters else []
    nodes = ((text_of(one.get("ParameterKey")), one.get("ParameterValue")) for one in listed)
    pairs = ((key, scalar_text(node) if node is not None else None) for key, node in nodes)
    return {key: value for key, value in pairs if key is not None and isinstance(value, str)}
