"""Send findings to AWS Security Hub under stable IDs, and archive those that no longer apply.

A finding is archived only if this run checked its rule on each of its resources for the same instances, or if AWS
no longer has the resource or the instance. Everything else stays unchanged: rules that were not selected, topics that
were not named, reads that failed, undetermined results, and findings that a suppression or baseline hides.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.core.arn import NEWEST, Arn, partition_of
from checker.core.errors import Skipped
from checker.core.finding import Verdict
from checker.lint.registry import all_rules
from checker.lint.status import UNKNOWN
from checker.live.aws.calls import Calls, Listing
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.lookup import look_up
from checker.report.asff import GENERATOR, Owner, archived, finding_asff, finding_id, instances_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.lint.report import Report
    from checker.live.aws.access import Unit
    from checker.live.aws.session import Sessions


class DeletedResources:
    """Detects deleted resources, with one call per resource. Only a not-found answer of AWS counts as deleted."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        """Return True if AWS does not find a resource of the unit. Record calls that fail."""
        if name not in self._known:
            self._known[name] = self._is_gone(name)
        return self._known[name]

    def _is_gone(self, name: str) -> bool:
        arn, unit = Arn.parse(name), self._calls.unit
        if arn is None or (arn.account, arn.region) != (unit.account, unit.region):
            return False
        if arn.is_instance:
            return self._is_instance_gone(arn)
        try:
            self._look_for(arn)
        except CallError as error:
            if error.fault is Fault.NOT_FOUND:
                return True
            self._calls.note(error)
        return False

    def _is_instance_gone(self, arn: Arn) -> bool:
        status = look_up(self._calls, arn)
        if status.status == UNKNOWN:
            self._calls.skip(Skipped(str(arn), status.reason, error=True, help=status.help))
        return status.gone

    def _look_for(self, arn: Arn) -> None:
        """Read a topic or key. Raises CallError."""
        if arn.is_topic:
            self._calls.make("sns", "get_topic_attributes", str(arn), TopicArn=str(arn))
        elif arn.service == "kms":
            self._calls.make("kms", "describe_key", str(arn), KeyId=str(arn))


_FINDINGS = Listing("securityhub", "get_findings", "Findings")
_BATCH = 100
_GONE = "gone"
_Asff = dict[str, Any]


def send(sessions: Sessions, unit: Unit, report: Report) -> tuple[Skipped, ...]:
    """Send the findings of a unit to its own account and Region. Return what could not be sent."""
    calls = Calls(sessions, unit, threading.Event())
    owner = Owner(partition_of(unit.region) or NEWEST, unit.account, unit.region)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    known = {finding["Id"]: finding for finding in _known(calls, owner)}
    current = {finding["Id"]: finding for finding in _found(report, owner, now, known)}
    held_back = {finding_id(finding.finding, owner) for finding in report.suppressed}
    absent = [finding for name, finding in known.items() if name not in current and name not in held_back]
    judged = _Judged(report, DeletedResources(calls))
    for batch in _batches([*current.values(), *judged.archived(absent, now)]):
        _import(calls, batch)
    return tuple(calls.skipped)


def _known(calls: Calls, owner: Owner) -> Iterator[_Asff]:
    """Yield the findings of checker that Security Hub has for the account and Region."""
    filters = {
        "GeneratorId": [{"Value": GENERATOR, "Comparison": "PREFIX"}],
        "AwsAccountId": [{"Value": owner.account, "Comparison": "EQUALS"}],
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
    }
    prefix = f"{owner.region}/{owner.account}/{GENERATOR}"  # a Region may aggregate findings of other Regions
    listed = calls.listed(_FINDINGS, _what(calls), Filters=filters, MaxResults=_BATCH)
    yield from (
        finding
        for finding in listed
        if finding["Id"].startswith(prefix) and finding["RecordState"] == "ACTIVE"
    )


def _found(report: Report, owner: Owner, now: str, known: Mapping[str, _Asff]) -> Iterator[_Asff]:
    paired = {
        examined.resource: [str(pairing.instance) for pairing in examined.pairings]
        for examined in report.examined
    }
    for finding in report.findings:
        since = known.get(finding_id(finding, owner), {}).get("CreatedAt", "")
        resources = (finding.resource, *finding.affects)
        instances = dict.fromkeys(arn for name in resources for arn in paired.get(name, ()))
        yield finding_asff(finding, owner, now, since, tuple(instances))


class _Judged:
    """The rules that a run checked on each resource, and for which instances."""

    def __init__(self, report: Report, gone: DeletedResources) -> None:
        self._examined = {examined.resource: examined for examined in report.examined}
        self._of_chain = {rule.id for rule in all_rules() if rule.link is not None}
        self._gone = gone

    def archived(self, absent: Iterable[_Asff], now: str) -> Iterator[_Asff]:
        """Archive findings that this run looked for and did not find. They become PASSED only if their rules passed."""
        for known in absent:
            rule = known["GeneratorId"].removeprefix(GENERATOR)
            verdicts = {self._verdict(resource["Id"], rule) for resource in known["Resources"]}
            if verdicts <= {Verdict.PASS, Verdict.FAIL, _GONE} and self._covers(rule, known):
                yield archived(known, now, passed=verdicts == {Verdict.PASS})

    def _verdict(self, resource: str, rule: str) -> Verdict | str | None:
        """Return the verdict of a rule on a resource. None if it was not checked and may still exist."""
        if resource in self._examined:
            return self._examined[resource].verdicts.get(rule)
        return _GONE if self._gone(resource) else None

    def _covers(self, rule: str, known: _Asff) -> bool:
        """Return True unless the finding may be about an instance that this run did not check its resources for."""
        if rule not in self._of_chain or self._gone_first(known):
            return True
        examined = filter(None, (self._examined.get(resource["Id"]) for resource in known["Resources"]))
        judged = {str(pairing.instance) for entry in examined for pairing in entry.pairings}
        return all(arn in judged or self._gone(arn) for arn in instances_of(known))

    def _gone_first(self, known: _Asff) -> bool:
        """Return True if AWS does not find the finding's main resource. The others are affected by it."""
        name = known["Resources"][0]["Id"]
        return name not in self._examined and self._gone(name)


def _import(calls: Calls, batch: Sequence[_Asff]) -> None:
    answer = calls.read("securityhub", "batch_import_findings", _what(calls), Findings=batch) or {}
    for failed in answer.get("FailedFindings") or ():
        reason = f"`{failed.get('Id')}` was rejected: {failed.get('ErrorMessage')}"
        calls.skip(Skipped(_what(calls), reason, error=True))


def _what(calls: Calls) -> str:
    return f"Security Hub of {calls.unit.name}"


def _batches(findings: Sequence[_Asff]) -> Iterable[Sequence[_Asff]]:
    return (findings[start : start + _BATCH] for start in range(0, len(findings), _BATCH))
