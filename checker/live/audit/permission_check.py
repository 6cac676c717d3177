"""Tries which calls of an audit AWS allows: `audit --check-permissions` reads a few topics of each account and Region.

The calls are those of an audit, so that both need the same permissions. A call that needs a resource is tried only if
the sample has one.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from checker.core.record import NamedTuple
from checker.lint.engine import Scope
from checker.live.audit.executor import threads, work_off
from checker.live.audit.topics import TopicReads
from checker.live.aws.calls import Calls
from checker.live.aws.errors import CallError, Fault, action_of, refused_role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.live.audit.plan import Plan
    from checker.live.aws.access import MadeCall, Unit
    from checker.live.aws.session import Sessions

SAMPLE = 10
"""The number of topics to read in each account and Region."""
_NOT_MADE = ("ds:DescribeDirectories", "sts:AssumeRole")
"""Actions that an audit does not call itself, and that entering an account shows."""
_CHANGING = ("securityhub:BatchImportFindings",)
"""Actions that would change something."""
_WITHOUT_RESOURCE: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("securityhub", "get_findings", {"MaxResults": 1}),
    ("kms", "list_aliases", {"Limit": 1}),
    ("sns", "list_subscriptions", {}),
    ("cloudtrail", "lookup_events", {"MaxResults": 1}),
)
"""Calls that need no resource, but that an audit makes only for some topics, keys or findings."""


class Tried(NamedTuple):
    """The actions that AWS allowed in an account and Region, and those that failed, each with the reason.

    ``untried`` are the actions that the sample had no resource for, ``changing`` those that would change something.
    """

    unit: Unit
    allowed: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str], ...]
    untried: tuple[str, ...] = ()
    changing: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """True if no call failed."""
        return not self.refused and not self.failed


class Trial:
    """Observes the calls of units, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._allowed: dict[Unit, dict[str, None]] = {}
        self._errors: dict[Unit, dict[str, CallError]] = {}

    def observe(self, call: MadeCall, outcome: dict[str, Any] | CallError) -> None:
        """Record the outcome of a call. What does not exist was allowed to be looked for."""
        action, unit = action_of(call.service, call.operation), call.unit.bare
        with self._lock:
            if isinstance(outcome, CallError) and outcome.fault is not Fault.NOT_FOUND:
                self._errors.setdefault(unit, {}).setdefault(action, outcome)
            elif not isinstance(outcome, CallError):
                self._allowed.setdefault(unit, {})[action] = None

    def of(self, unit: Unit, needed: Iterable[str]) -> Tried:
        """Return the outcomes for a unit, and the needed actions that were not tried."""
        allowed, errors = self._allowed.get(unit, {}), self._errors.get(unit, {})
        refused: list[tuple[str, str]] = []
        failed: list[tuple[str, str]] = []
        for action, error in sorted(errors.items()):
            is_refusal = error.fault is Fault.DENIED
            what, reason = refused_role(error.entry.reason) or error.entry.what, error.entry.reason
            about = what if is_refusal else f"{what}: {reason}"
            (refused if is_refusal else failed).append((action, about))
        untried = [action for action in sorted(needed) if action not in {*allowed, *errors, *_NOT_MADE}]
        changing = tuple(action for action in untried if action in _CHANGING)
        unsampled = tuple(action for action in untried if action not in _CHANGING)
        own = tuple(sorted(action for action in allowed if action not in errors))
        return Tried(unit, own, tuple(refused), tuple(failed), unsampled, changing)

    def actions(self) -> frozenset[str]:
        """Return the actions that were tried in any unit."""
        return frozenset(
            action for by_unit in (self._allowed, self._errors) for of in by_unit.values() for action in of
        )

    def left(self, unit: Unit, needed: Iterable[str]) -> Iterator[tuple[str, str, dict[str, object]]]:
        """Yield the needed calls without a resource that were not tried in a unit, unless nothing answers there."""
        allowed, errors = self._allowed.get(unit, {}), self._errors.get(unit, {})
        if allowed or all(error.fault is Fault.DENIED for error in errors.values()):
            for call in _WITHOUT_RESOURCE:
                action = action_of(*call[:2])
                if action in needed and action not in {*allowed, *errors}:
                    yield call

    def units(self) -> tuple[Unit, ...]:
        """Return the units in which calls were made."""
        return tuple(sorted({*self._allowed, *self._errors}))


def check_permissions(
    trial: Trial, sessions: Sessions, plan: Plan, units: Sequence[Unit], needed: Sequence[str]
) -> Iterator[Tried]:
    """Read a sample of each unit, and yield what AWS allowed there and in other accounts that its resources are in.

    ``trial`` observes the calls of ``sessions``. ``needed`` are the actions of an audit in every unit.
    """
    sampled = plan._replace(sample=SAMPLE, scope=Scope(all_topics=True, tags=plan.scope.tags))
    executor = threads(sampled, sessions, len(units), lambda: None, lambda _: TopicReads())
    try:
        for _ in work_off(units, executor):
            pass
    finally:
        executor.dismiss()
    for unit in units:
        calls = Calls(sessions, unit, threading.Event())
        for service, operation, parameters in trial.left(unit.bare, needed):
            calls.read(service, operation, unit.name, **parameters)
    own = [unit.bare for unit in units]
    yield from (trial.of(unit, needed) for unit in own)
    yield from (trial.of(unit, ()) for unit in trial.units() if unit.account and unit not in own)
