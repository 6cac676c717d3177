"""What to do where a resource cannot be mended in place: make another, and switch to it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.finding import Applicability, Fix

if TYPE_CHECKING:
    from checker.case import TopicCase

_SWITCH = (
    "move the subscriptions to it, then name it in StartContactStreaming or in the ChatStreamingConfiguration of "
    "StartChatContact"
)
_POLICY = "give it the policy that `checker policy` prints"


def _plan(title: str, *steps: str) -> tuple[Fix, ...]:
    return (Fix(title, applicability=Applicability.DISPLAY, plan=steps),)


def standard_topic(case: TopicCase) -> tuple[Fix, ...]:
    """A standard topic for a FIFO one, whose type cannot be changed.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    name, region = _name(case), _region(case)
    create = f"create a standard topic: aws sns create-topic{region} --name {quote(name)}"
    return _plan("replace the FIFO topic by a standard topic", create, _POLICY, _SWITCH)


def topic_in(case: TopicCase, region: str) -> tuple[Fix, ...]:
    """A topic in the Region of the instance."""
    name = _name(case)
    create = f"create a topic in {region}: aws sns create-topic --region {region} --name {quote(name)}"
    return _plan(f"replace the topic by one in {region}", create, _POLICY, _SWITCH)


def customer_key(case: TopicCase) -> tuple[Fix, ...]:
    """A customer managed key, whose policy can be changed, for the AWS managed one.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    region = _region(case)
    topic = str(case.topic.arn) if isinstance(case.topic.arn, Arn) else "TOPIC_ARN"
    return _plan(
        "replace the AWS managed key by a customer managed key",
        f"create a key: aws kms create-key{region} --description 'chat streaming'",
        "give it the key policy that `checker policy --key-arn` prints",
        f"encrypt the topic with it: aws sns set-topic-attributes{region} --topic-arn {topic} "
        "--attribute-name KmsMasterKeyId --attribute-value KEY_ARN",
    )


def _name(case: TopicCase) -> str:
    arn = case.topic.arn
    return arn.resource.removesuffix(".fifo") if isinstance(arn, Arn) else "chat-streaming"


def _region(case: TopicCase) -> str:
    arn = case.topic.arn
    return f" --region {arn.region}" if isinstance(arn, Arn) else ""
