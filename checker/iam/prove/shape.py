"""Splits the strings of a given shape into classes that a set of patterns cannot distinguish.

The free parts of a request (an account, an instance ID, a role name) are strings of a known shape. The patterns of
a policy are finite automata, so their product has finitely many states. A breadth-first walk of the product over
the shape finds one shortest string for each combination of results that can occur. So it takes finitely many
strings to decide whether some request has a given result.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.policy.wildcard import ONE, RUN, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.iam.prove.domain import Budget


class Segment(NamedTuple):
    """A part of a shape: a fixed ``text``, or ``length`` characters from ``chars``.

    ``length`` 0 means any number, including none. The first of ``chars`` that is in no pattern represents all such
    characters.
    """

    text: str = ""
    chars: str = ""
    length: int = 0


Shape = tuple[Segment, ...]


class Reader(NamedTuple):
    """A pattern, and the indices of the segments that it reads in order."""

    tokens: Tokens
    segments: frozenset[int]
    folded: bool = False


_BITS_A_STEP = 4096
"""The size of automata, in bits, at which a step costs twice as much as for small ones."""


class _Automata:
    """Patterns as one nondeterministic automaton, in which each pattern has its own bits of the state.

    If bit ``i`` of a pattern is set, ``i`` of its characters have matched. ``read`` has the bits of the patterns that
    read each segment, and ``kept`` those that matter after it.
    """

    __slots__ = (
        "accepting",
        "alphabets",
        "any",
        "kept",
        "loops",
        "masks",
        "prefixes",
        "read",
        "start",
        "width",
    )

    def __init__(self, readers: Sequence[Reader], segments: int) -> None:
        self.masks: dict[str, int] = {}
        self.alphabets: dict[str, str] = {}
        self.any = self.loops = self.start = 0
        self.accepting: list[int] = []
        self.prefixes: list[tuple[int, int]] = []
        self.read = [0] * segments
        self.kept = [-1] * segments
        at = 1
        for reader in readers:
            at = self._add(reader, at)
        self.width = at.bit_length()

    def _add(self, reader: Reader, at: int) -> int:
        """Assign bits to a pattern, starting with ``at``. Returns the first bit after them."""
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
        self.kept[max(reader.segments)] &= ~bits | at
        return at << 1

    def step(self, state: int, char: str, read: int) -> int:
        """Read a character with the patterns whose bits are in ``read``; the others keep their state."""
        moving = state & read & (self.masks.get(char, 0) | self.any)
        return self.reduced(moving << 1 | state & (self.loops | ~read))

    def reduced(self, state: int) -> int:
        """Drop redundant states: if a pattern has reached a ``*``, its earlier states cannot add a match."""
        for bits, loops in self.prefixes:
            reached = state & loops
            if reached:
                state &= ~(bits & ((1 << reached.bit_length() - 1) - 1))
        return state

    def distinct(self, state: int, chars: str, read: int) -> list[str]:
        """Return the characters that lead to different states, preferring the first of ``chars``."""
        seen: dict[int, str] = {}
        masks, mine = self.masks, state & read & ~self.any
        for char in self.alphabet(chars):
            seen.setdefault(mine & masks.get(char, 0), char)
        return list(seen.values())

    def alphabet(self, chars: str) -> str:
        """Return those of ``chars`` that are in some pattern, and one that represents all others."""
        if chars not in self.alphabets:
            other = next((char for char in chars if char not in self.masks), None)
            self.alphabets[chars] = "".join(char for char in chars if char == other or char in self.masks)
        return self.alphabets[chars]


_States = dict[int, str]
"""States, each with the first text that leads to it."""

_END = "\0"
"""Marks the end of a segment in a representative during the walk."""


class _Walk:
    """A walk of the automata over one shape."""

    __slots__ = ("automata", "budget", "cost")

    def __init__(self, readers: Sequence[Reader], segments: int, budget: Budget) -> None:
        self.automata = _Automata(readers, segments)
        self.budget = budget
        self.cost = 1 + len(self.automata.prefixes) // 4 + self.automata.width // _BITS_A_STEP

    def classes(self, shape: Shape) -> list[str]:
        automata = self.automata
        frontier = {automata.reduced(automata.start): ""}
        for index, segment in enumerate(shape):
            frontier = self.through(frontier, automata.read[index], automata.kept[index], segment)
        answers: dict[tuple[bool, ...], str] = {}
        for state, text in frontier.items():
            answers.setdefault(tuple(bool(state & bit) for bit in automata.accepting), text)
        return list(answers.values())

    def through(self, frontier: _States, read: int, kept: int, segment: Segment) -> _States:
        """Read a segment from each state, those with shorter texts first.

        Only the patterns in ``read`` move, so they are walked once for all states that agree in them. Of a pattern that
        reads no later segment, only whether it has matched is ``kept``.
        """
        parts = {state: state & read for state in frontier}
        walked = {part: self.walked(part, read, segment) for part in set(parts.values())}
        reached: _States = {}
        for number in range(max(map(len, walked.values()))):
            for state, witness in frontier.items():
                steps = walked[parts[state]]
                onward = steps[number] if number < len(steps) else {}
                self.budget.spend(len(onward))
                for after, text in onward.items():
                    reached.setdefault((state & ~read | after) & kept, witness + text + _END)
        return reached

    def walked(self, state: int, read: int, segment: Segment) -> list[_States]:
        """Return the states after a segment, in groups by the length of their texts."""
        if segment.text:
            return [self.along(state, read, segment.text)]
        if not segment.length:
            return self.any_number(state, read, segment.chars)
        frontier = {state: ""}
        for _ in range(segment.length):
            frontier = self.forward(frontier, read, segment.chars)
        return [frontier]

    def along(self, state: int, read: int, text: str) -> _States:
        self.budget.spend(len(text) * self.cost)
        for char in text:
            state = self.automata.step(state, char, read)
        return {state: text}

    def forward(self, frontier: _States, read: int, chars: str) -> _States:
        reached: _States = {}
        automata = self.automata
        for state, witness in frontier.items():
            distinct = automata.distinct(state, chars, read)
            self.budget.spend((len(distinct) + 1) * self.cost)
            for char in distinct:
                reached.setdefault(automata.step(state, char, read), witness + char)
        return reached

    def any_number(self, state: int, read: int, chars: str) -> list[_States]:
        frontier = {state: ""}
        reached, lengths = {state}, []
        while frontier:
            lengths.append(frontier)
            onward = self.forward(frontier, read, chars)
            frontier = {after: text for after, text in onward.items() if after not in reached}
            reached |= frontier.keys()
        return lengths


class _Walked(NamedTuple):
    """The result of a walk, and the units of work that it took."""

    classes: tuple[tuple[str, ...], ...]
    cost: int


def classes(shape: Shape, readers: Iterable[Reader], budget: Budget) -> tuple[tuple[str, ...], ...]:
    """Return a string of the shape, by segment, for each combination of results that can occur.

    Most questions walk the same few shapes, so a walk is remembered; it costs the same budget again. Raises
    ExhaustedError if the walk exceeds the budget.
    """
    readers = tuple(readers)
    known = _remembered(shape, readers)
    if known:
        budget.spend(known[0].cost)
        return known[0].classes
    before = budget.left
    found = _Walk(readers, len(shape), budget).classes(shape)
    parts = tuple(tuple(text.split(_END)[:-1]) for text in found)
    known.append(_Walked(parts, before - budget.left))
    return parts


@lru_cache(maxsize=4096)
def _remembered(shape: Shape, readers: tuple[Reader, ...]) -> list[_Walked]:  # noqa: ARG001 - they are the key
    """Return the walk of a shape with these readers, once it is done."""
    return []
