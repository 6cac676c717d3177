"""Compares a run with earlier ones: which findings are new, escalated, fixed, unchanged or were not audited.

A finding is fixed only if this run judged its rule and resource again, for the same instances, or if AWS does not list
the resource any more. Everything else was not audited, and is kept until a later run judges it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from checker.configuration.baseline import fingerprint, identity
from checker.core.arn import Arn
from checker.core.finding import Finding, Verdict
from checker.lint.history import PRESENT, Change, Entry, History, Night
from checker.report.brief import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
    known = dict(_numbered(past.entries, _finding_of))
    carried = report.history.of(Change.UNCHANGED, Change.ESCALATED, Change.NOT_AUDITED)
    for key, entry in _numbered(carried, _finding_of):
        known.setdefault(key, entry)
        known[key] = known[key]._replace(first_seen=min(known[key].first_seen, entry.first_seen))
    return past._replace(entries=tuple(known.values()))


def compared(report: Report, past: Past) -> History:
    """Compare an audit with earlier ones. The report must have its circumstances."""
    audit = report.audit
    if audit is None:
        raise ValueError("only an audit can be compared with earlier ones")
    now = _Now(report, audit)
    before = dict(_numbered(past.entries, _finding_of))
    reported = dict(_numbered(report.findings, _itself))
    matches = _matches(before, reported)
    present = [_entry(finding, matches.get(key), now, past) for key, finding in reported.items()]
    known = Counter(_fingerprint(one.finding) for one in report.suppressed)
    known.update(mark for mark, _ in reported)
    matched = {id(entry) for entry in matches.values()}
    absent = [
        _absent(entry, now, is_suppressed=known[mark] > number)
        for (mark, number), entry in before.items()
        if id(entry) not in matched
    ]
    entries = (*present, *absent)
    return History(
        past.last.time if past.last else "", entries, (*past.nights, _night(report, audit, entries))
    )


_One = TypeVar("_One", Finding, Entry)


def _finding_of(entry: Entry) -> Finding:
    return entry.finding


def _itself(finding: Finding) -> Finding:
    return finding


def _numbered(listed: Iterable[_One], finding_of: Callable[[_One], Finding]) -> Iterator[tuple[_Key, _One]]:
    """Yield findings or entries with the key of each, which is the same in every run."""
    seen: Counter[str] = Counter()
    for one in listed:
        mark = _fingerprint(finding_of(one))
        yield (mark, seen[mark]), one
        seen[mark] += 1


def _fingerprint(finding: Finding) -> str:
    """Return the fingerprint of a finding. One about a contact is the same for any contact of the instance."""
    whole = identity(finding, str)
    return fingerprint(whole._replace(route="", message="") if _contact_of(finding) else whole)


def _contact_of(finding: Finding) -> Arn | None:
    """Return the instance of a finding about a contact, whose place it is; ``None`` for other findings."""
    arn = Arn.parse(finding.locations[0].source)
    return arn if arn is not None and arn.is_instance and Arn.parse(finding.resource) is None else None


def _matches(before: Mapping[_Key, Entry], reported: Mapping[_Key, Finding]) -> dict[_Key, Entry]:
    """Return the earlier entry of each finding: the same one, else the only other one of its rule at its place.

    A finding at the same place may say something else, for instance because its key encrypts a further topic.
    """
    matches = {key: before[key] for key in reported if key in before}
    old: dict[object, list[Entry]] = {}
    new: dict[object, list[_Key]] = {}
    for key, entry in before.items():
        if key not in matches:
            old.setdefault(_place(entry.finding), []).append(entry)
    for key, finding in reported.items():
        if key not in matches:
            new.setdefault(_place(finding), []).append(key)
    alone = {place: keys[0] for place, keys in new.items() if len(keys) == len(old.get(place, ())) == 1}
    return matches | {key: old[place][0] for place, key in alone.items()}


def _place(finding: Finding) -> tuple[str, ...]:
    at = finding.locations[0]
    anchor = at.document.anchor(at.route)
    return finding.rule, finding.resource, finding.verdict.value, finding.expectation, at.source, anchor


def _entry(finding: Finding, before: Entry | None, now: _Now, past: Past) -> Entry:
    """Return the entry of a finding of this run."""
    instances = now.instances_for(finding)
    if before is None:
        reason = _why_new(finding, past)
        return Entry(finding, Change.NEW, now.audit.time, reason=reason, instances=instances)
    change, reason = _changed(before.finding, finding)
    return Entry(finding, change, before.first_seen, before.finding.severity, reason, instances)


def _changed(old: Finding, new: Finding) -> tuple[Change, str]:
    """Return whether a finding is worse than before, and what it said before if it says something else.

    What says something else is not known to be better, unless its severity is lower.
    """
    became_certain = new.verdict is Verdict.FAIL and old.verdict is Verdict.UNDETERMINED
    is_other = _fingerprint(old) != _fingerprint(new)
    reason = f"before: {old.message}" if is_other else ""
    if new.severity.rank != old.severity.rank:
        is_worse = new.severity.rank > old.severity.rank
    else:
        is_worse = became_certain or is_other
    return (Change.ESCALATED if is_worse else Change.UNCHANGED), reason


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
        self._contacts = [one for one in report.examined if one.kind == "contact"]
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
        instance = _contact_of(finding)
        if instance is not None:
            return self._of_contact(finding, instance)
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
            return _Judgment(fixed=False, reason=f"the topics of {unit.name} could not be listed")
        if arn.resource in unit.topics:
            return _Judgment(fixed=False, reason="out of scope: nothing connects it to Amazon Connect now")
        return _Judgment(fixed=True, reason="the topic does not exist any more")

    def _of_contact(self, finding: Finding, instance: Arn) -> _Judgment:
        """Decide about a finding of contacts, which end: it is fixed if others of the instance were checked."""
        unit = _unit_of(instance, self.audit)
        if unit is None:
            return _Judgment(fixed=False, reason=self._outside(instance))
        unread = self._unread.get(f"CloudTrail of {unit.name}")
        if unread is not None:
            return _Judgment(fixed=False, reason=unread)
        verdicts = [one.verdicts.get(finding.rule) for one in self._contacts if one.source == str(instance)]
        if not verdicts or None in verdicts or Verdict.UNDETERMINED in verdicts:
            return _Judgment(fixed=False, reason="no contact of the instance was checked")
        return _Judgment(fixed=True, reason="no contact streams like this any more")

    def _outside(self, arn: Arn) -> str:
        if all(unit.account != arn.account for unit in self.audit.units):
            return f"account {arn.account} was not audited"
        return f"Region {arn.region} of account {arn.account} was not audited"
