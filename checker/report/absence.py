"""Decides from the lists of an audit whether a resource that it did not check still exists."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.lint.audited import trail_name
from checker.report.judgment import Judgment, is_other_key, not_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.finding import Finding
    from checker.lint.audited import AuditedUnit, Circumstances
    from checker.lint.report import Report

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


class ListedResources:
    """What an audit knows of resources that it did not check: whether they exist, and why it did not look at them."""

    def __init__(self, report: Report, audit: Circumstances) -> None:
        self.audit = audit
        self._unread = {skipped.what: skipped.reason for skipped in report.skipped}

    def __call__(self, name: str) -> Judgment:
        """Decide about a resource that was not checked: it is fixed if AWS does not list the resource any more."""
        arn = Arn.parse(name)
        if arn is None:
            return not_known("its resource was not checked")
        unit = unit_of(arn, self.audit)
        if unit is None:
            return not_known(self._outside(arn))
        if name in self._unread:
            return not_known(self._unread[name])
        if arn.is_instance:
            is_gone = unit.instances is not None and name not in unit.instances
            return Judgment(is_gone, "" if is_gone else "no checked topic is paired with it")
        return self._of_topic(arn, unit) if arn.is_topic else not_known("no checked topic uses it")

    def _of_topic(self, arn: Arn, unit: AuditedUnit) -> Judgment:
        if not unit.complete:
            return not_known(f"the topics of {unit.name} could not be listed")
        if arn.resource in unit.topics:
            return not_known("out of scope: nothing connects it to Amazon Connect now")
        return Judgment(fixed=True, reason="the topic does not exist any more")

    def unseen_users(self, key: str) -> str:
        """Return why a topic that was not checked may use a key; empty if none can."""
        if key in self._unread:
            return self._unread[key]
        arn = Arn.parse(key)
        if arn is None:
            return "its topics are not known"
        if unit_of(arn, self.audit) is None:
            return self._outside(arn)
        units = [unit for unit in self.audit.units if unit.region == arn.region]
        return next(chain.from_iterable(self._hidden_users(unit, key) for unit in units), "")

    def _hidden_users(self, unit: AuditedUnit, key: str) -> Iterator[str]:
        """Yield why a topic of a unit that was not checked may use a key."""
        if not unit.complete:
            yield f"the topics of {unit.name} could not be listed"
        for name, reason in self._unread.items():
            arn = Arn.parse(name)
            if arn is not None and arn.is_topic and unit_of(arn, self.audit) == unit:
                yield f"{name}: {reason}"
        if unit.keys is None or not all(is_other_key(used, key) for used in unit.keys):
            yield "a topic that is out of scope may use it"

    def of_contact(self, instance: Arn) -> Judgment:
        """Decide about a finding of contacts. They end, and what made them stream like this may do so again."""
        unit = unit_of(instance, self.audit)
        if unit is None:
            return not_known(self._outside(instance))
        return not_known(self._unread.get(trail_name(unit.name), _NOT_SEEN))

    def units_of(self, name: str) -> Sequence[AuditedUnit]:
        """Return the account and Region of a resource; all that were audited if it has none of them."""
        unit = unit_of(Arn.parse(name), self.audit)
        return self.audit.units if unit is None else (unit,)

    def _outside(self, arn: Arn) -> str:
        if all(unit.account != arn.account for unit in self.audit.units):
            return f"account {arn.account} was not audited"
        return f"Region {arn.region} of account {arn.account} was not audited"
