"""Comments that say which findings are put up with: `# checker:ignore=RULE reason="..." until=2027-01-31`."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from checker.inventory import IgnoreComment
from checker.policy.node import Array, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.text import TextDocument
    from checker.policy.node import Node

MARK = "checker:ignore"

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*checker:ignore([^\n\r]*)", re.MULTILINE)
_WORDS = re.compile(
    r'=(?P<rules>[a-z][a-z0-9-]*(?:,[a-z][a-z0-9-]*)*)\s+reason="(?P<reason>[^"]*\S[^"]*)"'
    r"(?:\s+until=(?P<until>\d{4}-\d{2}-\d{2}))?\s*"
)
_FORM = 'write `# checker:ignore=RULE reason="..."`, and `until=YYYY-MM-DD` if it is to end'


def ignore_comments(document: TextDocument) -> Iterator[IgnoreComment]:
    """Find the comments of a YAML document; text inside a value is none."""
    text = document.source.text
    if MARK not in text or document.source.outer is not None:
        return
    spans = sorted(_scalars(document.root))
    for found in _COMMENT.finditer(text):
        if not _inside(spans, found.start()):
            yield _comment(document, found)


def _comment(document: TextDocument, found: re.Match[str]) -> IgnoreComment:
    position = document.source.position(found.start(), found.end())
    words = _WORDS.fullmatch(found[1])
    alone = not document.source.line(position.line)[: position.column - 1].strip()
    line = _next_line(document, position.line) if alone else position.line
    if words is None:
        return IgnoreComment(document.name, line, (), "", "", position, f"not understood: {_FORM}")
    rules = tuple(words["rules"].split(","))
    return IgnoreComment(document.name, line, rules, words["reason"], words["until"] or "", position)


def _next_line(document: TextDocument, line: int) -> int:
    """The next line that is neither blank nor a comment."""
    last = document.source.text.count("\n") + 1
    for number in range(line + 1, last + 1):
        text = document.source.line(number).strip()
        if text and not text.startswith("#"):
            return number
    return line


def _scalars(node: Node) -> Iterator[tuple[int, int]]:
    """The stretches of all keys and values that are text, not lists or objects."""
    if isinstance(node, Object):
        for member in node.members:
            yield member.start, member.end
            yield from _scalars(member.value)
    elif isinstance(node, Array):
        for one in node.items:
            yield from _scalars(one)
    else:
        yield node.start, node.end


def _inside(spans: list[tuple[int, int]], offset: int) -> bool:
    at = bisect_right(spans, (offset, offset)) - 1
    return at >= 0 and spans[at][0] <= offset < spans[at][1]
