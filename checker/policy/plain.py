"""Conversion of policies to plain Python values, and to the JSON that is sent to AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from checker.core.finding import Reference, Same
from checker.core.unknown import Unknown
from checker.policy.node import Array, Number, Object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.policy.node import Node


Plain: TypeAlias = "str | bool | Number | Reference | Same | Sequence[Plain] | Mapping[str, Plain] | None"
"""A value that can be written in any file format; ``Same`` is replaced by its value first."""

_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def plain(node: Node) -> Plain:
    """Convert nodes to plain values; a repeated key has its last value."""
    if isinstance(node, Object):
        return {member.key: plain(member.value) for member in node.members}
    if isinstance(node, Array):
        return [plain(one) for one in node.items]
    return Reference(node.value.where) if isinstance(node.value, Unknown) else node.value


def json_text(value: Plain, indent: str = "", level: int = 0) -> str:
    """Write a value as JSON: on one line without blanks, or one member per line, indented by ``indent``.

    Characters beyond ASCII are escaped, because SNS accepts only ASCII and a terminal may misread them. Raises
    TypeError for a reference, which JSON cannot express.
    """
    if isinstance(value, Mapping):
        colon = ": " if indent else ":"
        members = (f"{quoted(key)}{colon}{json_text(one, indent, level + 1)}" for key, one in value.items())
        return _enclosed("{}", members, indent, level)
    if is_list(value):
        return _enclosed("[]", (json_text(one, indent, level + 1) for one in value), indent, level)
    return quoted(value) if isinstance(value, str) else word(value)


def is_list(value: Plain) -> TypeGuard[Sequence[Plain]]:
    """True for a list, and not for a string or a named tuple, which are also sequences."""
    return isinstance(value, list)


def listed(value: Plain) -> Sequence[Plain]:
    """Return a list as it is, and a single value as a list of one."""
    return value if is_list(value) else [value]


def quoted(text: str) -> str:
    """Write a text as a JSON string."""
    return json.dumps(text)


def double_quoted(text: str) -> str:
    """Write a text as an HCL or YAML string, in which surrogate pairs are not valid escapes."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii() and char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def word(value: Plain) -> str:
    """Write a number, boolean or null, which all formats write alike. Raises TypeError for anything else."""
    if isinstance(value, Number):
        return value.text
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    raise TypeError(f"not a number, boolean or null: {value!r}")


def _enclosed(brackets: str, parts: Iterable[str], indent: str, level: int) -> str:
    inside = list(parts)
    if not indent or not inside:
        return f"{brackets[0]}{','.join(inside)}{brackets[1]}"
    start = "\n" + indent * (level + 1)
    return f"{brackets[0]}{start}{f',{start}'.join(inside)}\n{indent * level}{brackets[1]}"
