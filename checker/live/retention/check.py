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
    found: Mapping[str, str] = answer.get("Attributes") or {}
    return found


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
    entries = [one for page in pages for one in page if one.get("Protocol") == kind and _lasts(one)]
    found = (subscribed(calls, one) for one in entries)
    check = _queue if kind == SQS else _stream
    return Retention(str(topic), kind, tuple(check(calls, topic, one, instance) for one in found))


def _lasts(entry: Mapping[str, Any]) -> bool:
    """Return False for the temporary queue of a flow."""
    return not str(entry.get("Endpoint", "")).rpartition(":")[2].startswith(WATCHING)


def _queue(calls: Calls, topic: Arn, one: Subscribed, instance: Arn | None) -> Keeper:
    queue = read_queue(calls, one.endpoint)
    steps = (*_own_steps(one, instance), *queue_steps(queue, topic))
    if not isinstance(queue, Queue):
        return Keeper(SQS, one.arn, one.endpoint, steps, notes=tuple(_notes(one)))
    notes = (*_notes(one), *queue_notes(queue))
    return Keeper(SQS, one.arn, one.endpoint, steps, tuple(queue_warnings(queue, topic)), notes)


def _stream(calls: Calls, topic: Arn, one: Subscribed, instance: Arn | None) -> Keeper:
    arn = Arn.parse(one.endpoint)
    if arn is None:
        unread = step("stream", Unknown("the endpoint is not a valid ARN", one.endpoint), "", "")
        return Keeper(one.protocol, one.arn, one.endpoint, (*_own_steps(one, instance), unread))
    role = read_role(calls, one.attributes)
    steps = (
        *_own_steps(one, instance),
        *role_steps(role, arn, topic),
        stream_step(read_stream(calls, arn)),
    )
    warnings = tuple(role_warnings(role, arn)) if isinstance(role, Role) else ()
    return Keeper(one.protocol, one.arn, one.endpoint, steps, warnings, tuple(_notes(one)))


def _own_steps(one: Subscribed, instance: Arn | None) -> Iterator[Step]:
    """Yield the steps for the subscription itself. A pending subscription has no further data."""
    bad = "pending confirmation; until then nothing is delivered"
    yield step("subscription", one.confirmed, f"`{one.endpoint}`, confirmed", bad, _CONFIRM)
    if one.confirmed:
        yield filter_step(one.attributes, instance)


def _notes(one: Subscribed) -> Iterator[str]:
    """Yield remarks on a subscription.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    if isinstance(one.attributes, Unknown):
        return
    raw = one.attributes.get("RawMessageDelivery", "").lower() == "true"
    yield _RAW[one.protocol] if raw else "messages are stored in an SNS envelope, with their attributes"
    redrive = one.attributes.get("RedrivePolicy")
    yield (
        f"messages that SNS cannot deliver go to {redrive}"
        if redrive
        else "messages that SNS cannot deliver are lost: there is no dead-letter queue"
    )
