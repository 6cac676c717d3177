"""Decide one request against one resource-based policy, and say why.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Total and linear in the size of the policy. The decision is that of the resource policy alone: no
identity policies, no same-account rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Truth, Unknown, any_of
from checker.iam.decide.condition import condition_holds
from checker.iam.decide.elements import action_covers, principal_covers, resource_covers
from checker.policy.model import ALLOW, DENY, Condition, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.iam.decide.request import Request


ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied"
UNKNOWN = "Unknown"


class Match(NamedTuple):
    """Whether one statement applies to the request.

    When it does not, or nobody knows, ``element`` is the first part of the statement that failed, or
    that the answer hangs on, and ``condition`` the condition if it was one.
    """

    statement: Statement | Unknown
    truth: Truth
    element: str = ""
    condition: Condition | Unknown | None = None

    @property
    def effect(self) -> object:
        """``Allow``, ``Deny`` or Unknown."""
        return self.statement.effect if isinstance(self.statement, Statement) else self.statement


class Decision(NamedTuple):
    """The answer and its trace, a match a statement, in their order.

    ``allowed`` may be known where ``word`` is not: denied for sure, explicitly or not.
    """

    word: str
    allowed: Truth
    matches: tuple[Match, ...]

    def decisive(self) -> tuple[Match, ...]:
        """The statements that made the decision: the Denies or Allows that apply, or those in doubt."""
        if self.word == UNKNOWN:
            return tuple(m for m in self.matches if isinstance(m.truth, Unknown))
        wanted = {ALLOWED: ALLOW, EXPLICITLY_DENIED: DENY}.get(self.word)
        return tuple(m for m in self.matches if m.truth is True and m.effect == wanted)

    def statements(self) -> tuple[int, ...]:
        """The indices of the decisive statements."""
        return tuple(m.statement.ordinal for m in self.decisive() if isinstance(m.statement, Statement))


def decide(policy: Policy, request: Request) -> Decision:
    """Evaluate every statement and combine: an explicit Deny wins, else an Allow, else denied."""
    matches = tuple(match_statement(policy, statement, request) for statement in policy.statements)
    return combine(matches)


def combine(matches: tuple[Match, ...]) -> Decision:
    """Combine the statements' matches into the decision."""
    denied = any_of(_applies(match, DENY) for match in matches)
    if denied is True:
        return Decision(EXPLICITLY_DENIED, allowed=False, matches=matches)
    granted = any_of(_applies(match, ALLOW) for match in matches)
    if granted is False:
        return Decision(IMPLICITLY_DENIED if denied is False else UNKNOWN, allowed=False, matches=matches)
    if granted is True and denied is False:
        return Decision(ALLOWED, allowed=True, matches=matches)
    return Decision(UNKNOWN, granted if denied is False else denied, matches)


def _applies(match: Match, effect: str) -> Truth:
    stated = match.effect
    if isinstance(stated, Unknown):
        return False if match.truth is False else stated
    return match.truth if stated == effect else False


def match_statement(policy: Policy, statement: Statement | Unknown, request: Request) -> Match:
    """Decide whether one statement applies, element by element, stopping at the first that does not."""
    if isinstance(statement, Unknown):
        return Match(statement, statement)
    has_variables = policy.has_variables
    doubt: Match | None = None
    for element, truth in zip(SCOPE, scope_truths(statement, request, has_variables), strict=True):
        if truth is False:
            return Match(statement, truth, element)
        if truth is not True and doubt is None:
            doubt = Match(statement, truth, element)
    for condition in statement.conditions:
        truth = condition_holds(condition, request, has_variables)
        if truth is False:
            return Match(statement, truth, "Condition", condition)
        if truth is not True and doubt is None:
            doubt = Match(statement, truth, "Condition", condition)
    return doubt or Match(statement, truth=True)


SCOPE = ("Principal", "Action", "Resource")
"""The elements that say whom and what a statement is about."""


def scope_truths(statement: Statement, request: Request, has_variables: bool | Unknown) -> Iterator[Truth]:  # noqa: FBT001
    """Decide each element of SCOPE, only when it is asked for."""
    yield principal_covers(statement.principals, request, statement.effect)
    yield action_covers(statement.actions, request.action)
    yield resource_covers(statement.resources, request, has_variables)
