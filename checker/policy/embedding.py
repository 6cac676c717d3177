"""Where the characters of a text stand that is kept inside another text, escaped, quoted or indented."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.policy.source import Source

_SIMPLE_ESCAPE = 2
_UNICODE_ESCAPE = 6
_SURROGATE_PAIR = 12


def offsets_of_json(raw: str, start: int, length: int) -> Sequence[int]:
    """Map a decoded JSON string of so many characters; ``start`` is that of its first character in ``raw``."""
    offsets, at = [start], start
    for _ in range(length):
        at += _width(raw, at)
        offsets.append(at)
    return offsets


def offsets_of_string(raw: str, start: int, length: int) -> Sequence[int]:
    """Map the text of a JSON string that begins with its quote at ``start``; what is none, to that place."""
    if raw[start : start + 1] == '"':
        try:
            return offsets_of_json(raw, start + 1, length)
        except (IndexError, ValueError):
            return offsets_at(start, length)
    return offsets_at(start, length)


def _width(raw: str, at: int) -> int:
    """Count the characters that one decoded character takes inside a JSON string."""
    if raw[at] != "\\":
        return 1
    if raw[at + 1] != "u":
        return _SIMPLE_ESCAPE
    high = 0xD800 <= int(raw[at + 2 : at + 6], 16) < 0xDC00
    low = raw[at + 6 : at + 8] == "\\u" and 0xDC00 <= int(raw[at + 8 : at + 12], 16) < 0xE000
    return _SURROGATE_PAIR if high and low else _UNICODE_ESCAPE


def offsets_of_lines(outer: Source, first_line: int, text: str) -> Sequence[int]:
    """Map a text whose lines are those of the outer text from a line on, each indented or not."""
    offsets: list[int] = []
    for number, line in enumerate(text.split("\n"), first_line):
        start = outer.line_start(number)
        written = outer.text[start : outer.line_start(number + 1)].rstrip("\r\n")
        indent = max(0, len(written) - len(line)) if written.endswith(line) else 0
        offsets += range(start + indent, start + indent + len(line) + 1)
    return offsets


def offsets_at(start: int, length: int) -> Sequence[int]:
    """Map a text that cannot be followed character by character to the place where it begins."""
    return [start] * (length + 1)


def offsets_of_yaml(outer: Source, start: int, text: str) -> Sequence[int]:
    """Map the value of a YAML scalar that begins at ``start``, in whatever style it is written."""
    raw, style = outer.text, outer.text[start : start + 1]
    if style == "|":
        return offsets_of_lines(outer, outer.position(start, start).line + 1, text)
    if style in "'\"":
        start += 1
    if raw.startswith(text, start):
        return range(start, start + len(text) + 1)
    if style == '"' and "\n" not in raw[start : raw.find('"', start)]:
        return offsets_of_string(raw, start - 1, len(text))
    return offsets_at(start, len(text))
