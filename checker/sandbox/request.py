"""The request that Amazon Connect makes to publish a message, and what can be said against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.sandbox.contacts import Instance

CONNECT = "connect.amazonaws.com"
MANAGED_ALIAS = "alias/aws/sns"


class Cause(NamedTuple):
    """Why a message was refused, and what AWS documents about it."""

    reason: str
    source: str


class TopicArn(NamedTuple):
    """The parts of a topic's ARN that the checks need."""

    text: str
    region: str
    account: str
    name: str

    @property
    def is_fifo(self) -> bool:
        """A name with the ending is that of a FIFO topic: a standard topic's has no dot."""
        return self.name.endswith(".fifo")


def read_topic_arn(text: str) -> TopicArn | None:
    """Read the ARN of a topic; ``None`` for anything else, as that of a subscription, which has seven parts."""
    parts = text.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not all(parts[3:]):
        return None
    return TopicArn(text, parts[3], parts[4], parts[5])


def publish_context(instance: Instance, topic: TopicArn) -> dict[str, str | list[str]]:
    """The context of Connect's request, keys in lower case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    ``aws:SourceArn`` is the bare ARN of the instance, and ``aws:SourceAccount`` the instance's account, not
    the topic's. Keys of principals in an organisation are absent. Assumed: the source address is one of AWS's.
    """
    return {
        "aws:sourcearn": instance.arn,
        "aws:sourceaccount": instance.account,
        "aws:principalisawsservice": "true",
        "aws:principalservicename": CONNECT,
        "aws:principalservicenameslist": [CONNECT],
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        "aws:sourceip": "192.0.2.1",
        "aws:resourceaccount": topic.account,
        "aws:requestedregion": topic.region,
    }
