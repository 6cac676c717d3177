"""Carries out changes, each on what it was made for, and takes them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.fix.receipt import KEY, TOPIC, Change
from checker.inputs.text import InputError
from checker.live.deed import Deed, Stand
from checker.live.patience import Clock
from checker.live.policy_writing import POLICY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.live.calls import Calls

DEEDS: dict[str, Deed] = {KEY: POLICY, TOPIC: POLICY}


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
    """What became of each change: taken back, never made, or changed by somebody else since."""

    back: tuple[Change, ...] = ()
    untouched: tuple[Change, ...] = ()
    drifted: tuple[Change, ...] = ()


def take_back(
    calls: Calls,
    changes: Sequence[Change],
    *,
    force: bool = False,
    clock: Clock = Clock(),  # noqa: B008 - frozen
) -> Undone:
    """Take changes back, the last first. What somebody else has changed since is left alone.

    Raises InputError for what cannot be read or written.
    """
    undone = Undone()
    for change in reversed(changes):
        deed = DEEDS[change.kind]
        stand = deed.stand(calls, change)
        if stand is Stand.BEFORE:
            undone = undone._replace(untouched=(*undone.untouched, change))
        elif stand is Stand.OTHER and not force:
            undone = undone._replace(drifted=(*undone.drifted, change))
        else:
            deed.undo(calls, change, clock)
            undone = undone._replace(back=(*undone.back, change))
    return undone
