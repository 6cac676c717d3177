"""Create a subscription that retains a topic's messages, and verify it by a second check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker.core.errors import CheckerError, RefusedError
from checker.lint.explain import BROKEN, OK, UNKNOWN
from checker.lint.retention.model import SQS, Retention, SetUp, Wanted
from checker.live.aws.calls import Calls
from checker.live.aws.errors import StoppedError, action_of, faults_about
from checker.live.aws.wait import Clock, until
from checker.live.retention.check import check_retention
from checker.live.retention.create import make_queue, make_subscription

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.arn import Arn
    from checker.lint.retention.model import Made, Wanted
    from checker.live.aws.access import Unit


_TIMEOUT_SECONDS = 90.0
"""Time in seconds. SQS documents that attributes take up to 60 seconds to propagate.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""


def set_up(calls: Calls, topic: Arn, requested: Wanted, clock: Clock = Clock()) -> SetUp:  # noqa: B008 - frozen
    """Ensure that a topic's messages are retained. Create only what is missing.

    After an error, created resources are kept and listed in ``made``. A second run continues from there.
    """
    before = check_retention(calls, topic, requested.kind, requested.instance)
    if before.status == OK:
        return SetUp((), before)
    made: list[Made] = []
    fault: CheckerError | None = None
    try:
        with faults_about(str(topic)):
            for resource in create_missing(calls, topic, requested, before, clock):
                made.append(resource)  # noqa: PERF402 - keeps resources that were created before an error
    except CheckerError as error:
        fault = error
    except StoppedError:  # resources that were created so far are kept and reported
        fault = CheckerError(str(topic), "interrupted", help_text="run the command again to continue")
    if fault is not None or not made:
        return SetUp(tuple(made), before, fault or _not_modified_error(before))
    try:
        with faults_about(str(topic)):
            return SetUp(tuple(made), _checked(calls, topic, requested, clock))
    except CheckerError as error:
        return SetUp(tuple(made), before, error)
    except StoppedError:
        return SetUp(tuple(made), before, CheckerError(str(topic), "interrupted before it was verified"))


def _not_modified_error(retention: Retention) -> RefusedError:
    """Return an error for a broken link of an existing subscription, which is not modified."""
    broken = (
        (keeper, step) for keeper in retention.keepers for step in keeper.steps if step.status == BROKEN
    )
    keeper, step = next(broken)
    return RefusedError(
        keeper.endpoint, f"already subscribed, and not modified: {step.reason}", help_text=step.help
    )


def create_missing(
    calls: Calls, topic: Arn, requested: Wanted, before: Retention, clock: Clock
) -> Iterator[Made]:
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
    doubts = (step.reason for keeper in retention.keepers for step in keeper.steps if step.status == UNKNOWN)
    return retention.unread.told if retention.unread is not None else next(doubts, "")


def _checked(calls: Calls, topic: Arn, requested: Wanted, clock: Clock) -> Retention:
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


def plan_setup(calls: Calls, topic: Arn, requested: Wanted) -> PlannedSetup:
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
