"""Splits the strings of a given shape into classes that a set of patterns cannot tell apart.

The free parts of a request (an account, an instance id, a role name) are strings of a known shape. The
patterns of a policy read them through finite automata, so their product has finitely many states; walking
it over the shape, breadth first, yields one shortest string for every combination of answers that can
occur at all. That makes "is there a request such that ..." a finite question, with no sampling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.policy.wildcard import ONE, RUN, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_STEPS = 400_000
"""Steps of single automata. Patterns made to be hostile can have exponentially many classes; past this the
walk gives up."""


class TooManyClassesError(Exception):
    """The patterns split the strings into more classes than are worth walking."""


class Segment(NamedTuple):
    """A part of a shape: fixed ``text``, or characters out of ``chars``, ``length`` of them.

    ``length`` 0 means any number of them. The first of ``chars`` that no pattern names stands for all
    such characters in a witness.
    """

    name: str
    text: str = ""
    chars: str = ""
    length: int = 0


Shape = tuple[Segment, ...]


class Reader(NamedTuple):
    """A pattern that reads the segments ``first`` to ``last`` of a shape."""

    tokens: Tokens
    first: int
    last: int
    folded: bool = False


class _Automaton:
    """A pattern as a nondeterministic automaton; bit ``i`` of a state means that ``i`` characters matched."""

    __slots__ = ("accepting", "any", "expected", "first", "last", "loops", "masks")

    def __init__(self, reader: Reader) -> None:
        self.first, self.last = reader.first, reader.last
        self.masks: dict[str, int] = {}
        self.any = self.loops = 0
        self.expected: list[str] = []
        at = 1
        for token in reader.tokens:
            if token is RUN:
                self.loops |= at
                continue
            spellings = token.lower() + token.upper() if reader.folded and token is not ONE else token
            if token is ONE:
                self.any |= at
                spellings = ""
            for char in spellings:
                self.masks[char] = self.masks.get(char, 0) | at
            self.expected.append(spellings)
            at <<= 1
        self.accepting = at

    def step(self, state: int, char: str) -> int:
        moving = state & (self.masks.get(char, 0) | self.any)
        return moving << 1 | state & self.loops

    def awaited(self, state: int) -> Iterator[str]:
        """Name the characters that lead on from a state and that others do not."""
        for position, spellings in enumerate(self.expected):
            if state >> position & 1:
                yield from spellings


_State = tuple[int, ...]


class _Walk:
    """The product of the automata, walked over one shape."""

    __slots__ = ("automata", "steps")

    def __init__(self, readers: Iterable[Reader]) -> None:
        self.automata = [_Automaton(reader) for reader in readers]
        self.steps = 0

    def classes(self, shape: Shape) -> dict[tuple[bool, ...], str]:
        frontier: dict[_State, str] = {tuple(1 for _ in self.automata): ""}
        for index, segment in enumerate(shape):
            if segment.text:
                frontier = self.along(frontier, index, segment.text)
            elif segment.length:
                for _ in range(segment.length):
                    frontier = self.forward(frontier, index, segment.chars)
            else:
                frontier = self.any_number(frontier, index, segment.chars)
        answers: dict[tuple[bool, ...], str] = {}
        for state, text in frontier.items():
            pairs = zip(state, self.automata, strict=True)
            answers.setdefault(tuple(bool(bits & one.accepting) for bits, one in pairs), text)
        return answers

    def along(self, frontier: dict[_State, str], index: int, text: str) -> dict[_State, str]:
        reached: dict[_State, str] = {}
        for state, witness in frontier.items():
            after = state
            for char in text:
                after = self.after(after, index, char)
            reached.setdefault(after, witness + text)
        return reached

    def forward(self, frontier: dict[_State, str], index: int, chars: str) -> dict[_State, str]:
        reached: dict[_State, str] = {}
        for state, witness in frontier.items():
            for char in self.distinct(state, index, chars):
                reached.setdefault(self.after(state, index, char), witness + char)
        self.count(len(reached) * len(self.automata))
        return reached

    def any_number(self, frontier: dict[_State, str], index: int, chars: str) -> dict[_State, str]:
        reached = dict(frontier)
        while frontier:
            onward = self.forward(frontier, index, chars)
            frontier = {state: text for state, text in onward.items() if state not in reached}
            reached.update(frontier)
        return reached

    def after(self, state: _State, index: int, char: str) -> _State:
        return tuple(
            one.step(bits, char) if one.first <= index <= one.last else bits
            for bits, one in zip(state, self.automata, strict=True)
        )

    def distinct(self, state: _State, index: int, chars: str) -> list[str]:
        """Pick the characters that some automaton tells apart in this state, and one for all the others."""
        awaited = {
            char
            for bits, one in zip(state, self.automata, strict=True)
            if one.first <= index <= one.last
            for char in one.awaited(bits)
        }
        told_apart = [char for char in chars if char in awaited]
        other = next((char for char in chars if char not in awaited), "")
        return [*other, *told_apart]

    def count(self, steps: int) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise TooManyClassesError


def classes(shape: Shape, readers: Iterable[Reader]) -> list[str]:
    """Give one shortest string of the shape for every combination of answers of the readers that occurs.

    Raises TooManyClassesError when the patterns are too many to walk.
    """
    return list(_Walk(readers).classes(shape).values())
