"""Judges the subscriptions of a topic that keep its messages, on what AWS says of each link now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.retention.filters import filter_step
from checker.lint.retention.model import FIREHOSE, SQS, Keeper, Queue, Retention, Role, Step, Subscribed, step
from checker.lint.retention.queue import queue_notes, queue_steps, queue_warnings
from checker.lint.retention.stream import role_steps, role_warnings, stream_step
from checker.live.aws.calls import BY_TOPIC, WATCHING
from checker.live.aws.errors import UnreadError
from checker.live.aws.facts import subscription_of
from checker.live.retention.read_targets import read_queue, read_role, read_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.live.aws.calls import Calls


def subscribed(calls: Calls, entry: Mapping[str, Any]) -> Subscribed:
    """Read what an entry of a list of subscriptions leaves out; of one that waits there is no more to read."""
    known, arn = subscription_of(entry), str(entry.get("SubscriptionArn", ""))
    if not known.confirmed:
        return Subscribed("", known.protocol, known.endpoint, confirmed=False, attributes={})
    return Subscribed(arn, known.protocol, known.endpoint, confirmed=True, attributes=_attributes(calls, arn))


def _attributes(calls: Calls, arn: str) -> Mapping[str, str] | Unknown:
    """https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html"""
    try:
        answer = calls.make("sns", "get_subscription_attributes", arn, SubscriptionArn=arn)
    except UnreadError as error:
        return Unknown(error.skipped.reason)
    found: Mapping[str, str] = answer.get("Attributes") or {}
    return found


_RAW = {
    SQS: "raw delivery: a message is kept as Connect wrote it, with its attributes",
    FIREHOSE: "raw delivery: a message is kept as Connect wrote it, without its attributes",
}
_CONFIRM = "the owner of the endpoint confirms it with ConfirmSubscription and the token that SNS sent there"


def judge_retention(calls: Calls, topic: Arn, kind: str, instance: Arn | None = None) -> Retention:
    """Judge every subscription of a topic of one kind, ``sqs`` or ``firehose``.

    ``instance`` is whose messages a filter policy is judged for. What could not be read makes a link unknown,
    with the permission that is missing, and never ok.
    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    """
    try:
        pages = list(calls.pages(BY_TOPIC, str(topic), TopicArn=str(topic)))
    except UnreadError as error:
        return Retention(str(topic), kind, unread=Unknown(error.skipped.reason))
    entries = [one for page in pages for one in page if one.get("Protocol") == kind and _lasts(one)]
    found = (subscribed(calls, one) for one in entries)
    judge = _queue if kind == SQS else _stream
    return Retention(str(topic), kind, tuple(judge(calls, topic, one, instance) for one in found))


def _lasts(entry: Mapping[str, Any]) -> bool:
    """False for the queue with which a flow watches a topic, and which it takes away again."""
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
        unread = step("stream", Unknown("the endpoint is no ARN", one.endpoint), "", "")
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
    """What the subscription itself says; of one that waits nobody can read more."""
    bad = "it waits to be confirmed, and gets nothing until then"
    yield step("subscription", one.confirmed, f"`{one.endpoint}`, confirmed", bad, _CONFIRM)
    if one.confirmed:
        yield filter_step(one.attributes, instance)


def _notes(one: Subscribed) -> Iterator[str]:
    """What is worth knowing of a subscription.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    if isinstance(one.attributes, Unknown):
        return
    raw = one.attributes.get("RawMessageDelivery", "").lower() == "true"
    yield _RAW[one.protocol] if raw else "a message is kept inside an SNS envelope, with its attributes"
    redrive = one.attributes.get("RedrivePolicy")
    yield (
        f"what SNS cannot deliver goes to {redrive}"
        if redrive
        else "what SNS cannot deliver is lost: no dead-letter queue"
    )
