"""Mentions of context keys in a policy: the patterns that can distinguish two values of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.iam.decide.operators import ARN, LIKE, Comparison, comparison
from checker.iam.decide.variables import NO_VALUE, Expansion, expand, keys_in, text_of, tokens_in
from checker.policy.model import Condition, Patterns, Statement
from checker.policy.vocabulary import FOR_ALL, NULL
from checker.policy.wildcard import ONE, RUN, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.unknown import Truth
    from checker.iam.decide.request import Request


class Mention(NamedTuple):
    """One value that a condition compares a key with, with its variables replaced.

    ``tokens`` has wildcards only if the operator has wildcards.
    """

    test: Comparison
    wanted: Expansion
    text: str
    tokens: Tokens
    for_all: bool = False
    """True under `ForAllValues:`, which an empty text satisfies like an absent key."""

    @property
    def family(self) -> str:
        """The family of the operator."""
        return self.test.family

    def matches(self, value: str) -> Truth:
        """Compare a value of the key, with the positive form of the operator."""
        if self.test.expanded is None or len(self.wanted) == 1:
            return self.test.plain(value, self.text)
        return self.test.expanded(value, self.wanted)

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
    conditions = (c.folded_key for s in statements for c in known_conditions(s))
    return variable_keys(statements).union(conditions)


def variable_keys(statements: Sequence[Statement]) -> frozenset[str]:
    """Return the keys, in lower case, of the policy variables in the statements."""
    return frozenset(key for s in statements for text in _texts(s) for key in keys_in(text))


def known_conditions(statement: Statement) -> tuple[Condition, ...]:
    """Return the conditions of a statement that could be read."""
    return tuple(c for c in statement.conditions if isinstance(c, Condition))


def mentions_of(statement: Statement, request: Request, has_variables: bool | Unknown) -> Mentions:  # noqa: FBT001
    """Collect the mentions of every key in the conditions of a statement.

    Variables get their values from the request; a value with an unknown variable is left out.
    """
    mentions: Mentions = {key: [] for key in variable_keys([statement])}
    for condition in statement.conditions:
        if isinstance(condition, Condition):
            found = mentions.setdefault(condition.folded_key, [])
            found += _mentions(condition, request, has_variables)
    return mentions


def _mentions(condition: Condition, request: Request, has_variables: bool | Unknown) -> Iterator[Mention]:  # noqa: FBT001
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
    """Yield every text of a statement that has a variable."""
    for condition in statement.conditions:
        if not isinstance(condition, Unknown):
            yield from (value for value in condition.values if isinstance(value, str) and "${" in value)
    if isinstance(statement.resources, Patterns):
        yield from (value for value in statement.resources.values if isinstance(value, str) and "${" in value)
