"""Who is to stream to what, as the command line says; what AWS does not let work is refused with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import is_managed_key
from checker.core.arn import Arn, is_account, is_uuid, partition_of, why_no_topic
from checker.core.errors import InputError
from checker.inputs.roles import instance_option
from checker.policy.placeholder import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOPIC, _INSTANCE, _KEY = "--topic-arn", "--instance-arn", "--key-arn"
_TOPIC_HELP = "a topic's ARN looks like arn:aws:sns:REGION:ACCOUNT:NAME"
_KEY_HELP = "a key's ARN looks like arn:aws:kms:REGION:ACCOUNT:key/ID"


class Wanted(NamedTuple):
    """A topic, the instances that stream to it, and the key that it is encrypted with, if there is one."""

    topic: Arn
    instances: tuple[Arn, ...]
    key: Arn | None = None


def read_wanted(topic: str, instances: Sequence[str], key: str | None = None) -> Wanted:
    """Read the options.

    Raises InputError for what is not such an ARN, for a FIFO topic, an AWS managed key, and for instances and
    keys that are elsewhere than the topic.
    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    topic_arn = _topic(topic)
    instance_arns = tuple(_instance(text, topic_arn) for text in dict.fromkeys(instances))
    return Wanted(topic_arn, instance_arns, _key(key, topic_arn) if key is not None else None)


def _topic(text: str) -> Arn:
    _no_placeholder(_TOPIC, text, _TOPIC_HELP)
    arn = Arn.parse(text)
    reason = why_no_topic(text)
    if arn is None or reason:
        raise InputError(_TOPIC, f"`{text}` is not the ARN of a topic: {reason}", help_text=_TOPIC_HELP)
    if arn.resource.endswith(".fifo"):
        help_text = (
            "AWS documents that only standard topics are supported, and a topic cannot change its type"
        )
        raise InputError(_TOPIC, f"`{text}` is a FIFO topic", help_text=help_text)
    belongs = partition_of(arn.region)
    if belongs not in (None, arn.partition):
        help_text = f"it would have to begin with `arn:{belongs}:`"
        raise InputError(_TOPIC, f"`{text}`: {arn.region} belongs to {belongs}", help_text=help_text)
    return arn


def _instance(text: str, topic: Arn) -> Arn:
    _no_placeholder(_INSTANCE, text, "`aws connect list-instances` shows the ARNs")
    arn = instance_option(text)
    if not is_uuid(arn.instance_id):
        help_text = "an alias is no id, `aws connect list-instances` shows both"
        raise InputError(_INSTANCE, f"`{arn.instance_id}` is not the id of an instance", help_text=help_text)
    _same_place(_INSTANCE, f"Connect instance `{arn.instance_id}`", arn, topic)
    return arn


def _same_place(option: str, what: str, arn: Arn, topic: Arn) -> None:
    """Refuse an instance or a key that is in another partition or Region than the topic."""
    if arn.partition != topic.partition:
        reason = f"{what} is in partition {arn.partition}, the topic in {topic.partition}"
        raise InputError(option, reason, help_text="no request passes from one partition into another")
    if arn.region != topic.region:
        help_text = f"AWS documents that both must be in one Region: take a topic in {arn.region}"
        if option == _KEY:
            help_text = f"SNS uses keys of its own Region: take a key in {topic.region}"
        raise InputError(
            option, f"{what} is in {arn.region}, the topic in {topic.region}", help_text=help_text
        )


def _key(text: str, topic: Arn) -> Arn:
    if is_managed_key(text):
        reason = f"`{text}` is an AWS managed key, whose policy nobody can change to let Connect in"
        raise InputError(_KEY, reason, help_text="encrypt the topic with a customer managed key")
    _no_placeholder(_KEY, text, _KEY_HELP)
    arn = Arn.parse(text)
    if (arn.resource if arn else text).startswith("alias/"):
        help_text = f"`aws kms describe-key --key-id {text}` shows the ARN of the key"
        raise InputError(_KEY, f"`{text}` is an alias, and policies belong to keys", help_text=help_text)
    if arn is None or not _is_key(arn):
        raise InputError(_KEY, f"`{text}` is not the ARN of a key", help_text=_KEY_HELP)
    _same_place(_KEY, "the key", arn, topic)
    return arn


def _is_key(arn: Arn) -> bool:
    """True for a key, also one of several Regions, whose id begins with `mrk-`."""
    kind, _, name = arn.resource.partition("/")
    plain = name.isascii() and name.replace("-", "").isalnum()
    return arn.service == "kms" and is_account(arn.account) and kind == "key" and plain


def _no_placeholder(option: str, text: str, help_text: str) -> None:
    if is_placeholder(text):
        raise InputError(option, f"`{text}` is a placeholder that was not filled in", help_text=help_text)
