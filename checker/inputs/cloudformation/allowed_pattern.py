"""Reads the regular expressions of AllowedPattern, as far as the texts that they allow can be told exactly.

A pattern must match the whole value. Patterns with other syntax than literals, classes, repetitions and alternatives of
literals are not read.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
"""

from __future__ import annotations

import string
from itertools import chain, product
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import MOST_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGITS, _WORD = frozenset(string.digits), frozenset(string.ascii_letters + string.digits + "_")
_LINE_ENDS = frozenset("\n\r\u0085\u2028\u2029")
_WILDCARDS = frozenset("*?")
_SYNTAX = "^$|()[]{}*+?.\\"
_LONGEST, _LONGEST_VALUE = 1_000, 512
"""Limits on a pattern, and on a value to compare with it."""


class Chars(NamedTuple):
    """A set of characters, or all others."""

    listed: frozenset[str]
    others: bool = False

    def has(self, character: str) -> bool:
        """True for a character of the set."""
        return (character in self.listed) != self.others


class Run(NamedTuple):
    """A repetition of characters; ``most`` is ``None`` if there is no limit."""

    chars: Chars
    least: int
    most: int | None

    def ends(self, text: str, start: int) -> Iterable[int]:
        """Yield the offsets in a text at which the repetition can end."""
        at, last = start, len(text) if self.most is None else min(len(text), start + self.most)
        while True:
            if at - start >= self.least:
                yield at
            if at >= last or not self.chars.has(text[at]):
                return
            at += 1


Segment = tuple[str, ...] | Run
"""Alternative literals, or a repetition."""


class AllowedPattern(NamedTuple):
    """A pattern, as the segments that follow each other in a value."""

    segments: tuple[Segment, ...]

    def allows(self, text: str) -> bool:
        """True for a value that the pattern matches, or that is too long to compare."""
        if len(text) > _LONGEST_VALUE:
            return True
        ends = {0}
        for segment in self.segments:
            ends = {end for start in ends for end in _ends(segment, text, start)}
        return len(text) in ends

    @property
    def values(self) -> tuple[str, ...]:
        """All values that the pattern allows; empty if there are too many."""
        choices = [segment for segment in self.segments if not isinstance(segment, Run)]
        return _products(choices) if len(choices) == len(self.segments) else ()

    @property
    def lists_wildcards(self) -> bool:
        """True if the pattern names wildcards of a policy, unlike `.`, which only does not exclude them."""
        return any(one.listed & _WILDCARDS for one in self.characters if not one.others)

    @property
    def characters(self) -> tuple[Chars, ...]:
        """The characters of each segment."""
        return tuple(map(_characters, self.segments))

    def has_length(self, length: int) -> bool:
        """True if all values have a length."""
        bounds = [_lengths(segment) for segment in self.segments]
        most = [high for _, high in bounds if high is not None]
        return len(most) == len(bounds) and sum(low for low, _ in bounds) == sum(most) == length

    def may_have(self, character: str) -> bool:
        """True if a value may have a character."""
        return any(one.has(character) for one in self.characters)


def _ends(segment: Segment, text: str, start: int) -> Iterable[int]:
    if isinstance(segment, Run):
        return segment.ends(text, start)
    return [start + len(one) for one in segment if text.startswith(one, start)]


def _characters(segment: Segment) -> Chars:
    if not isinstance(segment, Run):
        return Chars(frozenset(chain.from_iterable(segment)))
    return Chars(frozenset()) if segment.most == 0 else segment.chars


def _lengths(segment: Segment) -> tuple[int, int | None]:
    """Return the least and the greatest length; ``None`` if there is no limit."""
    if isinstance(segment, Run):
        return segment.least, segment.most
    lengths = list(map(len, segment))
    return min(lengths), max(lengths)


def _products(choices: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    found: tuple[str, ...] = ("",)
    for segment in choices:
        if len(found) * len(segment) > MOST_ENTRIES:
            return ()
        found = tuple(dict.fromkeys("".join(pair) for pair in product(found, segment)))
    return found


class _OtherSyntaxError(Exception):
    """The pattern has a part that is not read."""


def parse_pattern(text: str) -> AllowedPattern | None:
    """Parse a pattern; ``None`` if it has other syntax."""
    if not 0 < len(text) <= _LONGEST:
        return None
    try:
        parser = _Parser(text)
        segments = parser.alternatives(depth=0)
        return AllowedPattern(segments) if parser.at == len(text) else None
    except _OtherSyntaxError:
        return None


_DEEPEST = 10


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next(self) -> str:
        """Return the next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, text: str) -> bool:
        """Skip a text if it is next."""
        found = self.text.startswith(text, self.at)
        self.at += len(text) * found
        return found

    def alternatives(self, depth: int) -> tuple[Segment, ...]:
        """Parse alternatives, of which several must be literals."""
        found = [self.sequence(depth)]
        while self.take("|"):
            found.append(self.sequence(depth))
        if len(found) == 1:
            return found[0]
        values = [AllowedPattern(one).values for one in found]
        if not all(values) or sum(map(len, values)) > MOST_ENTRIES:
            raise _OtherSyntaxError
        return (tuple(dict.fromkeys(value for one in values for value in one)),)

    def sequence(self, depth: int) -> tuple[Segment, ...]:
        """Parse what follows each other, up to the end of an alternative."""
        found: list[Segment] = []
        if depth == 0:
            self.take("^")
        while self.next() not in ("", "|", ")"):
            if depth == 0 and self.take("$"):
                break
            found += self.group(depth) if self.take("(") else (self.repeated(self.chars()),)
        if self.next() not in ("", "|", ")") or (depth == 0 and self.next() == ")"):
            raise _OtherSyntaxError
        return _merged(found)

    def group(self, depth: int) -> tuple[Segment, ...]:
        """Parse a group, which is optional or stands once."""
        if (self.next() == "?" and not self.take("?:")) or depth > _DEEPEST:
            raise _OtherSyntaxError
        inside = self.alternatives(depth + 1)
        if not self.take(")") or self.next() in ("*", "+", "{"):
            raise _OtherSyntaxError
        if not self.take("?"):
            return inside
        values = AllowedPattern(inside).values
        if not values or self.next() in ("?", "+"):
            raise _OtherSyntaxError
        return ((*values, ""),)

    def chars(self) -> Chars:
        """Parse a character, an escape or a class."""
        character = self.next()
        self.at += 1
        if character == "\\":
            return self.escaped()
        if character == "[":
            return self.listed()
        if character == ".":
            return Chars(_LINE_ENDS, others=True)
        if character in _SYNTAX:
            raise _OtherSyntaxError
        return Chars(frozenset(character))

    def escaped(self) -> Chars:
        character = self.next()
        self.at += 1
        if character in ("d", "w"):
            return Chars(_DIGITS if character == "d" else _WORD)
        if not character or character.isalnum() or not character.isascii():
            raise _OtherSyntaxError
        return Chars(frozenset(character))

    def listed(self) -> Chars:
        """Parse a class such as `[a-z0-9-]`."""
        others = self.take("^")
        found: set[str] = set()
        while not self.take("]"):
            if self.next() in ("", "[", "&"):
                raise _OtherSyntaxError
            first = self.escaped().listed if self.take("\\") else frozenset(self.taken())
            found |= self.range(first)
        if not found:
            raise _OtherSyntaxError
        return Chars(frozenset(found), others)

    def range(self, first: frozenset[str]) -> frozenset[str]:
        """Parse the end of a range, if a hyphen and a character follow its beginning."""
        if self.next() != "-" or self.text[self.at + 1 : self.at + 2] in ("", "]"):
            return first
        self.at += 1
        last = self.taken()
        if len(first) != 1 or not last.isalnum() or not last.isascii():
            raise _OtherSyntaxError
        (start,) = first
        if not start.isalnum() or start > last:
            raise _OtherSyntaxError
        return frozenset(map(chr, range(ord(start), ord(last) + 1)))

    def taken(self) -> str:
        character = self.next()
        self.at += 1
        return character

    def repeated(self, chars: Chars) -> Segment:
        """Parse a repetition; a character that stands once is a literal."""
        least, most, is_repeated = self.counts()
        if self.next() == "+" and is_repeated:
            raise _OtherSyntaxError  # possessive
        if is_repeated:
            self.take("?")  # lazy, which allows the same values
        if (least, most) == (1, 1) and not chars.others and len(chars.listed) == 1:
            return tuple(chars.listed)
        return Run(chars, least, most)

    def counts(self) -> tuple[int, int | None, bool]:
        """Parse how often a character stands, and whether this is written."""
        for mark, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.take(mark):
                return least, most, True
        if not self.take("{"):
            return 1, 1, False
        written, closed, _ = self.text[self.at :].partition("}")
        low, comma, high = written.partition(",")
        if not closed or not _is_count(low) or (high and not _is_count(high)):
            raise _OtherSyntaxError
        self.at += len(written) + 1
        most = int(low) if not comma else int(high) if high else None
        if most is not None and most < int(low):
            raise _OtherSyntaxError
        return int(low), most, True


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _merged(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Join literals that follow each other."""
    found: list[Segment] = []
    for segment in segments:
        last = found[-1] if found else None
        if (
            not isinstance(segment, Run)
            and not isinstance(last, Run)
            and last
            and len(segment) == len(last) == 1
        ):
            found[-1] = (last[0] + segment[0],)
        else:
            found.append(segment)
    return tuple(found)
