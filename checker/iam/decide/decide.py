"""Decides one request against one resource-based policy or KMS grant, and explains the decision.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Takes time linear in the size of the policy. The decision is based on the resource policy alone: identity policies
and the rule for requests within one account are not considered.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.core.record import NamedTuple
from checker.core.unknown import Truth, Unknown, all_of, any_of
from checker.iam.decide.condition import condition_holds
from checker.iam.decide.elements import action_covers, principal_covers, resource_covers
from checker.policy.model import ALLOW, DENY, Condition, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.iam.decide.request import Request


ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied"
UNKNOWN = "Unknown"


class Match(NamedTuple):
    """The result of matching one statement with the request.

    If it does not match, ``element`` is the first element that failed. If the result is unknown, ``element`` is the
    first unknown element. ``condition`` is the condition if the element is Condition.
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
    """The decision, and one match for each statement in their order.

    ``allowed`` may be False where ``word`` is Unknown: the request is denied, but not known whether explicitly.
    """

    word: str
    allowed: Truth
    matches: tuple[Match, ...]

    def decisive(self) -> tuple[Match, ...]:
        """Return the statements that decide: the Denies or Allows that apply, or those with an unknown result."""
        if self.word == UNKNOWN:
            return tuple(match for match in self.matches if isinstance(match.truth, Unknown))
        effect = {ALLOWED: ALLOW, EXPLICITLY_DENIED: DENY}.get(self.word)
        return tuple(match for match in self.matches if match.truth is True and match.effect == effect)

    def statements(self) -> tuple[int, ...]:
        """Return the indices of the decisive statements."""
        return tuple(
            match.statement.ordinal for match in self.decisive() if isinstance(match.statement, Statement)
        )


def decide(policy: Policy, request: Request) -> Decision:
    """Evaluate every statement: an explicit Deny overrides an Allow; without either, the request is denied."""
    matches = tuple(match_statement(policy, statement, request) for statement in policy.statements)
    return combine(matches)


def combine(matches: tuple[Match, ...]) -> Decision:
    """Combine the matches of all statements into the decision."""
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
    """Match one statement element by element, and stop at the first element that does not match."""
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
"""The elements that limit a statement to principals, actions and resources."""


def scope_truths(statement: Statement, request: Request, has_variables: Truth) -> Iterator[Truth]:
    """Match each element of SCOPE lazily."""
    yield principal_covers(statement.principals, request, statement.effect)
    yield action_covers(statement.actions, request.action)
    yield resource_covers(statement.resources, request, has_variables)


_TOPIC = "aws:sns:topicArn"


class GrantFacts(Protocol):
    """The parts of a grant that the decision depends on."""

    @property
    def grantee(self) -> str | Unknown:
        """A service principal or an ARN."""

    @property
    def operations(self) -> tuple[str, ...] | Unknown:
        """Names of operations, without the prefix ``kms:``."""

    @property
    def source_arn(self) -> str | None:
        """The SourceArn constraint, which is mandatory for a service grantee."""

    @property
    def encryption_context(self) -> tuple[tuple[str, str | Unknown], ...] | Unknown:
        """The pairs that the encryption context of the request must have."""

    @property
    def doubt(self) -> Unknown | None:
        """Why the grant may not exist."""


def grant_covers(
    grant: GrantFacts, service: str, action: str, topic: str | Unknown, sources: Sequence[str]
) -> Truth:
    """Decide whether a grant allows a service to publish to ``topic`` for one of ``sources``, ARNs of instances.

    The SourceArn constraint has the same effect as a condition on aws:SourceArn.
    """
    grantee, operations = grant.grantee, grant.operations
    return all_of(
        (
            grantee if isinstance(grantee, Unknown) else grantee == service,
            operations if isinstance(operations, Unknown) else action.partition(":")[2] in operations,
            _source(grant, sources),
            _context(grant, topic),
            True if grant.doubt is None else grant.doubt,
        )
    )


def _source(grant: GrantFacts, sources: Sequence[str]) -> Truth:
    if grant.source_arn is None or grant.source_arn in sources:
        return True
    return (
        False
        if sources
        else Unknown("the grant is limited to a source, and the instance is not known", grant.source_arn)
    )


def _context(grant: GrantFacts, topic: str | Unknown) -> Truth:
    if isinstance(grant.encryption_context, Unknown):
        return grant.encryption_context
    pairs = dict(grant.encryption_context)
    if not pairs:
        return True
    if set(pairs) != {_TOPIC}:
        return False
    required = pairs[_TOPIC]
    unknown = next((value for value in (required, topic) if isinstance(value, Unknown)), None)
    return required == topic if unknown is None else unknown
