"""What people have to do themselves once a topic or its key has been replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.arn import Arn
    from checker.fix.subscribing import Subscribed
    from checker.policy.model import Policy

_OPT_IN = "; where one of the two is an opt-in Region, SNS goes by sns.REGION.amazonaws.com, with that Region, there"


def to_new_topic(old: Arn, new: Arn, subscribed: Iterable[Subscribed]) -> Iterator[str]:
    """What still speaks of the old topic.

    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    yield (
        f"whatever starts chats: name `{new}` as StreamingEndpointArn in StartContactStreaming, and in the "
        "ChatStreamingConfiguration of StartChatContact"
    )
    yield f"whoever else publishes to `{old}`, and the IAM policies that allow it"
    for one in subscribed:
        yield from _endpoint(one, old, new)
    yield f"code that declares `{old}`, or looks it up: declare `{new}` there, so that somebody manages it"
    yield f"`{old}` is as it was: delete it once nothing publishes to it any more"


def _endpoint(one: Subscribed, old: Arn, new: Arn) -> Iterator[str]:
    """Queues and functions allow topics by their ARN; what confirmed itself once has to do it again."""
    if one.protocol == "sqs":
        allows = f"its policy, and that of its key, if `{old}` stands there as aws:SourceArn"
        yield f"queue `{one.endpoint}`: let `{new}` send to it by {allows}{_far(one, new)}"
    elif one.protocol == "lambda":
        yield (
            f"function `{one.endpoint}`: let `{new}` call it: aws lambda add-permission --function-name "
            f"{one.endpoint} --statement-id {new.resource[:80]} --action lambda:InvokeFunction --principal "
            f"sns.amazonaws.com --source-arn {new}{_far(one, new)}"
        )
    if one.needs_confirmation(new):
        yield f"{one.name}: its owner has to confirm it within two days, or nothing is delivered"


def _far(one: Subscribed, new: Arn) -> str:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html"""
    return "" if f":{new.region}:" in one.endpoint else _OPT_IN


def to_new_key(topic: Arn, alias: Arn, policy: Policy | None) -> Iterator[str]:
    """Who else has to be let in to a key that was made for Connect to publish to a topic.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    key = f"the key of `{alias}`"
    yield f"whoever of the account publishes to `{topic}`: kms:GenerateDataKey* and kms:Decrypt for {key} in IAM policies"
    for service in sorted(_services(policy)):
        yield f"{service}, which the topic policy lets in: a statement of its own in the policy of {key}"


def to_new_encryption(topic: Arn, alias: Arn) -> str:
    """What else says how the topic is encrypted."""
    return f"code that declares `{topic}`: `{alias.resource}` as KmsMasterKeyId, or the next deployment undoes it"


def _services(policy: Policy | None) -> set[str]:
    """The services but Connect that a policy names."""
    statements = policy.known_statements() if policy is not None else ()
    entries = (entry for one in statements for entry in one.principal_entries)
    names = {str(entry.value) for entry in entries if entry.type == "Service"}
    return names - {CONNECT}
