"""Check the subscriptions that retain a topic's messages, by the current state of each link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.retention.filters import filter_step
from checker.lint.retention.model import FIREHOSE, SQS, Keeper, Queue, Retention, Role, Step, Subscribed, step
from checker.lint.retention.queue import queue_notes, queue_steps, queue_warnings
from checker.lint.retention.stream import role_steps, role_warnings, stream_step
from checker.live.aws.access import WATCHING
from checker.live.aws.calls import BY_TOPIC
from checker.live.aws.errors import CallError
from checker.live.aws.facts import subscription_of
from checker.live.retention.read_targets import read_queue, read_role, read_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.live.aws.calls import Calls


def subscribed(calls: Calls, entry: Mapping[str, Any]) -> Subscribed:
    """Read a subscription in addition to its list entry. A pending subscription has no further data."""
    known, arn = subscription_of(entry), str(entry.get("SubscriptionArn", ""))
    if not known.confirmed:
        return Subscribed("", known.protocol, known.endpoint, confirmed=False, attributes={})
    return Subscribed(arn, known.protocol, known.endpoint, confirmed=True, attributes=_attributes(calls, arn))


def _attributes(calls: Calls, arn: str) -> Mapping[str, str] | Unknown:
    """Read the attributes of a subscription.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """
    try:
        answer = calls.make("sns", "get_subscription_attributes", arn, SubscriptionArn=arn)
    except CallError as error:
        return Unknown(error.entry.reason)
    attributes: Mapping[str, str] = answer.get("Attributes") or {}
    return attributes


_RAW = {
    SQS: "raw delivery: messages are stored as Connect wrote them, with their attributes",
    FIREHOSE: "raw delivery: messages are stored as Connect wrote them, without their attributes",
}
_CONFIRM = "the endpoint's owner must confirm it with ConfirmSubscription and the token that SNS sent"


def check_retention(calls: Calls, topic: Arn, kind: str, instance: Arn | None = None) -> Retention:
    """Check every subscription of one kind, ``sqs`` or ``firehose``, of a topic.

    ``instance`` is the instance whose messages must match filter policies. A failed read makes a link unknown, never
    ok, and names the missing permission.
    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    """
    try:
        pages = list(calls.pages(BY_TOPIC, str(topic), TopicArn=str(topic)))
    except CallError as error:
        return Retention(str(topic), kind, unread=Unknown(error.entry.reason))
    entries = [entry for page in pages for entry in page if entry.get("Protocol") == kind and _lasts(entry)]
    subscriptions = (subscribed(calls, entry) for entry in entries)
    check = _queue if kind == SQS else _stream
    return Retention(
        str(topic), kind, tuple(check(calls, topic, subscription, instance) for subscription in subscriptions)
    )


def _lasts(entry: Mapping[str, Any]) -> bool:
    """Return False for the temporary queue of a flow."""
    return not str(entry.get("Endpoint", "")).rpartition(":")[2].startswith(WATCHING)


def _queue(calls: Calls, topic: Arn, subscription: Subscribed, instance: Arn | None) -> Keeper:
    queue = read_queue(calls, subscription.endpoint)
    steps = (*_own_steps(subscription, instance), *queue_steps(queue, topic))
    if not isinstance(queue, Queue):
        return Keeper(SQS, subscription.arn, subscription.endpoint, steps, notes=tuple(_notes(subscription)))
    notes = (*_notes(subscription), *queue_notes(queue))
    return Keeper(
        SQS, subscription.arn, subscription.endpoint, steps, tuple(queue_warnings(queue, topic)), notes
    )


def _stream(calls: Calls, topic: Arn, subscription: Subscribed, instance: Arn | None) -> Keeper:
    arn = Arn.parse(subscription.endpoint)
    if arn is None:
        unread = step("stream", Unknown("the endpoint is not a valid ARN", subscription.endpoint), "", "")
        return Keeper(
            subscription.protocol,
            subscription.arn,
            subscription.endpoint,
            (*_own_steps(subscription, instance), unread),
        )
    role = read_role(calls, subscription.attributes)
    steps = (
        *_own_steps(subscription, instance),
        *role_steps(role, arn, topic),
        stream_step(read_stream(calls, arn)),
    )
    warnings = tuple(role_warnings(role, arn)) if isinstance(role, Role) else ()
    return Keeper(
        subscription.protocol,
        subscription.arn,
        subscription.endpoint,
        steps,
        warnings,
        tuple(_notes(subscription)),
    )


def _own_steps(subscription: Subscribed, instance: Arn | None) -> Iterator[Step]:
    """Yield the steps for the subscription itself. A pending subscription has no further data."""
    pending = "pending confirmation; until then nothing is delivered"
    yield step(
        "subscription", subscription.confirmed, f"`{subscription.endpoint}`, confirmed", pending, _CONFIRM
    )
    if subscription.confirmed:
        yield filter_step(subscription.attributes, instance)


def _notes(subscription: Subscribed) -> Iterator[str]:
    """Yield remarks on a subscription.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    if isinstance(subscription.attributes, Unknown):
        return
    raw = subscription.attributes.get("RawMessageDelivery", "").lower() == "true"
    yield (
        _RAW[subscription.protocol]
        if raw
        else "messages are stored in an SNS envelope, with their attributes"
    )
    redrive = subscription.attributes.get("RedrivePolicy")
    yield (
        f"messages that SNS cannot deliver go to {redrive}"
        if redrive
        else "messages that SNS cannot deliver are lost: there is no dead-letter queue"
    )
