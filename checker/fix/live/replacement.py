"""The replacement of a topic or key that cannot be fixed in place: reasons, steps, new names and manual steps."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from checker.analysis.inventory import GONE
from checker.analysis.key import unsupported
from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Key, Topic
    from checker.fix.live.copied_parts import PartNotCopied, Subscribed
    from checker.fix.live.receipt import Change
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
    left_out: tuple[PartNotCopied, ...]
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


def is_replaceable(topic: Topic, key: Key | None, region: str) -> bool:
    """Return True if only a new topic or a new key can receive the messages of an instance in this Region."""
    return any([*topic_reasons(topic, region), *key_reasons(topic, key, region)])


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
