"""Requests of services: Connect to publish, SNS to deliver; and the causes of their refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.sandbox.connect.contacts import Instance


CONNECT = "connect.amazonaws.com"
SNS = "sns.amazonaws.com"
MANAGED_ALIAS = "alias/aws/sns"


class Cause(NamedTuple):
    """Why a message was refused, and the documentation of AWS about it. ``denied`` is the action that KMS denied, if any."""

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
        """Whether the topic is a FIFO topic. The name of a standard topic cannot contain a dot."""
        return self.name.endswith(".fifo")


def read_topic_arn(text: str) -> TopicArn | None:
    """Parse the ARN of a topic; ``None`` for other texts, such as a subscription ARN, which has seven parts."""
    parts = text.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not all(parts[3:]):
        return None
    return TopicArn(text, parts[3], parts[4], parts[5])


class Source(NamedTuple):
    """A calling service, with aws:SourceArn and aws:SourceAccount of its request."""

    service: str
    arn: str
    account: str


def connect_source(instance: Instance) -> Source:
    """Return Connect as the source, with the ARN and the account of the instance, not the topic's account."""
    return Source(CONNECT, instance.arn, instance.account)


def sns_source(topic: TopicArn) -> Source:
    """Return SNS as the source, for a topic.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    Assumed: it also sends aws:SourceAccount. The policies that AWS documents use only aws:SourceArn.
    """
    return Source(SNS, topic.text, topic.account)


def service_context(source: Source, account: str, region: str) -> dict[str, str | list[str]]:
    """Return the context of a service's request for a resource in an account and Region, with lowercase keys.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    The keys of principals in an organization are absent. Assumed: the source address belongs to AWS.
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
