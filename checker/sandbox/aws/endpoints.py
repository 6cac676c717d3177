"""The endpoints of subscriptions: whether Amazon SNS can deliver to a queue or delivery stream; and SQS behavior.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html
"An IAM role that trusts the Amazon SNS service principal and has permission to write to the delivery stream."
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from checker.sandbox.aws.key_use import KeyUse, key_refusal
from checker.sandbox.aws.service_requests import (
    SNS,
    Cause,
    Source,
    organization_refusal,
    place_of,
    role_context,
    service_context,
    sns_source,
)
from checker.sandbox.http.call import RefusedError
from checker.sandbox.policy.decide import ALLOWED, PolicyRequest, Principal, as_list, decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.sandbox.aws.service_requests import TopicArn
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Answer, Call, Next


_QUEUE_POLICY = (
    "AWS documents: you must set a policy on the queue that allows the Amazon SNS topic to perform the "
    "sqs:SendMessage action"
)
_SAME_PLACE = (
    "AWS documents that subscription and dead-letter queue must be under the same AWS account and Region"
)
_SAME_TYPE = "AWS documents that FIFO topics use FIFO queues, and standard topics standard queues"
_GONE = "AWS documents that deliveries fail when an owner deletes the endpoint, and are not retried"


def queue_refusal(upstream: Upstream, queue: str, topic: TopicArn) -> Cause | None:
    """Return the first cause that prevents notifications of a topic from reaching a queue, ``None`` if there is none."""
    account, region = place_of(queue)
    sqs = upstream.client("sqs", account, region)
    try:
        url = sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except ClientError:
        return Cause("the queue does not exist", _GONE)
    source = sns_source(upstream, topic, region)
    return _queue_policy_refusal(upstream, attributes.get("Policy", ""), queue, source) or key_refusal(
        upstream,
        attributes.get("KmsMasterKeyId", ""),  # SSE-SQS has no key and requires no permission
        KeyUse(source, account, region, {"aws:sqs:arn": queue}),
    )


def dead_letter_refusal(upstream: Upstream, queue: str, topic: TopicArn, owner: str) -> Cause | None:
    """Return the first cause that prevents the redrive to a dead-letter queue. ``owner`` has the subscription.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    if place_of(queue) != (owner, topic.region):
        return Cause("the queue is in another account or Region", _SAME_PLACE)
    if queue.endswith(".fifo") != topic.is_fifo:
        return Cause("the queue has another type than the topic", _SAME_TYPE)
    return queue_refusal(upstream, queue, topic)


def _queue_policy_refusal(upstream: Upstream, text: str, queue: str, source: Source) -> Cause | None:
    """Check the queue policy. No other policy can allow a request, as a service principal has no identity policy."""
    account, region = place_of(queue)
    context = service_context(upstream, source, account, region)
    request = PolicyRequest(Principal(service=source.service), "sqs:SendMessage", queue, context)
    if denied := organization_refusal(request, account):
        return denied
    decision = decide(json.loads(text or "{}"), request)
    return None if decision == ALLOWED else Cause(f"the queue policy: {decision}", _QUEUE_POLICY)


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


_ROLE = "AWS documents that the role trusts the SNS service principal and can write to the stream"
_WRITE = ("firehose:PutRecord", "firehose:PutRecordBatch")


def stream_refusal(upstream: Upstream, stream: str, role: str, topic: TopicArn) -> Cause | None:
    """Return the first cause that prevents notifications of a topic from reaching a stream, ``None`` if there is none.

    Assumed: of the five actions that AWS recommends, delivery requires the two that write.
    """
    account, name = role.split(":")[4], role.rpartition("/")[2]
    iam = upstream.client("iam", account, "us-east-1")
    try:
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        allowed = [
            {**statement, "Principal": "*"}
            for policy in _policies(iam, name)
            for statement in _statements(policy)
        ]
    except ClientError:
        return Cause("the subscription's role does not exist", _ROLE)
    if not _trusts(upstream, trust, role, topic):
        return Cause("the subscription's role does not trust sns.amazonaws.com", _ROLE)
    context = role_context(role, *place_of(stream))
    requests = [PolicyRequest(Principal(arn=role), action, stream, context) for action in _WRITE]
    if not all(
        decide({"Version": "2012-10-17", "Statement": allowed}, request) == ALLOWED for request in requests
    ):
        return Cause("the subscription's role cannot write to the stream", _ROLE)
    for request in (_assumption(upstream, role, topic), *requests):
        if denied := organization_refusal(request, request.resource.split(":")[4]):
            return denied
    return _stream_state_refusal(upstream, stream)


def _assumption(upstream: Upstream, role: str, topic: TopicArn) -> PolicyRequest:
    """Create the request of SNS to assume the role of a subscription."""
    context = service_context(
        upstream, sns_source(upstream, topic, topic.region), role.split(":")[4], topic.region
    )
    return PolicyRequest(Principal(service=SNS), "sts:AssumeRole", role, context)


def _trusts(upstream: Upstream, trust: Any, role: str, topic: TopicArn) -> bool:
    """Return whether a trust policy allows SNS to assume the role. Its statements have no Resource."""
    statements = [{"Resource": "*", **statement} for statement in _statements(trust)]
    document = {"Version": trust.get("Version"), "Statement": statements}
    return decide(document, _assumption(upstream, role, topic)) == ALLOWED


def _policies(iam: Any, role: str) -> Iterator[Any]:
    """Yield the documents of a role's inline and attached policies."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        answer = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
        yield answer["PolicyVersion"]["Document"]


def _statements(policy: Any) -> list[Any]:
    return as_list(policy.get("Statement", []))


def _stream_state_refusal(upstream: Upstream, stream: str) -> Cause | None:
    firehose = upstream.client("firehose", *place_of(stream))
    try:
        answer = firehose.describe_delivery_stream(DeliveryStreamName=stream.rpartition("/")[2])
    except ClientError:
        return Cause("the delivery stream does not exist", "ResourceNotFoundException of PutRecord")
    status = answer["DeliveryStreamDescription"]["DeliveryStreamStatus"]
    if status == "ACTIVE":
        return None
    return Cause(
        f"the delivery stream is {status}", "AWS documents that a stream accepts records when it is ACTIVE"
    )
