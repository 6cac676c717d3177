"""Finds other AWS customers that the policy of an endpoint lets send messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.pairing import condition_values
from checker.core.arn import Arn, is_account
from checker.iam.prove import prove
from checker.iam.prove.service_space import other_topics_space
from checker.iam.prove.source_keys import SOURCE_ARN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.iam.prove.space import Target
    from checker.policy.model import Policy


def any_account(policy: Policy, target: Target, action: str) -> bool:
    """True if any AWS account can do the action."""
    return prove.OtherAccountsProver(policy, target).can(action).truth is True


def foreign_topic(policy: Policy, target: Target, topic: Arn, action: str) -> str:
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
