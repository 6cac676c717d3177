"""Questions about all requests. Each "yes" comes with a request that proves it.

"No" is exact: ``shape`` explains why finitely many requests suffice. A question that exceeds its budget is answered
EXHAUSTED, unless a witness was found before. The decision engine confirms every witness with the whole policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import is_account
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.condition import condition_holds
from checker.iam.decide.decide import Decision, decide
from checker.iam.decide.elements import action_covers, principal_covers
from checker.iam.decide.request import AwsPrincipal, Request
from checker.iam.decide.time_of_request import at_some_time
from checker.iam.prove.domain import Budget, known_conditions
from checker.iam.prove.partial_policy import OpenContext, PreparedPolicies, prepare
from checker.iam.prove.search import SearchResult, find
from checker.iam.prove.service_space import connect_space, instances_space
from checker.iam.prove.source_keys import SOURCE_KEYS, SOURCE_OWNER, Instances
from checker.iam.prove.space import SUBSCRIBE, other_account_caller, other_accounts_space
from checker.iam.prove.universe import PRINCIPAL, Representative, caller_space, principal_spaces
from checker.policy.model import ALLOW, DENY, Policy, Statement
from checker.policy.placeholder import texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.core.arn import Arn
    from checker.core.unknown import Truth
    from checker.iam.prove.space import Space, Target


class Answer(NamedTuple):
    """The answer to a question: yes, with a witness and its decision; no; or unknown, with the reason."""

    truth: Truth
    witness: Request | None = None
    decision: Decision | None = None


def can_publish(policy: Policy, target: Target, instance: Arn) -> Answer:
    """Decide whether the request that Connect makes for this instance is allowed. The witness is that request."""
    return one_request(policy, connect_space(target, instance))


def one_request(policy: Policy, space: Space) -> Answer:
    """Decide the only request of a space without free keys. A witness that is allowed has a time if the policy tests it."""
    keys = [
        condition.folded_key
        for statement in policy.known_statements()
        for condition in known_conditions(statement)
    ]
    request = Request(space.caller, space.action, space.resource, space.constants(keys))
    decision = decide(policy, request)
    if decision.allowed is True:
        request = request._replace(context=at_some_time(request.context, keys))
    return Answer(decision.allowed, request, decision)


def some_request(policy: Policy, space: Space, whole: Budget | None = None) -> Answer:
    """Decide whether some request of the space is allowed; ``whole`` is the budget for all questions about the policy."""
    return confirmed(policy, find(prepare(space, policy), space, _allowed, Budget(whole=whole)))


class ConnectProver:
    """Answers questions about Connect's requests to publish under one policy, which is prepared once."""

    def __init__(
        self,
        policy: Policy,
        target: Target,
        regions: tuple[str, ...],
        prepared: PreparedPolicies | None = None,
        whole: Budget | None = None,
    ) -> None:
        self.policy = policy
        self.whole = whole
        self.target = target
        self.regions = regions
        self._space = instances_space(target, Instances(target.partition, regions))
        self._prepared = prepared or prepare(self._space, policy)
        self._answers: dict[Instances, Answer] = {}

    def only(self, *statements: Statement) -> ConnectProver:
        """Return a prover for a policy that has only these statements."""
        policy = self.policy._replace(statements=statements)
        prepared = self._prepared.only(policy, [statement.ordinal for statement in statements])
        return ConnectProver(policy, self.target, self.regions, prepared, self.whole)

    def any_instance(self) -> Answer:
        """Decide whether Connect can publish for some instance."""
        return self._ask(Instances(self.target.partition, self.regions))

    def deputy(self, trusted: Collection[str]) -> Answer:
        """Decide whether Connect can publish for an instance of an account that is not trusted, or without source keys.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        """
        return self._ask(
            Instances(self.target.partition, self.regions, but_not=tuple(trusted), or_absent=True)
        )

    def siblings(self, account: str, but_not: Collection[str]) -> Answer:
        """Decide whether Connect can publish for an instance of this account whose ID is not in ``but_not``."""
        return self._ask(Instances(self.target.partition, self.regions, account, not_ids=tuple(but_not)))

    def _ask(self, instances: Instances) -> Answer:
        if instances not in self._answers:
            space = self._space._replace(free=(instances, *self._space.free[1:]))
            result = find(self._prepared, space, _allowed, Budget(whole=self.whole))
            self._answers[instances] = confirmed(self.policy, result)
        return self._answers[instances]


class OtherAccountsProver:
    """Answers questions about IAM principals of accounts that the policy does not name, and anonymous callers."""

    def __init__(self, policy: Policy, target: Target, whole: Budget | None = None) -> None:
        self.policy = policy
        self.target = target
        self.whole = whole
        caller = other_account_caller(target)
        may = Request(caller, "", "", _NO_SOURCE_KEYS)
        self._reaching = [statement for statement in policy.statements if _reaches(policy, statement, may)]
        self._refused: dict[object, Answer] = {}

    def can(self, *actions: str) -> Answer:
        """Decide whether such a caller can perform one of the actions.

        Actions that the same statements cover have the same answer, which is computed once.
        """
        if not any(
            isinstance(statement, Unknown) or statement.effect != DENY for statement in self._reaching
        ):
            return Answer(self._federated(actions))
        answer = either(self._ask(action) for action in actions)
        return Answer(self._federated(actions)) if answer.truth is False else answer

    def _federated(self, actions: Collection[str]) -> Truth:
        """Return False, or Unknown if a statement grants an action to a federated principal."""
        for statement in self.policy.known_statements():
            if statement.effect == ALLOW and not isinstance(statement.principals, Unknown):
                covered = any(action_covers(statement.actions, action) is not False for action in actions)
                named = (entry.value for entry in statement.principal_entries if entry.type == "Federated")
                if covered and (provider := next(named, None)) is not None:
                    return Unknown(
                        "a federated principal may cover sessions of other AWS customers", str(provider)
                    )
        return False

    def _ask(self, action: str) -> Answer:
        about = (action == SUBSCRIBE, *(_about(statement, action) for statement in self._reaching))
        if about in self._refused:
            return self._refused[about]
        space = other_accounts_space(action, self.target, words(self.policy))
        answer = some_request(self.policy, space, self.whole)
        if answer.truth is not True:
            self._refused[about] = answer
        return answer


_NO_SOURCE_KEYS = OpenContext(*SOURCE_KEYS, SOURCE_OWNER)
"""The context of a request from an account that is not named: any key except the source keys."""


def _reaches(policy: Policy, statement: Statement | Unknown, request: Request) -> bool:
    """False if the principals, or an Allow's condition on an absent key, exclude the caller."""
    if isinstance(statement, Unknown):
        return True
    if principal_covers(statement.principals, request, statement.effect) is False:
        return False
    has_variables = policy.has_variables
    return statement.effect == DENY or not any(
        condition_holds(condition, request, has_variables) is False for condition in statement.conditions
    )


def _about(statement: Statement | Unknown, action: str) -> Truth:
    return statement if isinstance(statement, Unknown) else action_covers(statement.actions, action)


def who_can(policy: Policy, target: Target, action: str) -> Iterator[tuple[AwsPrincipal, Answer]]:
    """Decide for each caller that a policy can distinguish, except services, whether some request is allowed."""
    for asked, space in principal_spaces(policy, action, target):
        answer = some_request(policy, space)
        caller = answer.witness.caller if answer.witness else asked
        yield caller if isinstance(caller, AwsPrincipal) else asked, answer


def principal_can(policy: Policy, target: Target, arn: Arn, action: str) -> Answer:
    """Decide whether one principal, given by its aws:PrincipalArn, can perform an action."""
    representative = Representative(PRINCIPAL, AwsPrincipal(arn), str(arn))
    return some_request(policy, caller_space(representative, action, target, (policy,)))


def gained(old: Policy, new: Policy, target: Target) -> Answer:
    """Decide whether ``new`` allows some request that ``old`` does not allow."""
    from checker.iam.prove.gain import Gain  # imported here because no rule needs it
    from checker.iam.prove.universe import every_space

    gain = Gain(old, new)
    if gain.narrowed is None:
        return Answer(truth=False)
    return either(confirmed(new, gain.within(space)) for space in every_space(old, new, target))


def either(answers: Iterable[Answer]) -> Answer:
    """Return the first yes without evaluating further answers; else unknown if one is unknown; else no."""
    doubtful = None
    for answer in answers:
        if answer.truth is True:
            return answer
        if answer.truth is not False and doubtful is None:
            doubtful = answer
    return doubtful or Answer(truth=False)


def _allowed(allowed: Sequence[Truth]) -> Truth:
    return allowed[0]


def confirmed(policy: Policy, result: SearchResult) -> Answer:
    """Confirm a witness by the decision engine with the whole policy."""
    if result.witness is None:
        return Answer(result.truth)
    decision = decide(policy, result.witness)
    return Answer(decision.allowed, result.witness, decision)


def words(policy: Policy) -> frozenset[str]:
    """Return every account, organization and other value in the policy.

    An account that is part of a value, as in an ARN or a user ID, is included separately.
    """
    values = [text for _, text in texts(policy)]
    return frozenset((*values, *(part for text in values for part in text.split(":") if is_account(part))))
