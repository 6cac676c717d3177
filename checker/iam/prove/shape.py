"""Splits the strings of a given shape into classes that a set of patterns cannot tell apart.

The free parts of a request (an account, an instance ID, a role name) are strings of a known shape. The
patterns of a policy read them through finite automata, so their product has finitely many states; walking
it over the shape, breadth first, yields one shortest string for every combination of answers that can
occur at all. That makes "is there a request such that ..." a finite question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.policy.wildcard import ONE, RUN, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.iam.prove.domain import Budget


class Segment(NamedTuple):
    """A part of a shape: a fixed ``text``, or characters out of ``chars``: ``length`` of them.

    ``length`` 0 means any number, including none. The first of ``chars`` that no pattern names stands for
    all such characters in a representative.
    """

    text: str = ""
    chars: str = ""
    length: int = 0


Shape = tuple[Segment, ...]


class Reader(NamedTuple):
    """A pattern, and the segments of a shape that it reads one after the other, by index."""

    tokens: Tokens
    segments: frozenset[int]
    folded: bool = False


_BITS_A_STEP = 4096
"""A step over automata of so many characters costs twice as much as one over small ones."""


class _Automata:
    """Patterns as one nondeterministic automaton. Each pattern has its own bits of the state.

    The bit ``i`` above a pattern's lowest means that ``i`` of its characters have matched.
    """

    __slots__ = ("accepting", "alphabets", "any", "loops", "masks", "prefixes", "read", "start", "width")

    def __init__(self, readers: Sequence[Reader], segments: int) -> None:
        self.masks: dict[str, int] = {}
        self.alphabets: dict[str, str] = {}
        self.any = self.loops = self.start = 0
        self.accepting: list[int] = []
        self.prefixes: list[tuple[int, int]] = []
        self.read = [0] * segments
        at = 1
        for reader in readers:
            at = self._add(reader, at)
        self.width = at.bit_length()

    def _add(self, reader: Reader, at: int) -> int:
        """Give a pattern its bits, from ``at`` on. Returns the first bit after them."""
        first, loops = at, 0
        for token in reader.tokens:
            if token is RUN:
                loops |= at
                continue
            if token is ONE:
                self.any |= at
            else:
                for char in {token.lower(), token.upper()} if reader.folded else (token,):
                    self.masks[char] = self.masks.get(char, 0) | at
            at <<= 1
        bits = (at << 1) - first
        self.start |= first
        self.loops |= loops
        self.accepting.append(at)
        if loops:
            self.prefixes.append((bits, loops))
        for index in reader.segments:
            self.read[index] |= bits
        return at << 1

    def step(self, state: int, char: str, read: int) -> int:
        """Read a character with the patterns whose bits are ``read``; the others stay where they are."""
        moving = state & read & (self.masks.get(char, 0) | self.any)
        return self.reduced(moving << 1 | state & (self.loops | ~read))

    def reduced(self, state: int) -> int:
        """Drop what cannot matter: a pattern that has reached a ``*`` gains nothing from an earlier place."""
        for bits, loops in self.prefixes:
            reached = state & loops
            if reached:
                state &= ~(bits & ((1 << reached.bit_length() - 1) - 1))
        return state

    def distinct(self, state: int, chars: str, read: int) -> list[str]:
        """The characters that lead to different states, the first of ``chars`` that do so."""
        seen: dict[int, str] = {}
        masks, mine = self.masks, state & read & ~self.any
        for char in self.alphabet(chars):
            seen.setdefault(mine & masks.get(char, 0), char)
        return list(seen.values())

    def alphabet(self, chars: str) -> str:
        """Those of ``chars`` that some pattern names, and one that stands for all others."""
        if chars not in self.alphabets:
            other = next((char for char in chars if char not in self.masks), "")
            self.alphabets[chars] = "".join(char for char in chars if char == other or char in self.masks)
        return self.alphabets[chars]


_END = "\0"
"""Ends a segment in a representative while the walk is under way."""


class _Walk:
    """The automata, walked over one shape."""

    __slots__ = ("automata", "budget", "cost")

    def __init__(self, readers: Sequence[Reader], segments: int, budget: Budget) -> None:
        self.automata = _Automata(readers, segments)
        self.budget = budget
        self.cost = 1 + len(self.automata.prefixes) // 4 + self.automata.width // _BITS_A_STEP

    def classes(self, shape: Shape) -> list[str]:
        automata = self.automata
        frontier = {automata.reduced(automata.start): ""}
        for index, segment in enumerate(shape):
            read = automata.read[index]
            if segment.text:
                frontier = self.along(frontier, read, segment.text)
            elif segment.length:
                for _ in range(segment.length):
                    frontier = self.forward(frontier, read, segment.chars)
            else:
                frontier = self.any_number(frontier, read, segment.chars)
            frontier = {state: text + _END for state, text in frontier.items()}
        answers: dict[tuple[bool, ...], str] = {}
        for state, text in frontier.items():
            answers.setdefault(tuple(bool(state & bit) for bit in automata.accepting), text)
        return list(answers.values())

    def along(self, frontier: dict[int, str], read: int, text: str) -> dict[int, str]:
        reached: dict[int, str] = {}
        self.budget.spend(len(frontier) * len(text) * self.cost)
        for state, witness in frontier.items():
            after = state
            for char in text:
                after = self.automata.step(after, char, read)
            reached.setdefault(after, witness + text)
        return reached

    def forward(self, frontier: dict[int, str], read: int, chars: str) -> dict[int, str]:
        reached: dict[int, str] = {}
        automata = self.automata
        for state, witness in frontier.items():
            told_apart = automata.distinct(state, chars, read)
            self.budget.spend((len(told_apart) + 1) * self.cost)
            for char in told_apart:
                reached.setdefault(automata.step(state, char, read), witness + char)
        return reached

    def any_number(self, frontier: dict[int, str], read: int, chars: str) -> dict[int, str]:
        reached = dict(frontier)
        while frontier:
            onward = self.forward(frontier, read, chars)
            frontier = {state: text for state, text in onward.items() if state not in reached}
            reached.update(frontier)
        return reached


def classes(shape: Shape, readers: Iterable[Reader], budget: Budget) -> list[tuple[str, ...]]:
    """Give a string of the shape, in its segments, for every combination of answers that occurs.

    Raises ExhaustedError when the patterns are too many to walk.
    """
    walk = _Walk(tuple(readers), len(shape), budget)
    return [tuple(text.split(_END)[:-1]) for text in walk.classes(shape)]
