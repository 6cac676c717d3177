"""The least IAM policy that each command needs. Knows no boto3.

Key policies must allow the actions of KMS as well, unless they leave it to IAM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker.analysis.documented import policy_of
from checker.core.arn import Arn
from checker.fix.live.replacement import REPLACES
from checker.lint.retention.model import SQS
from checker.live.aws.calls import KEEPING, WATCHING

if TYPE_CHECKING:
    from collections.abc import Sequence


EVERY = ("*",)
"""What lists, and what is created under an id of AWS's choice, can be limited to."""

READ_KEY = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")


class Limits(NamedTuple):
    """What the permissions are to be limited to; where nothing is said, to any resource of the kind."""

    topics: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    partition: str = "aws"

    def of(self, service: str, kind: str, given: tuple[str, ...]) -> tuple[str, ...]:
        """The resources of a kind: those that were given, else all."""
        return given or (f"arn:{self.partition}:{service}:*:*:{kind}",)


def statement(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Allow actions on resources, under a condition if one is given."""
    allowed = {"Sid": sid, "Effect": "Allow", "Action": _one(actions), "Resource": _one(resources)}
    return allowed if condition is None else {**allowed, "Condition": condition}


def _one(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


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


_OURS = {"Null": {f"aws:ResourceTag/{REPLACES}": "false"}}
"""What the repair has made itself. KMS and SNS both know tags in conditions, KMS after up to five minutes.

https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
"""


def fix_policy(limits: Limits, *, create: bool = False) -> dict[str, Any]:
    """What `checker fix` needs for live topics and keys; ``create`` to make replacements, too."""
    topics, keys = limits.of("sns", "*", limits.topics), limits.of("kms", "key/*", limits.keys)
    statements = [
        statement("ListAliasesAndStreams", ("cloudtrail:LookupEvents", "kms:ListAliases"), EVERY),
        statement(
            "LookInstancesUp",
            ("connect:DescribeInstance",),
            limits.of("connect", "instance/*", limits.instances),
        ),
        statement("ReadTopics", ("sns:GetTopicAttributes", "sns:ListTagsForResource"), topics),
        statement("ReadKeys", (*READ_KEY, "kms:ListResourceTags"), keys),
        statement("WriteTopics", ("sns:SetTopicAttributes",), topics),
        statement("WriteKeyPolicies", ("kms:PutKeyPolicy",), keys),
    ]
    return policy_of([*statements, *_creating(limits, topics)] if create else statements)


def _creating(limits: Limits, topics: tuple[str, ...]) -> list[dict[str, Any]]:
    """Creating needs the permission to tag as well; an alias is allowed for itself and for its key.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
    """
    new = tuple(dict.fromkeys(map(_successor, topics)))
    keys, aliases = limits.of("kms", "key/*", ()), limits.of("kms", "alias/sns/*", ())
    return [
        statement(
            "ListSubscriptions", ("sns:ListSubscriptionsByTopic",), tuple(dict.fromkeys((*topics, *new)))
        ),
        statement("CopySubscriptions", ("sns:GetSubscriptionAttributes", "sns:Unsubscribe"), EVERY),
        statement("CreateTopics", _CREATE_TOPIC, new),
        statement("CreateKeys", ("kms:CreateKey", "kms:ListKeys", "kms:TagResource"), EVERY),
        statement("NameKeys", ("kms:CreateAlias", "kms:DeleteAlias"), (*aliases, *keys)),
        statement("ReadNewKeys", (*READ_KEY, "kms:ListResourceTags"), keys),
        statement("TakeTopicsBack", ("sns:DeleteTopic",), new, _OURS),
        statement("TakeKeysBack", ("kms:ScheduleKeyDeletion",), keys, _OURS),
    ]


_CREATE_TOPIC = (
    "sns:CreateTopic",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
    "sns:TagResource",
)


def _successor(topic: str) -> str:
    """What a topic's replacement may be called: in any Region, with the same beginning."""
    arn = Arn.parse(topic)
    if arn is None:
        return topic
    return str(arn._replace(region="*", resource=f"{arn.resource.removesuffix('.fifo').rstrip('*')}*"))


_OUR_NAMES = f"{KEEPING}*"
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
