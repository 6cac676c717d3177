"""Exact search, with pruning, for a request of a space that reaches a goal.

The search assigns values to the free keys, one domain after the other, with one representative for each class. A
key without a value is Unknown, so three-valued logic ends a branch as soon as no further value can matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Truth, Unknown
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Anonymous, AwsPrincipal, Request
from checker.iam.prove.callers import ANONYMOUS, PRINCIPAL_ARN, PRINCIPAL_TYPE
from checker.iam.prove.domain import EXHAUSTED, Budget, ExhaustedError, covers
from checker.iam.prove.partial_policy import FREE, Context, PreparedPolicies, allowed
from checker.iam.prove.source_keys import SOURCE_ARN

if TYPE_CHECKING:
    from checker.iam.decide.request import Caller
    from checker.iam.prove.domain import Choice, Choices, Domain, Mentions
    from checker.iam.prove.space import Space


Goal = Callable[[Sequence[Truth]], Truth]
"""Decides whether a request is a result of the search, given whether each policy allows it."""


class SearchResult(NamedTuple):
    """The result of a search: whether such a request exists, and if so one of them."""

    truth: Truth
    witness: Request | None = None


def find(prepared: PreparedPolicies, space: Space, goal: Goal, budget: Budget | None = None) -> SearchResult:
    """Search for a request of the space that reaches the goal, which needs an Allow of the last policy.

    The work is limited by the budget; a search that exceeds it returns EXHAUSTED.
    """
    if prepared.cannot_allow:
        return SearchResult(truth=False)
    mentions = prepared.mentions()
    search = _Search(prepared, goal, mentions, budget or Budget())
    try:
        result = search.descend(
            _Branch(dict(prepared.start.context), search.relevant(space.domains(mentions)))
        )
    except ExhaustedError:
        return SearchResult(EXHAUSTED)
    return result or search.failure()


_NAMES = frozenset((PRINCIPAL_ARN, SOURCE_ARN))
"""Keys that every witness has, because they identify the caller."""


class _Branch(NamedTuple):
    """Values for some keys, and the domains of the remaining keys.

    ``opened`` are keys of policy variables whose value represents many values.
    """

    context: Context
    domains: tuple[Domain, ...]
    opened: frozenset[str] = frozenset()
    doubt: Unknown | None = None


class _Search:
    """A depth-first walk over the product of the choices."""

    __slots__ = ("budget", "cost", "doubt", "gaps", "goal", "known", "mentions", "prepared", "variables")

    def __init__(self, prepared: PreparedPolicies, goal: Goal, mentions: Mentions, budget: Budget) -> None:
        self.prepared = prepared
        self.goal = goal
        self.mentions = mentions
        self.variables = prepared.variables()
        self.known: dict[int, tuple[Domain, Choices]] = {}
        self.gaps: list[Unknown] = []
        self.doubt: Unknown | None = None
        self.budget = budget
        self.cost = prepared.size

    def relevant(self, domains: Sequence[Domain]) -> tuple[Domain, ...]:
        """Return the domains of the keys that the policies mention, and of the keys that identify the caller."""
        return tuple(domain for domain in domains if self._matters(domain))

    def _matters(self, domain: Domain) -> bool:
        return not _NAMES.isdisjoint(domain.keys) or any(covers(domain, key) for key in self.mentions)

    def choices(self, domain: Domain) -> Choices:
        """Return the choices of a domain, computed once."""
        if id(domain) not in self.known:
            choices = domain.choices(self.mentions, self.budget)
            self.known[id(domain)] = (domain, choices)
            if choices.gap is not None:
                self.gaps.append(choices.gap)
        return self.known[id(domain)][1]

    def descend(self, branch: _Branch) -> SearchResult | None:
        truth = self.trial(branch)
        if truth is False:
            return None
        if not branch.domains:
            return self.leaf(branch, truth)
        for choice in self.choices(branch.domains[0]).choices:
            result = self.descend(self.chosen(branch, choice))
            if result is not None:
                return result
            if truth is True:
                break  # the remaining keys do not matter, and a doubt is recorded
        return None

    def chosen(self, branch: _Branch, choice: Choice) -> _Branch:
        """Extend the branch by a choice of its first domain."""
        context = branch.context.copy()
        for key, value in choice.values.items():
            if value is None:
                context.pop(key, None)
            else:
                context[key] = value
        first, *rest = branch.domains
        domains = (*self.relevant(choice.then), *rest)
        opened = branch.opened | (self.choices(first).opened & self.variables)
        return _Branch(context, domains, opened, choice.doubt if branch.doubt is None else branch.doubt)

    def trial(self, branch: _Branch) -> Truth:
        """Evaluate the goal with the partial policies; a variable with one value of many stays unknown."""
        self.budget.spend(self.cost)
        context = branch.context
        variables = {**context, **dict.fromkeys(branch.opened, FREE)} if branch.opened else None
        start = self.prepared.start
        request = Request(start.caller, start.action, start.resource, context, variables)
        pairs = zip(self.prepared.policies, self.prepared.partials, strict=True)
        return self.goal([allowed(partials, request, policy.has_variables) for policy, partials in pairs])

    def leaf(self, branch: _Branch, truth: Truth) -> SearchResult | None:
        request = self.request(branch.context)
        if isinstance(truth, Unknown):  # because of a policy variable, or of a caller that represents many
            truth = self.goal([decide(policy, request).allowed for policy in self.prepared.policies])
            if truth is False and branch.opened:
                truth = FREE  # another value of the same class might fit
        if truth is True and branch.doubt is None:
            return SearchResult(truth=True, witness=request)
        if truth is not False and self.doubt is None:
            self.doubt = truth if isinstance(truth, Unknown) else branch.doubt
        return None

    def request(self, context: Context) -> Request:
        known = {key: value for key, value in context.items() if value is not FREE}
        return self.prepared.start._replace(context=known, caller=self.caller(context))

    def caller(self, context: Context) -> Caller:
        """Return the principal in the context, if the caller of the space represents many; else that caller."""
        start = self.prepared.start
        if not isinstance(start.caller, AwsPrincipal):
            return start.caller
        if context.get(PRINCIPAL_TYPE) == ANONYMOUS:
            return Anonymous()
        arn = context.get(PRINCIPAL_ARN)
        named = Arn.parse(arn) if isinstance(arn, str) else None
        return start.caller if named is None or start.caller.role else AwsPrincipal(named)

    def failure(self) -> SearchResult:
        """Return False, or Unknown if some class of requests was not tried or not decided."""
        if self.gaps:
            return SearchResult(EXHAUSTED if EXHAUSTED in self.gaps else self.gaps[0])
        return SearchResult(truth=False if self.doubt is None else self.doubt)
