"""Whether Amazon Connect can publish to a topic: every check that AWS documents, with its sentence beside it.

https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
AWS gives no error for any of this, its troubleshooting page only knows that no messages are published; so a
broken policy is silence for the caller and a cause in the journal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from checker.sandbox.key_use import KeyUse, key_refusal
from checker.sandbox.law.decide import ALLOWED, Asker, Question, decide
from checker.sandbox.request import CONNECT, Cause, of_instance, service_context

if TYPE_CHECKING:
    from checker.sandbox.contacts import Instance
    from checker.sandbox.request import TopicArn
    from checker.sandbox.upstream import Upstream

_STANDARD = "They don't support Amazon SNS FIFO (first in, first out) topics."
_REGION = "AWS documents that topic and instance are in the same Region"
_POLICY = "AWS documents that the topic policy must let connect.amazonaws.com publish"


def refusal(upstream: Upstream, instance: Instance, topic: TopicArn) -> Cause | None:
    """Give the first cause for which a message of an instance does not reach a topic."""
    try:
        found = upstream.client("sns", topic.account, topic.region).get_topic_attributes(TopicArn=topic.text)
    except ClientError:
        return Cause("the topic does not exist", "assumed: nothing says what Connect does without the topic")
    attributes = found["Attributes"]
    encrypted = {"aws:sns:topicArn": topic.text}
    use = KeyUse(of_instance(instance), topic.account, topic.region, encrypted)
    return (
        _type_refusal(topic, instance)
        or _policy_refusal(attributes, topic, instance)
        or key_refusal(upstream, attributes.get("KmsMasterKeyId", ""), use)
    )


def _type_refusal(topic: TopicArn, instance: Instance) -> Cause | None:
    if topic.is_fifo:
        return Cause("the topic is a FIFO topic", _STANDARD)
    if topic.region != instance.region:
        return Cause("the topic is in another Region", _REGION)
    return None


def _policy_refusal(attributes: dict[str, str], topic: TopicArn, instance: Instance) -> Cause | None:
    """The topic policy decides alone: a service principal has no identity policy.

    https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
    """
    context = service_context(of_instance(instance), topic.account, topic.region)
    question = Question(Asker(service=CONNECT), "sns:Publish", topic.text, context)
    word = decide(json.loads(attributes.get("Policy") or "{}"), question)
    if word == ALLOWED:
        return None
    return Cause(f"the topic policy: {word}", _POLICY)
