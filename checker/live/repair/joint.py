"""The plans for one or several topics, which are applied, verified and rolled back together.

A replicated Connect instance streams to a topic in each of its Regions, so that a fix of one of them is half a fix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from checker.analysis.inventory import Inventory
from checker.core.errors import RefusedError
from checker.core.record import NamedTuple
from checker.fix.attempts import key_of
from checker.fix.reading import Reading
from checker.fix.rounds import Repair
from checker.live.audit.executor import joined
from checker.live.repair.change_handler import unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.core.errors import CheckerError, Skipped
    from checker.fix.attempts import UnfixedFinding
    from checker.fix.live.receipt import Change
    from checker.fix.result import Outcome
    from checker.fix.rounds import FixedFinding
    from checker.live.aws.access import Unit
    from checker.live.aws.calls import Calls
    from checker.live.repair.planning import Plan


class JointPlan(NamedTuple):
    """The plan of each topic, in the order of the options; all changes in order, and the outcome of all for reports."""

    plans: tuple[Plan, ...]
    changes: tuple[Change, ...]
    outcome: Outcome

    @property
    def receipt(self) -> str:
        """Return the ID of the receipt of all changes."""
        return self.plans[0].receipt

    @property
    def reached(self) -> Mapping[Unit, Calls]:
        """Return the calls for the account and Region of each change."""
        return {unit_of(change): plan.calls for plan in self.plans for change in plan.changes}

    @property
    def doubts(self) -> tuple[CheckerError, ...]:
        """Return the reasons not to rely on the instances."""
        return tuple(doubt for plan in self.plans for doubt in plan.doubts)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Return the failed reads, each once."""
        return tuple(dict.fromkeys(skipped for plan in self.plans for skipped in plan.calls.skipped))


def join(plans: Sequence[Plan]) -> JointPlan:
    """Join the plans of different topics. Raises RefusedError if two of them write different policies of one key."""
    return JointPlan(tuple(plans), _changes(plans), _outcome([plan.outcome for plan in plans]))


def _changes(plans: Sequence[Plan]) -> tuple[Change, ...]:
    """Return the changes in order. Topics may share a key, whose policy is written once."""
    changes = dict.fromkeys(change for plan in plans for change in plan.changes)
    if len(plans) > 1:
        _check_shared(changes)
    return tuple(changes)


def _check_shared(changes: Iterable[Change]) -> None:
    seen: set[str] = set()
    for change in changes:
        if change.resource in seen:
            reason = "several of the topics use this key, and their fixes write different policies of it"
            raise RefusedError(change.resource, reason, help_text="fix one topic at a time")
        seen.add(change.resource)


def _outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """Merge the outcomes of several topics. Findings and changes of a key that they share are listed once."""
    first = outcomes[0]
    if len(outcomes) == 1:
        return first
    repairs = [outcome.repair for outcome in outcomes]
    changes = {change.resource: change for outcome in outcomes for change in outcome.changes}
    return first._replace(
        repair=Repair(
            {name: text for repair in repairs for name, text in repair.texts.items()},
            _distinct(fixed for repair in repairs for fixed in repair.fixed),
            _distinct(unfixed for repair in repairs for unfixed in repair.unfixed),
            _reading([repair.before for repair in repairs]),
            _reading([repair.after for repair in repairs]),
        ),
        originals={name: text for outcome in outcomes for name, text in outcome.originals.items()},
        names={name: shown for outcome in outcomes for name, shown in outcome.names.items()},
        changes=tuple(changes.values()),
    )


_Entry = TypeVar("_Entry", "FixedFinding", "UnfixedFinding")


def _distinct(entries: Iterable[_Entry]) -> tuple[_Entry, ...]:
    return tuple({key_of(entry.finding): entry for entry in entries}.values())


def _reading(readings: Sequence[Reading]) -> Reading:
    inventories = [reading.inventory for reading in readings]
    inventory = Inventory(
        tuple(topic for inventory in inventories for topic in inventory.topics),
        tuple(key for inventory in inventories for key in inventory.keys),
        tuple(instance for inventory in inventories for instance in inventory.instances),
    )
    report = joined(reading.report for reading in readings)
    findings = {key_of(finding): finding for finding in report.findings}
    return Reading(inventory, report._replace(findings=tuple(findings.values())))
