"""Edit a text by replacing ranges of characters. All other characters stay unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.fix.text.compare import Dropped, Rekeyed, Replaced, Wrapped
from checker.inputs.discover import HCL_LANGUAGE
from checker.inputs.text import is_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.fix.text.compare import Added, Change
    from checker.policy.source import Source


class CannotEditError(Exception):
    """Raised if a change has no safe text edit. The message gives the reason for the user."""


class TextEdit(NamedTuple):
    """Replace the characters from ``start`` to ``end`` with ``text``. If both are equal, insert the text."""

    source: Source
    start: int
    end: int
    text: str

    def clashes(self, other: TextEdit) -> bool:
        """Return True if both edits touch the same characters or insert at the same position."""
        if self.source.name != other.source.name:
            return False
        if (self.start, self.end) == (other.start, other.end):
            return True
        return self.start < other.end and other.start < self.end


def edited(text: str, edits: Iterable[TextEdit]) -> str:
    """Apply edits that do not clash. Adjacent edits are applied in the order of their positions."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda change: (change.start, change.end)):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])


class Editor:
    """Base class that turns changes into edits of one text."""

    def edits(self, change: Change) -> Iterator[TextEdit]:
        """Yield the edits of a change. Raises CannotEditError."""
        if isinstance(change, Replaced):
            yield self.replaced(change)
        elif isinstance(change, Rekeyed):
            yield self.rekeyed(change)
        elif isinstance(change, Wrapped):
            yield from self.into_list(change)
        else:
            yield self.dropped(change) if isinstance(change, Dropped) else self.added(change)

    def replaced(self, change: Replaced) -> TextEdit:
        """Replace a value with another."""
        raise NotImplementedError

    def rekeyed(self, change: Rekeyed) -> TextEdit:
        """Replace a member, or only its key."""
        raise NotImplementedError

    def into_list(self, change: Wrapped) -> Iterator[TextEdit]:
        """Turn a value into a list, and add further items."""
        raise NotImplementedError

    def dropped(self, change: Dropped) -> TextEdit:
        """Remove adjacent members or items."""
        raise NotImplementedError

    def added(self, change: Added) -> TextEdit:
        """Add members or items at the end."""
        raise NotImplementedError


_NO_WAY = "the policy is assembled from several expressions; no single edit would change it"


class Raw(str):
    """Text that is copied from the file as it is, including escapes."""

    __slots__ = ()


def file_of(source: Source) -> Source:
    """Return the file that contains a text."""
    while source.outer is not None:
        source = source.outer
    return source


def place_of(source: Source, start: int, end: int) -> tuple[int, int]:
    """Return the position of a range in the file. Raises CannotEditError if the range has no clear position."""
    while source.outer is not None and source.offsets is not None:
        before, after = source.offsets[start], source.offsets[end]
        lost = after - before < 1 if end > start else start > 0 and before <= source.offsets[start - 1]
        if lost:
            raise CannotEditError(_NO_WAY)
        start, end, source = before, after, source.outer
    return start, end


GENERATED = "generated file; change its source instead"


def raw(source: Source, start: int, end: int) -> Raw:
    """Copy a range exactly as the file contains it. Raises CannotEditError for a file that must not be quoted."""
    if not source.quotable:
        raise CannotEditError(GENERATED)
    begin, finish = place_of(source, start, end)
    return Raw(file_of(source).text[begin:finish])


_DIRECTIVE = pattern(r"(?<!%)%\{")
"""https://developer.hashicorp.com/terraform/language/expressions/strings#directives"""
_VARIES = "a template directive (`%{`) may write something else with other values"


def text_edit(source: Source, start: int, end: int, chunks: Iterable[str]) -> TextEdit:
    """Turn an edit of an embedded text into an edit of its file. Raises CannotEditError."""
    begin, finish = place_of(source, start, end)
    if _has_directives(source):
        raise CannotEditError(_VARIES)
    escaped = (chunk if isinstance(chunk, Raw) else _escaped(source, chunk) for chunk in chunks)
    return TextEdit(file_of(source), begin, finish, "".join(escaped))


def _has_directives(source: Source) -> bool:
    """Return True for a text of Terraform that has template directives where it is written."""
    while source.outer is not None and source.offsets is not None:
        first, last = source.offsets[0], source.offsets[-1]
        if source.outer.name.endswith(HCL_LANGUAGE) and _DIRECTIVE.search(source.outer.text, first, last):
            return True
        source = source.outer
    return False


def _escaped(source: Source, text: str) -> str:
    """Escape new text for the file, one layer of embedding at a time."""
    while source.outer is not None and source.offsets is not None:
        text = _written(source.outer, source.offsets[0], text)
        source = source.outer
    return text


def _written(outer: Source, start: int, text: str) -> str:
    """Escape text for the string that begins at an offset: quoted, in a block, or in a heredoc."""
    quote = outer.text[start - 1 : start]
    if outer.outer is not None:
        # The next layer escapes this one, unless it is a string within a string.
        return json.dumps(text, ensure_ascii=False)[1:-1] if quote == '"' else text
    if quote == '"':
        escaped = json.dumps(text, ensure_ascii=False)[1:-1]
        return verbatim(escaped) if outer.name.endswith(HCL_LANGUAGE) else escaped
    if outer.name.endswith(HCL_LANGUAGE):
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
    """Escape a text so that Terraform finds no template in it, whatever braces it contains.

    https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    return text.replace("${", "$${").replace("%{", "%%{")


def _indent(outer: Source, start: int) -> str:
    """Return the blanks before the first character of the text on its line, which are not part of the text."""
    line = outer.text.rfind("\n", 0, start) + 1
    return outer.text[line:start]
