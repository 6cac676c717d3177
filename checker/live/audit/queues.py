"""Whether the queues that are subscribed to a topic get its messages: a subscription alone does not say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.chain import BROKEN, UNKNOWN
from checker.inventory import Skipped
from checker.live.retention.read_queue import read_queue
from checker.policy.unknown import Unknown
from checker.retention.model import SQS
from checker.retention.queue import queue_steps

if TYPE_CHECKING:
    from checker.inventory import Subscription
    from checker.live.calls import Calls


def with_delivery(
    calls: Calls, topic: Arn, subscriptions: tuple[Subscription, ...]
) -> tuple[Subscription, ...]:
    """Say of confirmed queues whether SNS can deliver to them, up to the first that it can, as one is enough."""
    looked_at: list[Subscription] = []
    for number, one in enumerate(subscriptions):
        if one.protocol == SQS and one.confirmed:
            one = one._replace(undelivered=_undelivered(calls, topic, one.endpoint))  # noqa: PLW2901
            if one.undelivered == "":
                return (*looked_at, one, *subscriptions[number + 1 :])
        looked_at.append(one)
    return tuple(looked_at)


def _undelivered(calls: Calls, topic: Arn, endpoint: str) -> str | Unknown:
    """The reason why SNS cannot deliver to a queue; empty if it can. What should be readable is noted."""
    queue = read_queue(calls, endpoint)
    arn = Arn.parse(endpoint)
    if isinstance(queue, Unknown) and arn is not None and arn.account == calls.unit.account:
        calls.skip(Skipped(endpoint, queue.reason, error=True, help="grant it to the caller"))
    steps = queue_steps(queue, topic)
    broken = next((one.reason for one in steps if one.status == BROKEN), "")
    unknown = next((one.reason for one in steps if one.status == UNKNOWN), "")
    return Unknown(unknown) if unknown and not broken else broken
