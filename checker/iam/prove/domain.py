"""The free parts of a request, with a representative for each class of values that a policy distinguishes."""

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
"""Values for some context keys; ``None`` means that the key is absent."""

MISREAD = Unknown("a condition tests a key with an operator of another type")


class Choice(NamedTuple):
    """Values for some keys, and the domains of further keys that exist only with these values.

    ``doubt`` is the reason if a request with these values proves nothing.
    """

    values: Assignment
    then: tuple[Domain, ...] = ()
    doubt: Unknown | None = None


class Choices(NamedTuple):
    """A choice for each class of values, the most likely first.

    ``gap`` is the reason if some class may be missing, so that trying all choices does not prove "no". ``opened``
    are the keys for which one value represents many, so that their policy variables stay unknown.
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
        """Return a representative of each class that the mentions distinguish."""


def covers(domain: Domain, key: str) -> bool:
    """True if the domain has the key."""
    return is_among(key, domain.keys)


def is_among(key: str, keys: Collection[str]) -> bool:
    """True if a key is among ``keys``, or starts with a prefix among them."""
    return key in keys or any(one[-1] in "/:" and key.startswith(one) for one in keys)


class OneOf(NamedTuple):
    """A fixed list of values; ``None`` means that the key is absent."""

    key: str
    values: tuple[str | None, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:  # noqa: ARG002 - each value is a class
        """Return all values."""
        return Choices(tuple(Choice({self.key: value}) for value in self.values))


@dataclass(frozen=True)
class Alternatives:
    """Alternatives for a group of keys. The keys of the group that an alternative does not have are absent.

    ``others`` are keys of the group that no alternative has.
    """

    alternatives: tuple[Choice, ...]
    others: frozenset[str] = frozenset()

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all alternatives, and ``others``."""
        return self.others.union(*(_keys(alternative) for alternative in self.alternatives))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:  # noqa: ARG002 - each value is a class
        """Return all alternatives, or only the first if no mentioned key depends on them."""
        keys = self.keys
        if not any(covers(self, key) for key in mentions):
            return Choices((_whole(self.alternatives[0], keys, mentions),))
        return Choices(tuple(_whole(alternative, keys, mentions) for alternative in self.alternatives))


def _keys(alternative: Choice) -> frozenset[str]:
    return frozenset(alternative.values).union(*(domain.keys for domain in alternative.then))


def _whole(alternative: Choice, keys: frozenset[str], mentions: Mentions) -> Choice:
    """Add the missing keys of the group to an alternative, as absent."""
    own = _keys(alternative)
    absent: Assignment = dict.fromkeys(
        key for key in mentions if is_among(key, keys - own) and not is_among(key, own)
    )
    return alternative._replace(values={**absent, **alternative.values})


TEXTUAL = (TEXT, FOLDED, LIKE, ARN, BOOL, BINARY)


def gap(patterns: Iterable[Mention], *families: str) -> Unknown | None:
    """Return MISREAD if a pattern is not of these families, by default those of text; else ``None``.

    Numbers, dates and addresses split values into other classes than text, so some class may be missing.
    """
    return None if all(one.family in (families or TEXTUAL) for one in patterns) else MISREAD


def distinct_choices(found: Iterable[Choice], mentions: Mentions) -> tuple[Choice, ...]:
    """Keep only the first of the choices for which all patterns have the same results."""
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
    """Any IP address. ``public``: AWS documents that the key has a public address."""

    key: str
    public: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return an address from each range between the borders of blocks, IPv4 and IPv6; public addresses first."""
        patterns = mentions.get(self.key, [])
        blocks = [network(one.text) for one in patterns if one.family == ADDRESS]
        budget.spend(len(blocks) * len(blocks))
        known = [one for one in (*blocks, *map(network, _USUAL)) if not isinstance(one, Unknown)]
        found = sorted(map(self._choice, borders(known)), key=lambda one: one.doubt is not None)
        return Choices(distinct_choices(found, mentions), gap(patterns, ADDRESS), self.keys)

    def _choice(self, address: str) -> Choice:
        doubt = _NOT_PUBLIC if self.public and not is_public(address) else None
        return Choice({self.key: address}, doubt=doubt)


_USUAL = ("198.51.100.7/32", "2001:db8::7/128")
"""Representatives of all addresses that are in no block. https://www.rfc-editor.org/rfc/rfc5737"""

_NOT_PUBLIC = Unknown("AWS documents public addresses for this key", "aws:SourceIp")


class Numbers(NamedTuple):
    """Any whole number, from 0 up."""

    key: str

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return every number in a policy, its neighbors, and 0."""
        patterns = mentions.get(self.key, [])
        budget.spend(len(patterns) * len(patterns))
        found = {"0": None}
        for one in patterns:
            value = number(one.text)
            if value is not None and abs(value) < _LARGEST:
                near = (int(value) - 1, int(value), int(value) + 1)
                found.update((str(n), None) for n in near if n >= 0)
        kept = distinct_choices((Choice({self.key: one}) for one in found), mentions)
        return Choices(kept, gap(patterns, NUMBER), self.keys)


_LARGEST = 10**30


def as_context(assignment: Mapping[str, ContextValue | None]) -> dict[str, ContextValue]:
    """Remove the absent keys."""
    return {key: value for key, value in assignment.items() if value is not None}


EXHAUSTED = Unknown("the policy is too complex to analyze within the work limit")
"""The answer to a question that exceeded its budget. Rules report it as at least a warning."""

LIMIT = 400_000
"""The work limit of a question, in units of 1 to 3 microseconds on a computer of 2026."""


class ExhaustedError(Exception):
    """The budget is exceeded."""


class Budget:
    """The remaining work for one question, as a part of the budget ``whole``.

    ``results`` caches results for all parts of a whole.
    """

    __slots__ = ("left", "results", "whole")

    def __init__(self, limit: int = LIMIT, whole: Budget | None = None) -> None:
        self.left = limit
        self.whole = whole
        self.results: dict[object, object] = {} if whole is None else whole.results

    def spend(self, units: int) -> None:
        """Subtract units of work. Raises ExhaustedError if the budget is exceeded."""
        self.left -= units
        if self.left < 0:
            raise ExhaustedError
        if self.whole is not None:
            self.whole.spend(units)

    def part(self, share: float) -> Budget:
        """Return a budget of a share of the remaining work."""
        return Budget(int(self.left * share), self)
