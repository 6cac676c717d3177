"""Is there a request in a space that reaches a goal: exact search with pruning.

The free keys are given values one domain after the other, a representative a class. A key that has none
yet is Unknown, so three-valued evaluation cuts off a branch as soon as no value of the rest can matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.iam.decide import decide
from checker.iam.domain import Choices, as_context
from checker.iam.identity import PRINCIPAL_ARN, open_keys
from checker.iam.request import AwsPrincipal, Request
from checker.iam.residue import FREE, Context, Prepared, allowed
from checker.iam.shape import TooManyClassesError
from checker.iam.truth import Truth
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.iam.domain import Domain
    from checker.iam.mention import Mentions
    from checker.iam.space import Space

MAX_TRIALS = 5_000

_TOO_MANY = Unknown("the policy tells more classes of requests apart than are worth trying")
_INCOMPLETE = Unknown("a condition compares text as a number, a date or an address")

Goal = Callable[[Sequence[Truth]], Truth]
"""Given whether each policy allows a request: is this a request that is looked for?"""


class Found(NamedTuple):
    """Whether there is such a request, and if so one of them."""

    truth: Truth
    witness: Request | None = None


def find(prepared: Prepared, space: Space, goal: Goal) -> Found:
    """Look for a request of the space that the goal holds for; only the last policy's Allows can reach it."""
    if prepared.hopeless:
        return Found(truth=False)
    mentions, variables = prepared.mentions(), prepared.variables()
    domains = space.domains(mentions)
    context: Context = dict(prepared.start.context)
    context.update(_who_asks(space, domains))
    many = {key for domain in domains for key in open_keys(domain)}
    masked = tuple(many & variables)
    try:
        search = _Search(prepared, goal, domains, mentions, masked, uses_variables=bool(variables))
        return search.descend(context, 0) or search.failure()
    except (TooManyClassesError, _TooManyTrialsError):
        return Found(_TOO_MANY)


def _who_asks(space: Space, domains: Sequence[Domain]) -> Context:
    """Some caller for the witness, when the policy does not care who asks."""
    first = space.free[:1]
    if not first or first[0] in domains:
        return {}
    return dict(as_context(first[0].choices({}).assignments[0]))


class _TooManyTrialsError(Exception):
    """The search tried more requests than it may."""


class _Search:
    """A depth-first walk over the product of the choices."""

    __slots__ = (
        "choices",
        "domains",
        "doubt",
        "goal",
        "masked",
        "mentions",
        "prepared",
        "trials",
        "uses_variables",
    )

    def __init__(
        self,
        prepared: Prepared,
        goal: Goal,
        domains: Sequence[Domain],
        mentions: Mentions,
        masked: tuple[str, ...],
        *,
        uses_variables: bool,
    ) -> None:
        self.prepared = prepared
        self.goal = goal
        self.domains = domains
        self.mentions = mentions
        self.choices: list[Choices] = []
        self.masked = masked
        self.uses_variables = uses_variables
        self.doubt: Unknown | None = None
        self.trials = 0

    def descend(self, context: Context, depth: int) -> Found | None:
        truth = self.trial(context)
        if truth is False:
            return None
        if depth == len(self.domains):
            return self.leaf(context, truth)
        if depth == len(self.choices):
            self.choices.append(self.domains[depth].choices(self.mentions))
        choices = self.choices[depth].assignments
        for assignment in choices if truth is not True else choices[:1]:
            chosen = context.copy()
            for key, value in assignment.items():
                if value is None:
                    chosen.pop(key, None)
                else:
                    chosen[key] = value
            found = self.descend(chosen, depth + 1)
            if found is not None:
                return found
        return None

    def trial(self, context: Context) -> Truth:
        """Ask the goal of what is left of the policies; a variable with one value of many stays unknown."""
        self.trials += 1
        if self.trials > MAX_TRIALS:
            raise _TooManyTrialsError
        variables = {**context, **dict.fromkeys(self.masked, FREE)} if self.masked else None
        start = self.prepared.start
        request = Request(start.caller, start.action, start.resource, context, variables)
        pairs = zip(self.prepared.policies, self.prepared.residues, strict=True)
        return self.goal([allowed(residues, request, policy.has_variables) for policy, residues in pairs])

    def leaf(self, context: Context, truth: Truth) -> Found | None:
        request = self.request(context)
        if isinstance(truth, Unknown) and self.uses_variables:
            truth = self.goal([decide(policy, request).allowed for policy in self.prepared.policies])
            if truth is False and self.masked:
                truth = FREE  # another value of the same class might fit
        if truth is True:
            return Found(truth=True, witness=request)
        if self.doubt is None and isinstance(truth, Unknown):
            self.doubt = truth
        return None

    def request(self, context: Context) -> Request:
        start = self.prepared.start
        arn = context.get(PRINCIPAL_ARN) if start.context.get(PRINCIPAL_ARN) is FREE else None
        caller = Arn.parse(arn) if isinstance(arn, str) else None  # else who asks is settled, and no other
        known = {key: value for key, value in context.items() if value is not FREE}
        return start._replace(context=known, caller=AwsPrincipal(caller) if caller else start.caller)

    def failure(self) -> Found:
        """Say that there is none, unless some class of requests was left out or left open."""
        if self.doubt is not None:
            return Found(self.doubt)
        return Found(truth=False) if all(choice.complete for choice in self.choices) else Found(_INCOMPLETE)
