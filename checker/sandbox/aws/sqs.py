"""Check whether Amazon SNS can deliver to an SQS queue, with every check that AWS documents.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from checker.sandbox.aws.key_use import KeyUse, key_refusal
from checker.sandbox.aws.request import Cause, Source, service_context, sns_source
from checker.sandbox.http.call import RefusedError
from checker.sandbox.policy.decide import ALLOWED, PolicyRequest, Principal, decide

if TYPE_CHECKING:
    from checker.sandbox.aws.request import TopicArn
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Answer, Call, Next


_POLICY = (
    "AWS documents: you must set a policy on the queue that allows the Amazon SNS topic to perform the "
    "sqs:SendMessage action"
)
_GONE = "AWS documents that deliveries fail when an owner deletes the endpoint, and are not retried"


def queue_refusal(upstream: Upstream, queue: str, topic: TopicArn) -> Cause | None:
    """Return the first cause that prevents notifications of a topic from reaching a queue, ``None`` if there is none."""
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
        attributes.get("KmsMasterKeyId", ""),  # SSE-SQS has no key and requires no permission
        KeyUse(source, account, region, {"aws:sqs:arn": queue}),
    )


def _sender(topic: TopicArn, region: str) -> Source:
    """Return SNS as the sender. From an opt-in Region to a default Region it has a regional principal name.

    Assumed: between two opt-in Regions it has the usual name, as within one Region.
    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    """
    source = sns_source(topic)
    if topic.region in _DEFAULT_REGIONS or region not in _DEFAULT_REGIONS:
        return source
    return source._replace(service=f"sns.{topic.region}.amazonaws.com")


_DEFAULT_REGIONS = frozenset(
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
"""Regions that are enabled by default.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""


def _policy_refusal(text: str, queue: str, source: Source) -> Cause | None:
    """Check the queue policy. It decides alone, because a service principal has no identity policy."""
    context = service_context(source, queue.split(":")[4], queue.split(":")[3])
    request = PolicyRequest(Principal(service=source.service), "sqs:SendMessage", queue, context)
    decision = decide(json.loads(text or "{}"), request)
    return None if decision == ALLOWED else Cause(f"the queue policy: {decision}", _POLICY)


_WRITES = ("CreateQueue", "SetQueueAttributes")
_STATEMENTS = 20
"""Quota of statements in a queue policy. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"""


class SqsService:
    """Stage in front of moto's SQS."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        attributes = call.parameters.get("Attributes")
        if call.service != "sqs" or call.action not in _WRITES or not isinstance(attributes, dict):
            return proceed(call)
        if attributes.get("Policy"):
            _check_policy(str(attributes["Policy"]))
        elif call.action == "SetQueueAttributes" and "Policy" not in attributes:
            call = call.with_json({"Attributes": {**attributes, **self._policy(call)}})
        return proceed(call)

    def _policy(self, call: Call) -> dict[str, str]:
        """Return the current policy of a queue. moto drops it when another attribute is set; SQS keeps it."""
        sqs = self._upstream.client("sqs", call.account, call.region)
        try:
            answer = sqs.get_queue_attributes(QueueUrl=call.text("QueueUrl"), AttributeNames=["Policy"])
        except ClientError:
            return {}
        policy: dict[str, str] = answer.get("Attributes") or {}
        return policy


def _check_policy(text: str) -> None:
    """Refuse an invalid policy, or one with too many statements. Assumed: the wording, and the code of the latter."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, TypeError, KeyError):
        raise RefusedError("InvalidAttributeValue", "Invalid value for the parameter Policy.") from None
    if isinstance(statements, list) and len(statements) > _STATEMENTS:
        raise RefusedError("OverLimit", f"{len(statements)} statements, {_STATEMENTS} allowed.")
