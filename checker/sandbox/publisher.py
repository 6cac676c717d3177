"""Whether Amazon Connect can publish to a topic: every check that AWS documents, with its sentence beside it.

https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
AWS gives no error for any of this: "messages are not getting published to SNS" is all that its
troubleshooting page says, so a broken policy is silence for the caller and a cause in the journal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from checker.sandbox.law.decide import ALLOWED, Asker, Question, decide
from checker.sandbox.request import CONNECT, Cause, publish_context
from checker.sandbox.topic_key import key_refusal

if TYPE_CHECKING:
    from checker.sandbox.contacts import Instance
    from checker.sandbox.request import TopicArn
    from checker.sandbox.upstream import Upstream


def refusal(upstream: Upstream, instance: Instance, topic: TopicArn) -> Cause | None:
    """Give the first cause for which a message of an instance does not reach a topic."""
    try:
        found = upstream.client("sns", topic.account, topic.region).get_topic_attributes(TopicArn=topic.text)
    except ClientError:
        return Cause("the topic does not exist", "assumed: nothing says what Connect does without the topic")
    attributes = found["Attributes"]
    return (
        _type_refusal(topic, instance)
        or _policy_refusal(attributes, topic, instance)
        or key_refusal(upstream, attributes.get("KmsMasterKeyId", ""), instance, topic)
    )


def _type_refusal(topic: TopicArn, instance: Instance) -> Cause | None:
    if topic.is_fifo:
        return Cause("the topic is a FIFO topic", '"Amazon SNS FIFO topics are not supported"')
    if topic.region != instance.region:
        return Cause("the topic is in another Region", '"in the same Region as your Amazon Connect instance"')
    return None


def _policy_refusal(attributes: dict[str, str], topic: TopicArn, instance: Instance) -> Cause | None:
    """The topic policy decides alone: a service principal has no identity policy.

    https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
    """
    question = Question(Asker(service=CONNECT), "sns:Publish", topic.text, publish_context(instance, topic))
    word = decide(json.loads(attributes.get("Policy") or "{}"), question)
    if word == ALLOWED:
        return None
    return Cause(
        f"the topic policy: {word}", '"your topic policy must allow Amazon Connect to publish to the topic"'
    )
