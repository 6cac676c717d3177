"""Decides whether a new policy allows a request that an old policy does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Truth, Unknown, all_of, negate
from checker.iam.decide.decide import decide
from checker.iam.prove.callers import IDENTITY, NAMES
from checker.iam.prove.domain import LIMIT, Budget
from checker.iam.prove.partial_policy import may_allow, prepare
from checker.iam.prove.search import Goal, SearchResult, find
from checker.policy.change import contents
from checker.policy.model import ALLOW, DENY, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.iam.decide.request import Request
    from checker.iam.prove.partial_policy import PreparedPolicies
    from checker.iam.prove.space import Space


Changed = tuple[Statement | Unknown, ...]


_WHOLE, _EACH = 3 * LIMIT // 2, LIMIT // 2
"""The work limits of a comparison, and of each question in it."""


class Gain:
    """The requests that ``new`` allows and ``old`` does not, for one space at a time.

    ``budget`` is the budget of the comparison, as a part of ``whole``.
    """

    def __init__(self, old: Policy, new: Policy, whole: Budget | None = None) -> None:
        self.policies = (old, new)
        self.budget = Budget(_WHOLE, whole)
        self.removed, self.added = changed(old, new)
        self.narrowed = self._narrow()

    def _narrow(self) -> tuple[Policy, Policy] | None:
        """Return smaller policies between which every gained request is gained too; ``None`` if there can be none.

        If no Deny was removed, a gained request is allowed by an added Allow, and not allowed by the removed ones. So
        an unknown value in an unchanged statement does not matter.
        """
        if any(_effect(statement) != ALLOW for statement in self.removed):
            return self.policies
        if all(_effect(statement) == DENY for statement in self.added):
            return None
        old, new = self.policies
        return old._replace(statements=self.removed), new._replace(statements=self.added)

    def cannot_gain(self, request: Request) -> bool:
        """True if no request with the caller, action and resource of this request can be gained."""
        return self.narrowed is None or not may_allow(self.narrowed[1], request)

    def possible(self, space: Space) -> bool:
        """False if the changed statements alone show that no request of the space is gained."""
        if self.narrowed is None or self.narrowed == self.policies:
            return self.narrowed is not None
        return self._find(prepare(space, *self.narrowed), space, _gain).truth is not False

    def within(self, space: Space) -> SearchResult:
        """Search for a gained request of the space."""
        return (
            self.ask(prepare(space, *self.policies), space)
            if self.possible(space)
            else SearchResult(truth=False)
        )

    def ask(self, prepared: PreparedPolicies, space: Space) -> SearchResult:
        """Search for a gained request with prepared policies; both policies confirm the witness."""
        result = self._find(prepared, space, _gain)
        truth = result.truth if result.witness is None else self.holds(result.witness)
        return result if truth is True else SearchResult(truth)

    def holds(self, request: Request) -> Truth:
        """Decide whether this request is gained."""
        return _gain([decide(policy, request).allowed for policy in self.policies])

    def is_whole(self, prepared: PreparedPolicies, space: Space) -> bool:
        """True if every request of the space is certainly gained."""
        return self._find(prepared, space, _no_gain).truth is False

    def is_shared(self, large_group: tuple[Request, Space], small_group: tuple[Request, Space]) -> bool:
        """True if a large group of callers gains everything that a small group gains.

        Each group is given by a witness and its space. Two conditions are proven: the caller of the large group's
        witness gains all that the small group gains, in its own organization and in that of the small group; and
        every caller of the large group gains the small group's witness, so that the large group's witness is not a
        special case of a condition. With policy variables the result is False, because their values differ between
        the two callers.
        """
        (witness, space), (example, small_space) = large_group, small_group
        large, small = prepare(space, *self.policies), prepare(small_space, *self.policies)
        if small.variables() or large.variables():
            return False
        as_witness = (large.settled(witness.context, keys) for keys in (IDENTITY, NAMES))
        if any(self._gains_more(small, small_space, settled) for settled in as_witness):
            return False
        others = frozenset(large.mentions()) - NAMES
        return self.is_whole(large.settled(example.context, others), space)

    def _gains_more(self, small: PreparedPolicies, space: Space, large: PreparedPolicies) -> bool:
        """True unless the large group also gains every gained request of the space."""
        both = small._replace(
            policies=large.policies + small.policies, partials=large.partials + small.partials
        )
        return self._find(both, space, _only_gained_second).truth is not False

    def _find(self, prepared: PreparedPolicies, space: Space, goal: Goal) -> SearchResult:
        return find(prepared, space, goal, Budget(_EACH, self.budget))


def changed(old: Policy, new: Policy) -> tuple[Changed, Changed]:
    """Return the statements that were removed from ``old``, and those that were added in ``new``."""
    before, after = contents(old), contents(new)
    gone = tuple(statement for content, statement in before.items() if content not in after)
    return gone, tuple(statement for content, statement in after.items() if content not in before)


def _effect(statement: Statement | Unknown) -> object:
    return statement if isinstance(statement, Unknown) else statement.effect


def _gain(allowed: Sequence[Truth]) -> Truth:
    old, new = allowed
    return all_of((new, negate(old)))


def _only_gained_second(allowed: Sequence[Truth]) -> Truth:
    return all_of((_gain(allowed[2:]), _no_gain(allowed[:2])))


def _no_gain(allowed: Sequence[Truth]) -> Truth:
    return negate(_gain(allowed))
