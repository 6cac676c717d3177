"""SNS behavior that moto lacks: policy checks, subscription confirmation and publish metrics."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.sns.models import sns_backends

from checker.sandbox.aws.endpoints import queue_refusal
from checker.sandbox.aws.pending import PendingSubscription
from checker.sandbox.aws.service_requests import place_of, read_topic_arn
from checker.sandbox.aws.topic_policy import invalid, stored_topic_policy

if TYPE_CHECKING:
    from checker.sandbox.aws.metrics import Metrics
    from checker.sandbox.aws.pending import Pending
    from checker.sandbox.aws.service_requests import TopicArn
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Answer, Call, Next


_BY_HAND = ("http", "https", "email", "email-json")


def needs_confirmation(call: Call) -> bool:
    """Return whether a Subscribe call is for an endpoint outside the caller's account."""
    protocol, endpoint = call.text("Protocol"), call.text("Endpoint")
    if protocol in _BY_HAND:
        return True
    return endpoint.startswith("arn:") and endpoint.split(":")[4] != call.account


# https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
_ATTRIBUTES = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
    r"|DeliveryPolicy|DisplayName|Policy|TracingConfig|KmsMasterKeyId|SignatureVersion|MaximumMessageSize"
    r"|ArchivePolicy|ContentBasedDeduplication|FifoThroughputScope"
)


def _corrected(call: Call) -> Call:
    """Return the call as SNS executes it: with checked policies, and in the account of the topic."""
    if call.action == "SetTopicAttributes":
        return _checked_attribute(call)
    if call.action == "SetSubscriptionAttributes" and call.text("AttributeName") == "RawMessageDelivery":
        protocol = attributes_of(call.text("SubscriptionArn")).get("Protocol", "")
        _check_raw_delivery(protocol, call.text("AttributeValue"))
    if call.action == "CreateTopic":
        return _checked_attributes(call)
    topic = read_topic_arn(call.text("SubscriptionArn").rpartition(":")[0])
    return replace(call, account=topic.account) if call.action == "Unsubscribe" and topic else call


def _checked_attribute(call: Call) -> Call:
    name = call.text("AttributeName")
    if not _ATTRIBUTES.fullmatch(name):
        raise invalid("AttributeName")
    if name != "Policy":
        return call
    return call.with_form(
        {"AttributeValue": stored_topic_policy(call.text("AttributeValue"), call.text("TopicArn"))}
    )


def _checked_attributes(call: Call) -> Call:
    """Check the policy of a CreateTopic call."""
    topic = f"arn:aws:sns:{call.region}:{call.account}:{call.text('Name')}"
    for name, value in call.parameters.items():
        if value == "Policy" and re.fullmatch(r"Attributes\.entry\.\d+\.key", name):
            place = name.removesuffix("key") + "value"
            return call.with_form({place: stored_topic_policy(call.text(place), topic)})
    return call


_ARN = re.compile(rb"<SubscriptionArn>([^<]*)</SubscriptionArn>")
_ROLE = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+")
_CONFIRMED = re.compile(rb"(<key>PendingConfirmation</key>\s*<value>)false")
_LISTS = ("ListSubscriptions", "ListSubscriptionsByTopic")


class SnsService:
    """Stage in front of moto's SNS: topic policies, unconfirmed subscriptions, counts of published messages."""

    def __init__(self, upstream: Upstream, metrics: Metrics, pending: Pending) -> None:
        self._upstream = upstream
        self._metrics = metrics
        self._pending = pending

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service != "sns":
            return proceed(call)
        if call.action == "Subscribe":
            return self._subscribe(call, proceed)
        if call.action == "ConfirmSubscription":
            return self._confirm(call, proceed)
        answer = proceed(_corrected(call))
        if call.action == "Publish" and answer.status == 200:
            self._count(call)
        if call.action in _LISTS:
            return answer.with_body(_ARN.sub(self._listed_arn, answer.body))
        if call.action == "GetSubscriptionAttributes" and call.text("SubscriptionArn") in self._pending:
            return answer.with_body(_CONFIRMED.sub(rb"\1true", answer.body))
        return answer

    def _count(self, call: Call) -> None:
        topic = read_topic_arn(call.text("TopicArn") or call.text("TargetArn"))
        if topic is not None:
            self._metrics.published(topic, len(call.text("Message")))

    def _listed_arn(self, match: re.Match[bytes]) -> bytes:
        arn = "PendingConfirmation" if match[1].decode() in self._pending else match[1].decode()
        return f"<SubscriptionArn>{arn}</SubscriptionArn>".encode()

    def _subscribe(self, call: Call, proceed: Next) -> Answer:
        """Create a subscription in the account of the topic, independent of the caller's account."""
        if call.text("Protocol") == "firehose" and not _ROLE.fullmatch(
            _attribute(call, "SubscriptionRoleArn")
        ):
            # "Specifying a valid ARN for this attribute is required"; assumed: the error and its wording
            raise invalid("Delivery protocol [firehose] requires a SubscriptionRoleArn")
        _check_raw_delivery(call.text("Protocol"), _attribute(call, "RawMessageDelivery"))
        topic = read_topic_arn(call.text("TopicArn"))
        answer = proceed(replace(call, account=topic.account) if topic else call)
        arn = _ARN.search(answer.body)
        if topic is None or arn is None:
            return answer
        attributes_of(arn[1].decode())["Owner"] = call.account
        if not needs_confirmation(call):
            return answer
        pending = PendingSubscription(
            arn[1].decode(), topic.text, call.text("Protocol"), call.text("Endpoint")
        )
        token = self._pending.add(pending)
        self._send_token(call, topic, token)
        if call.text("ReturnSubscriptionArn") == "true":
            return answer
        return answer.with_body(
            _ARN.sub(b"<SubscriptionArn>pending confirmation</SubscriptionArn>", answer.body)
        )

    def _send_token(self, call: Call, topic: TopicArn, token: str) -> None:
        """Send the confirmation token to a queue. The sandbox does not send mail or HTTP requests.

        https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html
        """
        queue = call.text("Endpoint")
        if call.text("Protocol") != "sqs" or queue_refusal(self._upstream, queue, topic):
            return
        sqs = self._upstream.client("sqs", *place_of(queue))
        body = {"Type": "SubscriptionConfirmation", "TopicArn": topic.text, "Token": token}
        url = sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))

    def _confirm(self, call: Call, proceed: Next) -> Answer:
        arn = self._pending.confirm(call.text("Token"))
        if not arn:
            raise invalid("Token")
        topic = read_topic_arn(call.text("TopicArn"))
        answer = proceed(replace(call, account=topic.account) if topic else call)
        return answer.with_body(_ARN.sub(f"<SubscriptionArn>{arn}</SubscriptionArn>".encode(), answer.body))


def attributes_of(subscription: str) -> dict[str, Any]:
    """Return moto's attributes of a subscription, which can be changed; empty if it does not exist."""
    topic = read_topic_arn(subscription.rpartition(":")[0])
    known = sns_backends[topic.account][topic.region].subscriptions if topic else {}
    attributes: dict[str, Any] = known[subscription].attributes if subscription in known else {}
    return attributes


_RAW = ("sqs", "firehose", "http", "https")


def _check_raw_delivery(protocol: str, value: str) -> None:
    """Refuse raw delivery by other protocols, with the message that users have reported.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    if value.lower() == "true" and protocol not in _RAW:
        raise invalid(f"Delivery protocol [{protocol}] does not support raw message delivery.")


def _attribute(call: Call, name: str) -> str:
    """Return an attribute of a Subscribe call, from its query parameters."""
    keys = (key for key, value in call.parameters.items() if value == name and key.endswith(".key"))
    return next((call.text(key.removesuffix("key") + "value") for key in keys), "")
