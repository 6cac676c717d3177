"""Checks whether SNS can send what it cannot deliver to the dead-letter queue of a subscription.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown, negate
from checker.lint.delivery.model import Step, exists_step, step
from checker.lint.delivery.organization import queue_organization_steps
from checker.lint.delivery.queue import key_steps, policy_step
from checker.lint.status import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Queue
    from checker.analysis.inventory import Key, Organization
    from checker.core.arn import Arn


PREFIX = "dead_letter_"
"""Begins the names of the steps."""
_HELP = "name an existing standard queue in the account and Region of the topic in the redrive policy"


def dead_letter_steps(
    queue: Queue | Unknown,
    key: Key | Unknown | None,
    topic: Arn,
    organization: Organization | None = None,
) -> tuple[Step, ...]:
    """Check the dead-letter queue of a subscription: that it exists, where it is, its policy and its key.

    Without an organization, its policies are assumed to deny nothing.
    """
    steps = _steps(queue, key, topic, organization)
    return tuple(one._replace(name=f"{PREFIX}{one.name}") for one in steps)


def _steps(
    queue: Queue | Unknown, key: Key | Unknown | None, topic: Arn, organization: Organization | None
) -> Iterator[Step]:
    first = exists_step("queue", queue, "the queue does not exist", _HELP)
    yield first
    if isinstance(queue, Unknown) or first.status == BROKEN:
        return
    yield from _place(queue, topic)
    yield policy_step(queue, topic)
    yield from key_steps(queue, key, topic)
    yield from queue_organization_steps(queue, key, topic, organization)


def _place(queue: Queue, topic: Arn) -> Iterator[Step]:
    """Check that it is a standard queue in the account and Region of the subscription."""
    if queue.fifo is not False:
        bad = "it is a FIFO queue, which cannot hold what a standard topic cannot deliver"
        yield step("queue", negate(queue.fifo), "", bad, _HELP)
    if isinstance(queue.arn, Unknown):
        return
    here, there = (f"account {arn.account} and {arn.region}" for arn in (topic, queue.arn))
    if here != there:
        bad = f"the queue is in {there}, but the subscription is in {here}"
        yield step("place", truth=False, good="", bad=bad, help_text=_HELP)
