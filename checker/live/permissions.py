"""The least IAM policy that each command needs. Knows no boto3.

Key policies must allow the actions of KMS as well, unless they leave it to IAM.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from checker.documented import policy_of
from checker.live.least import EVERY, READ_KEY, Limits, statement
from checker.live.names import WATCHING


class Extras(NamedTuple):
    """What an audit is asked to do beyond the least."""

    role: str = ""
    organization: bool = False
    all_regions: bool = False
    tags: bool = False
    trail: bool = True
    security_hub: bool = False


def audit_policy(limits: Limits, extras: Extras) -> dict[str, Any]:
    """What `checker audit` needs in every account; lists cannot be limited to resources."""
    statements = [
        statement("ListTopicsAndInstances", _listing(extras), EVERY),
        statement("ReadTopics", _READ_TOPIC, limits.of("sns", "*", limits.topics)),
        statement("ReadKeys", READ_KEY, limits.of("kms", "key/*", limits.keys)),
        statement("ReadQueues", _READ_QUEUE, (f"arn:{limits.partition}:sqs:*:*:*",)),
    ]
    if extras.role:
        role = f"arn:{limits.partition}:iam::*:role/{extras.role}"
        statements.append(statement("EnterAccounts", ("sts:AssumeRole",), (role,)))
    if extras.security_hub:
        product = f"arn:{limits.partition}:securityhub:*:*:product/*/default"
        statements.append(statement("ImportFindings", ("securityhub:BatchImportFindings",), (product,)))
    return policy_of(statements)


_READ_QUEUE = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl")
_READ_TOPIC = ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic")
_LISTED = (
    "connect:DescribeInstance",
    "connect:ListInstances",
    "kms:ListAliases",
    "sns:ListSubscriptions",
    "sns:ListTopics",
)


def _listing(extras: Extras) -> tuple[str, ...]:
    more = {
        "cloudtrail:LookupEvents": extras.trail,
        "ec2:DescribeRegions": extras.all_regions,
        "organizations:ListAccounts": extras.organization,
        "securityhub:GetFindings": extras.security_hub,
        "tag:GetResources": extras.tags,
        "ds:DescribeDirectories": True,  # ListInstances asks for it in the caller's name
    }
    return tuple(sorted((*_LISTED, *(action for action, wanted in more.items() if wanted))))


def flow_policy(limits: Limits) -> dict[str, Any]:
    """What `checker flow` needs: a chat, and a queue of its own that is subscribed for as long as it lasts.

    The participant's side of a chat needs no permission.
    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    instances = limits.of("connect", "instance/*", limits.instances)
    inside = tuple(f"{one}/contact/*" for one in instances)
    flows = tuple(f"{one}/contact-flow/*" for one in instances)
    queue = (f"arn:{limits.partition}:sqs:*:*:{WATCHING}*",)
    topics = limits.of("sns", "*", limits.topics)
    return policy_of(
        [
            statement("StartChats", ("connect:StartChatContact",), (*inside, *flows)),
            statement("Stream", _STREAM, (*instances, *inside)),
            statement("WatchTopics", _WATCH, topics),
            statement("ReadKeys", READ_KEY, limits.of("kms", "key/*", limits.keys)),
            statement("Unsubscribe", ("sns:Unsubscribe",), EVERY),
            statement("OwnQueue", _QUEUE, queue),
            statement("FindReasons", _REASONS, EVERY),
        ]
    )


_STREAM = (
    "connect:DescribeInstance",
    "connect:StartContactStreaming",
    "connect:StopContact",
    "connect:StopContactStreaming",
)
_WATCH = ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:Subscribe")
_QUEUE = ("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueUrl", "sqs:ReceiveMessage")
_REASONS = ("cloudtrail:LookupEvents", "cloudwatch:GetMetricData", "kms:ListAliases")
