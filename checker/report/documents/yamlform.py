"""Values in YAML, as CloudFormation templates have them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from checker.finding import Symbol
from checker.policy.plain import double_quoted, is_list, word

if TYPE_CHECKING:
    from checker.policy.plain import Plain

_BARE = re.compile(
    r"(?!(?:true|false|yes|no|on|off|null|y|n)\Z)[a-z](?:[\w./:*@+-]*[\w./*@+-])?\Z", re.ASCII | re.IGNORECASE
)
"""A text that no reader of YAML takes for anything else: a date, a number, a boolean, an alias."""


def yaml_statement(statement: Mapping[str, Plain]) -> str:
    """Write a statement as an item of the list `Statement`."""
    return "\n".join(yaml_lines([statement]))


def yaml_lines(value: Plain) -> list[str]:
    """Write a value, a line a member; a name as a reference. Raises TypeError for what is no value."""
    if isinstance(value, Mapping) and value:
        return [line for key, one in value.items() for line in _member(yaml_text(key), one)]
    if is_list(value) and value:
        return [line for one in value for line in _item(yaml_lines(one))]
    return [_scalar(value)]


def _member(key: str, value: Plain) -> list[str]:
    lines = yaml_lines(value)
    if isinstance(value, Mapping | list) and value:
        return [f"{key}:", *(f"  {line}" for line in lines)]
    return [f"{key}: {lines[0]}"]


def _item(lines: list[str]) -> list[str]:
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _scalar(value: Plain) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if is_list(value):
        return "[]"
    if isinstance(value, Symbol):
        return f"{'!GetAtt' if '.' in value.name else '!Ref'} {value.name}"
    return yaml_text(value) if isinstance(value, str) else word(value)


def yaml_text(text: str) -> str:
    """Write a text, in quotes wherever it could be mistaken."""
    return text if _BARE.match(text) else double_quoted(text)
