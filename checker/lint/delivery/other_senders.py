"""Finds other AWS customers that the policy of an endpoint lets send messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.pairing import condition_values
from checker.core.arn import Arn, is_account
from checker.core.record import NamedTuple
from checker.iam.prove import prove
from checker.iam.prove.service_space import other_topics_space
from checker.iam.prove.source_keys import SOURCE_ARN
from checker.lint.delivery.model import DeliveryWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.iam.prove.space import Target
    from checker.policy.model import Policy


class Words(NamedTuple):
    """What other senders can do, how to limit the policy, and how to limit it to one topic."""

    access: str
    limit: str
    pin: str


def warnings(
    policy: Policy, target: Target, topic: Arn, action: str, words: Words
) -> Iterator[DeliveryWarning]:
    """Yield the other senders that the policy of an endpoint allows: any AWS account, and topics of other accounts."""
    if _any_account(policy, target, action):
        yield DeliveryWarning(f"any AWS account {words.access}", words.limit)
    if example := _foreign_topic(policy, target, topic, action):
        yield DeliveryWarning(f"topics of other accounts {words.access}, such as `{example}`", words.pin)


def _any_account(policy: Policy, target: Target, action: str) -> bool:
    """True if any AWS account can do the action."""
    return prove.OtherAccountsProver(policy, target).can(action).truth is True


def _foreign_topic(policy: Policy, target: Target, topic: Arn, action: str) -> str:
    """Return a topic of an account that the policy does not name, for which SNS can do the action; empty if none.

    An account that the policy names without wildcards is intended.
    """
    answer = prove.some_request(policy, other_topics_space(target, topic, action, tuple(_named(policy))))
    if answer.truth is not True or answer.witness is None:
        return ""
    return str(answer.witness.context["aws:sourcearn"])


def _named(policy: Policy) -> Iterator[str]:
    arns = map(Arn.parse, condition_values(policy.known_statements(), SOURCE_ARN))
    yield from dict.fromkeys(arn.account for arn in arns if arn is not None and is_account(arn.account))
