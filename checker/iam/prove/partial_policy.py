"""Partial evaluation of policies for one caller, action and resource, to answer many questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Truth, Unknown, all_of
from checker.iam.decide.condition import condition_holds
from checker.iam.decide.decide import scope_truths
from checker.iam.decide.request import ContextValue, Request
from checker.iam.prove.domain import Mentions, covers, is_among, mentioned_keys, mentions_of, variable_keys
from checker.policy.model import ALLOW, DENY, Condition, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.iam.prove.space import Space


Context = dict[str, ContextValue]

FREE = Unknown("one of several values")
"""The value of a key before the search assigns one."""


class PartialStatement(NamedTuple):
    """A statement after partial evaluation for one caller, action and resource.

    ``scope`` is the result for the other elements than Condition; it is unknown if it depends on a policy variable.
    ``mentions`` and ``variables`` are the context keys that the statement uses.
    """

    ordinal: int
    effect: object
    scope: Truth
    conditions: tuple[Condition | Unknown, ...]
    mentions: Mentions
    variables: frozenset[str]


class PreparedPolicies(NamedTuple):
    """Policies after partial evaluation for one caller, action and resource."""

    start: Request
    policies: tuple[Policy, ...]
    partials: tuple[tuple[PartialStatement, ...], ...]

    @property
    def cannot_allow(self) -> bool:
        """True if the last policy has no remaining Allow, so that no request can reach a goal."""
        return all(partial.effect == DENY for partial in self.partials[-1])

    def mentions(self) -> Mentions:
        """Return the mentions of every key in the policies."""
        mentions: Mentions = {}
        for partials in self.partials:
            for partial in partials:
                for key, of_key in partial.mentions.items():
                    mentions[key] = mentions[key] + of_key if key in mentions else of_key
        return mentions

    @property
    def size(self) -> int:
        """The cost of one trial, in units of work of a budget."""
        partials = (partial for partials in self.partials for partial in partials)
        return 4 + sum(
            2 + len(partial.conditions) + sum(map(len, partial.mentions.values())) for partial in partials
        )

    def variables(self) -> frozenset[str]:
        """Return the keys of the policy variables."""
        return frozenset().union(*(partial.variables for partials in self.partials for partial in partials))

    def reversed(self) -> PreparedPolicies:
        """Return a copy with the policies in reverse order."""
        return PreparedPolicies(self.start, self.policies[::-1], self.partials[::-1])

    def only(self, policy: Policy, ordinals: Sequence[int]) -> PreparedPolicies:
        """Return a copy for a policy that has only these statements of the first policy."""
        kept = tuple(partial for partial in self.partials[0] if partial.ordinal in ordinals)
        return PreparedPolicies(self.start, (policy,), (kept,))

    def settled(self, context: Mapping[str, ContextValue], keys: Collection[str]) -> PreparedPolicies:
        """Return a copy in which the conditions on some keys are decided with the values of this context."""
        request = self.start._replace(context=dict(context))
        pairs = zip(self.policies, self.partials, strict=True)
        return self._replace(
            partials=tuple(tuple(_settled(partials, policy, request, keys)) for policy, partials in pairs)
        )


def _settled(
    partials: Iterable[PartialStatement], policy: Policy, request: Request, keys: Collection[str]
) -> Iterator[PartialStatement]:
    for partial in partials:
        decided = [
            condition
            for condition in partial.conditions
            if isinstance(condition, Condition) and is_among(condition.folded_key, keys)
        ]
        truth = all_of(condition_holds(condition, request, policy.has_variables) for condition in decided)
        if truth is not False:
            doubt = (truth,) if isinstance(truth, Unknown) else ()
            rest = tuple(condition for condition in partial.conditions if condition not in decided)
            yield partial._replace(conditions=rest + doubt)


def prepare(space: Space, *policies: Policy) -> PreparedPolicies:
    """Drop the statements that apply to no request of the space, and partially evaluate the others."""
    start = Request(space.caller, space.action, space.resource, space.fixed)
    kept = [_relevant(policy, start) for policy in policies]
    keys = mentioned_keys(
        [statement for scoped in kept for statement, _ in scoped if isinstance(statement, Statement)]
    )
    domains = space.domains(keys)
    free = {key: FREE for key in keys if any(covers(domain, key) for domain in domains)}
    start = start._replace(context={**space.constants(keys), **free})
    pairs = zip(policies, kept, strict=True)
    return PreparedPolicies(
        start, policies, tuple(_partials(policy, scoped, start) for policy, scoped in pairs)
    )


_Scoped = list[tuple[Statement | Unknown, Truth]]


def _relevant(policy: Policy, request: Request) -> _Scoped:
    """Return the statements that may apply, whatever the values of policy variables in a Resource."""
    masked = request._replace(context=_OPEN_CONTEXT)
    has_variables = policy.has_variables
    kept: _Scoped = []
    for statement in policy.statements:
        if isinstance(statement, Unknown):
            kept.append((statement, statement))
            continue
        scope = all_of(scope_truths(statement, masked, has_variables))
        if scope is not False:
            kept.append((statement, scope))
    return kept


def _partials(policy: Policy, scoped: _Scoped, start: Request) -> tuple[PartialStatement, ...]:
    has_variables = policy.has_variables
    partials = []
    for statement, scope in scoped:
        if isinstance(statement, Unknown):
            partials.append(PartialStatement(-1, statement, scope, (), {}, frozenset()))
            continue
        mentions, variables = mentions_of(statement, start, has_variables), variable_keys([statement])
        partial = PartialStatement(
            statement.ordinal, statement.effect, scope, statement.conditions, mentions, variables
        )
        partials.append(partial)
    return tuple(partials)


def may_allow(policy: Policy, request: Request) -> bool:
    """False if no Allow of the policy covers the caller, action and resource of a request."""
    return any(
        isinstance(statement, Unknown) or statement.effect != DENY
        for statement, _ in _relevant(policy, request)
    )


class OpenContext(Mapping[str, ContextValue]):
    """A context in which every key has an unknown value, except the keys that are absent."""

    def __init__(self, *absent: str) -> None:
        self.absent = frozenset(absent)

    def __getitem__(self, key: str) -> ContextValue:
        if key in self.absent:
            raise KeyError(key)
        return FREE

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_OPEN_CONTEXT = OpenContext()


def allowed(partials: tuple[PartialStatement, ...], request: Request, has_variables: Truth) -> Truth:
    """Decide a partially evaluated policy: allowed if some Allow applies and no Deny does."""
    granted: Truth = False
    denied: Truth = False
    for partial in partials:
        effect = partial.effect
        if effect == ALLOW and granted is True:
            continue
        applies = _applies(partial, request, has_variables)
        if applies is False:
            continue
        if effect == DENY and applies is True:
            return False
        doubt = next((value for value in (applies, effect) if isinstance(value, Unknown)), FREE)
        if effect != ALLOW:
            denied = doubt
        if effect != DENY:
            granted = applies if effect == ALLOW else doubt
    return granted if granted is False or denied is False else denied


def _applies(partial: PartialStatement, request: Request, has_variables: Truth) -> Truth:
    applies = partial.scope
    for condition in partial.conditions:
        truth = condition_holds(condition, request, has_variables)
        if truth is False:
            return False
        if truth is not True:
            applies = truth
    return applies
