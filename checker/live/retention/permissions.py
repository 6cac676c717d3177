"""The least that `checker flow --retain` needs beside a flow. Knows no boto3.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_sns.html
"""

from __future__ import annotations

from typing import Any

from checker.live.least import EVERY, READ_KEY, Limits, statement
from checker.live.names import KEEPING
from checker.retention.model import SQS

_OURS = f"{KEEPING}*"
_READ_ROLE = (
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)


def retention_statements(limits: Limits, kind: str, *, create: bool = False) -> list[dict[str, Any]]:
    """What judging the subscriptions of a kind needs; ``create`` to set one up as well.

    Reading a subscription can be limited to topics only of late, and listing aliases not at all.
    """
    topics = limits.of("sns", "*", limits.topics)
    reading = [
        statement("ListKeepers", ("sns:ListSubscriptionsByTopic",), topics),
        statement("ReadKeepers", ("sns:GetSubscriptionAttributes",), EVERY),
    ]
    more = _queues(limits, create=create) if kind == SQS else _streams(limits, create=create)
    subscribe = [statement("SubscribeKeepers", ("sns:Subscribe",), topics)] if create else []
    return [*reading, *more, *subscribe]


def _queues(limits: Limits, *, create: bool) -> list[dict[str, Any]]:
    queues, keys = limits.of("sqs", "*", ()), limits.of("kms", "key/*", limits.keys)
    reading = [
        statement("ReadQueues", ("sqs:GetQueueAttributes", "sqs:GetQueueUrl"), queues),
        statement("FindQueueKeys", ("kms:ListAliases",), EVERY),
        statement("ReadQueueKeys", READ_KEY, keys),
    ]
    if not create:
        return reading
    opening = ("sqs:ListQueueTags", "sqs:SetQueueAttributes")
    return [
        *reading,
        statement("OpenQueues", opening, queues),
        statement("CreateQueues", ("sqs:CreateQueue",), (f"arn:{limits.partition}:sqs:*:*:{_OURS}",)),
    ]


def _streams(limits: Limits, *, create: bool) -> list[dict[str, Any]]:
    streams = limits.of("firehose", "deliverystream/*", ())
    roles = tuple(f"arn:{limits.partition}:iam::*:{kind}/*" for kind in ("policy", "role"))
    reading = [
        statement("ReadStreams", ("firehose:DescribeDeliveryStream",), streams),
        statement("ReadRoles", _READ_ROLE, roles),
    ]
    if not create:
        return reading
    made = (f"arn:{limits.partition}:iam::*:role/{_OURS}",)
    return [*reading, statement("CreateRoles", ("iam:CreateRole", "iam:PassRole", "iam:PutRolePolicy"), made)]
