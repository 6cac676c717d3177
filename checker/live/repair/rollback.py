"""Roll back changes, and predict the result of that.

A receipt may be forged, so AWS must confirm what it says about a resource.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from checker.core.errors import CheckerError, RefusedError
from checker.core.record import NamedTuple
from checker.fix.live.receipt import (
    CLOCK_SKEW,
    CREATED,
    ENCRYPTION,
    KEY,
    NEW_KEY,
    NEW_TOPIC,
    SUBSCRIPTION,
    TOPIC,
)
from checker.live.aws.errors import CallError, faults_about
from checker.live.aws.wait import Clock, until
from checker.live.repair import new_key, new_topic
from checker.live.repair.change_handler import POLICY, ChangeHandler, ChangeState, current_policy, unit_of
from checker.live.repair.new_key import ENCRYPTION_HANDLER, NEW_KEY_HANDLER
from checker.live.repair.new_topic import NEW_TOPIC_HANDLER, SUBSCRIPTION_HANDLER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.fix.live.receipt import Change, Receipt
    from checker.live.aws.access import Unit
    from checker.live.aws.calls import Calls
    from checker.live.aws.lookup import Caller
    from checker.live.repair.change_handler import Reached


HANDLERS: dict[str, ChangeHandler] = {
    KEY: POLICY,
    TOPIC: POLICY,
    NEW_KEY: NEW_KEY_HANDLER,
    NEW_TOPIC: NEW_TOPIC_HANDLER,
    ENCRYPTION: ENCRYPTION_HANDLER,
    SUBSCRIPTION: SUBSCRIPTION_HANDLER,
}


class FailedChange(NamedTuple):
    """A change that could not be applied or rolled back, and why."""

    change: Change
    fault: CheckerError


_LEAST_ATTEMPTS = 3
"""Minimum number of rollback attempts. A single attempt may take long, because it may have to search many keys."""


class RollbackResult(NamedTuple):
    """The result of a rollback by change: rolled back, never applied, changed by others, or created by others.

    ``stuck`` are the changes that could not be rolled back, at most one for each account and Region. Earlier changes
    there were not touched.
    """

    back: tuple[Change, ...] = ()
    untouched: tuple[Change, ...] = ()
    drifted: tuple[Change, ...] = ()
    foreign: tuple[Change, ...] = ()
    stuck: tuple[FailedChange, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Return True if no change of the repair remains."""
        return not self.drifted and not self.stuck


def roll_back(
    reached: Reached,
    changes: Sequence[Change],
    *,
    force: bool = False,
    clock: Clock = Clock(),  # noqa: B008 - frozen
) -> RollbackResult:
    """Roll back changes, last first, and retry temporary errors. Changes by others are not touched.

    A change that cannot be rolled back stops the rollback in its account and Region, not in the others.
    """
    undone = RollbackResult()
    stopped: set[Unit] = set()
    for change in reversed(changes):
        unit = unit_of(change)
        if unit in stopped:
            continue
        attempt = _Rollback(reached[unit], change, undone, clock, force=force)
        until(clock, attempt, least=_LEAST_ATTEMPTS)
        undone = attempt.undone
        if attempt.fault is not None:
            stopped.add(unit)
            undone = undone._replace(stuck=(*undone.stuck, FailedChange(change, attempt.fault)))
    return undone


class _Rollback:
    """Rolls back one change. A call whose response was lost may have succeeded."""

    def __init__(
        self, calls: Calls, change: Change, undone: RollbackResult, clock: Clock, *, force: bool
    ) -> None:
        self.undone = undone
        self.fault: CheckerError | None = None
        self._calls = calls
        self._change = change
        self._clock = clock
        self._force = force
        self._began = False

    def __call__(self) -> bool:
        """Try once. Return False if a retry may succeed."""
        self._calls.forget_silence()
        self.fault = None
        try:
            with faults_about(self._change.resource):
                self._roll_back()
        except CheckerError as fault:
            self.fault = fault
            return not (isinstance(fault, CallError) and fault.fault.temporary)
        return True

    def _roll_back(self) -> None:
        change, handler, undone = self._change, HANDLERS[self._change.kind], self.undone
        state = handler.state_of(self._calls, change)
        if state is ChangeState.BEFORE and not self._began:
            self.undone = undone._replace(untouched=(*undone.untouched, change))
        elif state is ChangeState.FOREIGN:
            self.undone = undone._replace(foreign=(*undone.foreign, change))
        elif (state is ChangeState.OTHER and not self._force) or self._is_in_use(state):
            self.undone = undone._replace(drifted=(*undone.drifted, change))
        else:
            if state is not ChangeState.BEFORE:
                self._began = True
                handler.undo(self._calls, change, self._clock)
            self.undone = undone._replace(back=(*undone.back, change))

    def _is_in_use(self, state: ChangeState) -> bool:
        """Return True for a key with an alias while a topic is not rolled back: the topic may still use the key."""
        left = self.undone.drifted or self.undone.foreign
        return self._change.kind == NEW_KEY and state is not ChangeState.PARTLY and bool(left)


_FOREIGN = "not created by this repair: it does not have the tag with the receipt ID"
_CHANGED = "it was changed since the repair"
_IN_USE = "a topic that is not rolled back may be encrypted with it"


class RollbackOutcome(Enum):
    """The result of a rollback for a change: rolled back, never applied, left as it is, or its resource was not read."""

    ROLL_BACK = "roll back"
    AS_BEFORE = "as before"
    LEFT = "left"
    UNREAD = "unread"


class ExpectedRollback(NamedTuple):
    """The expected result for a change, the reason if it is left, and the current policy."""

    change: Change
    outcome: RollbackOutcome
    reason: str = ""
    now: str = ""
    forcible: bool = False


def check_caller(receipt: Receipt, caller: Caller) -> None:
    """Check that the caller is in the account of the resources to delete. Raises RefusedError."""
    if caller.account != receipt.account and any(change.kind in CREATED for change in receipt.changes):
        reason = f"the receipt is from account {receipt.account}, the caller from account {caller.account}"
        help_text = f"nothing was changed; use credentials of account {receipt.account}"
        raise RefusedError("RECEIPT", reason, help_text=help_text)


def prospects(reached: Reached, receipt: Receipt, *, force: bool) -> tuple[ExpectedRollback, ...]:
    """Look up every resource, in the order of the rollback.

    One that cannot be read leaves all changes in its account and Region unread. Raises CallError if there is no other.
    """
    expected: list[ExpectedRollback] = []
    unread: dict[Unit, CallError] = {}
    for change in reversed(receipt.changes):
        unit = unit_of(change)
        try:
            if unit not in unread:
                expected.append(_prospect(reached[unit], receipt, change, expected, force=force))
        except CallError as error:
            unread[unit] = error
            if len(unread) == len(reached):
                raise
    return tuple(_with_unread(expected, unread, receipt))


def _with_unread(
    expected: Iterable[ExpectedRollback], unread: Mapping[Unit, CallError], receipt: Receipt
) -> Iterator[ExpectedRollback]:
    """Yield what is expected where everything was read, then the changes elsewhere."""
    yield from (each for each in expected if unit_of(each.change) not in unread)
    for change in reversed(receipt.changes):
        if error := unread.get(unit_of(change)):
            yield ExpectedRollback(change, RollbackOutcome.UNREAD, error.reason)


def _prospect(
    calls: Calls, receipt: Receipt, change: Change, earlier: list[ExpectedRollback], *, force: bool
) -> ExpectedRollback:
    state = _state_of(calls, change, earlier)
    if state is ChangeState.BEFORE:
        return ExpectedRollback(change, RollbackOutcome.AS_BEFORE)
    policy = current_policy(calls, change) if change.kind in (TOPIC, KEY) else ""
    for reason in _reasons_to_leave(calls, receipt, change, state):
        return ExpectedRollback(change, RollbackOutcome.LEFT, reason)
    if (
        change.kind == NEW_KEY
        and state is not ChangeState.PARTLY
        and any(expected.outcome is RollbackOutcome.LEFT for expected in earlier)
    ):
        return ExpectedRollback(change, RollbackOutcome.LEFT, _IN_USE)
    if state is ChangeState.OTHER and not force:
        return ExpectedRollback(change, RollbackOutcome.LEFT, _CHANGED, policy, forcible=True)
    return ExpectedRollback(change, RollbackOutcome.ROLL_BACK, now=policy)


def _state_of(calls: Calls, change: Change, earlier: list[ExpectedRollback]) -> ChangeState:
    """Return the state of a resource, ignoring subscriptions that are removed before their topic is deleted."""
    if change.kind != NEW_TOPIC:
        return HANDLERS[change.kind].state_of(calls, change)
    removed = [
        expected.change.specification
        for expected in earlier
        if expected.outcome is RollbackOutcome.ROLL_BACK and _subscribes(expected.change, change)
    ]
    own = {(subscription["Protocol"], subscription["Endpoint"]) for subscription in removed}
    return new_topic.state_of(calls, change, own)


def _subscribes(change: Change, topic: Change) -> bool:
    """Return True for a subscription of a topic that another change creates."""
    return change.kind == SUBSCRIPTION and change.resource == topic.resource


def _reasons_to_leave(calls: Calls, receipt: Receipt, change: Change, state: ChangeState) -> Iterator[str]:
    """Yield reasons why the repair may not have created a resource. None if it did, or if nothing was created."""
    if state is ChangeState.FOREIGN:
        yield _FOREIGN
    elif change.kind == SUBSCRIPTION and new_topic.receipt_of(calls, change.resource) != receipt.id:
        yield "another run created the topic, so it is not known which run subscribed the endpoint"
    elif change.kind == NEW_KEY:
        created = new_key.created_at(calls, change)
        if created is not None and created < receipt.time - CLOCK_SKEW:
            yield f"the key was created at {created:%Y-%m-%d %H:%M}, before the repair began"
