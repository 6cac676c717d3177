"""Edits of one text: stretches and what takes their place; everything else stays as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from checker.fix.text.compare import Dropped, Rekeyed, Replaced, Wrapped
from checker.inputs.text import is_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.fix.text.compare import Added, Change
    from checker.policy.source import Source


class CannotEditError(Exception):
    """A change has no safe edit of the text; the message says why, for people."""


class TextEdit(NamedTuple):
    """The characters from ``start`` to ``end`` of a file give way to ``text``; nothing is added where both agree."""

    source: Source
    start: int
    end: int
    text: str

    def clashes(self, other: TextEdit) -> bool:
        """True if both touch the same characters, or add at the same place."""
        if self.source.name != other.source.name:
            return False
        if (self.start, self.end) == (other.start, other.end):
            return True
        return self.start < other.end and other.start < self.end


def edited(text: str, edits: Iterable[TextEdit]) -> str:
    """Carry out edits that do not clash; of two that touch, the one that begins first comes first."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])


class Editor:
    """Makes edits of the changes in one text."""

    def edits(self, change: Change) -> Iterator[TextEdit]:
        """Make the edits of a change. Raises CannotEditError."""
        if isinstance(change, Replaced):
            yield self.replaced(change)
        elif isinstance(change, Rekeyed):
            yield self.rekeyed(change)
        elif isinstance(change, Wrapped):
            yield from self.into_list(change)
        else:
            yield self.dropped(change) if isinstance(change, Dropped) else self.added(change)

    def replaced(self, change: Replaced) -> TextEdit:
        """Put a value in the place of another."""
        raise NotImplementedError

    def rekeyed(self, change: Rekeyed) -> TextEdit:
        """Put a member, or its key alone, in the place of another."""
        raise NotImplementedError

    def into_list(self, change: Wrapped) -> Iterator[TextEdit]:
        """Make a list of a value and of what comes beside it."""
        raise NotImplementedError

    def dropped(self, change: Dropped) -> TextEdit:
        """Take neighbours out."""
        raise NotImplementedError

    def added(self, change: Added) -> TextEdit:
        """Add members or items at the end."""
        raise NotImplementedError


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
