"""Walks a large JSON text without building it: whole values are decoded where they are asked for and then let go.

A plan of 40 MB makes some 300 MB of Python objects; the few resources that matter make next to nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.policy.source import Source

    TakeMember = Callable[[str, int], int]
    TakeElement = Callable[[int, int], int]


_BLANK = re.compile(r"[ \t\n\r]*")


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
"""Numbers stay texts: one of a million digits is read as quickly as any other text."""


class Scan:
    """A text, and the ways through it; all of them raise TextError with the offset where it is no JSON.

    Offsets are those of a value's first character going in, and of what follows the value coming out.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    def blank(self, at: int) -> int:
        """Skip blanks."""
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int) -> tuple[object, int]:
        """Decode the value that begins at an offset."""
        try:
            return _DECODER.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            message = error.msg[0].lower() + error.msg[1:]
            message = message.rstrip(": ").removesuffix(" at").removesuffix(" starting")
            raise TextError(f"no JSON: {message}", self.source, error.pos) from None
        except RecursionError:
            raise TextError("nested too deep", self.source, at) from None
        except ValueError:
            raise TextError("no JSON: not a number", self.source, at) from None

    def skip(self, at: int) -> int:
        """Pass over a value; the elements of a long list are let go one by one."""
        if self.text.startswith("[", at):
            return self.elements(at, lambda _, inside: self.value(inside)[1])
        return self.value(at)[1]

    def members(self, at: int, take: TakeMember) -> int:
        """Give each key of an object to ``take``, which gives the end of its value; skip what is no object."""
        if not self.text.startswith("{", at):
            return self.skip(at)
        seen: set[str] = set()
        at = self.blank(at + 1)
        if self.text.startswith("}", at):
            return at + 1
        while True:
            start, (key, at) = at, self._key(at)
            if key in seen:
                raise TextError("a key that stands twice", self.source, start, at)
            seen.add(key)
            at = self._expect(":", at)
            at = self.blank(take(key, at))
            if self.text.startswith("}", at):
                return at + 1
            at = self._expect(",", at)

    def elements(self, at: int, take: TakeElement) -> int:
        """Give each element of a list to ``take``, which gives its end; skip what is no list."""
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
        """Map the keys of an object to the beginnings and ends of their values; nothing for what is no object."""
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
