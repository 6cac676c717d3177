"""The requests of services, Connect's to publish and that of SNS to deliver, and what can be said against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.sandbox.connect.contacts import Instance


CONNECT = "connect.amazonaws.com"
SNS = "sns.amazonaws.com"
MANAGED_ALIAS = "alias/aws/sns"


class Cause(NamedTuple):
    """Why a message was refused, and what AWS documents about it; ``denied`` is the action that KMS refused, if any."""

    reason: str
    source: str
    denied: str = ""


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


class Source(NamedTuple):
    """A service that asks, and on whose behalf: aws:SourceArn and aws:SourceAccount of its request."""

    service: str
    arn: str
    account: str


def of_instance(instance: Instance) -> Source:
    """Connect for an instance: the bare ARN of the instance, and the instance's account, not the topic's."""
    return Source(CONNECT, instance.arn, instance.account)


def of_topic(topic: TopicArn) -> Source:
    """SNS for a topic.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    Assumed: it sends aws:SourceAccount too; the policies that AWS documents have aws:SourceArn alone.
    """
    return Source(SNS, topic.text, topic.account)


def service_context(source: Source, account: str, region: str) -> dict[str, str | list[str]]:
    """The context of a service's request about a resource of an account in a Region, keys in lower case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    Keys of principals in an organisation are absent. Assumed: the source address is one of AWS's.
    """
    return {
        "aws:sourcearn": source.arn,
        "aws:sourceaccount": source.account,
        "aws:principalisawsservice": "true",
        "aws:principalservicename": source.service,
        "aws:principalservicenameslist": [source.service],
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        "aws:sourceip": "192.0.2.1",
        "aws:resourceaccount": account,
        "aws:requestedregion": region,
    }
