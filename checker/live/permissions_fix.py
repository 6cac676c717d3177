"""The least IAM policy that a live repair and its rollback need. Knows no boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.arn import Arn
from checker.documented import policy_of
from checker.fix.replacement import REPLACES
from checker.live.least import EVERY, READ_KEY, statement

if TYPE_CHECKING:
    from checker.live.least import Limits

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
