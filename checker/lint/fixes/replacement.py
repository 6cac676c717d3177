"""Plans for resources that cannot be fixed in place: create a replacement and switch to it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.finding import Applicability, Fix

if TYPE_CHECKING:
    from checker.analysis.inventory import Key, Topic
    from checker.analysis.topic import TopicAnalysis


_SWITCH = (
    "move the subscriptions to the new topic, then use its ARN in StartContactStreaming or in the "
    "ChatStreamingConfiguration of StartChatContact"
)
_POLICY = "set the topic policy that `checker policy` prints"


def _plan(title: str, *steps: str) -> tuple[Fix, ...]:
    return (Fix(title, applicability=Applicability.DISPLAY, plan=steps),)


def standard_topic(case: TopicAnalysis) -> tuple[Fix, ...]:
    """Replace a FIFO topic, whose type cannot be changed, with a standard topic.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    name, region = _name(case), _region(case)
    create = f"create a standard topic: aws sns create-topic{region} --name {quote(name)}"
    return _plan("replace the FIFO topic with a standard topic", create, _POLICY, _SWITCH)


def topic_in(case: TopicAnalysis, region: str) -> tuple[Fix, ...]:
    """Replace a topic with a topic in the Region of the instance."""
    name = _name(case)
    create = f"create a topic in {region}: aws sns create-topic --region {region} --name {quote(name)}"
    return _plan(f"replace the topic with a topic in {region}", create, _POLICY, _SWITCH)


def customer_key(topic: Topic | None) -> tuple[Fix, ...]:
    """Encrypt a topic with a symmetric customer managed key in its Region, whose policy can be changed.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    arn = topic.arn if topic is not None else None
    region = f" --region {arn.region}" if isinstance(arn, Arn) else ""
    name = str(arn) if isinstance(arn, Arn) else "TOPIC_ARN"
    return _plan(
        "encrypt the topic with its own customer managed key",
        f"create a key: aws kms create-key{region} --description 'chat streaming'",
        "set the key policy that `checker policy --key-arn KEY_ARN` prints",
        f"encrypt the topic with it: aws sns set-topic-attributes{region} --topic-arn {name} "
        "--attribute-name KmsMasterKeyId --attribute-value KEY_ARN",
    )


def restore_key(key: Key) -> tuple[Fix, ...]:
    """Enable a disabled key, or cancel its deletion, if its owner agrees.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    arn = str(key.arn) if isinstance(key.arn, Arn) else "KEY_ARN"
    region = f" --region {key.arn.region}" if isinstance(key.arn, Arn) else ""
    enable = f"enable it: aws kms enable-key{region} --key-id {arn}"
    if key.state == "Disabled":
        return _plan("enable the key, if its owner agrees", enable)
    if key.state == "PendingDeletion":
        cancel = f"keep the key: aws kms cancel-key-deletion{region} --key-id {arn}"
        return _plan("cancel the deletion of the key, if its owner agrees", cancel, enable)
    return ()


def _name(case: TopicAnalysis) -> str:
    arn = case.topic.arn
    return arn.resource.removesuffix(".fifo") if isinstance(arn, Arn) else "chat-streaming"


def _region(case: TopicAnalysis) -> str:
    arn = case.topic.arn
    return f" --region {arn.region}" if isinstance(arn, Arn) else ""
