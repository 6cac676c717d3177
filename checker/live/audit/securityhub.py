"""Send findings to AWS Security Hub under stable IDs, and archive those that no longer apply.

A finding is archived only if `checker.report.judgment` says that it is fixed. Everything else stays unchanged, also a
finding that a suppression or baseline hides.

A result is as old as the reads that it rests on, and many of them may lie between reading and sending. So `UpdatedAt`
is the time when the reads began, and what Security Hub knows from the same time or later is left as it is.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from checker.core.arn import NEWEST, Arn, partition_of
from checker.core.errors import Skipped
from checker.core.finding import listed
from checker.core.record import NamedTuple
from checker.lint.audited import AuditedUnit, Circumstances
from checker.lint.registry import all_rules
from checker.lint.report import SentFindings
from checker.lint.status import UNKNOWN
from checker.live.audit.follow_up import followed_of
from checker.live.aws.calls import Calls, Listing
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.lookup import look_up
from checker.report.absence import ListedResources
from checker.report.asff import GENERATOR, Owner, archived, earlier_of, finding_asff, finding_id
from checker.report.brief import count_noun
from checker.report.judgment import Judged, Judgment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from checker.lint.report import Report
    from checker.live.audit.follow_up import Followed
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
_Asff = dict[str, Any]


class Sent(NamedTuple):
    """What was sent to Security Hub, and what could not be sent."""

    findings: SentFindings
    skipped: tuple[Skipped, ...] = ()

    def __str__(self) -> str:
        account, region, imported, done, rejected, newer = self.findings
        where = f"Security Hub of account {account}, {region}"
        left = f", {newer} left because Security Hub has a later result" if newer else ""
        return f"{where}: {imported} imported, {done} archived, {rejected} rejected{left}"


def send(sessions: Sessions, unit: Unit, report: Report, read_at: datetime, audited: AuditedUnit) -> Sent:
    """Send the findings of a unit to its own account and Region.

    ``read_at`` is the time when the reads of the unit began, and ``audited`` is what was looked at.
    """
    calls = Calls(sessions, unit, threading.Event())
    owner, time = _owner(unit), _time_text(read_at)
    known = {finding["Id"]: finding for finding in _known(calls, owner, "ACTIVE")}
    resolved = _known(calls, owner, "ARCHIVED", {"UpdatedAt": [_from(read_at)]})
    newer = {one["Id"] for one in (*known.values(), *resolved) if _updated(one) >= read_at}
    judged = _judged(report, DeletedResources(calls), audited)
    found = {
        finding["Id"]: finding for finding in _found(report, owner, time, known, judged, audited.sources)
    }
    held_back = {finding_id(finding.finding, owner) for finding in report.suppressed}
    absent = [one for name, one in known.items() if name not in found and name not in held_back]
    _note_unknown(calls, absent)
    results = [*found.values(), *_archived(absent, time, judged, frozenset(audited.sources))]
    current = [finding for finding in results if finding["Id"] not in newer]
    refused = {name for batch in _batches(current) for name in _import(calls, batch)}
    states = [finding["RecordState"] for finding in current if finding["Id"] not in refused]
    counts = states.count("ACTIVE"), states.count("ARCHIVED"), len(refused), len(results) - len(current)
    return Sent(SentFindings(unit.account, unit.region, *counts), tuple(calls.skipped))


def reported(sessions: Sessions, unit: Unit) -> Followed:
    """Return what to judge again because of active findings. What cannot be read is reported by `send`."""
    calls = Calls(sessions, unit, threading.Event())
    return followed_of(map(earlier_of, _known(calls, _owner(unit), "ACTIVE")))


def _owner(unit: Unit) -> Owner:
    return Owner(partition_of(unit.region) or NEWEST, unit.account, unit.region)


def _known(
    calls: Calls, owner: Owner, state: str, more: Mapping[str, list[dict[str, str]]] | None = None
) -> Iterator[_Asff]:
    """Yield the findings of checker that Security Hub has for the account and Region, in a record state."""
    filters = {
        "GeneratorId": [{"Value": GENERATOR, "Comparison": "PREFIX"}],
        "AwsAccountId": [{"Value": owner.account, "Comparison": "EQUALS"}],
        "RecordState": [{"Value": state, "Comparison": "EQUALS"}],
        **(more or {}),
    }
    prefix = f"{owner.region}/{owner.account}/{GENERATOR}"  # a Region may aggregate findings of other Regions
    listed = calls.listed(_FINDINGS, _what(calls), Filters=filters, MaxResults=_BATCH)
    yield from (
        finding for finding in listed if finding["Id"].startswith(prefix) and finding["RecordState"] == state
    )


def _note_unknown(calls: Calls, absent: Iterable[_Asff]) -> None:
    """Note the findings of rules that this version does not have. Whether they still apply is not known."""
    rules = {rule.id for rule in all_rules()}
    names = [known["GeneratorId"].removeprefix(GENERATOR) for known in absent]
    unknown = [name for name in names if name not in rules]
    if unknown:
        count = count_noun(len(unknown), "finding")
        reason = (
            f"{count} left of rules that this version does not have: {listed(tuple(sorted(set(unknown))))}"
        )
        help_text = (
            "resolve them in Security Hub: their rules were renamed or removed, or belong to a rule pack"
        )
        calls.skip(Skipped(_what(calls), reason, help=help_text, complete=True))


def _time_text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _from(time: datetime) -> dict[str, str]:
    """Return a filter for times from ``time`` on. Its end is in the future, because clocks differ."""
    return {"Start": _time_text(time), "End": _time_text(datetime.now(UTC) + timedelta(days=1))}


def _updated(known: _Asff) -> datetime:
    """Return when the reads of a Security Hub finding began. A time that is not valid counts as later than any."""
    try:
        return datetime.fromisoformat(str(known.get("UpdatedAt"))).astimezone(UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _judged(report: Report, gone: DeletedResources, audited: AuditedUnit) -> Judged:
    """Return what a run judged; AWS is asked about a resource that it did not examine."""
    listed = ListedResources(report, Circumstances("", "", units=(audited,)))
    return Judged(
        report.examined, lambda name: Judgment(gone(name), "it may still exist"), listed.unseen_users
    )


def _found(
    report: Report,
    owner: Owner,
    now: str,
    known: Mapping[str, _Asff],
    judged: Judged,
    sources: Iterable[str],
) -> Iterator[_Asff]:
    for finding in report.findings:
        since = known.get(finding_id(finding, owner), {}).get("CreatedAt", "")
        instances = judged.instances_for(finding.resource, *finding.affects)
        yield finding_asff(finding, owner, now, since, instances, sources)


def _archived(
    absent: Iterable[_Asff], now: str, judged: Judged, sources: AbstractSet[str]
) -> Iterator[_Asff]:
    """Yield archived copies of the findings that are fixed. They become PASSED only if their rules passed."""
    for known in absent:
        judgment = judged.judgment_of(earlier_of(known), sources)
        if judgment.fixed:
            yield archived(known, now, passed=judgment.passed)


def _import(calls: Calls, batch: Sequence[_Asff]) -> Iterator[str]:
    """Import findings, and yield the IDs of those that Security Hub did not take."""
    answer = calls.read("securityhub", "batch_import_findings", _what(calls), Findings=batch)
    if answer is None:
        yield from (finding["Id"] for finding in batch)
        return
    for failed in answer.get("FailedFindings") or ():
        reason = f"`{failed.get('Id')}` was rejected: {failed.get('ErrorMessage')}"
        calls.skip(Skipped(_what(calls), reason, error=True))
        yield failed["Id"]


def _what(calls: Calls) -> str:
    return f"Security Hub of {calls.unit.name}"


def _batches(findings: Sequence[_Asff]) -> Iterable[Sequence[_Asff]]:
    return (findings[start : start + _BATCH] for start in range(0, len(findings), _BATCH))
