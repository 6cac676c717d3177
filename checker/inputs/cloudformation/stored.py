"""Reads templates that other documents hold, such as the output of CloudFormation's API.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.scalar_offsets import offsets_of
from checker.inputs.text import TextDocument, fault_inside
from checker.policy.node import text_of
from checker.policy.source import Source
from checker.policy.text_json import TextError, parse_json

if TYPE_CHECKING:
    from checker.policy.node import Node


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
