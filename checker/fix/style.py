"""How a text in brackets is laid out: what its neighbours look like, so that what is added looks the same."""

from __future__ import annotations

import re
from typing import NamedTuple

from checker.policy.node import Array, Object

_INDENT = re.compile(r"[ \t]*")
_UNIT = "  "


class Layout(NamedTuple):
    """``lines``: what is inside stands on lines of its own, each after ``indent``, the end after ``closing``.

    ``unit`` is a step of indentation and ``newline`` ends a line.
    """

    lines: bool
    indent: str
    closing: str
    unit: str
    newline: str

    def deeper(self) -> Layout:
        """The layout of what is inside a part."""
        return self._replace(indent=self.indent + self.unit, closing=self.indent)

    def flat(self) -> Layout:
        """The same on one line."""
        return self._replace(lines=False)


AT_THE_MARGIN = Layout(lines=True, indent=_UNIT, closing="", unit=_UNIT, newline="\n")
"""What stands alone, on lines from the left margin."""


def layout_of(node: Object | Array) -> Layout:
    """See how an object or list is laid out; an empty one like the text around it."""
    text = node.source.text
    newline = "\r\n" if "\r\n" in text else "\n"
    closing = _closing(text, node)
    first = _first(node)
    if first is None:
        return Layout("\n" in text, closing + _UNIT, closing, _UNIT, newline)
    lines = "\n" in text[node.start : first]
    indent = indent_at(text, first) if lines else closing + _UNIT
    unit = indent.removeprefix(closing) if indent.startswith(closing) and indent != closing else _UNIT
    return Layout(lines, indent, closing, unit, newline)


def _closing(text: str, node: Object | Array) -> str:
    """The blanks before the bracket that closes it, if that begins its line; else before the one that opens it."""
    last = node.end - 1
    line = text[text.rfind("\n", 0, last) + 1 : last]
    return line if "\n" in text[node.start : last] and not line.strip() else indent_at(text, node.start)


def _first(node: Object | Array) -> int | None:
    if isinstance(node, Object):
        return node.members[0].start if node.members else None
    return node.items[0].start if node.items else None


def indent_at(text: str, offset: int) -> str:
    """The blanks that the line of an offset begins with."""
    match = _INDENT.match(text, text.rfind("\n", 0, offset) + 1)
    return match[0] if match else ""


_END = re.compile(r"[ \t]*(?:(?:#|//)[^\n]*?)?(?=\r?\n|\Z)")


def end_of_line(text: str, offset: int) -> int:
    """The end of the line of an offset if nothing but a comment follows there, else the offset."""
    match = _END.match(text, offset)
    return match.end() if match else offset
