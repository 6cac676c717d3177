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
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError
from moto.sns.models import Subscription
from moto.sns.utils import FilterPolicyMatcher

from checker.sandbox.aws.endpoints import queue_refusal, stream_refusal
from checker.sandbox.aws.service_requests import Cause, place_of, read_topic_arn
from checker.sandbox.connect.contacts import new_id
from checker.sandbox.http.journal import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.sandbox.aws.service_requests import TopicArn
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.journal import Clock, Journal


_SQS, _FIREHOSE = "sqs", "firehose"
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
        if not _accepted(subscription.attributes, message):
            self._metrics.notified(topic, "NumberOfNotificationsFilteredOut")
            return
        cause = self._refusal(subscription, topic)
        redriven = self._redrive(subscription, message, topic) if cause else ""
        if cause is None:
            self._send(subscription, subscription.endpoint, message)
        metric = "NumberOfNotificationsFailed" if cause else "NumberOfNotificationsDelivered"
        self._metrics.notified(topic, metric)
        recorded = cause or Cause("", "")
        endpoint = (topic.text, subscription.protocol, subscription.endpoint)
        self._journal.add(Notification(*endpoint, recorded.reason, recorded.source, redriven))

    def _refusal(self, subscription: Any, topic: TopicArn) -> Cause | None:
        if subscription.protocol == _SQS:
            return queue_refusal(self._upstream, subscription.endpoint, topic)
        if subscription.protocol == _FIREHOSE:
            role = subscription.attributes.get("SubscriptionRoleArn", "")
            return stream_refusal(self._upstream, subscription.endpoint, role, topic)
        return None

    def _redrive(self, subscription: Any, message: Message, topic: TopicArn) -> str:
        """Send an undelivered message to the dead-letter queue. Return its ARN, or empty if it did not accept the message."""
        queue = str(
            json.loads(subscription.attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", "")
        )
        if not queue:
            return ""
        if queue_refusal(self._upstream, queue, topic):
            self._metrics.notified(topic, "NumberOfNotificationsFailedToRedriveToDlq")
            return ""
        self._send(subscription, queue, message)
        self._metrics.notified(topic, "NumberOfNotificationsRedrivenToDlq")
        return queue

    def _send(self, subscription: Any, endpoint: str, message: Message) -> None:
        """Deliver with moto, in the endpoint's account, and raw only if the attribute is ``true``."""
        target = copy(subscription)
        target.endpoint = endpoint
        raw = str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"
        if ":sqs:" in endpoint:
            target.protocol, target.account_id = _SQS, endpoint.split(":")[4]
        target.attributes = {**subscription.attributes, "RawMessageDelivery": raw}
        if target.protocol == _FIREHOSE:
            self._put_record(target, message)
            return
        _MOTO_PUBLISH(target, message.body, message.id, message_attributes=message.attributes, **message.rest)

    def _put_record(self, target: Any, message: Message) -> None:
        """Write a notification as one record that ends with a line break.

        https://docs.aws.amazon.com/sns/latest/dg/firehose-archived-message-format-S3.html
        """
        body = message.body
        if not target.attributes["RawMessageDelivery"]:
            envelope = (message.id, message.rest.get("subject"), message.attributes)
            data = target.get_post_data(body, *envelope)
            body = json.dumps(data)
        with suppress(ClientError):  # a missing destination of the stream does not affect SNS
            self._upstream.client(_FIREHOSE, *place_of(target.endpoint)).put_record(
                DeliveryStreamName=target.endpoint.rpartition("/")[2], Record={"Data": f"{body}\n".encode()}
            )


def _accepted(attributes: dict[str, Any], message: Message) -> bool:
    """Return whether the filter policy of a subscription accepts a message.

    https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
    """
    if not attributes.get("FilterPolicy"):
        return True
    matcher = FilterPolicyMatcher(json.loads(attributes["FilterPolicy"]), attributes.get("FilterPolicyScope"))
    return bool(matcher.matches(message.attributes, message.body))


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


class Metrics:
    """Records the CloudWatch metrics of topics."""

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock

    def published(self, topic: TopicArn, size: int) -> None:
        """Count one published message."""
        self._put(topic, ("NumberOfMessagesPublished", 1, "Count"), ("PublishSize", size, "Bytes"))

    def notified(self, topic: TopicArn, name: str) -> None:
        """Count one notification under the name of a metric."""
        self._put(topic, (name, 1, "Count"))

    def _put(self, topic: TopicArn, *counts: tuple[str, int, str]) -> None:
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        self._upstream.client("cloudwatch", topic.account, topic.region).put_metric_data(
            Namespace="AWS/SNS",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "TopicName", "Value": topic.name}],
                    "Timestamp": moment,
                    "Value": value,
                    "Unit": unit,
                }
                for name, value, unit in counts
            ],
        )


class Pending:
    """The unconfirmed subscriptions, with their confirmation tokens."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tokens: dict[str, str] = {}

    def __contains__(self, subscription: str) -> bool:
        with self._lock:
            return subscription in self._tokens.values()

    def add(self, subscription: str) -> str:
        """Add a subscription and return its token."""
        with self._lock:
            known = next((token for token, arn in self._tokens.items() if arn == subscription), "")
            token = known or new_id()
            self._tokens[token] = subscription
            return token

    def confirm(self, token: str) -> str:
        """Confirm and return the subscription of a token; empty if the token is not valid."""
        with self._lock:
            return self._tokens.pop(token, "")
