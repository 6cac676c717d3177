"""What is known of a subscription and of where it delivers to: typed facts, each known or Unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.arn import Arn
    from checker.inventory import Key, PolicyText
    from checker.policy.unknown import Unknown


class Subscribed(NamedTuple):
    """A subscription; ``attributes`` are those of GetSubscriptionAttributes, all texts.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """

    arn: str
    protocol: str
    endpoint: str
    confirmed: bool
    attributes: Mapping[str, str] | Unknown


class Queue(NamedTuple):
    """A queue of SQS.

    ``policy`` is ``None`` for a queue without one, ``key`` KmsMasterKeyId as it is stored, ``found`` the key
    that it means if it could be read, ``period`` MessageRetentionPeriod in seconds, ``redrive`` the ARN of its
    dead-letter queue, ``unread`` why not all of the key could be read.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """

    arn: Arn
    url: str
    policy: PolicyText | Unknown | None
    key: str
    managed_sse: bool
    period: int | Unknown
    redrive: str = ""
    found: Key | None = None
    unread: tuple[str, ...] = ()


class Role(NamedTuple):
    """The role of a subscription: who may assume it, and what all of its policies together say that it may do.

    ``bounded`` if a permissions boundary may take some of it away.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """

    arn: Arn
    trust: PolicyText | Unknown
    policy: PolicyText | Unknown
    bounded: bool = False


class Stream(NamedTuple):
    """A delivery stream, and the places that it writes to.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html
    """

    arn: Arn
    status: str
    destinations: tuple[str, ...]
