"""The way from a text inside another to the file: where its characters stand there, and how they are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.fix.edits import CannotEditError, TextEdit
from checker.inputs.text import is_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.policy.source import Source

_HCL = ".tf"
_NO_WAY = "the policy is put together from parts, and nobody can tell which characters to change"


class Raw(str):
    """Text that stands as it is in the file, escapes and all."""

    __slots__ = ()


def file_of(source: Source) -> Source:
    """The file that a text is in."""
    while source.outer is not None:
        source = source.outer
    return source


def place_of(source: Source, start: int, end: int) -> tuple[int, int]:
    """Where a stretch of a text stands in the file. Raises CannotEditError where the way there is lost."""
    while source.outer is not None and source.offsets is not None:
        before, after = source.offsets[start], source.offsets[end]
        lost = after - before < 1 if end > start else start > 0 and before <= source.offsets[start - 1]
        if lost:
            raise CannotEditError(_NO_WAY)
        start, end, source = before, after, source.outer
    return start, end


def raw(source: Source, start: int, end: int) -> Raw:
    """Copy a stretch as the file has it."""
    begin, finish = place_of(source, start, end)
    return Raw(file_of(source).text[begin:finish])


def text_edit(source: Source, start: int, end: int, chunks: Iterable[str]) -> TextEdit:
    """Make an edit of the file out of one of a text in it. Raises CannotEditError."""
    begin, finish = place_of(source, start, end)
    escaped = (chunk if isinstance(chunk, Raw) else _escaped(source, chunk) for chunk in chunks)
    return TextEdit(file_of(source), begin, finish, "".join(escaped))


def _escaped(source: Source, text: str) -> str:
    """Write new text as it has to stand in the file, a layer at a time."""
    while source.outer is not None and source.offsets is not None:
        text = _written(source.outer, source.offsets[0], text)
        source = source.outer
    return text


def _written(outer: Source, start: int, text: str) -> str:
    """Write text as the string that begins at a place holds it: quoted, in a block, or in a heredoc."""
    quote = outer.text[start - 1 : start]
    if outer.outer is not None:
        # The next layer knows how this one is written, unless it is a string in a string.
        return json.dumps(text, ensure_ascii=False)[1:-1] if quote == '"' else text
    if quote == '"':
        escaped = json.dumps(text, ensure_ascii=False)[1:-1]
        return verbatim(escaped) if outer.name.endswith(_HCL) else escaped
    if outer.name.endswith(_HCL):
        indent = _indent(outer, start)
        return verbatim(text).replace("\n", f"\n{indent}")
    if is_yaml(outer):
        if quote == "'":
            text = text.replace("'", "''")
        if "\n" in text and quote == "'":
            raise CannotEditError("the policy is one line in quotes")
        newline = "\r\n" if "\r\n" in outer.text else "\n"
        return text.replace("\r\n", "\n").replace("\n", f"{newline}{_indent(outer, start)}")
    return text


def verbatim(text: str) -> str:
    """Write a text in which Terraform is to see no template, whatever braces it has.

    https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    return text.replace("${", "$${").replace("%{", "%%{")


def _indent(outer: Source, start: int) -> str:
    """The blanks that a line of the text has before its first character, which the text does not have."""
    line = outer.text.rfind("\n", 0, start) + 1
    return outer.text[line:start]
