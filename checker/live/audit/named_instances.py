"""Looks up the instances that an audit was given, before any topic is judged by them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.chain import BROKEN, OK
from checker.inputs.text import InputError
from checker.inventory import Skipped
from checker.live.access import Unit
from checker.live.calls import Calls
from checker.live.lookup import look_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.live.session import Sessions


def unverified(sessions: Sessions, units: Sequence[Unit], named: Iterable[str]) -> Iterator[Skipped]:
    """Give the instances that could not be looked up. Raises InputError for one that is not there."""
    roles = {unit.account: unit.role for unit in units}
    regions = tuple(dict.fromkeys(unit.region for unit in units))
    for arn in dict.fromkeys(map(Arn.parse, named)):
        if arn is None:
            continue
        unit = Unit(arn.account, arn.region, roles.get(arn.account, ""))
        found = look_up(Calls(sessions, unit, threading.Event()), arn, *regions)
        if found.status == BROKEN:
            raise InputError(str(arn), found.reason, help_text=found.help)
        if found.status != OK:
            yield Skipped(str(arn), found.reason, error=True, help=found.help)
