"""Replace a topic or key that cannot be fixed in place: the reasons, the copied parts, and the lost parts."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import GONE, is_managed_key
from checker.analysis.key import unsupported
from checker.core.arn import Arn
from checker.fix.live.receipt import RECEIPT, REPLACES
from checker.fix.live.subscribing import Remark
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.analysis.inventory import Key, Topic
    from checker.fix.live.receipt import Change
    from checker.fix.live.subscribing import Subscribed
    from checker.policy.model import Policy


_LONGEST_TAG = 256
_LONGEST_NAME = 256
_OTHERS = range(2, 10)
_FIFO = ".fifo"


class State(StrEnum):
    """State of a step. LEFT: the step was done and was not, or must not be, rolled back."""

    PLANNED = "planned"
    DONE = "done"
    NOT_DONE = "not done"
    FAILED = "failed"
    ROLLED_BACK = "taken back"
    LEFT = "left"


class Step(NamedTuple):
    """A change that is part of a replacement, with its state and the reason for that state."""

    change: Change
    state: State = State.PLANNED
    reason: str = ""


class Replacement(NamedTuple):
    """The replacement of a topic or of its key: the reasons, the steps, and the work that remains manual.

    ``topic`` is the topic to stream to from now on. It is the original topic if only the key is replaced.
    ``left_out`` lists parts that are not copied. ``switch`` lists manual steps that remain.
    """

    replaces: str
    topic: str
    reasons: tuple[str, ...]
    steps: tuple[Step, ...]
    left_out: tuple[Remark, ...]
    switch: tuple[str, ...]


def topic_reasons(topic: Topic, region: str) -> Iterator[str]:
    """Yield reasons why an instance in this Region cannot stream to the topic, whatever its policy.

    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    if topic.settings.fifo.value is True:
        yield "a FIFO topic: AWS documents that chat streaming supports standard topics only"
    if isinstance(topic.arn, Arn) and topic.arn.region != region:
        yield f"the topic is in {topic.arn.region}, the Connect instance in {region}"


def key_reasons(topic: Topic, key: Key | None, region: str) -> Iterator[str]:
    """Yield reasons why a topic in this Region cannot use the key, whatever the key policy.

    A disabled key is not a reason: its owner can enable it.
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
        yield f"KMS key `{topic.key}` was not found"
    yield from (reason for _, reason in unsupported(key))


def topic_names(old: Arn, region: str) -> Iterator[Arn]:
    """Yield names for the new topic: the old name without the FIFO suffix first, then numbered ones."""
    name = old.resource.removesuffix(_FIFO)
    for called in _numbered(name, _LONGEST_NAME):
        yield old._replace(region=region, resource=called)


def alias_names(topic: Arn) -> Iterator[Arn]:
    """Yield alias names for the topic's new key.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    """
    for called in _numbered(f"alias/sns/{topic.resource.removesuffix(_FIFO)}", _LONGEST_NAME):
        yield topic._replace(service="kms", resource=called)


def _numbered(name: str, longest: int) -> Iterator[str]:
    yield name[:longest]
    yield from (f"{name[: longest - 2]}-{number}" for number in _OTHERS)


def mark(old: Arn) -> str:
    """Return the value of the replacement tag. Tag values may be shorter than ARNs, so the ARN is truncated."""
    return str(old)[:_LONGEST_TAG]


def replace_arn(policy: str, old: Arn, new: Arn) -> str:
    """Rewrite the policy of one topic for another: replace the ARN where it is the whole value."""
    return json.dumps(_replace_arn(json.loads(policy), str(old), str(new)))


def _replace_arn(value: object, old: str, new: str) -> object:
    if isinstance(value, dict):
        return {name: _replace_arn(item, old, new) for name, item in value.items()}
    if isinstance(value, list):
        return [_replace_arn(item, old, new) for item in value]
    return new if value == old else value


_PROTOCOLS = ("HTTP", "Firehose", "Lambda", "Application", "SQS")
_FEEDBACK = ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
_COPIED = (
    *("DeliveryPolicy", "DisplayName", "MaximumMessageSize", "SignatureVersion", "TracingConfig"),
    *(f"{protocol}{name}" for protocol in _PROTOCOLS for name in _FEEDBACK),
)
_FIFO_ALONE = ("ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope")


def copied_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that are copied to a new standard topic. Policy and key are not among them.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    return {name: attributes[name] for name in _COPIED if attributes.get(name)}


def lost_attributes(attributes: Mapping[str, str]) -> Iterator[Remark]:
    """Yield the attributes that only FIFO topics have."""
    for name in _FIFO_ALONE:
        if attributes.get(name) not in (None, "", "false"):
            yield Remark(name, "only FIFO topics support it: messages may arrive out of order or twice")


def copied_tags(tags: Mapping[str, str], managing: frozenset[str]) -> dict[str, str]:
    """Return the tags that are copied."""
    return {name: value for name, value in tags.items() if not _lost_tag(name, managing)}


def lost_tags(tags: Mapping[str, str], managing: frozenset[str]) -> Iterator[Remark]:
    """Yield the tags that are not copied. ``managing`` are tags that name the tool managing the old resource."""
    for name in tags:
        if reason := _lost_tag(name, managing):
            yield Remark(f"tag `{name}`", reason)


def _lost_tag(name: str, managing: frozenset[str]) -> str:
    """Return why a tag is not copied. Empty if it is.

    https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html
    """
    if name.lower().startswith("aws:"):
        return "AWS reserves tags that begin with `aws:`"
    if name in (REPLACES, RECEIPT):
        return "it refers to another topic"
    return "it would mark the replacement as managed too" if name in managing else ""


_OPT_IN = (
    "; if one of the two Regions is an opt-in Region, use the principal `sns.REGION.amazonaws.com` "
    "with that Region"
)


def to_new_topic(old: Arn, new: Arn, subscribed: Iterable[Subscribed]) -> Iterator[str]:
    """Yield the manual steps that move publishers and subscribers from the old topic to the new one.

    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    yield (
        f"callers that start chats: name `{new}` as StreamingEndpointArn in StartContactStreaming, and in the "
        "ChatStreamingConfiguration of StartChatContact"
    )
    yield f"other publishers to `{old}`, and the IAM policies that allow them: switch to `{new}`"
    for subscription in subscribed:
        yield from _endpoint(subscription, old, new)
    yield f"code that declares or looks up `{old}`: declare `{new}` there, so that it stays managed"
    yield f"`{old}` is unchanged: delete it once nothing publishes to it"


def _endpoint(subscription: Subscribed, old: Arn, new: Arn) -> Iterator[str]:
    """Yield the manual steps for a subscription. Queues and functions allow topics by ARN; others must confirm again."""
    if subscription.protocol == "sqs":
        yield (
            f"queue `{subscription.endpoint}`: allow `{new}` to send to it, if its policy or its key policy names `{old}` "
            f"as aws:SourceArn{_opt_in_note(subscription, new)}"
        )
    elif subscription.protocol == "lambda":
        yield (
            f"function `{subscription.endpoint}`: allow `{new}` to invoke it: aws lambda add-permission "
            f"--function-name {subscription.endpoint} --statement-id {new.resource[:80]} "
            f"--action lambda:InvokeFunction --principal sns.amazonaws.com --source-arn {new}{_opt_in_note(subscription, new)}"
        )
    if subscription.needs_confirmation(new):
        yield f"{subscription.name}: its owner must confirm it within two days, or nothing is delivered"


def _opt_in_note(subscription: Subscribed, new: Arn) -> str:
    """Return a note on opt-in Regions for a subscription in another Region.

    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    """
    return "" if f":{new.region}:" in subscription.endpoint else _OPT_IN


def to_new_key(topic: Arn, alias: Arn, policy: Policy | None) -> Iterator[str]:
    """Yield the manual steps that grant other publishers the use of a key that was created for Connect.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    key = f"the key of `{alias}`"
    yield f"other publishers in the account to `{topic}`: allow kms:GenerateDataKey* and kms:Decrypt on {key} in IAM"
    for service in sorted(_services(policy)):
        yield f"{service}, which the topic policy allows: add a statement for it to the policy of {key}"


def to_new_encryption(topic: Arn, alias: Arn) -> str:
    """Return the manual step for code that declares the topic's encryption."""
    return f"code that declares `{topic}`: set KmsMasterKeyId to `{alias.resource}`, or the next deployment reverts it"


def _services(policy: Policy | None) -> set[str]:
    """Return the services other than Connect that a policy names."""
    statements = policy.known_statements() if policy is not None else ()
    entries = (entry for statement in statements for entry in statement.principal_entries)
    names = {str(entry.value) for entry in entries if entry.type == "Service"}
    return names - {CONNECT}
