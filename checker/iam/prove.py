"""Questions about all requests, each "yes" with a request that proves it.

Exact, with no sampling: see ``shape`` for why finitely many requests suffice. Every witness is confirmed
by the decision engine on the whole policy before it is given out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.iam.decide import Decision, decide
from checker.iam.domain import Instances
from checker.iam.request import Request
from checker.iam.search import Found, find
from checker.iam.space import connect_space, instances_space, stranger_space
from checker.iam.truth import Truth, all_of, negate
from checker.policy.model import Condition, Policy
from checker.policy.placeholder import texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.arn import Arn
    from checker.iam.space import Space, Target


class Answer(NamedTuple):
    """Yes with a witness and what the engine says of it; no; or unknown, with the reason."""

    truth: Truth
    witness: Request | None = None
    decision: Decision | None = None


def can_publish(policy: Policy, target: Target, instance: Arn) -> Answer:
    """Is the one request that Connect makes for this instance allowed? The witness is that request."""
    return one_request(policy, connect_space(target, instance))


def one_request(policy: Policy, space: Space) -> Answer:
    """Decide the only request of a space without free keys."""
    context = space.constants(key for key in _keys(policy))
    request = Request(space.caller, space.action, space.resource, context)
    decision = decide(policy, request)
    return Answer(decision.allowed, request, decision)


def some_request(policy: Policy, space: Space) -> Answer:
    """Is some request of the space allowed?"""
    return _confirmed(policy, find(space, (policy,), _allowed))


def deputy(policy: Policy, target: Target, regions: tuple[str, ...], trusted: Collection[str]) -> Answer:
    """Could Connect publish for an instance of an account that is not trusted, or without saying for whom?

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    instances = Instances(target.partition, regions, but_not=tuple(trusted), or_absent=True)
    return some_request(policy, instances_space(target, instances))


def siblings(policy: Policy, target: Target, region: str, account: str, but_not: Collection[str]) -> Answer:
    """Could Connect publish for an instance of this account other than those with the ids in ``but_not``?"""
    instances = Instances(target.partition, (region,), account, not_ids=tuple(but_not))
    return some_request(policy, instances_space(target, instances))


def any_instance(policy: Policy, target: Target, regions: tuple[str, ...]) -> Answer:
    """Could Connect publish for any instance whatever?"""
    return some_request(policy, instances_space(target, Instances(target.partition, regions)))


def public(policy: Policy, target: Target, actions: Sequence[str]) -> Answer:
    """Could a principal of an account that is named nowhere do one of the actions?"""
    policy_words = words(policy)
    return either(some_request(policy, stranger_space(action, target, policy_words)) for action in actions)


def gained(old: Policy, new: Policy, spaces: Sequence[Space]) -> Answer:
    """Is there a request that ``new`` allows and ``old`` does not?"""
    return either(_confirmed(new, find(space, (old, new), _gain)) for space in spaces)


def either(answers: Iterable[Answer]) -> Answer:
    """Yes if one of several questions has that answer, asking no further; else unknown if one is."""
    doubtful = None
    for answer in answers:
        if answer.truth is True:
            return answer
        if answer.truth is not False and doubtful is None:
            doubtful = answer
    return doubtful or Answer(truth=False)


def _allowed(policies: Sequence[Policy], request: Request) -> Truth:
    return decide(policies[0], request).allowed


def _gain(policies: Sequence[Policy], request: Request) -> Truth:
    old, new = policies
    return all_of((decide(new, request).allowed, negate(decide(old, request).allowed)))


def _confirmed(policy: Policy, found: Found) -> Answer:
    if found.witness is None:
        return Answer(found.truth)
    decision = decide(policy, found.witness)
    return Answer(decision.allowed, found.witness, decision)


def words(policy: Policy) -> frozenset[str]:
    """Every account, organisation and other word that the policy names.

    Of an ARN also the account, for whoever is named by ARN is no stranger.
    """
    return frozenset(part for _, text in texts(policy) for part in (text, *text.split(":")[4:5]))


def _keys(policy: Policy) -> Iterator[str]:
    for statement in policy.known_statements():
        for condition in statement.conditions:
            if isinstance(condition, Condition):
                yield condition.folded_key
