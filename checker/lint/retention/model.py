"""What is said of the subscriptions that keep a topic's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker.core.unknown import Unknown
from checker.lint.explain import BROKEN, OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.analysis.inventory import Key, PolicyText
    from checker.core.arn import Arn
    from checker.core.errors import InputError
    from checker.core.unknown import Truth


SQS, FIREHOSE = "sqs", "firehose"
KINDS = (SQS, FIREHOSE)
"""The protocols of subscriptions that keep what they get."""


class Wanted(NamedTuple):
    """What is to keep the messages; ``stream``, for `firehose`, is there already.

    ``force`` to change also a queue that CloudFormation, Terraform or the like manages.
    """

    kind: str
    stream: Arn | None = None
    instance: Arn | None = None
    force: bool = False


class Step(NamedTuple):
    """One link from the topic to where its messages are kept: ``ok``, ``broken`` or ``unknown``, why, and what to do."""

    name: str
    status: str
    reason: str
    help: str = ""


class Warned(NamedTuple):
    """Something that does not keep messages from arriving and should not be so all the same."""

    message: str
    help: str


class Keeper(NamedTuple):
    """One subscription of a queue or a delivery stream, link by link; ``subscription`` is its ARN once confirmed."""

    kind: str
    subscription: str
    endpoint: str
    steps: tuple[Step, ...]
    warnings: tuple[Warned, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """``broken`` if one link is, else ``unknown`` if one is, else ``ok``."""
        return worst(step.status for step in self.steps)

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of the links that are broken."""
        return tuple(step.name for step in self.steps if step.status == BROKEN)


class Retention(NamedTuple):
    """Whether the messages of a topic are kept; ``unread`` says why its subscriptions could not be listed."""

    topic: str
    kind: str
    keepers: tuple[Keeper, ...] = ()
    unread: Unknown | None = None

    @property
    def status(self) -> str:
        """``ok`` if one subscription is; ``unknown`` if one may be; ``broken`` if none is, or there is none."""
        found = {keeper.status for keeper in self.keepers}
        if OK in found:
            return OK
        return UNKNOWN if UNKNOWN in found or self.unread is not None else BROKEN


def worst(statuses: Iterable[str]) -> str:
    """The status of a chain of links."""
    found = set(statuses)
    return next((one for one in (BROKEN, UNKNOWN) if one in found), OK)


def step(name: str, truth: Truth, good: str, bad: str, help_text: str = "") -> Step:
    """Say what is known of a link: that it holds, that it does not, or why nobody can tell."""
    if isinstance(truth, Unknown):
        return Step(name, UNKNOWN, truth.told, help_text)
    return Step(name, OK, good) if truth else Step(name, BROKEN, bad, help_text)


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


DEFAULT_REGIONS = frozenset(
    (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "cn-north-1",
        "cn-northwest-1",
        "us-gov-east-1",
        "us-gov-west-1",
    )
)
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""


class Made(NamedTuple):
    """One thing that was made or changed: what it is, its name in AWS, and the statement that was written."""

    what: str
    name: str
    written: dict[str, Any] | None = None


class SetUp(NamedTuple):
    """What was made, in its order, the judgement after it, and the fault that ended it early, if one did.

    Whatever was made stays; the judgement is that from before where a fault ended it.
    """

    made: tuple[Made, ...]
    retention: Retention
    fault: InputError | None = None
