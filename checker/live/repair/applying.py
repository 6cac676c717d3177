"""Apply changes, each only to the expected state, and roll them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import CheckerError, RefusedError
from checker.fix.live.receipt import ENCRYPTION, KEY, NEW_KEY, NEW_TOPIC, SUBSCRIPTION, TOPIC, Change
from checker.live.aws.errors import CallError, faults_about
from checker.live.aws.wait import Clock, until
from checker.live.repair.change_handler import ChangeHandler, ChangeState
from checker.live.repair.new_key import ENCRYPTION_HANDLER, NEW_KEY_HANDLER
from checker.live.repair.new_topic import NEW_TOPIC_HANDLER, SUBSCRIPTION_HANDLER
from checker.live.repair.policy_writing import POLICY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.live.aws.calls import Calls

HANDLERS: dict[str, ChangeHandler] = {
    KEY: POLICY,
    TOPIC: POLICY,
    NEW_KEY: NEW_KEY_HANDLER,
    NEW_TOPIC: NEW_TOPIC_HANDLER,
    ENCRYPTION: ENCRYPTION_HANDLER,
    SUBSCRIPTION: SUBSCRIPTION_HANDLER,
}


class Missed(NamedTuple):
    """An optional change that failed, and why."""

    change: Change
    fault: CheckerError


class Carried(NamedTuple):
    """The progress of a repair: applied changes, optional changes that failed, and the error that stopped it."""

    written: tuple[Change, ...]
    missed: tuple[Missed, ...] = ()
    fault: CheckerError | None = None


def carry_out(calls: Calls, changes: Sequence[Change], clock: Clock = Clock()) -> Carried:  # noqa: B008 - frozen
    """Apply changes in order, each only to the expected state. The first error of a required change stops.

    Every exception counts as an error, because the changes so far must be rolled back.
    """
    written: list[Change] = []
    missed: list[Missed] = []
    for change in changes:
        handler = HANDLERS[change.kind]
        try:
            with faults_about(change.resource):
                if _is_made(calls, handler, change):
                    continue
                written.append(change)  # from here on the change may be applied, even if the call fails
                handler.do(calls, change, clock)
        except CheckerError as fault:
            if not handler.optional:
                return Carried(tuple(written), tuple(missed), fault)
            missed.append(Missed(change, fault))
    return Carried(tuple(written), tuple(missed))


def _is_made(calls: Calls, handler: ChangeHandler, change: Change) -> bool:
    """Return True for a change that is applied already. Raises RefusedError if others changed the resource."""
    state = handler.state_of(calls, change)
    if state in (ChangeState.OTHER, ChangeState.FOREIGN):
        help_text = "nothing was written to it; run the command again"
        raise RefusedError(change.resource, handler.drifted, help_text=help_text)
    return state is ChangeState.AFTER


_LEAST_ATTEMPTS = 3
"""Minimum number of rollback attempts. A single attempt may take long, because it may have to search many keys."""


class Undone(NamedTuple):
    """The result of a rollback by change: rolled back, never applied, changed by others, or created by others.

    ``stuck`` is the change that could not be rolled back. Earlier changes were not touched.
    """

    back: tuple[Change, ...] = ()
    untouched: tuple[Change, ...] = ()
    drifted: tuple[Change, ...] = ()
    foreign: tuple[Change, ...] = ()
    stuck: Missed | None = None

    @property
    def is_whole(self) -> bool:
        """Return True if no change of the repair remains."""
        return not self.drifted and self.stuck is None


def roll_back(
    calls: Calls,
    changes: Sequence[Change],
    *,
    force: bool = False,
    clock: Clock = Clock(),  # noqa: B008 - frozen
) -> Undone:
    """Roll back changes, last first, and retry temporary errors. Changes by others are not touched."""
    undone = Undone()
    for change in reversed(changes):
        attempt = _Attempt(calls, change, undone, clock, force=force)
        until(clock, attempt, least=_LEAST_ATTEMPTS)
        if attempt.fault is not None:
            return undone._replace(stuck=Missed(change, attempt.fault))
        undone = attempt.undone
    return undone


class _Attempt:
    """Rolls back one change. A call whose response was lost may have succeeded."""

    def __init__(self, calls: Calls, change: Change, undone: Undone, clock: Clock, *, force: bool) -> None:
        self.undone = undone
        self.fault: CheckerError | None = None
        self._calls = calls
        self._change = change
        self._clock = clock
        self._force = force
        self._began = False

    def __call__(self) -> bool:
        """Try once. Return False if a retry may succeed."""
        self._calls.ask_again()
        self.fault = None
        try:
            with faults_about(self._change.resource):
                self._roll_back()
        except CheckerError as fault:
            self.fault = fault
            return not (isinstance(fault, CallError) and fault.fault.again)
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
