"""Checks whether SNS can send what it cannot deliver to the dead-letter queue of a subscription.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.lint.delivery.model import Step, exists_step, step
from checker.lint.delivery.queue import key_steps, policy_step
from checker.lint.status import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Queue
    from checker.analysis.inventory import Key
    from checker.core.arn import Arn


PREFIX = "dead_letter_"
"""Begins the names of the steps."""
_HELP = "name an existing standard queue in the account and Region of the topic in the redrive policy"


def dead_letter_steps(queue: Queue | Unknown, key: Key | Unknown | None, topic: Arn) -> tuple[Step, ...]:
    """Check the dead-letter queue of a subscription: that it exists, where it is, its policy and its key."""
    return tuple(one._replace(name=f"{PREFIX}{one.name}") for one in _steps(queue, key, topic))


def _steps(queue: Queue | Unknown, key: Key | Unknown | None, topic: Arn) -> Iterator[Step]:
    first = exists_step("queue", queue, "the queue does not exist", _HELP)
    yield first
    if isinstance(queue, Unknown) or first.status == BROKEN:
        return
    yield from _place(queue, topic)
    yield policy_step(queue, topic)
    yield from key_steps(queue, key, topic)


def _place(queue: Queue, topic: Arn) -> Iterator[Step]:
    """Check that it is a standard queue in the account and Region of the subscription."""
    fifo = queue.fifo
    if fifo is True:
        yield Step(
            "queue",
            BROKEN,
            "it is a FIFO queue, which cannot hold what a standard topic cannot deliver",
            _HELP,
        )
    if isinstance(queue.arn, Unknown):
        return
    here, there = (f"account {arn.account} and {arn.region}" for arn in (topic, queue.arn))
    if here != there:
        bad = f"the queue is in {there}, but the subscription is in {here}"
        yield step("place", truth=False, good="", bad=bad, help_text=_HELP)
