"""The minimal IAM policy for each command. Does not import boto3.

Key policies must allow the KMS actions too, unless they delegate to IAM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.documented import policy_of
from checker.analysis.endpoints import SQS
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.fix.live.receipt import REPLACES
from checker.fix.live.trial import NAME_PREFIX, TAG
from checker.live.aws.access import KEEPING, WATCHING

if TYPE_CHECKING:
    from collections.abc import Sequence


EVERY = ("*",)
"""The only resource for list actions, and for resources with IDs that AWS assigns."""

READ_KEY = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")


class Limits(NamedTuple):
    """The resources to limit permissions to. An empty value means every resource of its kind."""

    topics: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    partition: str = "aws"

    def of(self, service: str, kind: str, given: tuple[str, ...]) -> tuple[str, ...]:
        """Return the given resources, or all resources of the kind if none is given."""
        return given or (f"arn:{self.partition}:{service}:*:*:{kind}",)


def statement(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return a statement that allows actions on resources, with an optional condition."""
    allowed = {"Sid": sid, "Effect": "Allow", "Action": _one(actions), "Resource": _one(resources)}
    return allowed if condition is None else {**allowed, "Condition": condition}


def _one(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


class Extras(NamedTuple):
    """The optional features of an audit."""

    role: str = ""
    organization: bool = False
    all_regions: bool = False
    tags: bool = False
    trail: bool = True
    security_hub: bool = False


def audit_policy(limits: Limits, extras: Extras) -> dict[str, Any]:
    """Return the policy for `checker audit` in every account. List actions cannot be limited to resources."""
    statements = [
        statement("ListTopicsAndInstances", _listing(extras), EVERY),
        statement("ReadTopics", _READ_TOPIC, limits.of("sns", "*", limits.topics)),
        statement("ReadKeys", READ_KEY, limits.of("kms", "key/*", limits.keys)),
        *_read_subscribers(limits),
    ]
    if extras.role:
        within = _OF_ORGANIZATION if extras.organization else None
        statements.append(assume_statement(limits, extras.role, within))
    if extras.security_hub:
        product = f"arn:{limits.partition}:securityhub:*:*:product/*/default"
        statements.append(statement("ImportFindings", ("securityhub:BatchImportFindings",), (product,)))
    return policy_of(statements)


def night_statements(bucket: str, partition: str = "aws") -> list[dict[str, Any]]:
    """Return the statements for the nightly audit inside AWS: to store its results, and to read the last ones.

    S3 reports an object as not found only to a caller that may list the bucket.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    return [
        statement("StoreNights", ("s3:PutObject",), (f"{arn}/latest/*", f"{arn}/nights/*")),
        statement(
            "ReadLatest", ("s3:GetObject",), (f"{arn}/latest/night.json", f"{arn}/nights/*/report.json")
        ),
        statement("FindLatest", ("s3:ListBucket",), (arn,)),
    ]


def change_statements(bucket: str, partition: str = "aws") -> list[dict[str, Any]]:
    """Return the statement for audits on change inside AWS, which store results but know nothing of the nights."""
    return [statement("StoreChanges", ("s3:PutObject",), (f"arn:{partition}:s3:::{bucket}/changes/*",))]


def explain_policy(limits: Limits) -> dict[str, Any]:
    """Return the policy for `checker explain` of a topic in AWS, which only reads."""
    instances = limits.of("connect", "instance/*", limits.instances)
    return policy_of(
        [
            statement("DescribeInstances", ("connect:DescribeInstance",), instances),
            statement("FindActivity", _FIND, EVERY),
            statement("ReadTopics", _READ_TOPIC, limits.of("sns", "*", limits.topics)),
            statement("ReadKeys", READ_KEY, limits.of("kms", "key/*", limits.keys)),
            *_read_subscribers(limits),
        ]
    )


_LIST_INSTANCES = ("connect:ListInstances", "ds:DescribeDirectories")
"""AWS calls the second with the caller's permissions, to list and to describe instances."""
_FIND = ("cloudtrail:LookupEvents", "cloudwatch:GetMetricData", "kms:ListAliases", *_LIST_INSTANCES)


def access_statements(limits: Limits, role: str, *, by_name: bool) -> list[dict[str, Any]]:
    """Return the statements for `--role-name` and, if ``by_name``, to find an instance by its alias or ID."""
    found = [statement("FindInstances", _LIST_INSTANCES, EVERY)] if by_name else []
    return [*found, *([assume_statement(limits, role)] if role else [])]


def assume_statement(
    limits: Limits, role: str, condition: dict[str, dict[str, str]] | None = None
) -> dict[str, Any]:
    """Return the statement to assume a role in every account, or in those that fulfill a condition."""
    arn = f"arn:{limits.partition}:iam::*:role/{role}"
    return statement("AssumeRoles", ("sts:AssumeRole",), (arn,), condition)


_OF_ORGANIZATION = {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""


def _read_subscribers(limits: Limits) -> list[dict[str, Any]]:
    """Return the statements to read subscriptions and what is behind them.

    SNS only recently supports topics as resources for reading subscriptions.
    """
    return [
        statement("ReadSubscriptions", ("sns:GetSubscriptionAttributes",), EVERY),
        statement("ReadFunctions", ("lambda:GetPolicy",), limits.of("lambda", "function:*", ())),
        statement("ReadQueues", _READ_QUEUE, limits.of("sqs", "*", ())),
        *_read_streams(limits),
    ]


def _read_streams(limits: Limits) -> list[dict[str, Any]]:
    streams = limits.of("firehose", "deliverystream/*", ())
    roles = tuple(f"arn:{limits.partition}:iam::*:{kind}/*" for kind in ("policy", "role"))
    return [
        statement("ReadStreams", ("firehose:DescribeDeliveryStream",), streams),
        statement("ReadRoles", _READ_ROLE, roles),
    ]


_READ_QUEUE = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl")
_READ_TOPIC = ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic")
_LISTED = (
    "connect:DescribeInstance",
    "connect:ListInstances",
    "kms:ListAliases",
    "sns:ListSubscriptions",
    "sns:ListTopics",
)


_ORGANIZATION = (
    "organizations:DescribePolicy",
    "organizations:ListAccounts",
    "organizations:ListChildren",
    "organizations:ListPolicies",
    "organizations:ListRoots",
    "organizations:ListTargetsForPolicy",
)
"""The accounts of an organization, and its resource control policies."""


def _listing(extras: Extras) -> tuple[str, ...]:
    optional = {
        "cloudtrail:LookupEvents": extras.trail,
        "ec2:DescribeRegions": extras.all_regions,
        **dict.fromkeys(_ORGANIZATION, extras.organization),
        "securityhub:GetFindings": extras.security_hub,
        "tag:GetResources": extras.tags,
        "ds:DescribeDirectories": True,  # ListInstances calls it with the caller's permissions
    }
    return tuple(sorted((*_LISTED, *(action for action, needed in optional.items() if needed))))


def flow_policy(limits: Limits) -> dict[str, Any]:
    """Return the policy for `checker flow`: a chat, and a temporary queue that is subscribed to each topic.

    The participant's calls in a chat need no permission.
    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    instances = limits.of("connect", "instance/*", limits.instances)
    inside = tuple(f"{instance}/contact/*" for instance in instances)
    flows = tuple(f"{instance}/contact-flow/*" for instance in instances)
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


def trial_policy(limits: Limits) -> dict[str, Any]:
    """Return the policy for `checker flow --try-conditions`: a chat, a key, a topic and a queue for each variant.

    Only keys of a trial can be deleted. Topics and queues are limited by the names of temporary ones.
    """
    instances = limits.of("connect", "instance/*", limits.instances)
    inside = tuple(f"{instance}/contact/*" for instance in instances)
    flows = tuple(f"{instance}/contact-flow/*" for instance in instances)
    topics = (f"arn:{limits.partition}:sns:*:*:{NAME_PREFIX}*",)
    keys = limits.of("kms", "key/*", ())
    return policy_of(
        [
            statement("StartChats", ("connect:StartChatContact",), (*inside, *flows)),
            statement("Stream", _STREAM_TRIAL, (*instances, *inside)),
            statement("TrialTopics", _TRIAL_TOPICS, topics),
            statement("Unsubscribe", ("sns:Unsubscribe",), EVERY),
            statement("OwnQueue", _QUEUE, (f"arn:{limits.partition}:sqs:*:*:{WATCHING}*",)),
            statement("CreateKeys", ("kms:CreateKey", "kms:ListKeys", "kms:TagResource"), EVERY),
            statement("FindKeys", ("kms:DescribeKey", "kms:ListResourceTags"), keys),
            statement(
                "DeleteTrialKeys",
                ("kms:ScheduleKeyDeletion",),
                keys,
                {"Null": {f"aws:ResourceTag/{TAG}": "false"}},
            ),
            statement("FindRefusals", ("cloudtrail:LookupEvents",), EVERY),
        ]
    )


_STREAM_TRIAL = ("connect:StartContactStreaming", "connect:StopContact", "connect:StopContactStreaming")
_TRIAL_TOPICS = (
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:ListSubscriptionsByTopic",
    "sns:Subscribe",
    "sns:TagResource",
)


_OURS = {"Null": {f"aws:ResourceTag/{REPLACES}": "false"}}
"""Limits a statement to resources that a repair created. Both KMS and SNS support tags in conditions. In KMS, new
tags take up to five minutes to apply.

https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
"""


def fix_policy(limits: Limits, *, create: bool = False) -> dict[str, Any]:
    """Return the policy for `checker fix` with live topics and keys. ``create`` adds the creation of replacements."""
    topics, keys = limits.of("sns", "*", limits.topics), limits.of("kms", "key/*", limits.keys)
    statements = [
        statement("ListAliasesAndStreams", ("cloudtrail:LookupEvents", "kms:ListAliases"), EVERY),
        statement(
            "DescribeInstances",
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
    """Return the statements to create replacements. Tagging is included, and aliases need access to alias and key.

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
        statement("RollBackTopics", ("sns:DeleteTopic",), new, _OURS),
        statement("RollBackKeys", ("kms:ScheduleKeyDeletion",), keys, _OURS),
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
    """Return a pattern for the ARN of a topic's replacement: any Region, same name prefix."""
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
    """Return the statements to check subscriptions of a kind. ``create`` adds those to create one.

    SNS only recently supports topics as resources for reading subscriptions. Listing aliases supports none.
    """
    topics = limits.of("sns", "*", limits.topics)
    reading = [
        statement("ListRetainingSubscriptions", ("sns:ListSubscriptionsByTopic",), topics),
        statement("ReadRetainingSubscriptions", ("sns:GetSubscriptionAttributes",), EVERY),
    ]
    more = _queues(limits, create=create) if kind == SQS else _streams(limits, create=create)
    subscribe = [statement("SubscribeToTopics", ("sns:Subscribe",), topics)] if create else []
    return [*reading, *more, *subscribe]


def _queues(limits: Limits, *, create: bool) -> list[dict[str, Any]]:
    queues, keys = limits.of("sqs", "*", ()), limits.of("kms", "key/*", limits.keys)
    reading = [
        statement("ReadQueues", _READ_QUEUE, queues),
        statement("FindQueueKeys", ("kms:ListAliases",), EVERY),
        statement("ReadQueueKeys", READ_KEY, keys),
    ]
    if not create:
        return reading
    opening = ("sqs:ListQueueTags", "sqs:SetQueueAttributes")
    return [
        *reading,
        statement("OpenQueues", opening, queues),
        statement("CreateQueues", ("sqs:CreateQueue",), (f"arn:{limits.partition}:sqs:*:*:{_OUR_NAMES}",)),
    ]


def _streams(limits: Limits, *, create: bool) -> list[dict[str, Any]]:
    reading = _read_streams(limits)
    if not create:
        return reading
    made = (f"arn:{limits.partition}:iam::*:role/{_OUR_NAMES}",)
    return [*reading, statement("CreateRoles", ("iam:CreateRole", "iam:PassRole", "iam:PutRolePolicy"), made)]
