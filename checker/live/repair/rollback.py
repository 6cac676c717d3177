"""Predict the effect of a rollback. A receipt may be forged, so AWS must confirm what it says about a resource."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import RefusedError
from checker.fix.live.receipt import CLOCK_SKEW, CREATED, KEY, NEW_KEY, NEW_TOPIC, SUBSCRIPTION, TOPIC
from checker.live.repair import new_key, new_topic, policy_writing
from checker.live.repair.applying import HANDLERS
from checker.live.repair.change_handler import ChangeState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.live.receipt import Change, Receipt
    from checker.live.aws.calls import Calls
    from checker.live.aws.lookup import Caller

_FOREIGN = "not created by this repair: it does not have the tag with the receipt ID"
_CHANGED = "it was changed since the repair"
_IN_USE = "a topic that is not rolled back may be encrypted with it"


class Fate(Enum):
    """The result of a rollback for a change: rolled back, never applied, or left as it is."""

    ROLL_BACK = "roll back"
    AS_BEFORE = "as before"
    LEFT = "left"


class Prospect(NamedTuple):
    """The expected result for a change, the reason if it is left, and the current policy."""

    change: Change
    fate: Fate
    reason: str = ""
    now: str = ""
    forcible: bool = False


def check_caller(receipt: Receipt, caller: Caller) -> None:
    """Check that the caller is in the account of the resources to delete. Raises RefusedError."""
    if caller.account != receipt.account and any(one.kind in CREATED for one in receipt.changes):
        reason = f"the receipt is from account {receipt.account}, the caller from account {caller.account}"
        help_text = f"nothing was changed; use credentials of account {receipt.account}"
        raise RefusedError("RECEIPT", reason, help_text=help_text)


def prospects(calls: Calls, receipt: Receipt, *, force: bool) -> tuple[Prospect, ...]:
    """Look up every resource, in the order of the rollback. Raises CallError."""
    found: list[Prospect] = []
    for change in reversed(receipt.changes):
        found.append(_prospect(calls, receipt, change, found, force=force))
    return tuple(found)


def _prospect(
    calls: Calls, receipt: Receipt, change: Change, earlier: list[Prospect], *, force: bool
) -> Prospect:
    state = _state_of(calls, change, earlier)
    if state is ChangeState.BEFORE:
        return Prospect(change, Fate.AS_BEFORE)
    now = policy_writing.current(calls, change) if change.kind in (TOPIC, KEY) else ""
    for reason in _reasons_to_leave(calls, receipt, change, state):
        return Prospect(change, Fate.LEFT, reason)
    if (
        change.kind == NEW_KEY
        and state is not ChangeState.PARTLY
        and any(one.fate is Fate.LEFT for one in earlier)
    ):
        return Prospect(change, Fate.LEFT, _IN_USE)
    if state is ChangeState.OTHER and not force:
        return Prospect(change, Fate.LEFT, _CHANGED, now, forcible=True)
    return Prospect(change, Fate.ROLL_BACK, now=now)


def _state_of(calls: Calls, change: Change, earlier: list[Prospect]) -> ChangeState:
    """Return the state of a resource, ignoring subscriptions that are removed before their topic is deleted."""
    if change.kind != NEW_TOPIC:
        return HANDLERS[change.kind].state_of(calls, change)
    removed = (
        one.change for one in earlier if one.fate is Fate.ROLL_BACK and one.change.kind == SUBSCRIPTION
    )
    made = (one.specification for one in removed if one.resource == change.resource)
    return new_topic.state_of(calls, change, {(one["Protocol"], one["Endpoint"]) for one in made})


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
