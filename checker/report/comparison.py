"""Compares a run with earlier ones: which findings are new, escalated, fixed, unchanged or were not audited.

A finding that was not audited is kept until a later run judges it: see `checker.report.judgment`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.finding import Verdict
from checker.core.record import NamedTuple
from checker.lint.history import PRESENT, Change, Entry, History, Night
from checker.report.absence import ListedResources, contact_of, unit_of
from checker.report.brief import summary
from checker.report.judgment import Earlier, Judged, Judgment, shown_request
from checker.report.recognition import by_key, matches, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.core.finding import Finding
    from checker.lint.audited import Circumstances
    from checker.lint.report import Report


class Past(NamedTuple):
    """What earlier runs reported.

    ``entries`` are the findings that may still hold: those of the last run, also if it suppressed them, and those that
    it did not audit. ``last`` is the last run, ``None`` if there is none. ``judged`` are the resources that the last
    run checked, ``unread`` those that it could not read.
    """

    entries: tuple[Entry, ...] = ()
    nights: tuple[Night, ...] = ()
    last: Circumstances | None = None
    judged: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


def past_of(reports: Iterable[Report]) -> Past:
    """Return what the reports of audits show, which are sorted by time. A report may carry the history of older ones."""
    past = Past()
    for report in reports:
        past = _following(past, report)
    return past


def _following(past: Past, report: Report) -> Past:
    """Return the past after one more run."""
    past = _with_carried(past, report)
    history, hidden = _compared(report, past)
    open_entries = (*history.of(*PRESENT, Change.NOT_AUDITED), *hidden)
    judged = frozenset(examined.resource for examined in report.examined)
    counted = report.history.nights if report.history else ()  # as that run counted them, when it knew more
    nights = {night.time: night for night in (*history.nights, *counted)}
    unread = frozenset(skipped.what for skipped in report.skipped)
    return Past(open_entries, tuple(nights[time] for time in sorted(nights)), report.audit, judged, unread)


def _with_carried(past: Past, report: Report) -> Past:
    """Add what a report says about runs before it, if those are not known: times, and findings it did not audit."""
    if report.history is None:
        return past
    known = by_key(past.entries, [entry.finding for entry in past.entries])
    carried = list(report.history.of(Change.UNCHANGED, Change.ESCALATED, Change.NOT_AUDITED))
    for key, entry in by_key(carried, [entry.finding for entry in carried]).items():
        known.setdefault(key, entry)
        known[key] = known[key]._replace(first_seen=min(known[key].first_seen, entry.first_seen))
    return past._replace(entries=tuple(known.values()))


def compared(report: Report, past: Past) -> History:
    """Compare an audit with earlier ones. The report must have its circumstances."""
    return _compared(report, past)[0]


def _compared(report: Report, past: Past) -> tuple[History, tuple[Entry, ...]]:
    """Return the comparison of an audit with earlier ones, and the findings that it suppresses, also earlier ones."""
    if report.audit is None:
        raise ValueError("only an audit can be compared with earlier ones")
    now = _Now(report, report.audit)
    before = by_key(past.entries, [entry.finding for entry in past.entries])
    found = [*report.findings, *(one.finding for one in report.suppressed)]
    current = by_key(found, found)
    matched_to = matches(before, current)
    keys = list(current)
    shown, hidden = keys[: len(report.findings)], keys[len(report.findings) :]
    present = [_entry(current[key], matched_to.get(key, ()), now, past) for key in shown]
    suppressed = {
        id(entry): entry for key in hidden for entry in matched_to.get(key, ()) if not entry.suppressed
    }
    matched = {id(entry) for entries in matched_to.values() for entry in entries}
    absent = [
        *(_suppressed(entry) for entry in suppressed.values()),
        *(_absent(entry, now) for entry in before.values() if id(entry) not in matched),
    ]
    entries = (*present, *absent)
    since = past.last.time if past.last else ""
    history = History(since, entries, (*past.nights, _night(report, report.audit, entries)))
    suppressions = (now.entry_of(current[key], Change.SUPPRESSED, now.time) for key in hidden)
    return history, tuple(entry._replace(suppressed=True) for entry in suppressions)


class _Now:
    """What a run judged, and where."""

    def __init__(self, report: Report, audit: Circumstances) -> None:
        self.time = audit.time
        self._listed = ListedResources(report, audit)
        self._judged = Judged(report.examined, self._listed, self._listed.unseen_users)
        self._users: dict[str, list[str]] = {}
        for target in report.examined:
            if target.key:
                self._users.setdefault(target.key, []).append(target.resource)

    def judgment_of(self, entry: Entry) -> Judgment:
        """Decide whether an earlier finding that the run does not report is fixed."""
        finding, instance = entry.finding, contact_of(entry.finding)
        if instance is not None:
            return self._listed.of_contact(instance)
        sources = [set(unit.sources) for unit in self._listed.units_of(finding.resource)]
        read = set.intersection(*sources) if sources else set()
        return self._judged.judgment_of(earlier_of(entry), read)

    def entry_of(self, finding: Finding, change: Change, first_seen: str) -> Entry:
        """Return the entry of a finding of this run, with what it rests on."""
        instances = self._judged.instances_for(finding.resource, *finding.affects)
        units = self._listed.units_of(finding.resource)
        sources = sorted({source for unit in units for source in unit.sources})
        entry = Entry(finding, change, first_seen, instances=instances, sources=tuple(sources))
        return (
            entry if finding.affects else entry._replace(users=tuple(self._users.get(finding.resource, ())))
        )


def earlier_of(entry: Entry) -> Earlier:
    """Return what an entry of the history is about and rests on."""
    finding = entry.finding
    return Earlier(
        finding.rule,
        finding.resource,
        affects=finding.affects,
        instances=entry.instances,
        sources=frozenset(entry.sources),
        expectation=finding.expectation,
        users=entry.users,
        request=shown_request(finding),
    )


def _entry(finding: Finding, before: Sequence[Entry], now: _Now, past: Past) -> Entry:
    """Return the entry of a finding of this run."""
    seen = [entry for entry in before if not entry.suppressed]
    if not seen:
        reason = "suppressed before" if before else _why_new(finding, past)
        return now.entry_of(finding, Change.NEW, now.time)._replace(reason=reason)
    worst = max(seen, key=lambda entry: entry.finding.severity.rank).finding
    first_seen = min(entry.first_seen for entry in seen)
    change, reason = _changed([entry.finding for entry in seen], worst, finding)
    return now.entry_of(finding, change, first_seen)._replace(before=worst.severity, reason=reason)


def _changed(old: Sequence[Finding], worst: Finding, new: Finding) -> tuple[Change, str]:
    """Return whether a finding is worse than before, and what it said before if it says something else.

    What says something else is not known to be better, unless its severity is lower or it affects less.
    """
    is_other = {said(new)} != set(map(said, old))
    reason = f"before: {'; '.join(dict.fromkeys(one.message for one in old))}" if is_other else ""
    if new.severity.rank != worst.severity.rank:
        return (Change.ESCALATED if new.severity.rank > worst.severity.rank else Change.UNCHANGED), reason
    if new.verdict is Verdict.FAIL and worst.verdict is Verdict.UNDETERMINED:
        return Change.ESCALATED, reason
    affects_less = len(old) == 1 and set(new.affects) < set(worst.affects)
    return (Change.ESCALATED if is_other and not affects_less else Change.UNCHANGED), reason


def _why_new(finding: Finding, past: Past) -> str:
    """Return why a finding may be older than it seems; empty if the last run checked its resource."""
    if past.last is None or finding.resource in past.judged:
        return ""
    if finding.resource in past.unread:
        return "not read last time"
    arn = Arn.parse(finding.resource)
    unit = unit_of(arn, past.last)
    if arn is None or unit is None:
        return "not audited last time"
    if arn.is_topic and unit.complete and arn.resource not in unit.topics:
        return "the topic is new"
    return "not checked last time"


def _suppressed(entry: Entry) -> Entry:
    return entry._replace(change=Change.SUPPRESSED, before=entry.finding.severity, reason="suppressed now")


def _absent(entry: Entry, now: _Now) -> Entry:
    """Return the entry of an earlier finding that this run does not report."""
    judgment = now.judgment_of(entry)
    change = Change.FIXED if judgment.fixed else Change.NOT_AUDITED
    reason = (
        f"suppressed before; {judgment.reason}" if entry.suppressed and judgment.reason else judgment.reason
    )
    return entry._replace(
        change=change,
        before=entry.finding.severity,
        reason=reason,
        undetermined=judgment.undetermined,
    )


def _night(report: Report, audit: Circumstances, entries: Iterable[Entry]) -> Night:
    counts, changes = summary(report), Counter(entry.change for entry in entries)
    return Night(
        audit.time,
        counts["topics"],
        counts["errors"],
        counts["warnings"],
        counts["notes"],
        changes[Change.NEW] + changes[Change.ESCALATED],
        changes[Change.FIXED],
        changes[Change.NOT_AUDITED],
        _scope(audit),
    )


_CHOICES = (
    "--all-topics",
    "--topic-arn",
    "--topic-tag",
    "--instance-arn",
    "--manifest",
    "--select",
    "--ignore",
)


def _scope(audit: Circumstances) -> str:
    """Return a digest of what an audit covers."""
    from hashlib import sha256  # imported here because a plain check does not need it

    units = sorted((unit.account, unit.region) for unit in audit.units)
    chosen = [audit.options.get(name) for name in _CHOICES]
    return sha256(json.dumps([units, chosen], default=str).encode()).hexdigest()[:8]
