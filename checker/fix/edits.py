"""Edits of one text: stretches and what takes their place; everything else stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

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
