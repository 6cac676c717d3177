"""The free parts of a request, and the mentions of a policy that distinguish their values.

A domain has a representative for each class of values that the mentions distinguish.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.operators import (
    ARN,
    BINARY,
    BOOL,
    FOLDED,
    LIKE,
    TEXT,
    Comparison,
    comparison,
)
from checker.iam.decide.patterns import NO_VALUE, Expansion, expand, keys_in, text_of, tokens_in
from checker.policy.model import Condition, Patterns, Statement
from checker.policy.vocabulary import FOR_ALL, NULL
from checker.policy.wildcard import ONE, RUN, Tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.core.unknown import Truth
    from checker.iam.decide.request import ContextValue, Request


class Mention(NamedTuple):
    """One value that a condition compares a key with, with its variables replaced.

    ``tokens`` has wildcards only if the operator has wildcards.
    """

    test: Comparison
    expansion: Expansion
    text: str
    tokens: Tokens
    for_all: bool
    """True under `ForAllValues:`, which an empty text satisfies like an absent key."""

    @property
    def family(self) -> str:
        """The family of the operator."""
        return self.test.family

    def matches(self, value: str) -> Truth:
        """Compare a value of the key, with the positive form of the operator."""
        if self.test.expanded is None or len(self.expansion) == 1:
            return self.test.plain(value, self.text)
        return self.test.expanded(value, self.expansion)

    @property
    def is_wild(self) -> bool:
        """True if the value has a wildcard that the operator interprets."""
        return RUN in self.tokens or ONE in self.tokens

    @property
    def covers_all(self) -> bool:
        """True for a lone ``*``."""
        return self.tokens == (RUN,)


Mentions = dict[str, list[Mention]]
"""Mentions by key in lower case; a key that only ``Null`` tests has an empty list."""


def mentioned_keys(statements: Sequence[Statement]) -> frozenset[str]:
    """Return the keys, in lower case, of conditions and of policy variables."""
    conditions = (
        condition.folded_key for statement in statements for condition in known_conditions(statement)
    )
    return variable_keys(statements).union(conditions)


def variable_keys(statements: Sequence[Statement]) -> frozenset[str]:
    """Return the keys, in lower case, of the policy variables in the statements."""
    return frozenset(key for statement in statements for text in _texts(statement) for key in keys_in(text))


def known_conditions(statement: Statement) -> tuple[Condition, ...]:
    """Return the conditions of a statement that could be read."""
    return tuple(condition for condition in statement.conditions if isinstance(condition, Condition))


def mentions_of(statement: Statement, request: Request, has_variables: Truth) -> Mentions:
    """Collect the mentions of every key in the conditions of a statement.

    Variables get their values from the request; a value with an unknown variable is left out.
    """
    mentions: Mentions = {key: [] for key in variable_keys([statement])}
    for condition in statement.conditions:
        if isinstance(condition, Condition):
            of_key = mentions.setdefault(condition.folded_key, [])
            of_key += _mentions(condition, request, has_variables)
    return mentions


def _mentions(condition: Condition, request: Request, has_variables: Truth) -> Iterator[Mention]:
    operation = condition.operation
    if isinstance(operation, Unknown) or operation.base == NULL:
        return
    test = comparison(operation.base)
    for value in condition.values:
        if isinstance(value, Unknown):
            continue
        expansion = expand(value, request, has_variables if test.expanded else False)
        if not isinstance(expansion, Unknown) and expansion is not NO_VALUE:
            text = text_of(expansion)
            tokens = tokens_in(expansion) if test.family in (LIKE, ARN) else tuple(text)
            yield Mention(test, expansion, text, tokens, operation.qualifier == FOR_ALL)


def _texts(statement: Statement) -> Iterator[str]:
    """Yield every text of a statement that may have a variable."""
    for condition in statement.conditions:
        if not isinstance(condition, Unknown):
            yield from (value for value in condition.values if isinstance(value, str))
    if isinstance(statement.resources, Patterns):
        yield from (value for value in statement.resources.values if isinstance(value, str))


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
    return key in keys or any(prefix[-1] in "/:" and key.startswith(prefix) for prefix in keys)


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


class _Alternatives(NamedTuple):
    alternatives: tuple[Choice, ...]
    others: frozenset[str] = frozenset()


class Alternatives(_Alternatives):
    """Alternatives for a group of keys. The keys of the group that an alternative does not have are absent.

    ``others`` are keys of the group that no alternative has.
    """

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
    return None if all(pattern.family in (families or TEXTUAL) for pattern in patterns) else MISREAD


def distinct_choices(choices: Iterable[Choice], mentions: Mentions) -> tuple[Choice, ...]:
    """Keep only the first of the choices for which all patterns have the same results."""
    seen: dict[tuple[object, ...], Choice] = {}
    for choice in choices:
        answers = tuple(
            None if value is None else tuple(_answer(pattern, value) for pattern in mentions.get(key, ()))
            for key, value in choice.values.items()
        )
        seen.setdefault(answers, choice)
    return tuple(seen.values())


def _answer(pattern: Mention, value: ContextValue) -> object:
    if isinstance(value, Unknown):
        return value
    return pattern.matches(value) if isinstance(value, str) else tuple(map(pattern.matches, value))


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
