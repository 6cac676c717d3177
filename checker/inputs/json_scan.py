"""Walks a large JSON text without building it: only the requested values are decoded, and dropped after use.

The Python objects of a 40 MB plan take some 300 MB; the few relevant resources take almost nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from checker.core.pattern import pattern
from checker.policy.node import Array, Object
from checker.policy.source import Source
from checker.policy.text_json import TextError, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.policy.node import Node

    TakeMember = Callable[[str, int], int]
    TakeElement = Callable[[int, int], int]

_BLANK = pattern(r"[ \t\n\r]*")


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
"""Keeps numbers as text, so that a number with a million digits is read as quickly as other text."""


class PartSource(Source):
    """A value, cut from the file, with their ``pointer`` and the parsed ``root``."""

    __slots__ = ("pointer", "root")

    def __init__(self, outer: Source, start: int, end: int, pointer: str) -> None:
        super().__init__(outer.name, outer.text[start:end], outer, range(start, end + 1))
        self.pointer = pointer
        self.root: Node | None = None

    def pointer_at(self, offset: int) -> str | None:
        """Return the pointer to the value at an offset; inside a string, to the string."""
        steps = _steps(self.root, offset) if self.root is not None else ()
        return "".join((self.pointer, *(f"/{step}" for step in steps)))


def _steps(node: Node, at: int) -> Iterator[str]:
    """Return the route to the value at an offset."""
    if isinstance(node, Object):
        for member in node.members:
            if member.value.start <= at < member.value.end:
                yield member.key.replace("~", "~0").replace("/", "~1")
                yield from _steps(member.value, at)
    elif isinstance(node, Array):
        for index, one in enumerate(node.items):
            if one.start <= at < one.end:
                yield str(index)
                yield from _steps(one, at)


class Scan:
    """Reads a JSON text by offset. Methods raise TextError with the offset for invalid JSON.

    Methods take the offset of a value's first character and return the offset after the value.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    def blank(self, at: int) -> int:
        """Skip blanks."""
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int) -> tuple[object, int]:
        """Decode the value at an offset."""
        try:
            return _DECODER.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            message = error.msg[0].lower() + error.msg[1:]
            message = message.rstrip(": ").removesuffix(" at").removesuffix(" starting")
            raise TextError(f"not JSON: {message}", self.source, error.pos) from None
        except RecursionError:
            raise TextError("nested too deeply", self.source, at) from None
        except ValueError:
            raise TextError("not JSON: not a number", self.source, at) from None

    def part(self, span: tuple[int, int], pointer: str) -> Node:
        """Parse a value into nodes, with positions in the file. Raises TextError."""
        part = PartSource(self.source, *span, pointer)
        part.root = parse_json(part)
        return part.root

    def skip(self, at: int) -> int:
        """Skip a value; the elements of a long list are released one by one."""
        if self.text.startswith("[", at):
            return self.elements(at, lambda _, inside: self.value(inside)[1])
        return self.value(at)[1]

    def members(self, at: int, take: TakeMember) -> int:
        """Pass each key of an object to ``take``, which returns the end of its value; skip other values."""
        if not self.text.startswith("{", at):
            return self.skip(at)
        seen: set[str] = set()
        at = self.blank(at + 1)
        if self.text.startswith("}", at):
            return at + 1
        while True:
            start, (key, at) = at, self._key(at)
            if key in seen:
                raise TextError("duplicate key", self.source, start, at)
            seen.add(key)
            at = self._expect(":", at)
            at = self.blank(take(key, at))
            if self.text.startswith("}", at):
                return at + 1
            at = self._expect(",", at)

    def elements(self, at: int, take: TakeElement) -> int:
        """Pass each element of a list to ``take``, which returns its end; skip other values."""
        if not self.text.startswith("[", at):
            return self.skip(at)
        at, index = self.blank(at + 1), 0
        if self.text.startswith("]", at):
            return at + 1
        while True:
            at = self.blank(take(index, at))
            if self.text.startswith("]", at):
                return at + 1
            at, index = self._expect(",", at), index + 1

    def spans(self, at: int) -> dict[str, tuple[int, int]]:
        """Map the keys of an object to the ranges of their values; empty for other values."""
        found: dict[str, tuple[int, int]] = {}

        def note(key: str, start: int) -> int:
            end = self.value(start)[1]
            found[key] = start, end
            return end

        self.members(at, note)
        return found

    def _key(self, at: int) -> tuple[str, int]:
        if not self.text.startswith('"', at):
            raise TextError("expected a key in double quotes", self.source, at)
        key, end = self.value(at)
        return str(key), self.blank(end)

    def _expect(self, mark: str, at: int) -> int:
        if not self.text.startswith(mark, at):
            raise TextError(f"expected `{mark}`", self.source, at)
        return self.blank(at + 1)
