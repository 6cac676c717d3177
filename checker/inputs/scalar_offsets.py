"""Maps the characters of a YAML or JSON scalar to the file, including scalars that YAML folds over several lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.source import offsets_at, offsets_of_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.policy.source import Source


_LONGEST = 200_000
_ESCAPES = {"x": 4, "u": 6, "U": 10}
_LAST_OF_ONE = "\uffff"


def offsets_of(outer: Source, start: int, text: str) -> Sequence[int]:
    """Map each character of a YAML or JSON scalar that begins at ``start`` to its offset, including folded
    scalars.
    """
    raw, first = outer.text, _first(outer, start)
    if raw[start : start + 1] == "|":
        return offsets_of_yaml(outer, start, text)
    if raw.startswith(text, first):
        return range(first, first + len(text) + 1)
    if len(text) > _LONGEST:
        return offsets_at(start, len(text))
    try:
        return _aligned(raw, first, text, escaped=raw[start] == '"')
    except IndexError:
        return offsets_at(start, len(text))


def _first(outer: Source, start: int) -> int:
    """Find the beginning of the value: after the quote, or below the block marker."""
    if outer.text[start] == ">":
        return outer.line_start(outer.position(start, start).line + 1)
    return start + (outer.text[start] in "'\"")


def _aligned(raw: str, at: int, text: str, *, escaped: bool) -> list[int]:
    """Match the characters of a value with their source. Raises IndexError if they do not match."""
    offsets = []
    for character in text:
        while escaped and raw[at] == "\\" and raw[at + 1] in "\r\n":
            at = _after_blanks(raw, at + 1)
        if raw[at] != character and raw[at].isspace() and not character.isspace():
            at = _after_blanks(raw, at)
        offsets.append(at)
        at = _after(raw, at, character, escaped=escaped)
    return [*offsets, at]


def _after(raw: str, at: int, character: str, *, escaped: bool) -> int:
    if escaped and raw[at] == "\\":
        pair = character > _LAST_OF_ONE and raw[at + 1] == "u"
        return at + _ESCAPES.get(raw[at + 1], 2) * (2 if pair else 1)
    if raw[at] == character:
        return at + (2 if character == raw[at + 1] == "'" and not escaped else 1)
    if raw[at].isspace():
        return _after_blanks(raw, at)
    raise IndexError(at)


def _after_blanks(raw: str, at: int) -> int:
    while raw[at].isspace():
        at += 1
    return at
