"""What takes the place of a topic or key that cannot be mended where it is: why, what is copied, and what is not."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import GONE, is_managed_key
from checker.analysis.key import unsupported
from checker.core.arn import Arn
from checker.fix.live.receipt import RECEIPT
from checker.fix.live.subscribing import Remark
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.analysis.inventory import Key, Topic
    from checker.fix.live.receipt import Change
    from checker.fix.live.subscribing import Subscribed
    from checker.policy.model import Policy


REPLACES = "checker:replaces"
"""The tag of what takes the place of something, by which a second run knows it again."""

_LONGEST_TAG = 256
_LONGEST_NAME = 256
_OTHERS = range(2, 10)
_FIFO = ".fifo"


class State(StrEnum):
    """How far a step is; what is left was done, and could not or must not be rolled back."""

    PLANNED = "planned"
    DONE = "done"
    NOT_DONE = "not done"
    FAILED = "failed"
    TAKEN_BACK = "taken back"
    LEFT = "left"


class Step(NamedTuple):
    """A change that makes the replacement, how far it is, and why."""

    change: Change
    state: State = State.PLANNED
    reason: str = ""


class Replacement(NamedTuple):
    """What takes the place of a topic or of its key, why, how it is made, and what people have to do themselves.

    ``topic`` is where messages are to be streamed from then on: the topic itself where its key alone is replaced.
    ``left_out`` is not copied, and ``switch`` remains to be done.
    """

    replaces: str
    topic: str
    reasons: tuple[str, ...]
    steps: tuple[Step, ...]
    left_out: tuple[Remark, ...]
    switch: tuple[str, ...]


def topic_reasons(topic: Topic, region: str) -> Iterator[str]:
    """Say why a topic cannot be streamed to by an instance in this Region, whatever its policy says.

    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    if topic.fifo is True:
        yield "a FIFO topic: AWS documents that chat streaming supports standard topics only"
    if isinstance(topic.arn, Arn) and topic.arn.region != region:
        yield f"the topic is in {topic.arn.region}, the Connect instance in {region}"


def key_reasons(topic: Topic, key: Key | None, region: str) -> Iterator[str]:
    """Say why a topic in this Region cannot use the key, whatever its policy says.

    A key that somebody has switched off is for its owner to switch on.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if is_managed_key(topic.key) or (key is not None and key.manager == "AWS"):
        yield f"`{topic.key}` is an AWS managed key: its policy cannot be changed and does not cover Connect"
        return
    home = key.arn if key is not None else topic.arn
    if isinstance(topic.key, str) and isinstance(home, Arn) and home.region != region:
        yield f"the key is in {home.region}, and SNS uses keys of its own Region, {region}"
    if key is None:
        return
    if key.state == GONE:
        yield f"KMS does not find the key `{topic.key}`"
    yield from (reason for _, reason in unsupported(key))


def topic_names(old: Arn, region: str) -> Iterator[Arn]:
    """What the new topic may be called: as the old one if that is free, without what makes it a FIFO topic."""
    name = old.resource.removesuffix(_FIFO)
    for called in _numbered(name, _LONGEST_NAME):
        yield old._replace(region=region, resource=called)


def alias_names(topic: Arn) -> Iterator[Arn]:
    """What the alias of the topic's new key may be called.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    """
    for called in _numbered(f"alias/sns/{topic.resource.removesuffix(_FIFO)}", _LONGEST_NAME):
        yield topic._replace(service="kms", resource=called)


def _numbered(name: str, longest: int) -> Iterator[str]:
    yield name[:longest]
    yield from (f"{name[: longest - 2]}-{number}" for number in _OTHERS)


def mark(old: Arn) -> str:
    """What the tag says; a value of a tag may not be as long as an ARN may be."""
    return str(old)[:_LONGEST_TAG]


def readdressed(policy: str, old: Arn, new: Arn) -> str:
    """Write the policy of one topic for another: with its ARN wherever the other's stood alone."""
    return json.dumps(_readdressed(json.loads(policy), str(old), str(new)))


def _readdressed(value: object, old: str, new: str) -> object:
    if isinstance(value, dict):
        return {name: _readdressed(one, old, new) for name, one in value.items()}
    if isinstance(value, list):
        return [_readdressed(one, old, new) for one in value]
    return new if value == old else value


_PROTOCOLS = ("HTTP", "Firehose", "Lambda", "Application", "SQS")
_FEEDBACK = ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
_CARRIED = (
    *("DeliveryPolicy", "DisplayName", "MaximumMessageSize", "SignatureVersion", "TracingConfig"),
    *(f"{protocol}{name}" for protocol in _PROTOCOLS for name in _FEEDBACK),
)
_FIFO_ALONE = ("ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope")


def carried(attributes: Mapping[str, str]) -> dict[str, str]:
    """Take the attributes that a new standard topic is given as they are; policy and key are not.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    return {name: attributes[name] for name in _CARRIED if attributes.get(name)}


def lost_attributes(attributes: Mapping[str, str]) -> Iterator[Remark]:
    """Name the attributes that only FIFO topics have."""
    for name in _FIFO_ALONE:
        if attributes.get(name) not in (None, "", "false"):
            yield Remark(name, "FIFO topics alone have it: messages come in any order, and may come twice")


def carried_tags(tags: Mapping[str, str], managing: frozenset[str]) -> dict[str, str]:
    """Take the tags that are copied."""
    return {name: value for name, value in tags.items() if not _lost_tag(name, managing)}


def lost_tags(tags: Mapping[str, str], managing: frozenset[str]) -> Iterator[Remark]:
    """Name the tags that are not; ``managing`` are those that say who manages the old resource."""
    for name in tags:
        if reason := _lost_tag(name, managing):
            yield Remark(f"tag `{name}`", reason)


def _lost_tag(name: str, managing: frozenset[str]) -> str:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html"""
    if name.lower().startswith("aws:"):
        return "AWS reserves tags that begin with `aws:`"
    if name in (REPLACES, RECEIPT):
        return "it speaks of another topic"
    return "it would say that the replacement is managed, too" if name in managing else ""


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
