"""What changed since earlier runs: each finding with its change and the time when it was first seen."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.finding import Finding, Severity


class Change(Enum):
    """How a finding differs from the last run that judged its rule and resource."""

    NEW = "new"
    ESCALATED = "escalated"
    FIXED = "fixed"
    UNCHANGED = "unchanged"
    NOT_AUDITED = "not_audited"
    SUPPRESSED = "suppressed"


PRESENT = (Change.NEW, Change.ESCALATED, Change.UNCHANGED)
"""The changes of findings that this run reports; the others are only in the history."""


class Entry(NamedTuple):
    """A finding of this run, or of an earlier one.

    ``first_seen`` is the start of the first run that reported it (ISO 8601, UTC); runs that did not judge it may lie
    between. ``before`` is its severity in the last run that reported it, ``None`` if it is new. ``reason`` says why it is
    fixed or was not audited, or that its resource was not audited before. ``instances`` are the ARNs of the instances that
    its resource was checked for, and ``sources`` are what the run read besides resources. ``suppressed`` is true if it was
    suppressed when a run last found it. ``users`` are the topics that its key encrypted, if it affects none.
    ``undetermined`` is true if this run judged it and does not know whether it is fixed.
    """

    finding: Finding
    change: Change
    first_seen: str
    before: Severity | None = None
    reason: str = ""
    instances: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    suppressed: bool = False
    users: tuple[str, ...] = ()
    undetermined: bool = False


class Night(NamedTuple):
    """The counts of a run, for a trend. ``errors``, ``warnings`` and ``notes`` are those of its report.

    ``scope`` is the same for runs of the same accounts, Regions, topics and rules, empty if it is not known.
    """

    time: str
    topics: int
    errors: int
    warnings: int
    notes: int
    new: int = 0
    fixed: int = 0
    not_audited: int = 0
    scope: str = ""


class History(NamedTuple):
    """The comparison of a run with earlier ones.

    ``since`` is the start of the last earlier run (ISO 8601, UTC), empty if there was none. ``entries`` begin with the
    findings of this run, in the order of the report. ``nights`` are all known runs by time, and this one.
    """

    since: str
    entries: tuple[Entry, ...]
    nights: tuple[Night, ...] = ()

    def of(self, *changes: Change) -> Iterator[Entry]:
        """Yield the entries with one of the changes."""
        return (entry for entry in self.entries if entry.change in changes)
