"""Whether Amazon SNS can deliver to an SQS queue: every check that AWS documents, with its sentence beside it.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from checker.sandbox.key_use import KeyUse, key_refusal
from checker.sandbox.law.decide import ALLOWED, Asker, Question, decide
from checker.sandbox.request import Cause, Source, of_topic, service_context

if TYPE_CHECKING:
    from checker.sandbox.request import TopicArn
    from checker.sandbox.upstream import Upstream

_POLICY = (
    "AWS documents: you must set a policy on the queue that allows the Amazon SNS topic to perform the "
    "sqs:SendMessage action"
)
_GONE = "AWS documents that deliveries fail when an owner deletes the endpoint, and are not tried again"


def queue_refusal(upstream: Upstream, queue: str, topic: TopicArn) -> Cause | None:
    """Give the first cause for which a notification of a topic does not reach a queue, given by its ARN."""
    account, region, name = queue.split(":")[4], queue.split(":")[3], queue.split(":")[5]
    sqs = upstream.client("sqs", account, region)
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except ClientError:
        return Cause("the queue does not exist", _GONE)
    source = _sender(topic, region)
    return _policy_refusal(attributes.get("Policy", ""), queue, source) or key_refusal(
        upstream,
        attributes.get("KmsMasterKeyId", ""),  # SSE-SQS has none, and asks for no permission
        KeyUse(source, account, region, {"aws:sqs:arn": queue}),
    )


def _sender(topic: TopicArn, region: str) -> Source:
    """SNS by the name that it has between Regions, when the topic's is an opt-in Region and the queue's is not.

    Assumed: from one opt-in Region to another it has its usual name, as within one.
    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    """
    source = of_topic(topic)
    if topic.region in _BY_DEFAULT or region not in _BY_DEFAULT:
        return source
    return source._replace(service=f"sns.{topic.region}.amazonaws.com")


_BY_DEFAULT = frozenset(
    (
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-central-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eu-north-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
    )
)
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""


def _policy_refusal(text: str, queue: str, source: Source) -> Cause | None:
    """The queue policy decides alone: a service principal has no identity policy."""
    context = service_context(source, queue.split(":")[4], queue.split(":")[3])
    question = Question(Asker(service=source.service), "sqs:SendMessage", queue, context)
    word = decide(json.loads(text or "{}"), question)
    return None if word == ALLOWED else Cause(f"the queue policy: {word}", _POLICY)
