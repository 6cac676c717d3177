"""Is there a request in a space that reaches a goal: exact search with pruning.

The free keys are given values one domain after the other, a representative a class. A key that has none
yet is Unknown, so three-valued evaluation cuts off a branch as soon as no value of the rest can matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.iam.condition import condition_holds
from checker.iam.decide import decide, scope_truths
from checker.iam.domain import PRINCIPAL_ARN, Choices, as_context
from checker.iam.mention import Mentions, mentioned_keys, mentions_of, variable_keys
from checker.iam.request import AwsPrincipal, ContextValue, Request
from checker.iam.shape import TooManyClassesError
from checker.iam.truth import Truth, all_of
from checker.policy.model import ALLOW, DENY, Condition, Policy, Statement
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.iam.domain import Domain
    from checker.iam.space import Space

MAX_TRIALS = 5_000

_FREE = Unknown("one of several values")
_TOO_MANY = Unknown("the policy tells more classes of requests apart than are worth trying")
_INCOMPLETE = Unknown("a condition compares text as a number, a date or an address")

Context = dict[str, ContextValue]

Goal = Callable[[Sequence[Truth]], Truth]
"""Given whether each policy allows a request: is this a request that is looked for?"""


class Found(NamedTuple):
    """Whether there is such a request, and if so one of them."""

    truth: Truth
    witness: Request | None = None


class Residue(NamedTuple):
    """What is left of a statement for one caller, action and resource: its conditions.

    ``scope`` is unknown where it hangs on a policy variable; ``mentions`` and ``variables`` are what the
    statement says of context keys.
    """

    ordinal: int
    effect: object
    scope: Truth
    conditions: tuple[Condition | Unknown, ...]
    mentions: Mentions
    variables: frozenset[str]


class Prepared(NamedTuple):
    """Policies made ready for questions about one caller, action and resource."""

    start: Request
    policies: tuple[Policy, ...]
    residues: tuple[tuple[Residue, ...], ...]

    @property
    def hopeless(self) -> bool:
        """True if the last policy, whose Allows alone can reach a goal, has none left."""
        return all(one.effect == DENY for one in self.residues[-1])

    def mentions(self) -> Mentions:
        """What the policies say of every key."""
        mentions: Mentions = {}
        for residues in self.residues:
            for residue in residues:
                for key, found in residue.mentions.items():
                    mentions[key] = mentions[key] + found if key in mentions else found
        return mentions

    def variables(self) -> frozenset[str]:
        """The keys that variables are filled in from."""
        return frozenset().union(*(residue.variables for residues in self.residues for residue in residues))

    def only(self, policy: Policy, ordinals: Sequence[int]) -> Prepared:
        """The same for a policy that is just these statements of the only one."""
        kept = tuple(residue for residue in self.residues[0] if residue.ordinal in ordinals)
        return Prepared(self.start, (policy,), (kept,))

    def with_condition(self, condition: Condition) -> Prepared:
        """The same for the only statement of the only policy with but one of its conditions."""
        kept = tuple(residue._replace(conditions=(condition,)) for residue in self.residues[0])
        return self._replace(residues=(kept,))


def prepare(space: Space, *policies: Policy) -> Prepared:
    """Leave out the statements that apply to no request of the space, and collect what the others mention."""
    free: Context = {key: _FREE for domain in space.free for key in domain.keys}
    start = Request(space.caller, space.action, space.resource, {**space.fixed, **free})
    kept = [_relevant(policy, start) for policy in policies]
    keys = mentioned_keys([s for found in kept for s, _ in found if isinstance(s, Statement)])
    texts = dict.fromkeys(space.text_keys(keys), _FREE)
    start = start._replace(context={**space.constants(keys), **texts, **free})
    pairs = zip(policies, kept, strict=True)
    return Prepared(start, policies, tuple(_residues(policy, found, start) for policy, found in pairs))


_Scoped = list[tuple[Statement | Unknown, Truth]]


def _relevant(policy: Policy, request: Request) -> _Scoped:
    """Keep what may apply; a variable in a Resource counts as unknown, its value may be one of many."""
    masked = request._replace(variables=_ANYTHING)
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


def _residues(policy: Policy, scoped: _Scoped, start: Request) -> tuple[Residue, ...]:
    has_variables = policy.has_variables
    found = []
    for statement, scope in scoped:
        if isinstance(statement, Unknown):
            found.append(Residue(-1, statement, scope, (), {}, frozenset()))
            continue
        mentions, variables = mentions_of(statement, start, has_variables), variable_keys([statement])
        residue = Residue(
            statement.ordinal, statement.effect, scope, statement.conditions, mentions, variables
        )
        found.append(residue)
    return tuple(found)


class _Anything(dict[str, ContextValue]):
    """A context in which every key has a value that is not known."""

    def get(self, key: str, default: object = None) -> ContextValue:  # noqa: ARG002
        return _FREE


_ANYTHING = _Anything()


def find(prepared: Prepared, space: Space, goal: Goal) -> Found:
    """Look for a request of the space that the goal holds for; only the last policy's Allows can reach it."""
    if prepared.hopeless:
        return Found(truth=False)
    mentions, variables = prepared.mentions(), prepared.variables()
    domains = space.domains(mentions)
    context: Context = dict(prepared.start.context)
    context.update(_who_asks(space, domains))
    open_keys = {key for domain in domains for key in domain.open_keys}
    masked = tuple(open_keys & variables)
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
        variables = {**context, **dict.fromkeys(self.masked, _FREE)} if self.masked else None
        start = self.prepared.start
        request = Request(start.caller, start.action, start.resource, context, variables)
        pairs = zip(self.prepared.policies, self.prepared.residues, strict=True)
        return self.goal([_allowed(residues, request, policy.has_variables) for policy, residues in pairs])

    def leaf(self, context: Context, truth: Truth) -> Found | None:
        request = self.request(context)
        if isinstance(truth, Unknown) and self.uses_variables:
            truth = self.goal([decide(policy, request).allowed for policy in self.prepared.policies])
            if truth is False and self.masked:
                truth = _FREE  # another value of the same class might fit
        if truth is True:
            return Found(truth=True, witness=request)
        if self.doubt is None and isinstance(truth, Unknown):
            self.doubt = truth
        return None

    def request(self, context: Context) -> Request:
        arn = context.get(PRINCIPAL_ARN)
        caller = Arn.parse(arn) if isinstance(arn, str) else None
        known = {key: value for key, value in context.items() if value is not _FREE}
        start = self.prepared.start
        return start._replace(context=known, caller=AwsPrincipal(caller) if caller else start.caller)

    def failure(self) -> Found:
        """Say that there is none, unless some class of requests was left out or left open."""
        if self.doubt is not None:
            return Found(self.doubt)
        return Found(truth=False) if all(choice.complete for choice in self.choices) else Found(_INCOMPLETE)


def _allowed(residues: tuple[Residue, ...], request: Request, has_variables: bool | Unknown) -> Truth:  # noqa: FBT001
    """Decide what is left of a policy: allowed if some Allow applies and no Deny does."""
    granted: Truth = False
    denied: Truth = False
    for residue in residues:
        effect = residue.effect
        if effect == ALLOW and granted is True:
            continue
        applies = _applies(residue, request, has_variables)
        if applies is False:
            continue
        if effect == DENY and applies is True:
            return False
        doubt = applies if isinstance(applies, Unknown) else _FREE
        if effect != ALLOW:
            denied = doubt
        if effect != DENY:
            granted = applies if effect == ALLOW else doubt
    return granted if granted is False or denied is False else denied


def _applies(residue: Residue, request: Request, has_variables: bool | Unknown) -> Truth:  # noqa: FBT001
    applies = residue.scope
    for condition in residue.conditions:
        truth = condition_holds(condition, request, has_variables)
        if truth is False:
            return False
        if truth is not True and applies is True:
            applies = truth
    return applies
