"""Reads comments that suppress findings: `# checker:ignore=RULE reason="..." until=2027-01-31`."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from checker.analysis.inventory import IgnoreComment
from checker.core.pattern import pattern
from checker.inputs.terraform.hcl.tokens import strings_in
from checker.policy.node import Array, Object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.inputs.text import TextDocument
    from checker.policy.node import Node
    from checker.policy.source import Source

MARK = "checker:ignore"

_COMMENT = pattern(r"(?:^|(?<=\s))(?:#|//)\s*checker:ignore([^\n\r]*)", re.MULTILINE)
_WORDS = pattern(
    r'=(?P<rules>[a-z][a-z0-9-]*(?:,[a-z][a-z0-9-]*)*)\s+reason="(?P<reason>[^"]*\S[^"]*)"'
    r"(?:\s+until=(?P<until>\d{4}-\d{2}-\d{2}))?\s*"
)
_FORM = 'write `# checker:ignore=RULE reason="..."`, and add `until=YYYY-MM-DD` to let it expire'


def yaml_comments(documents: Sequence[TextDocument]) -> Iterator[IgnoreComment]:
    """Find the comments of a YAML file, ignoring text inside the values of its documents."""
    source = documents[0].source
    if MARK in source.text and source.outer is None:
        spans = (span for document in documents for span in _scalars(document.root))
        yield from _comments(source, sorted(spans), "#")


def hcl_comments(source: Source) -> Iterator[IgnoreComment]:
    """Find the comments of a Terraform file, ignoring text inside strings and heredocs."""
    if MARK in source.text:
        yield from _comments(source, strings_in(source.text), "#/")


def _comments(source: Source, spans: list[tuple[int, int]], begins: str) -> Iterator[IgnoreComment]:
    for found in _COMMENT.finditer(source.text):
        if source.text[found.start()] in begins and not _inside(spans, found.start()):
            yield _comment(source, found)


def _comment(source: Source, found: re.Match[str]) -> IgnoreComment:
    position = source.position(found.start(), found.end())
    words = _WORDS.fullmatch(found[1])
    alone = not source.line(position.line)[: position.column - 1].strip()
    line = _next_line(source, position.line) if alone else position.line
    if words is None:
        return IgnoreComment(source.name, line, (), "", "", position, f"not a valid comment: {_FORM}")
    rules = tuple(words["rules"].split(","))
    return IgnoreComment(source.name, line, rules, words["reason"], words["until"] or "", position)


def _next_line(source: Source, line: int) -> int:
    """Return the next line that is neither blank nor a comment."""
    last = source.text.count("\n") + 1
    for number in range(line + 1, last + 1):
        text = source.line(number).strip()
        if text and not text.startswith(("#", "//")):
            return number
    return line


def _scalars(node: Node) -> Iterator[tuple[int, int]]:
    """Return the ranges of all scalar keys and values."""
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
