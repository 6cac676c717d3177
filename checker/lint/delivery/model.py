"""Typed results about the delivery of a topic's messages to its subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.endpoints import FIREHOSE, SQS, shown
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.prove.space import Target
from checker.lint.status import BROKEN, OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.endpoints import Function, Queue, Role, Stream, Subscription
    from checker.core.errors import CheckerError
    from checker.core.unknown import Truth


KINDS = (SQS, FIREHOSE)
"""The protocols of subscriptions that store messages."""


SUBSCRIPTION, FILTER = "subscription", "filter"
"""The names of the steps for a subscription itself; the others are about what is behind it."""


CONFIRM_HELP = (
    "the endpoint's owner must confirm it with ConfirmSubscription and the token that SNS sent; if you do not know the "
    "endpoint, leave it: SNS deletes an unconfirmed subscription after 48 hours"
)
"""https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html"""


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


class DeliveryWarning(NamedTuple):
    """A problem that does not prevent messages from arriving."""

    message: str
    help: str


class Delivery(NamedTuple):
    """The delivery to one subscription, link by link.

    ``problems`` do not prevent messages from arriving; an Unknown says why there may be others.
    ``dead_letter`` are the steps for its dead-letter queue, on which delivery does not depend.
    """

    subscription: Subscription
    steps: tuple[Step, ...]
    problems: tuple[DeliveryWarning | Unknown, ...] = ()
    notes: tuple[str, ...] = ()
    dead_letter: tuple[Step, ...] = ()

    @property
    def kind(self) -> str:
        """The protocol of the subscription."""
        return self.subscription.protocol

    @property
    def endpoint(self) -> str:
        """The endpoint as reports name it: its ARN, URL or address, or the reference to it."""
        return shown(self.subscription.endpoint)

    @property
    def warnings(self) -> tuple[DeliveryWarning, ...]:
        """The known problems that do not prevent messages from arriving."""
        return tuple(one for one in self.problems if isinstance(one, DeliveryWarning))

    @property
    def status(self) -> str:
        """``broken`` if a link is broken, else ``unknown`` if a link is unknown, else ``ok``."""
        return worst(step.status for step in self.steps)

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of the broken links."""
        return tuple(step.name for step in self.steps if step.status == BROKEN)

    def first(self, status: str) -> Step | None:
        """Return the first step with a status."""
        return next((step for step in self.steps if step.status == status), None)


class Retention(NamedTuple):
    """Whether the messages of a topic are stored.

    ``unread`` is the reason why the subscriptions could not be listed.
    """

    topic: str
    kind: str
    subscriptions: tuple[Delivery, ...] = ()
    unread: Unknown | None = None

    @property
    def status(self) -> str:
        """``ok`` if a subscription is ok, ``unknown`` if one may be ok, else ``broken``."""
        statuses = {delivery.status for delivery in self.subscriptions}
        if OK in statuses:
            return OK
        return UNKNOWN if UNKNOWN in statuses or self.unread is not None else BROKEN


def exists_step(
    name: str, resource: Function | Queue | Role | Stream | Unknown, missing: str, help_text: str
) -> Step:
    """Return the step for whether an endpoint exists; ``missing`` is the reason if it does not."""
    if isinstance(resource, Unknown):
        return step(name, resource, "", "")
    return step(name, resource.exists, f"`{resource.name}`", missing, help_text)


def target_of(resource: Function | Queue | Role) -> Target:
    """Return an endpoint as the resource of requests; without an ARN, the reference in its own policy."""
    if isinstance(resource.arn, Arn):
        return Target.of(resource.arn)
    return Target(resource.symbol, resource.arn, resource.arn)


def decisive(steps: Sequence[Step]) -> Step | None:
    """Return the first broken step of a chain, else the first unknown one; ``None`` if every step is ok."""
    return next((one for status in (BROKEN, UNKNOWN) for one in steps if one.status == status), None)


def worst(statuses: Iterable[str]) -> str:
    """Return the status of a chain of links."""
    present = set(statuses)
    return next((one for one in (BROKEN, UNKNOWN) if one in present), OK)


def step(name: str, truth: Truth, good: str, bad: str, help_text: str = "") -> Step:
    """Return the step for a link that is ok, broken or unknown; ``good`` and ``bad`` are the reasons."""
    if isinstance(truth, Unknown):
        return Step(name, UNKNOWN, truth.described, help_text)
    return Step(name, OK, good) if truth else Step(name, BROKEN, bad, help_text)


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
