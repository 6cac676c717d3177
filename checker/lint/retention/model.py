"""Typed facts and results about the subscriptions that store a topic's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker.core.unknown import Unknown
from checker.lint.explain import BROKEN, OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.analysis.inventory import Key, PolicyText
    from checker.core.arn import Arn
    from checker.core.errors import CheckerError
    from checker.core.unknown import Truth


SQS, FIREHOSE = "sqs", "firehose"
KINDS = (SQS, FIREHOSE)
"""The protocols of subscriptions that store messages."""


class RequestedStorage(NamedTuple):
    """The requested storage for the messages; ``stream`` is an existing delivery stream for `firehose`.

    ``force`` allows changes of a queue that CloudFormation, Terraform or a similar tool manages.
    """

    kind: str
    stream: Arn | None = None
    instance: Arn | None = None
    force: bool = False


class Step(NamedTuple):
    """One link from the topic to its storage: the status ``ok``, ``broken`` or ``unknown``, the reason, and help."""

    name: str
    status: str
    reason: str
    help: str = ""


class RetentionWarning(NamedTuple):
    """A problem that does not prevent messages from arriving."""

    message: str
    help: str


class DurableSubscription(NamedTuple):
    """One subscription of a queue or delivery stream with its links; ``arn`` is set once it is confirmed."""

    kind: str
    arn: str
    endpoint: str
    steps: tuple[Step, ...]
    warnings: tuple[RetentionWarning, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """``broken`` if a link is broken, else ``unknown`` if a link is unknown, else ``ok``."""
        return worst(step.status for step in self.steps)

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of the broken links."""
        return tuple(step.name for step in self.steps if step.status == BROKEN)


class Retention(NamedTuple):
    """Whether the messages of a topic are stored.

    ``unread`` is the reason why the subscriptions could not be listed.
    """

    topic: str
    kind: str
    subscriptions: tuple[DurableSubscription, ...] = ()
    unread: Unknown | None = None

    @property
    def status(self) -> str:
        """``ok`` if a subscription is ok, ``unknown`` if one may be ok, else ``broken``."""
        statuses = {durable.status for durable in self.subscriptions}
        if OK in statuses:
            return OK
        return UNKNOWN if UNKNOWN in statuses or self.unread is not None else BROKEN


def worst(statuses: Iterable[str]) -> str:
    """Return the status of a chain of links."""
    present = set(statuses)
    return next((one for one in (BROKEN, UNKNOWN) if one in present), OK)


def step(name: str, truth: Truth, good: str, bad: str, help_text: str = "") -> Step:
    """Return the step for a link that is ok, broken or unknown; ``good`` and ``bad`` are the reasons."""
    if isinstance(truth, Unknown):
        return Step(name, UNKNOWN, truth.described, help_text)
    return Step(name, OK, good) if truth else Step(name, BROKEN, bad, help_text)


class Subscribed(NamedTuple):
    """A subscription; ``attributes`` are those of GetSubscriptionAttributes.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """

    arn: str
    protocol: str
    endpoint: str
    confirmed: bool
    attributes: Mapping[str, str] | Unknown


class Queue(NamedTuple):
    """An SQS queue.

    - ``policy``: ``None`` for a queue without a policy.
    - ``key``: KmsMasterKeyId as it is stored.
    - ``found``: the key that it means, if it could be read.
    - ``period``: MessageRetentionPeriod in seconds.
    - ``redrive``: the ARN of its dead-letter queue.
    - ``unread``: the reasons why the key could not be read completely.

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
    """The role of a subscription: its trust policy, and all of its permissions policies as one.

    ``bounded`` is true if a permissions boundary may reduce the permissions.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """

    arn: Arn
    trust: PolicyText | Unknown
    policy: PolicyText | Unknown
    bounded: bool = False


class Stream(NamedTuple):
    """A delivery stream and its destinations.

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


class CreatedResource(NamedTuple):
    """A resource that was created or changed: its kind, its name in AWS, and the statement that was added."""

    what: str
    name: str
    written: dict[str, Any] | None = None


class SetUp(NamedTuple):
    """The created resources in order, the resulting retention, and the error that ended the setup early, if any.

    Created resources stay. After an error, ``retention`` is the result from before the setup.
    """

    made: tuple[CreatedResource, ...]
    retention: Retention
    fault: CheckerError | None = None
