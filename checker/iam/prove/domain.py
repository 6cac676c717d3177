"""The free parts of a request, and a representative for every class of values that a policy tells apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from checker.core.unknown import Unknown
from checker.iam.decide.operators import (
    ADDRESS,
    ARN,
    BINARY,
    BOOL,
    FOLDED,
    LIKE,
    NUMBER,
    TEXT,
    borders,
    is_public,
    network,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from checker.iam.decide.request import ContextValue
    from checker.iam.prove.mention import Mention, Mentions


Assignment = dict[str, "ContextValue | None"]
"""Values for some context keys; ``None`` is a key that is absent."""

MISREAD = Unknown("a condition compares a key with an operator of another type")


class Choice(NamedTuple):
    """Values for some keys, and the domains of further keys that exist only beside these values.

    ``doubt`` says why a request with these values proves nothing, if it does not.
    """

    values: Assignment
    then: tuple[Domain, ...] = ()
    doubt: Unknown | None = None


class Choices(NamedTuple):
    """A choice for every class of values, the likeliest first.

    ``gap`` says why some class may be missing, so that "no" is not proven by trying all. ``opened`` are the keys
    of which one value stands for many, so that a policy variable of theirs stays unknown.
    """

    choices: tuple[Choice, ...]
    gap: Unknown | None = None
    opened: frozenset[str] = frozenset()


class Domain(Protocol):
    """The values that some context keys can take together."""

    @property
    def keys(self) -> frozenset[str]:
        """The keys, in lower case; a prefix of keys ends with ``/`` or ``:``."""

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Pick a representative of every class that the mentions tell apart."""


def covers(domain: Domain, key: str) -> bool:
    """True if the domain gives the key its value."""
    return is_among(key, domain.keys)


def is_among(key: str, keys: Collection[str]) -> bool:
    """True if a key is one of some keys, or begins with a prefix among them."""
    return key in keys or any(one[-1] in "/:" and key.startswith(one) for one in keys)


class OneOf(NamedTuple):
    """A handful of values, absence being ``None``."""

    key: str
    values: tuple[str | None, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:  # noqa: ARG002 - each value is a class
        """All of them."""
        return Choices(tuple(Choice({self.key: value}) for value in self.values))


@dataclass(frozen=True)
class Ways:
    """Several ways to come by a group of keys. A way lacks the keys of the group that it says nothing of.

    ``others`` are keys of the group that no way has.
    """

    ways: tuple[Choice, ...]
    others: frozenset[str] = frozenset()

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all ways."""
        return self.others.union(*(_keys(way) for way in self.ways))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:  # noqa: ARG002 - each value is a class
        """All ways, or the first of them if nothing depends on it."""
        keys = self.keys
        if not any(covers(self, key) for key in mentions):
            return Choices((_whole(self.ways[0], keys, mentions),))
        return Choices(tuple(_whole(way, keys, mentions) for way in self.ways))


def _keys(way: Choice) -> frozenset[str]:
    return frozenset(way.values).union(*(domain.keys for domain in way.then))


def _whole(way: Choice, keys: frozenset[str], mentions: Mentions) -> Choice:
    """The way with the keys that it lacks as absent; a prefix of other ways covers keys that it has itself."""
    own = _keys(way)
    absent: Assignment = dict.fromkeys(
        key for key in mentions if is_among(key, keys - own) and not is_among(key, own)
    )
    return way._replace(values={**absent, **way.values})


TEXTUAL = (TEXT, FOLDED, LIKE, ARN, BOOL, BINARY)


def gap(patterns: Iterable[Mention], *families: str) -> Unknown | None:
    """Say that some class may be missing if a pattern is not of these families, by default those of text.

    Numbers, dates and addresses split values along other lines than text.
    """
    return None if all(one.family in (families or TEXTUAL) for one in patterns) else MISREAD


def told_apart(found: Iterable[Choice], mentions: Mentions) -> tuple[Choice, ...]:
    """Keep the first of those choices to which every pattern gives the same answer."""
    seen: dict[tuple[object, ...], Choice] = {}
    for one in found:
        answers = tuple(
            None if value is None else tuple(_answer(pattern, value) for pattern in mentions.get(key, ()))
            for key, value in one.values.items()
        )
        seen.setdefault(answers, one)
    return tuple(seen.values())


def _answer(pattern: Mention, value: ContextValue) -> object:
    if isinstance(value, Unknown):
        return value
    return pattern.matches(value) if isinstance(value, str) else tuple(map(pattern.matches, value))


class Addresses(NamedTuple):
    """Any IP address; blocks split them at their borders. ``public``: AWS documents one of the internet."""

    key: str
    public: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Take an address of every stretch between two borders, in both families; what is not public last."""
        patterns = mentions.get(self.key, [])
        blocks = [network(one.text) for one in patterns if one.family == ADDRESS]
        budget.spend(len(blocks) * len(blocks))
        known = [one for one in (*blocks, *map(network, _USUAL)) if not isinstance(one, Unknown)]
        found = sorted(map(self._choice, borders(known)), key=lambda one: one.doubt is not None)
        return Choices(told_apart(found, mentions), gap(patterns, ADDRESS), self.keys)

    def _choice(self, address: str) -> Choice:
        doubt = _NOT_PUBLIC if self.public and not is_public(address) else None
        return Choice({self.key: address}, doubt=doubt)


_USUAL = ("198.51.100.7/32", "2001:db8::7/128")
"""Stand for all addresses that no block tells apart. https://www.rfc-editor.org/rfc/rfc5737"""

_NOT_PUBLIC = Unknown("AWS documents public addresses for this key", "aws:SourceIp")


class Numbers(NamedTuple):
    """Any whole number from 0."""

    key: str

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Take every number that a policy names, its neighbors, and 0."""
        patterns = mentions.get(self.key, [])
        budget.spend(len(patterns) * len(patterns))
        found = {"0": None}
        for one in patterns:
            value = number(one.text)
            if value is not None and abs(value) < _LARGEST:
                near = (int(value) - 1, int(value), int(value) + 1)
                found.update((str(n), None) for n in near if n >= 0)
        kept = told_apart((Choice({self.key: one}) for one in found), mentions)
        return Choices(kept, gap(patterns, NUMBER), self.keys)


_LARGEST = 10**30


def as_context(assignment: Mapping[str, ContextValue | None]) -> dict[str, ContextValue]:
    """Leave the absent keys out."""
    return {key: value for key, value in assignment.items() if value is not None}


EXHAUSTED = Unknown("the policy tells more classes of requests apart than are worth trying")
"""The answer to a question whose budget ran out. Rules report it as at least a warning."""

LIMIT = 400_000
"""Units of work for a question. A unit takes 1 to 3 microseconds on a machine of 2026."""


class ExhaustedError(Exception):
    """The budget is spent."""


class Budget:
    """The work that is left for one question, out of what is left for the ``whole`` that it is part of.

    ``results`` are those of work that was done already, for all parts of a whole.
    """

    __slots__ = ("left", "results", "whole")

    def __init__(self, limit: int = LIMIT, whole: Budget | None = None) -> None:
        self.left = limit
        self.whole = whole
        self.results: dict[object, object] = {} if whole is None else whole.results

    def spend(self, units: int) -> None:
        """Take units of work. Raises ExhaustedError when none are left."""
        self.left -= units
        if self.left < 0:
            raise ExhaustedError
        if self.whole is not None:
            self.whole.spend(units)

    def part(self, share: float) -> Budget:
        """A share of what is left."""
        return Budget(int(self.left * share), self)
