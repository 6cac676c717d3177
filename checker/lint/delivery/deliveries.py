"""Judges the delivery of a topic's messages to each of its subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import FIREHOSE, LAMBDA, SQS, Function, Queue, Role, Stream
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.delivery.dead_letter import PREFIX, dead_letter_steps
from checker.lint.delivery.filters import acceptance_step
from checker.lint.delivery.function import function_steps, other_invokers
from checker.lint.delivery.model import CONFIRM_HELP, SUBSCRIPTION, Delivery, Step, step
from checker.lint.delivery.organization import queue_organization_steps, stream_organization_steps
from checker.lint.delivery.queue import PERIOD, other_queue_senders, queue_steps
from checker.lint.delivery.regions import reaches
from checker.lint.delivery.stream import role_steps, stream_step
from checker.lint.status import BROKEN, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.endpoints import Subscription
    from checker.analysis.inventory import Inventory, Key, Topic
    from checker.lint.delivery.model import DeliveryWarning


_NO_ROLE = Unknown("the role of the subscription was not supplied")


def delivery(
    subscription: Subscription, topic: Topic, inventory: Inventory, instances: Sequence[Arn] = ()
) -> Delivery:
    """Judge one subscription: its confirmation, its filter policy, its endpoint and its dead-letter queue.

    A subscription that is not confirmed has no further steps, as nothing is delivered to it.
    """
    first = subscription_step(subscription)
    if first.status == BROKEN:
        return Delivery(subscription, (first,))
    accepted = acceptance_step(subscription, instances)
    if isinstance(topic.arn, Unknown):
        return _of_unknown_topic(subscription, (first, accepted), topic.arn)
    endpoint = _Endpoint(subscription, topic.arn, topic.home, inventory)
    steps = (_FOREIGN if endpoint.may_be_pending() else first, accepted)
    return Delivery(
        subscription,
        (*steps, *endpoint.steps()),
        tuple(endpoint.other_senders()),
        tuple(notes(subscription)),
        tuple(endpoint.dead_letter()),
    )


def _of_unknown_topic(subscription: Subscription, steps: tuple[Step, ...], topic: Unknown) -> Delivery:
    """Return the delivery from a topic whose ARN is not known, on which the policies behind it depend."""
    step = Step("topic", UNKNOWN, topic.described)
    dead_letter = () if subscription.dead_letter is None else (step._replace(name=f"{PREFIX}topic"),)
    others = (topic,) if subscription.protocol in (LAMBDA, SQS) else ()
    return Delivery(subscription, (*steps, step), others, dead_letter=dead_letter)


def subscription_step(subscription: Subscription) -> Step:
    """Check that a subscription is confirmed."""
    endpoint = subscription.endpoint
    name = f"`{endpoint}`, " if isinstance(endpoint, str) else ""
    pending = "pending confirmation; until then nothing is delivered"
    return step(SUBSCRIPTION, subscription.confirmed, f"{name}confirmed", pending, CONFIRM_HELP)


_FOREIGN = Step(
    SUBSCRIPTION,
    UNKNOWN,
    "the endpoint is in another account, and no file shows whether it was confirmed",
    CONFIRM_HELP,
)


class _Endpoint:
    """The endpoint of a subscription of a topic."""

    def __init__(self, subscription: Subscription, topic: Arn, home: str, inventory: Inventory) -> None:
        self.subscription = subscription
        self.topic = topic
        self.home = home
        self.inventory = inventory
        self.known = inventory.endpoints

    def steps(self) -> Iterator[Step]:
        """Yield the steps behind the subscription."""
        reference = self.subscription.endpoint
        if self.subscription.protocol == LAMBDA:
            yield from function_steps(self.known.function(reference, self.home), self.topic)
        elif self.subscription.protocol == SQS:
            queue = self.known.queue(reference, self.home)
            key = self.key_of(queue)
            yield from (one for one in queue_steps(queue, key, self.topic) if one.name != PERIOD)
            yield from self.organization_steps(queue, key)
        elif self.subscription.protocol == FIREHOSE:
            yield from self.stream_steps(reference)
        else:
            yield Step(
                "endpoint", UNKNOWN, f"not checked whether the {self.subscription.protocol} endpoint answers"
            )

    def may_be_pending(self) -> bool:
        """True for a declared endpoint of another account than the topic's, for which SNS asks its owner.

        https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html
        """
        reference, is_declared = self.subscription.endpoint, not self.subscription.arn
        find = {LAMBDA: self.known.function, SQS: self.known.queue, FIREHOSE: self.known.stream}
        found = (
            find[self.subscription.protocol](reference, self.home)
            if self.subscription.protocol in find
            else None
        )
        arn = found.arn if isinstance(found, Function | Queue | Stream) else None
        return is_declared and isinstance(arn, Arn) and arn.account != self.topic.account

    def stream_steps(self, reference: str | Unknown) -> Iterator[Step]:
        """Yield the steps for a delivery stream and the role of its subscription."""
        stream, named = self.known.stream(reference, self.home), self.subscription.role
        role = None if named is None else self.known.role(named, self.home)
        arn = Arn.parse(reference) if isinstance(reference, str) else None
        arn = (
            stream.arn
            if arn is None and not isinstance(stream, Unknown) and isinstance(stream.arn, Arn)
            else arn
        )
        if arn is None:
            yield step(
                "role",
                _NO_ROLE if isinstance(named, Unknown) else Unknown("the ARN of the stream is not known"),
                "",
                "",
            )
        else:
            yield from role_steps(role, arn, self.topic)
            its_arn = role.arn if isinstance(role, Role) else None
            yield from stream_organization_steps(arn, its_arn, self.topic, self.inventory.organization)
            if (truth := reaches(FIREHOSE, self.topic, arn)) is not True:
                yield step("region", truth, "", "")
        yield stream_step(stream)

    def organization_steps(self, queue: Queue | Unknown, key: Key | Unknown | None) -> Iterator[Step]:
        """Yield the step for the organization policies of the owner of a queue, if there are any."""
        if isinstance(queue, Queue):
            yield from queue_organization_steps(queue, key, self.topic, self.inventory.organization)

    def key_of(self, queue: Queue | Unknown) -> Key | Unknown | None:
        """Return the key of a queue."""
        return queue if isinstance(queue, Unknown) else self.inventory.key_of(queue)

    def other_senders(self) -> Iterator[DeliveryWarning | Unknown]:
        """Yield other senders that the policy of a function or queue allows, and why others may be allowed."""
        reference = self.subscription.endpoint
        if self.subscription.protocol == LAMBDA:
            yield from other_invokers(self.known.function(reference, self.home), self.topic)
        elif self.subscription.protocol == SQS:
            yield from other_queue_senders(self.known.queue(reference, self.home), self.topic)

    def dead_letter(self) -> tuple[Step, ...]:
        """Return the steps for the dead-letter queue; empty without one."""
        reference = self.subscription.dead_letter
        if reference is None:
            return ()
        queue = self.known.queue(reference, self.home)
        return dead_letter_steps(queue, self.key_of(queue), self.topic, self.inventory.organization)


def notes(subscription: Subscription) -> Iterator[str]:
    """Yield remarks on what a subscription receives.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    if subscription.raw is True and subscription.protocol in _RAW:
        yield _RAW[subscription.protocol]


_RAW = {
    SQS: "raw delivery: messages arrive as Connect wrote them, with their attributes: eight, and SQS takes ten",
    FIREHOSE: "raw delivery: messages arrive as Connect wrote them, without their attributes",
    "http": "raw delivery: messages arrive as Connect wrote them, without their attributes",
    "https": "raw delivery: messages arrive as Connect wrote them, without their attributes",
}
