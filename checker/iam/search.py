"""Is there a request in a space that reaches a goal: exact search with pruning.

The free keys are given values one domain after the other, a representative a class. A key that has none
yet is Unknown, so three-valued evaluation cuts off a branch as soon as no value of the rest can matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.iam.decide import scope_truths
from checker.iam.domain import PRINCIPAL_ARN, Choices, as_context
from checker.iam.mention import Mentions, collect, mentioned_keys, variable_keys
from checker.iam.request import AwsPrincipal, ContextValue, Request
from checker.iam.shape import TooManyClassesError
from checker.iam.truth import Truth, all_of
from checker.policy.model import DENY, EVERYONE, Patterns, Policy, Principal, Principals, Statement
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.iam.domain import Domain
    from checker.iam.space import Space

MAX_TRIALS = 20_000

_FREE = Unknown("one of several values")
_TOO_MANY = Unknown("the policy tells more classes of requests apart than are worth trying")
_INCOMPLETE = Unknown("a condition compares text as a number, a date or an address")

Goal = Callable[[Sequence[Policy], Request], Truth]
"""Given the policies and one request: is this a request that is looked for?"""

Context = dict[str, ContextValue]


class Found(NamedTuple):
    """Whether there is such a request, and if so one of them."""

    truth: Truth
    witness: Request | None = None


def find(space: Space, policies: Sequence[Policy], goal: Goal) -> Found:
    """Look for a request of the space that the goal holds for; only the last policy's Allows can reach it."""
    start = Request(space.caller, space.action, space.resource, space.fixed)
    reduced = [_relevant(policy, start) for policy in policies]
    if not any(_may_allow(statement) for statement in reduced[-1].statements):
        return Found(truth=False)
    statements = [statement for policy in reduced for statement in policy.statements]
    keys = mentioned_keys(statements)
    domains = space.domains(keys)
    free: Context = {key: _FREE for domain in domains for key in domain.keys}
    context: Context = {**space.constants(keys), **_who_asks(space, domains), **free}
    mentions: Mentions = {key: [] for key in keys}
    for policy in reduced:
        collect(mentions, policy, start._replace(context=context))
    open_keys = {key for domain in domains for key in domain.open_keys}
    try:
        choices = [domain.choices(mentions) for domain in domains]
        search = _Search(start, reduced, goal, choices, tuple(open_keys & variable_keys(statements)))
        return search.descend(context, 0) or search.failure()
    except (TooManyClassesError, _TooManyTrialsError):
        return Found(_TOO_MANY)


def _who_asks(space: Space, domains: Sequence[Domain]) -> Context:
    """Some caller for the witness, when the policy does not care who asks."""
    first = space.free[:1]
    if not first or first[0] in domains:
        return {}
    return dict(as_context(first[0].choices({}).assignments[0]))


def _relevant(policy: Policy, request: Request) -> Policy:
    """Leave out the statements that apply to no request of this caller, action and resource.

    A variable in a Resource counts as unknown here, its value may be one of many.
    """
    masked = request._replace(variables=_ANYTHING)
    has_variables = policy.has_variables
    kept: list[Statement | Unknown] = []
    for statement in policy.statements:
        if isinstance(statement, Unknown):
            kept.append(statement)
            continue
        truth = all_of(scope_truths(statement, masked, has_variables))
        if truth is True:
            kept.append(statement._replace(principals=_EVERYONE, actions=_EVERYTHING, resources=_EVERYTHING))
        elif truth is not False:
            kept.append(statement)
    return policy._replace(statements=tuple(kept))


_EVERYONE = Principals(negated=False, entries=(Principal(EVERYONE, EVERYONE, ()),))
_EVERYTHING = Patterns("", ("*",))
"""What is known to cover every request of the space need not be looked at again for each."""


def _may_allow(statement: Statement | Unknown) -> bool:
    return not isinstance(statement, Statement) or statement.effect != DENY


class _Anything(dict[str, ContextValue]):
    """A context in which every key has a value that is not known."""

    def get(self, key: str, default: object = None) -> ContextValue:  # noqa: ARG002
        return _FREE


_ANYTHING = _Anything()


class _TooManyTrialsError(Exception):
    """The search tried more requests than it may."""


class _Search:
    """A depth-first walk over the product of the choices."""

    __slots__ = ("choices", "doubt", "goal", "masked", "policies", "start", "trials")

    def __init__(
        self,
        start: Request,
        policies: Sequence[Policy],
        goal: Goal,
        choices: list[Choices],
        masked: tuple[str, ...],
    ) -> None:
        self.start = start
        self.policies = policies
        self.goal = goal
        self.choices = choices
        self.masked = masked
        self.doubt: Unknown | None = None
        self.trials = 0

    def descend(self, context: Context, depth: int) -> Found | None:
        truth = self.trial(context)
        if truth is False:
            return None
        if depth == len(self.choices):
            return self.leaf(context, truth)
        choices = self.choices[depth].assignments
        for assignment in choices if truth is not True else choices[:1]:
            chosen = {key: value for key, value in context.items() if key not in assignment}
            found = self.descend({**chosen, **as_context(assignment)}, depth + 1)
            if found is not None:
                return found
        return None

    def trial(self, context: Context) -> Truth:
        """Ask the goal; a variable filled from one value of many stays unknown."""
        self.trials += 1
        if self.trials > MAX_TRIALS:
            raise _TooManyTrialsError
        request = self.request(context)
        if self.masked:
            request = request._replace(variables={**context, **dict.fromkeys(self.masked, _FREE)})
        return self.goal(self.policies, request)

    def leaf(self, context: Context, truth: Truth) -> Found | None:
        request = self.request(context)
        if truth is True or (self.masked and self.goal(self.policies, request) is True):
            return Found(truth=True, witness=request)
        if self.doubt is None and isinstance(truth, Unknown):
            self.doubt = truth
        return None

    def request(self, context: Context) -> Request:
        arn = context.get(PRINCIPAL_ARN)
        caller = Arn.parse(arn) if isinstance(arn, str) else None
        return self.start._replace(
            context=context, caller=AwsPrincipal(caller) if caller else self.start.caller
        )

    def failure(self) -> Found:
        """Say that there is none, unless some class of requests was left out or left open."""
        if self.doubt is not None:
            return Found(self.doubt)
        return Found(truth=False) if all(choice.complete for choice in self.choices) else Found(_INCOMPLETE)
