"""The least IAM policy that each command needs. Knows no boto3.

What an action may be limited to is from the service authorization reference; key policies must allow the actions of
KMS as well, unless they leave it to IAM.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVERY = ("*",)


class Limits(NamedTuple):
    """What the permissions are to be limited to; where nothing is said, to any resource of the kind."""

    topics: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    partition: str = "aws"

    def of(self, service: str, kind: str, given: tuple[str, ...]) -> tuple[str, ...]:
        """The resources of a kind: those that were given, else all."""
        return given or (f"arn:{self.partition}:{service}:*:*:{kind}",)


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
        _statement("ListTopicsAndInstances", _listing(extras), _EVERY),
        _statement("ReadTopics", _READ_TOPIC, limits.of("sns", "*", limits.topics)),
        _statement("ReadKeys", _READ_KEY, limits.of("kms", "key/*", limits.keys)),
    ]
    if extras.role:
        role = f"arn:{limits.partition}:iam::*:role/{extras.role}"
        statements.append(_statement("EnterAccounts", ("sts:AssumeRole",), (role,)))
    if extras.security_hub:
        product = f"arn:{limits.partition}:securityhub:*:*:product/*/default"
        statements.append(_statement("ImportFindings", ("securityhub:BatchImportFindings",), (product,)))
    return _policy(statements)


_READ_TOPIC = ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic")
_READ_KEY = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")
_LISTED = ("connect:ListInstances", "kms:ListAliases", "sns:ListSubscriptions", "sns:ListTopics")


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


def fix_policy(limits: Limits, *, create: bool = False) -> dict[str, Any]:
    """What `checker fix` needs for live topics and keys; ``create`` to make replacements, too."""
    topics, keys = limits.of("sns", "*", limits.topics), limits.of("kms", "key/*", limits.keys)
    statements = [
        _statement(
            "FindInstances", ("connect:ListInstances", "ds:DescribeDirectories", "kms:ListAliases"), _EVERY
        ),
        _statement("ReadTopics", (*_READ_TOPIC, "sns:ListTagsForResource"), topics),
        _statement("ReadKeys", (*_READ_KEY, "kms:ListResourceTags"), keys),
        _statement("WriteTopicPolicies", ("sns:SetTopicAttributes",), topics),
        _statement("WriteKeyPolicies", ("kms:PutKeyPolicy",), keys),
    ]
    if create:
        statements += [
            _statement("CreateTopics", ("sns:CreateTopic", "sns:Subscribe", "sns:TagResource"), topics),
            _statement("CreateKeys", ("kms:CreateKey", "kms:TagResource"), _EVERY),
        ]
    return _policy(statements)


def flow_policy(limits: Limits) -> dict[str, Any]:
    """What `checker flow` needs: a chat, and a queue of its own that is subscribed for as long as it lasts.

    The participant's side of a chat needs no permission.
    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    instances = limits.of("connect", "instance/*", limits.instances)
    inside = tuple(f"{one}/contact/*" for one in instances)
    flows = tuple(f"{one}/contact-flow/*" for one in instances)
    queue = (f"arn:{limits.partition}:sqs:*:*:checker-flow-*",)
    topics = limits.of("sns", "*", limits.topics)
    return _policy(
        [
            _statement("StartChats", ("connect:StartChatContact",), (*inside, *flows)),
            _statement("FindFlows", ("connect:DescribeInstance", "connect:ListContactFlows"), instances),
            _statement("Stream", _STREAM, (*instances, *inside)),
            _statement("WatchTopics", (*_READ_TOPIC, "sns:Subscribe", "sns:Unsubscribe"), topics),
            _statement("OwnQueue", _QUEUE, queue),
        ]
    )


_STREAM = ("connect:StartContactStreaming", "connect:StopContact", "connect:StopContactStreaming")
_QUEUE = (
    "sqs:CreateQueue",
    "sqs:DeleteMessage",
    "sqs:DeleteQueue",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SetQueueAttributes",
)


def _statement(sid: str, actions: tuple[str, ...], resources: tuple[str, ...]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": _one(actions), "Resource": _one(resources)}


def _one(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def actions_of(policy: dict[str, Any]) -> Iterator[str]:
    """Every action that a policy of these allows."""
    for statement in policy["Statement"]:
        action = statement["Action"]
        yield from [action] if isinstance(action, str) else action
