"""Compares a run with earlier ones: which findings are new, escalated, fixed, unchanged or were not audited.

A finding is fixed only if this run judged its rule and resource again, for the same instances, or if AWS does not list
the resource any more. Everything else was not audited, and is kept until a later run judges it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from checker.configuration.baseline import fingerprint, identity
from checker.core.arn import Arn
from checker.core.finding import Verdict
from checker.lint.history import PRESENT, Change, Entry, History, Night
from checker.report.brief import summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.core.finding import Finding
    from checker.lint.audited import AuditedUnit, Circumstances
    from checker.lint.report import Examined, Report

_Key = tuple[str, int]
"""The fingerprint of a finding, and its number among those with the same fingerprint."""


class Past(NamedTuple):
    """What earlier runs reported.

    ``entries`` are the findings that may still hold: those of the last run, and those that it did not audit. ``last`` is
    the last run, ``None`` if there is none. ``judged`` are the resources that the last run checked.
    """

    entries: tuple[Entry, ...] = ()
    nights: tuple[Night, ...] = ()
    last: Circumstances | None = None
    judged: frozenset[str] = frozenset()


def past_of(reports: Iterable[Report]) -> Past:
    """Return what the reports of audits show, which are sorted by time. A report may carry the history of older ones."""
    past = Past()
    for report in reports:
        past = _following(past, report)
    return past


def _following(past: Past, report: Report) -> Past:
    """Return the past after one more run."""
    past = _with_carried(past, report)
    history = compared(report, past)
    open_entries = tuple(history.of(*PRESENT, Change.NOT_AUDITED))
    judged = frozenset(examined.resource for examined in report.examined)
    counted = report.history.nights if report.history else ()  # as that run counted them, when it knew more
    nights = {night.time: night for night in (*history.nights, *counted)}
    return Past(open_entries, tuple(nights[time] for time in sorted(nights)), report.audit, judged)


def _with_carried(past: Past, report: Report) -> Past:
    """Add what a report says about runs before it, if those are not known: times, and findings it did not audit."""
    if report.history is None:
        return past
    known = dict(_numbered(past.entries))
    for key, entry in _numbered(report.history.of(Change.UNCHANGED, Change.ESCALATED, Change.NOT_AUDITED)):
        known.setdefault(key, entry)
        known[key] = known[key]._replace(first_seen=min(known[key].first_seen, entry.first_seen))
    return past._replace(entries=tuple(known.values()))


def compared(report: Report, past: Past) -> History:
    """Compare an audit with earlier ones. The report must have its circumstances."""
    audit = report.audit
    if audit is None:
        raise ValueError("only an audit can be compared with earlier ones")
    before = dict(_numbered(past.entries))
    now = _Now(report, audit)
    present = [_entry(finding, before.get(key), now, past) for key, finding in _numbered_findings(report)]
    reported = dict.fromkeys(key for key, _ in _numbered_findings(report))
    held_back = Counter(_fingerprint(one.finding) for one in report.suppressed)
    absent = [
        _absent(entry, now, is_suppressed=held_back[key[0]] > key[1])
        for key, entry in before.items()
        if key not in reported
    ]
    entries = (*present, *absent)
    return History(
        past.last.time if past.last else "", entries, (*past.nights, _night(report, audit, entries))
    )


def _numbered_findings(report: Report) -> Iterator[tuple[_Key, Finding]]:
    seen: Counter[str] = Counter()
    for finding in report.findings:
        mark = _fingerprint(finding)
        yield (mark, seen[mark]), finding
        seen[mark] += 1


def _numbered(entries: Iterable[Entry]) -> Iterator[tuple[_Key, Entry]]:
    seen: Counter[str] = Counter()
    for entry in entries:
        mark = _fingerprint(entry.finding)
        yield (mark, seen[mark]), entry
        seen[mark] += 1


def _fingerprint(finding: Finding) -> str:
    return fingerprint(identity(finding, str))


def _entry(finding: Finding, before: Entry | None, now: _Now, past: Past) -> Entry:
    """Return the entry of a finding of this run."""
    instances = now.instances_for(finding)
    if before is None:
        reason = _why_new(finding, past)
        return Entry(finding, Change.NEW, now.audit.time, reason=reason, instances=instances)
    old = before.finding
    is_worse = finding.severity.rank > old.severity.rank or (
        finding.verdict is Verdict.FAIL and old.verdict is Verdict.UNDETERMINED
    )
    change = Change.ESCALATED if is_worse else Change.UNCHANGED
    return Entry(finding, change, before.first_seen, old.severity, instances=instances)


def _why_new(finding: Finding, past: Past) -> str:
    """Return why a finding may be older than it seems; empty if the last run checked its resource."""
    if past.last is None or finding.resource in past.judged:
        return ""
    arn = Arn.parse(finding.resource)
    unit = _unit_of(arn, past.last)
    if arn is None or unit is None:
        return "not audited last time"
    if arn.is_topic and unit.complete and arn.resource not in unit.topics:
        return "the topic is new"
    return "not checked last time"


def _unit_of(arn: Arn | None, audit: Circumstances) -> AuditedUnit | None:
    if arn is None:
        return None
    home = (arn.account, arn.region)
    return next((unit for unit in audit.units if (unit.account, unit.region) == home), None)


def _absent(entry: Entry, now: _Now, *, is_suppressed: bool) -> Entry:
    """Return the entry of an earlier finding that this run does not report."""
    if is_suppressed:
        return entry._replace(
            change=Change.SUPPRESSED, before=entry.finding.severity, reason="suppressed now"
        )
    fixed, reason = now.judgment_of(entry)
    change = Change.FIXED if fixed else Change.NOT_AUDITED
    return entry._replace(change=change, before=entry.finding.severity, reason=reason)


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
    )


class _Judgment(NamedTuple):
    """Whether an earlier finding is fixed, and why it is or why that is not known."""

    fixed: bool
    reason: str = ""


class _Now:
    """What a run judged."""

    def __init__(self, report: Report, audit: Circumstances) -> None:
        self.audit = audit
        self._examined: Mapping[str, Examined] = {one.resource: one for one in report.examined}
        self._unread = {skipped.what: skipped.reason for skipped in report.skipped}

    def instances_for(self, finding: Finding) -> tuple[str, ...]:
        """Return the instances that the resources of a finding were checked for."""
        examined = filter(None, map(self._examined.get, (finding.resource, *finding.affects)))
        return tuple(
            dict.fromkeys(str(pairing.instance) for target in examined for pairing in target.pairings)
        )

    def judgment_of(self, entry: Entry) -> _Judgment:
        """Decide whether an earlier finding is fixed, which it is only if its rule judged its resource again."""
        target = self._examined.get(entry.finding.resource)
        return self._absent(entry.finding) if target is None else self._judged(entry, target)

    def _judged(self, entry: Entry, target: Examined) -> _Judgment:
        finding, verdict = entry.finding, target.verdicts.get(entry.finding.rule)
        if verdict is None:
            return _Judgment(fixed=False, reason="its rule was not checked")
        doubt = target.doubts.get(finding.rule)
        if verdict is Verdict.UNDETERMINED or doubt is not None:
            return _Judgment(fixed=False, reason=f"not known: {doubt.reason}" if doubt else "not known")
        if finding.expectation and finding.expectation not in target.expectations:
            return _Judgment(fixed=False, reason="its expectation was not checked")
        missing = [arn for arn in entry.instances if not self._covers(arn, finding)]
        if missing:
            return _Judgment(fixed=False, reason=f"not checked for {missing[0]}")
        return _Judgment(fixed=True)

    def _covers(self, instance: str, finding: Finding) -> bool:
        """True if the resource of a finding was checked for an instance, or the instance does not exist any more."""
        if instance in self.instances_for(finding):
            return True
        unit = _unit_of(Arn.parse(instance), self.audit)
        return unit is not None and unit.instances is not None and instance not in unit.instances

    def _absent(self, finding: Finding) -> _Judgment:
        """Decide about a resource that was not checked: it does not exist any more, or was not looked at."""
        arn = Arn.parse(finding.resource)
        if arn is None:
            return _Judgment(fixed=False, reason="its resource was not checked")
        unit = _unit_of(arn, self.audit)
        if unit is None:
            return _Judgment(fixed=False, reason=self._outside(arn))
        if finding.resource in self._unread:
            return _Judgment(fixed=False, reason=self._unread[finding.resource])
        if not arn.is_topic:
            return _Judgment(fixed=False, reason="no checked topic uses it")
        if not unit.complete:
            place = f"{unit.account} {unit.region}"
            return _Judgment(fixed=False, reason=f"the topics of {place} could not be listed")
        if arn.resource in unit.topics:
            return _Judgment(fixed=False, reason="out of scope: nothing connects it to Amazon Connect now")
        return _Judgment(fixed=True, reason="the topic does not exist any more")

    def _outside(self, arn: Arn) -> str:
        if all(unit.account != arn.account for unit in self.audit.units):
            return f"account {arn.account} was not audited"
        return f"Region {arn.region} of account {arn.account} was not audited"
