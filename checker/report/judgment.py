"""Decides whether a finding of an earlier audit is fixed, from what a run judged.

It is fixed only if the run judged its rule on its resource again, for the same instances and all resources that it
affected, or if AWS does not list the resource any more. Everything else was not audited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.arn import Arn
from checker.core.finding import Verdict
from checker.lint.audited import trail_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.core.finding import Finding
    from checker.lint.audited import AuditedUnit, Circumstances
    from checker.lint.history import Entry
    from checker.lint.report import Examined, Report


class Judgment(NamedTuple):
    """Whether an earlier finding is fixed, and why it is or why that is not known."""

    fixed: bool
    reason: str = ""


def _open(reason: str) -> Judgment:
    return Judgment(fixed=False, reason=reason)


_FIXED = Judgment(fixed=True)
_NOT_SEEN = "no contact like this streamed in the hours that were read"


def contact_of(finding: Finding) -> Arn | None:
    """Return the instance of a finding about a contact, whose place it is; ``None`` for other findings."""
    arn = Arn.parse(finding.locations[0].source)
    return arn if arn is not None and arn.is_instance and Arn.parse(finding.resource) is None else None


def unit_of(arn: Arn | None, audit: Circumstances) -> AuditedUnit | None:
    """Return the account and Region of a resource, if they were audited."""
    if arn is None:
        return None
    home = (arn.account, arn.region)
    return next((unit for unit in audit.units if (unit.account, unit.region) == home), None)


class Judged:
    """What a run judged. A resource may be examined several times, by several accounts."""

    def __init__(self, report: Report, audit: Circumstances) -> None:
        self.audit = audit
        self.unread = {skipped.what: skipped.reason for skipped in report.skipped}
        self._examined: dict[str, list[Examined]] = {}
        for target in report.examined:
            self._examined.setdefault(target.resource, []).append(target)

    def instances_for(self, finding: Finding) -> tuple[str, ...]:
        """Return the instances that the resources of a finding were checked for."""
        names = (finding.resource, *finding.affects)
        pairings = (one for name in names for target in self._of(name) for one in target.pairings)
        return tuple(dict.fromkeys(str(pairing.instance) for pairing in pairings))

    def _of(self, name: str) -> Sequence[Examined]:
        return self._examined.get(name, ())

    def judgment_of(self, entry: Entry) -> Judgment:
        """Decide whether an earlier finding that the run does not report is fixed."""
        finding = entry.finding
        instance = contact_of(finding)
        if instance is not None:
            return self._of_contact(instance)
        targets = self._of(finding.resource)
        if not targets:
            return self._of_unchecked(finding)
        obstacle = next(self._obstacles(entry, targets), "")
        return _open(obstacle) if obstacle else _FIXED

    def _obstacles(self, entry: Entry, targets: Sequence[Examined]) -> Iterator[str]:
        """Yield the reasons why the run did not judge all that an earlier finding was about."""
        finding = entry.finding
        yield from self._undecided(targets, finding.rule)
        if finding.expectation and any(finding.expectation not in one.expectations for one in targets):
            yield "its expectation was not checked"
        missing = (arn for arn in entry.instances if not self._covers(arn, finding))
        yield from (f"not checked for {arn}" for arn in missing)
        for name in finding.affects:
            yield from self._unjudged(name)

    def _undecided(self, targets: Iterable[Examined], rule: str) -> Iterator[str]:
        for target in targets:
            doubt = target.doubts.get(rule)
            if rule not in target.verdicts:
                yield "its rule was not checked"
            elif target.verdicts[rule] is Verdict.UNDETERMINED or doubt is not None:
                yield f"not known: {doubt.reason}" if doubt else "not known"

    def _unjudged(self, name: str) -> Iterator[str]:
        """Yield why a resource that a finding affected was not looked at; nothing if it is gone."""
        if not self._of(name):
            judgment = self._of_resource(name)
            if not judgment.fixed:
                yield f"{name}: {judgment.reason}"

    def _covers(self, instance: str, finding: Finding) -> bool:
        """True if the resource of a finding was checked for an instance, or the instance does not exist any more."""
        if instance in self.instances_for(finding):
            return True
        unit = unit_of(Arn.parse(instance), self.audit)
        return unit is not None and unit.instances is not None and instance not in unit.instances

    def _of_unchecked(self, finding: Finding) -> Judgment:
        """Decide about a resource that was not checked. A key is not, if no topic uses it any more."""
        judgment = self._of_resource(finding.resource)
        if judgment.fixed or not finding.affects:
            return judgment
        users = [self._of(name) for name in finding.affects]
        unjudged = (reason for name in finding.affects for reason in self._unjudged(name))
        keys = {target.key for targets in users for target in targets}
        if finding.resource in keys or None in keys or next(unjudged, ""):
            return judgment
        return Judgment(fixed=True, reason="no topic uses the key any more")

    def _of_resource(self, name: str) -> Judgment:
        """Decide whether a resource that was not checked does not exist any more."""
        arn = Arn.parse(name)
        if arn is None:
            return _open("its resource was not checked")
        unit = unit_of(arn, self.audit)
        if unit is None:
            return _open(self._outside(arn))
        if name in self.unread:
            return _open(self.unread[name])
        if not arn.is_topic:
            return _open("no checked topic uses it")
        if not unit.complete:
            return _open(f"the topics of {unit.name} could not be listed")
        if arn.resource in unit.topics:
            return _open("out of scope: nothing connects it to Amazon Connect now")
        return Judgment(fixed=True, reason="the topic does not exist any more")

    def _of_contact(self, instance: Arn) -> Judgment:
        """Decide about a finding of contacts. They end, and what made them stream like this may do so again."""
        unit = unit_of(instance, self.audit)
        if unit is None:
            return _open(self._outside(instance))
        return _open(self.unread.get(trail_name(unit.name), _NOT_SEEN))

    def _outside(self, arn: Arn) -> str:
        if all(unit.account != arn.account for unit in self.audit.units):
            return f"account {arn.account} was not audited"
        return f"Region {arn.region} of account {arn.account} was not audited"
