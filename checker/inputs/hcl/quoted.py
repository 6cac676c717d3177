"""Reads quoted strings: their escapes, and what is interpolated in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lark import Token, Tree

from checker.inputs.hcl.expression import (
    Expression,
    Interpolation,
    Literal,
    Part,
    Template,
    Text,
    Unsupported,
)
from checker.inputs.hcl.template import TemplateError, split, substituted
from checker.policy.node import Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|\$(?=\$\{)|%(?=%\{)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t"}
_LAST = 0x10FFFF


def quoted(tree: Tree[Token], at: Stretch, lower: Callable[[Tree[Token]], Expression]) -> Expression:
    """Read the tree of a string."""
    parts: list[Part] = []
    for child in tree.children:
        inside = child.children[0] if isinstance(child, Tree) else None
        if isinstance(inside, Token):
            parts.append(_characters(str(inside), inside.start_pos or 0))
        elif isinstance(inside, Tree) and inside.data == "interpolation":
            stretch = Stretch(at.source, inside.meta.start_pos, inside.meta.end_pos)
            expression = next(one for one in inside.children if isinstance(one, Tree))
            parts.append(Interpolation(stretch, lower(expression)))
        elif inside is not None:
            return _with_directives(at)
    if not parts:
        return Literal(at, "")
    first = parts[0]
    if len(parts) == 1 and isinstance(first, Text) and len(first.text) == at.end - at.start - 2:
        return Literal(at, first.text)
    return Template(at, tuple(parts))


def _with_directives(at: Stretch) -> Expression:
    text = at.source.text[at.start + 1 : at.end - 1]
    try:
        return Template(at, split(at.source, text, range(at.start + 1, at.end), unescaped))
    except TemplateError as error:
        return Unsupported(at, str(error))


def _characters(text: str, start: int) -> Text:
    return unescaped(text, range(start, start + len(text) + 1))


def unescaped(text: str, offsets: Sequence[int]) -> Text:
    """Take the escapes out of the characters of a quoted string."""
    if "\\" not in text and "$${" not in text and "%%{" not in text:
        return Text(text, offsets)
    return substituted(text, offsets, _ESCAPE, _meant)


def _meant(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        return chr(min(int(code, 16), _LAST))
    return _SIMPLE.get(match[3], match[3]) if match[3] else ""
