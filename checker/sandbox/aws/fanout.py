"""Delivery of notifications to subscriptions: delivered, filtered out, redriven or lost.

moto delivers without permission checks, and fails the publisher's call if the endpoint does not exist. AWS checks
permissions first, and does not report failures to the publisher.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

from __future__ import annotations

import json
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError
from moto.sns.models import Subscription

from checker.sandbox.aws.endpoints import dead_letter_refusal, queue_refusal, stream_refusal
from checker.sandbox.aws.functions import function_refusal
from checker.sandbox.aws.metrics import filtered_out
from checker.sandbox.aws.service_requests import place_of, read_topic_arn
from checker.sandbox.http.journal import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.sandbox.aws.metrics import Metrics
    from checker.sandbox.aws.pending import Pending
    from checker.sandbox.aws.service_requests import Cause, TopicArn
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.journal import Journal


_SQS, _FIREHOSE, _LAMBDA, _HTTP = "sqs", "firehose", "lambda", ("http", "https")
_SUBSCRIPTION: Any = Subscription
_MOTO_PUBLISH: Callable[..., None] = _SUBSCRIPTION.publish


class Message(NamedTuple):
    """A message as moto passes it to a subscription. ``rest`` are the arguments that only moto uses."""

    body: str
    id: str
    attributes: dict[str, Any] | None
    rest: dict[str, Any]


class Fanout:
    """Delivers messages from moto's SNS to the endpoints of its subscriptions."""

    def __init__(self, upstream: Upstream, journal: Journal, metrics: Metrics, pending: Pending) -> None:
        self._upstream = upstream
        self._journal = journal
        self._metrics = metrics
        self._pending = pending

    def notify(self, subscription: Any, message: Message) -> None:
        """Deliver a message to a subscription, or record the reason why it is not delivered."""
        topic = read_topic_arn(subscription.topic.arn)
        if topic is None or subscription.arn in self._pending:
            return
        if filtered := filtered_out(subscription.attributes, message.attributes, message.body):
            self._metrics.notified(topic, *filtered)
            return
        endpoint = (topic.text, subscription.protocol, subscription.endpoint)
        cause = self._refusal(subscription, topic)
        if cause is None:
            body = self._send(subscription, subscription.endpoint, message)
            self._metrics.notified(topic, "NumberOfNotificationsDelivered")
            self._journal.add(Notification(*endpoint, body=body))
            return
        self._metrics.notified(topic, "NumberOfNotificationsFailed")
        redriven, lost = self._redrive(subscription, message, topic)
        self._journal.add(Notification(*endpoint, cause.reason, cause.source, redriven, lost))

    def _refusal(self, subscription: Any, topic: TopicArn) -> Cause | None:
        """Check the permissions of a delivery. Assumed: an HTTP endpoint answers every request with success."""
        if subscription.protocol == _SQS:
            return queue_refusal(self._upstream, subscription.endpoint, topic)
        if subscription.protocol == _LAMBDA:
            return function_refusal(self._upstream, subscription.endpoint, topic)
        if subscription.protocol == _FIREHOSE:
            role = subscription.attributes.get("SubscriptionRoleArn", "")
            return stream_refusal(self._upstream, subscription.endpoint, role, topic)
        return None

    def _redrive(self, subscription: Any, message: Message, topic: TopicArn) -> tuple[str, str]:
        """Send an undelivered message to the dead-letter queue. Return its ARN, or else why it did not accept it."""
        policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
        queue = str(policy.get("deadLetterTargetArn", ""))
        if not queue:
            return "", ""
        owner = str(subscription.attributes.get("Owner") or topic.account)
        refused = dead_letter_refusal(self._upstream, queue, topic, owner)
        if refused:
            self._metrics.notified(topic, "NumberOfNotificationsFailedToRedriveToDlq")
            return "", refused.reason
        self._send(subscription, queue, message)
        self._metrics.notified(topic, "NumberOfNotificationsRedrivenToDlq")
        return queue, ""

    def _send(self, subscription: Any, endpoint: str, message: Message) -> str:
        """Deliver to an endpoint. Return the event or request that is only recorded, as the sandbox sends none."""
        if ":sqs:" in endpoint:
            self._send_to_queue(subscription, endpoint, message)
        elif subscription.protocol == _FIREHOSE:
            self._put_record(subscription, message)
        elif subscription.protocol == _LAMBDA:
            return _event(subscription, message)
        elif subscription.protocol in _HTTP:
            raw = _is_raw(subscription)
            return (
                _text_for(subscription.protocol, message)
                if raw
                else json.dumps(_envelope(subscription, message))
            )
        return ""

    @staticmethod
    def _send_to_queue(subscription: Any, endpoint: str, message: Message) -> None:
        """Send with moto, in the account of the queue, unfiltered, and raw only if the attribute is ``true``."""
        target = copy(subscription)
        target.protocol, target.endpoint, target.account_id = _SQS, endpoint, endpoint.split(":")[4]
        target.attributes = {**subscription.attributes, "RawMessageDelivery": _is_raw(subscription)}
        target._filter_policy_matcher = None  # noqa: SLF001 - moto would filter again
        _MOTO_PUBLISH(target, message.body, message.id, message_attributes=message.attributes, **message.rest)

    def _put_record(self, target: Any, message: Message) -> None:
        """Write a notification as one record that ends with a line break.

        https://docs.aws.amazon.com/sns/latest/dg/firehose-archived-message-format-S3.html
        """
        text = _text_for(_FIREHOSE, message)
        body = text if _is_raw(target) else json.dumps(_envelope(target, message))
        with suppress(ClientError):  # a missing destination of the stream does not affect SNS
            self._upstream.client(_FIREHOSE, *place_of(target.endpoint)).put_record(
                DeliveryStreamName=target.endpoint.rpartition("/")[2], Record={"Data": f"{body}\n".encode()}
            )


def _event(subscription: Any, message: Message) -> str:
    """Return the event that a function receives, as JSON.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    sns = {renamed.get(name, name): value for name, value in _envelope(subscription, message).items()}
    record = {"EventVersion": "1.0", "EventSubscriptionArn": subscription.arn, "EventSource": "aws:sns"}
    return json.dumps({"Records": [{**record, "Sns": {"Subject": None, "MessageAttributes": {}, **sns}}]})


def _envelope(subscription: Any, message: Message) -> dict[str, Any]:
    """Return a notification with the topic, the message ID and the attributes.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    """
    text = _text_for(subscription.protocol, message)
    envelope: dict[str, Any] = subscription.get_post_data(
        text, message.id, message.rest.get("subject"), message.attributes
    )
    region = subscription.topic.arn.split(":")[3]
    leave = f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
    return {**envelope, "UnsubscribeURL": leave}


def _text_for(protocol: str, message: Message) -> str:
    """Return the text of a message for a protocol. With the structure ``json``, a message has a text for each.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    if message.rest.get("message_structure") != "json":
        return message.body
    texts = json.loads(message.body)
    return str(texts.get(protocol) or texts["default"])


def _is_raw(subscription: Any) -> bool:
    return str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"


def install_fanout(fanout: Fanout) -> None:
    """Replace moto's delivery with a fanout. moto has no extension point for this, so the method is patched."""

    def publish(
        subscription: Any,
        message: str,
        message_id: str,
        *,
        message_attributes: dict[str, Any] | None = None,
        **rest: Any,
    ) -> None:
        fanout.notify(subscription, Message(message, message_id, message_attributes, rest))

    _SUBSCRIPTION.publish = publish


def uninstall_fanout() -> None:
    """Restore moto's delivery."""
    _SUBSCRIPTION.publish = _MOTO_PUBLISH
