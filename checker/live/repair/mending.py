"""Carries out changes, each on what it was made for, and takes them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.fix.receipt import ENCRYPTION, KEY, NEW_KEY, NEW_TOPIC, SUBSCRIPTION, TOPIC, Change
from checker.inputs.text import InputError
from checker.live.patience import Clock
from checker.live.repair.deed import Deed, Stand
from checker.live.repair.encryption import ENCRYPTION_DEED
from checker.live.repair.new_key import NEW_KEY_DEED
from checker.live.repair.new_topic import NEW_TOPIC_DEED
from checker.live.repair.policy_writing import POLICY
from checker.live.repair.subscribing import SUBSCRIPTION_DEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.live.calls import Calls

DEEDS: dict[str, Deed] = {
    KEY: POLICY,
    TOPIC: POLICY,
    NEW_KEY: NEW_KEY_DEED,
    NEW_TOPIC: NEW_TOPIC_DEED,
    ENCRYPTION: ENCRYPTION_DEED,
    SUBSCRIPTION: SUBSCRIPTION_DEED,
}


class Missed(NamedTuple):
    """A change that the others can do without, and why it failed."""

    change: Change
    fault: InputError


class Carried(NamedTuple):
    """How far a repair got: what is made, what failed alone, and the fault that ended it, if one did."""

    written: tuple[Change, ...]
    missed: tuple[Missed, ...] = ()
    fault: InputError | None = None


def carry_out(calls: Calls, changes: Sequence[Change], clock: Clock = Clock()) -> Carried:  # noqa: B008 - frozen
    """Make changes in their order, each on what it was made for; the first grave fault ends it."""
    written: list[Change] = []
    missed: list[Missed] = []
    for change in changes:
        deed = DEEDS[change.kind]
        try:
            if _is_made(calls, deed, change):
                continue
            written.append(change)  # from here on it may be made, whatever the answer is
            deed.do(calls, change, clock)
        except InputError as fault:
            if not deed.without:
                return Carried(tuple(written), tuple(missed), fault)
            missed.append(Missed(change, fault))
    return Carried(tuple(written), tuple(missed))


def _is_made(calls: Calls, deed: Deed, change: Change) -> bool:
    """True for what is as it should be already. Raises InputError for what somebody else has changed."""
    stand = deed.stand(calls, change)
    if stand is Stand.OTHER:
        help_text = "nothing was written to it; run the command again"
        raise InputError(change.resource, deed.drifted, help_text=help_text)
    return stand is Stand.AFTER


class Undone(NamedTuple):
    """What became of each change: taken back, never made, or changed by somebody else since.

    ``stuck`` could not be taken back; what came before it was not touched.
    """

    back: tuple[Change, ...] = ()
    untouched: tuple[Change, ...] = ()
    drifted: tuple[Change, ...] = ()
    stuck: Missed | None = None


def take_back(
    calls: Calls,
    changes: Sequence[Change],
    *,
    force: bool = False,
    clock: Clock = Clock(),  # noqa: B008 - frozen
) -> Undone:
    """Take changes back, the last first. What somebody else has changed since is left alone."""
    undone = Undone()
    for change in reversed(changes):
        try:
            undone = _without(undone, calls, change, force=force, clock=clock)
        except InputError as fault:
            return undone._replace(stuck=Missed(change, fault))
    return undone


def _without(undone: Undone, calls: Calls, change: Change, *, force: bool, clock: Clock) -> Undone:
    """Take one change back. Raises InputError."""
    deed = DEEDS[change.kind]
    stand = deed.stand(calls, change)
    if stand is Stand.BEFORE:
        return undone._replace(untouched=(*undone.untouched, change))
    if (stand is Stand.OTHER and not force) or (change.kind == NEW_KEY and undone.drifted):
        # A topic that is left alone is encrypted with the key still.
        return undone._replace(drifted=(*undone.drifted, change))
    deed.undo(calls, change, clock)
    return undone._replace(back=(*undone.back, change))
