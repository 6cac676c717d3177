"""Finds other AWS customers that the policy of an endpoint lets send messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.pairing import condition_values
from checker.core.arn import Arn, is_account
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.prove import prove
from checker.iam.prove.service_space import other_topics_space
from checker.iam.prove.source_keys import SOURCE_ARN
from checker.lint.delivery.model import DeliveryWarning
from checker.policy.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Function, Queue
    from checker.iam.prove.prove import Answer
    from checker.iam.prove.space import Target
    from checker.policy.model import Policy


class Words(NamedTuple):
    """What other senders can do, how to limit the policy, and how to limit it to one topic."""

    access: str
    limit: str
    pin: str


def other_senders(
    endpoint: Function | Queue, target: Target, topic: Arn, action: str, words: Words
) -> Iterator[DeliveryWarning | Unknown]:
    """Yield the other senders that the policy of an endpoint allows: any AWS account, and topics of other accounts.

    An Unknown says why others may be allowed, too.
    """
    if endpoint.exists is False:
        return
    if isinstance(endpoint.policy, Unknown):
        yield endpoint.policy
        return
    policy = EMPTY if endpoint.policy is None else endpoint.policy.policy
    answer = prove.OtherAccountsProver(policy, target).can(action)
    if answer.truth is True:
        yield DeliveryWarning(f"any AWS account {words.access}", words.limit)
    of_topics = _foreign_topics(policy, target, topic, action)
    if of_topics.truth is True and of_topics.witness is not None:
        example = of_topics.witness.context["aws:sourcearn"]
        yield DeliveryWarning(f"topics of other accounts {words.access}, such as `{example}`", words.pin)
    reasons = (answer.truth, of_topics.truth, endpoint.more)
    yield from dict.fromkeys(one for one in reasons if isinstance(one, Unknown))


def _foreign_topics(policy: Policy, target: Target, topic: Arn, action: str) -> Answer:
    """Decide whether SNS can do the action for some topic of an account that the policy does not name.

    An account that the policy names without wildcards is intended.
    """
    return prove.some_request(policy, other_topics_space(target, topic, action, tuple(_named(policy))))


def _named(policy: Policy) -> Iterator[str]:
    arns = map(Arn.parse, condition_values(policy.known_statements(), SOURCE_ARN))
    yield from dict.fromkeys(arn.account for arn in arns if arn is not None and is_account(arn.account))
