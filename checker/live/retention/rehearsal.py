"""Plans what would be created to keep a topic's messages: the writing calls are recorded, and not made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker.chain import OK
from checker.inputs.text import InputError
from checker.live.actions import action_of
from checker.live.calls import Calls
from checker.live.patience import Clock
from checker.live.retention.judge import judge_retention
from checker.live.retention.setup import making

if TYPE_CHECKING:
    from checker.arn import Arn
    from checker.live.access import Unit
    from checker.retention.model import Wanted

_READS = ("describe_", "get_", "list_")
"""How the operations begin that change nothing."""


class PlannedCall(NamedTuple):
    """A call that would change something: its action, the resource, and its parameters."""

    action: str
    resource: str
    parameters: dict[str, Any]


class _Rehearsal(Calls):
    """Makes the calls that read, and records those that write."""

    def __init__(self, calls: Calls, planned: list[PlannedCall]) -> None:
        self.__dict__.update(calls.__dict__)
        self._planned = planned

    def elsewhere(self, unit: Unit) -> Calls:
        return _Rehearsal(super().elsewhere(unit), self._planned)

    def need(self, service: str, operation: str, what: str, **parameters: object) -> dict[str, Any]:
        if operation.startswith(_READS):
            return super().need(service, operation, what, **parameters)
        self._planned.append(PlannedCall(action_of(service, operation), what, parameters))
        return {"SubscriptionArn": what}


class Rehearsed(NamedTuple):
    """The calls that would create what is missing, and the fault that ends them early, if one does."""

    planned: tuple[PlannedCall, ...]
    fault: InputError | None = None


def rehearse(calls: Calls, topic: Arn, wanted: Wanted) -> Rehearsed:
    """Plan what is missing; nothing if messages are kept."""
    before = judge_retention(calls, topic, wanted.kind, wanted.instance)
    planned: list[PlannedCall] = []
    if before.status == OK:
        return Rehearsed(())
    try:
        list(making(_Rehearsal(calls, planned), topic, wanted, before, Clock()))
    except InputError as fault:
        return Rehearsed(tuple(planned), fault)
    return Rehearsed(tuple(planned))
