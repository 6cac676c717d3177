"""What SNS does that moto does not: it looks at policies before it keeps them, and counts what is published."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.sandbox.request import read_topic_arn
from checker.sandbox.topic_policy import invalid, stored_topic_policy

if TYPE_CHECKING:
    from checker.sandbox.answer import Answer
    from checker.sandbox.call import Call
    from checker.sandbox.front import Next
    from checker.sandbox.metrics import Metrics

# https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
_ATTRIBUTES = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
    r"|DeliveryPolicy|DisplayName|Policy|TracingConfig|KmsMasterKeyId|SignatureVersion|MaximumMessageSize"
    r"|ArchivePolicy|ContentBasedDeduplication|FifoThroughputScope"
)


class SnsService:
    """The stage in front of moto's SNS."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service != "sns":
            return proceed(call)
        if call.action == "SetTopicAttributes":
            call = _checked_attribute(call)
        elif call.action == "CreateTopic":
            call = _checked_attributes(call)
        answer = proceed(call)
        if call.action == "Publish" and answer.status == 200:
            self._count(call)
        return answer

    def _count(self, call: Call) -> None:
        topic = read_topic_arn(call.text("TopicArn") or call.text("TargetArn"))
        if topic is not None:
            self._metrics.published(topic, len(call.text("Message")))


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
    """A policy may come with a new topic too."""
    topic = f"arn:aws:sns:{call.region}:{call.account}:{call.text('Name')}"
    for name, value in call.parameters.items():
        if value == "Policy" and re.fullmatch(r"Attributes\.entry\.\d+\.key", name):
            place = name.removesuffix("key") + "value"
            return call.with_form({place: stored_topic_policy(call.text(place), topic)})
    return call
