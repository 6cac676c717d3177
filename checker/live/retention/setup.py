"""Check whether subscriptions retain a topic's messages, and create what is missing.

Both look at the current state of each link in AWS. A second check verifies what was created.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.endpoints import FIREHOSE, SQS, Role
from checker.core.errors import CheckerError, RefusedError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.delivery.deliveries import subscription_step
from checker.lint.delivery.filters import filter_step
from checker.lint.delivery.model import Delivery, Retention, SetUp, Step
from checker.lint.delivery.queue import other_queue_senders, queue_notes, queue_steps
from checker.lint.delivery.stream import role_steps, role_warnings, stream_step
from checker.lint.status import BROKEN, OK, UNKNOWN
from checker.live.aws.access import WATCHING
from checker.live.aws.calls import BY_TOPIC, Calls
from checker.live.aws.endpoints import read_queue, read_role, read_stream
from checker.live.aws.errors import CallError, StoppedError, action_of, faults_about
from checker.live.aws.facts import subscription_of
from checker.live.aws.subscribers import read_subscription
from checker.live.aws.wait import Clock, until
from checker.live.retention.create import make_queue, make_subscription

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.endpoints import Subscription
    from checker.core.arn import Arn
    from checker.lint.delivery.model import CreatedResource, RequestedStorage
    from checker.live.aws.access import Unit


_RAW = {
    SQS: "raw delivery: messages are stored as Connect wrote them, with their attributes",
    FIREHOSE: "raw delivery: messages are stored as Connect wrote them, without their attributes",
}


def check_retention(calls: Calls, topic: Arn, kind: str, instance: Arn | None = None) -> Retention:
    """Check every subscription of one kind, ``sqs`` or ``firehose``, of a topic.

    ``instance`` is the instance whose messages must match filter policies. A failed read makes a link unknown, never
    ok, and names the missing permission.
    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    """
    try:
        pages = list(calls.pages(BY_TOPIC, str(topic), TopicArn=str(topic)))
    except CallError as error:
        return Retention(str(topic), kind, unread=Unknown(error.entry.reason))
    entries = [entry for page in pages for entry in page if entry.get("Protocol") == kind and _lasts(entry)]
    subscriptions = (read_subscription(calls, subscription_of(entry)) for entry in entries)
    check = _queue if kind == SQS else _stream
    return Retention(
        str(topic), kind, tuple(check(calls, topic, subscription, instance) for subscription in subscriptions)
    )


def _lasts(entry: Mapping[str, Any]) -> bool:
    """Return False for the temporary queue of a flow."""
    return not str(entry.get("Endpoint", "")).rpartition(":")[2].startswith(WATCHING)


def _queue(calls: Calls, topic: Arn, subscription: Subscription, instance: Arn | None) -> Delivery:
    queue, key = read_queue(calls, str(subscription.endpoint))
    delivery = Delivery(
        subscription,
        (*_own_steps(subscription, instance), *queue_steps(queue, key, topic)),
        notes=_notes(subscription),
    )
    if queue.exists is not True:
        return delivery
    notes = (*delivery.notes, *queue_notes(queue))
    return delivery._replace(problems=tuple(other_queue_senders(queue, topic)), notes=notes)


def _stream(calls: Calls, topic: Arn, subscription: Subscription, instance: Arn | None) -> Delivery:
    stream = read_stream(calls, str(subscription.endpoint))
    own, notes = _own_steps(subscription, instance), _notes(subscription)
    if isinstance(stream.arn, Unknown):
        return Delivery(subscription, (*own, stream_step(stream)), notes=notes)
    named = subscription.role
    role = read_role(calls, named) if isinstance(named, str) else named
    links = (*role_steps(role, stream.arn, topic), stream_step(stream))
    warnings = (
        tuple(role_warnings(role, stream.arn)) if isinstance(role, Role) and role.exists is True else ()
    )
    return Delivery(subscription, (*own, *links), warnings, notes)


def _own_steps(subscription: Subscription, instance: Arn | None) -> tuple[Step, ...]:
    """Return the steps for the subscription itself. A pending subscription has no further data."""
    confirmed = subscription_step(subscription)
    return (
        (confirmed, filter_step(subscription, instance)) if subscription.confirmed is True else (confirmed,)
    )


def _notes(subscription: Subscription) -> tuple[str, ...]:
    """Return remarks on a subscription.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    """
    raw, queue = subscription.raw, subscription.dead_letter
    if subscription.confirmed is True and isinstance(raw, Unknown):
        return ()
    return (
        _RAW[subscription.protocol]
        if raw is True
        else "messages are stored in an SNS envelope, with their attributes",
        f"messages that SNS cannot deliver go to `{queue}`"
        if isinstance(queue, str)
        else "messages that SNS cannot deliver are lost: there is no dead-letter queue",
    )


_TIMEOUT_SECONDS = 90.0
"""Time in seconds. SQS documents that attributes take up to 60 seconds to propagate.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""


def set_up(calls: Calls, topic: Arn, requested: RequestedStorage, clock: Clock = Clock()) -> SetUp:  # noqa: B008 - frozen
    """Ensure that a topic's messages are retained. Create only what is missing.

    After an error, created resources are kept and listed in ``made``. A second run continues from there.
    """
    before = check_retention(calls, topic, requested.kind, requested.instance)
    if before.status == OK:
        return SetUp((), before)
    made: list[CreatedResource] = []
    try:
        with faults_about(str(topic)):
            for resource in create_missing(calls, topic, requested, before, clock):
                made.append(resource)  # noqa: PERF402 - keeps resources that were created before an error
            if made:
                return SetUp(tuple(made), _checked(calls, topic, requested, clock))
        fault: CheckerError = _not_modified_error(before)
    except CheckerError as error:
        fault = error
    except StoppedError:  # resources that were created so far are kept and reported
        fault = CheckerError(str(topic), "interrupted", help_text="run the command again to continue")
    return SetUp(tuple(made), before, fault)


def _not_modified_error(retention: Retention) -> RefusedError:
    """Return an error for a broken link of an existing subscription, which is not modified."""
    broken = (
        (durable, step)
        for durable in retention.subscriptions
        for step in durable.steps
        if step.status == BROKEN
    )
    durable, step = next(broken)
    return RefusedError(
        durable.endpoint, f"already subscribed, and not modified: {step.reason}", help_text=step.help
    )


def create_missing(
    calls: Calls, topic: Arn, requested: RequestedStorage, before: Retention, clock: Clock
) -> Iterator[CreatedResource]:
    """Create what is missing, and yield each created resource. Raises CheckerError."""
    if before.status == UNKNOWN:
        raise RefusedError(
            str(topic), f"nothing was created, because messages may be retained already: {_doubt(before)}"
        )
    if requested.kind == SQS:
        return make_queue(calls, topic, before, force=requested.force)
    return make_subscription(calls, topic, before, requested.stream, clock)


def _doubt(retention: Retention) -> str:
    """Return the first reason why something is not known."""
    doubts = (
        step.reason for durable in retention.subscriptions for step in durable.steps if step.status == UNKNOWN
    )
    return retention.unread.described if retention.unread is not None else next(doubts, "")


def _checked(calls: Calls, topic: Arn, requested: RequestedStorage, clock: Clock) -> Retention:
    """Check until the result is ok or the time is up, because new resources are visible only after a delay."""
    checked: list[Retention] = []

    def is_retained() -> bool:
        checked.append(check_retention(calls, topic, requested.kind, requested.instance))
        return checked[-1].status == OK

    until(clock, is_retained, _TIMEOUT_SECONDS)
    return checked[-1]


_READS = ("describe_", "get_", "list_")
"""Prefixes of operations that change nothing."""


class PlannedCall(NamedTuple):
    """A call that would change something: its action, the resource, and its parameters."""

    action: str
    resource: str
    parameters: dict[str, Any]


class _DryRunCalls(Calls):
    """Makes calls that read, and records calls that write."""

    def __init__(self, calls: Calls, planned: list[PlannedCall]) -> None:
        self.__dict__.update(calls.__dict__)
        self._planned = planned

    def elsewhere(self, unit: Unit) -> Calls:
        return _DryRunCalls(super().elsewhere(unit), self._planned)

    def make(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any]:
        if operation.startswith(_READS):
            return super().make(service, operation, what, **parameters)
        self._planned.append(PlannedCall(action_of(service, operation), what, parameters))
        return {"SubscriptionArn": what}


class PlannedSetup(NamedTuple):
    """The calls that would create what is missing, and the error that ends them early, if any."""

    planned: tuple[PlannedCall, ...]
    fault: CheckerError | None = None


def plan_setup(calls: Calls, topic: Arn, requested: RequestedStorage) -> PlannedSetup:
    """Plan the calls that would create what is missing. There are none if messages are retained."""
    before = check_retention(calls, topic, requested.kind, requested.instance)
    planned: list[PlannedCall] = []
    if before.status == OK:
        return PlannedSetup(())
    try:
        list(create_missing(_DryRunCalls(calls, planned), topic, requested, before, Clock()))
    except CheckerError as fault:
        return PlannedSetup(tuple(planned), fault)
    return PlannedSetup(tuple(planned))


_STATUS_TEXTS = {
    "ok": "a subscription retains the messages",
    "broken": "no subscription retains the messages",
    "unknown": "not known whether a subscription retains the messages",
}


def ensure_retention(calls: Calls, topic: Arn, wanted: RequestedStorage, *, create: bool) -> SetUp:
    """Check what retains a topic's messages. With ``create``, create it if it is missing. Raises StoppedError."""
    if not create:
        return SetUp((), check_retention(calls, topic, wanted.kind, wanted.instance))
    return set_up(calls, topic, wanted, Clock(sleep=calls.wait))


def retention_summary(setup: SetUp) -> str:
    """Return one line with the result of the check and the number of created resources."""
    made = f", resources created: {len(setup.made)}" if setup.made else ""
    return f"{_STATUS_TEXTS[setup.retention.status]}{made}"
