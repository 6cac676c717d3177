"""Builds the subscriptions of declared topics.

A list of subscriptions in code is never complete, because others may be declared elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import FIREHOSE, LAMBDA, SQS, Subscription
from checker.core.arn import Arn
from checker.core.unknown import Unknown, negate
from checker.inputs.declared import certain, whether_exists
from checker.inputs.declared_keys import is_same

if TYPE_CHECKING:
    from checker.core.unknown import Truth
    from checker.inputs.declared import Declarations, DeclaredSubscription, DeclaredTopic


_CONFIRMED_BY_SNS = (SQS, LAMBDA, FIREHOSE)
"""The protocols whose declared subscriptions SNS confirms, if the endpoint is in the topic's account."""
_NOT_SHOWN = Unknown("no file shows whether it was confirmed")
_ELSEWHERE = Unknown("subscriptions may be declared elsewhere")


def subscriptions_of(
    declared: Declarations, topic: DeclaredTopic
) -> tuple[tuple[Subscription, ...] | Unknown, Unknown]:
    """Return the subscriptions that exist wherever the topic does, and the reason why there may be others."""
    found = [one for one in declared.subscriptions if is_same(one.topic, topic.names, topic.arn)]
    sure = certain(found, topic)
    open_ones = [one for one in found if one not in sure]
    others = whether_exists(open_ones[0], topic) if open_ones else _ELSEWHERE
    return tuple(_subscription(one, topic.arn) for one in sure) or others, others


def _subscription(one: DeclaredSubscription, topic: Arn | Unknown) -> Subscription:
    protocol = one.protocol if isinstance(one.protocol, str) else ""
    confirmed = _is_confirmed(one, protocol, topic)
    found = Subscription(protocol, one.endpoint, confirmed, one.arn, one.place, one.address)
    return found._replace(**one.delivery._asdict())


def _is_confirmed(one: DeclaredSubscription, protocol: str, topic: Arn | Unknown) -> Truth:
    """Return whether a subscription is confirmed: as a state has it, or by SNS for an endpoint in the topic's account.

    https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html
    """
    if one.pending is not None:
        return negate(one.pending)
    endpoint = Arn.parse(one.endpoint) if isinstance(one.endpoint, str) else None
    is_foreign = endpoint is not None and isinstance(topic, Arn) and endpoint.account != topic.account
    return (protocol in _CONFIRMED_BY_SNS and not is_foreign) or _NOT_SHOWN
