"""Sends findings to AWS Security Hub, each under the same id in every run, and puts away what is mended.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.finding import Verdict
from checker.inventory import Skipped
from checker.live.calls import Calls, Listing
from checker.partition import NEWEST, partition_of
from checker.report.asff import GENERATOR, Owner, archived, finding_asff, finding_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.live.access import Unit
    from checker.live.session import Sessions
    from checker.outcome import Report

_FINDINGS = Listing("securityhub", "get_findings", "Findings")
_BATCH = 100
_Asff = dict[str, Any]


def send(sessions: Sessions, unit: Unit, report: Report) -> tuple[Skipped, ...]:
    """Send what was found in a unit, in its own account and Region; give what could not be sent."""
    calls = Calls(sessions, unit, threading.Event())
    owner = Owner(partition_of(unit.region) or NEWEST, unit.account, unit.region)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    known = {one["Id"]: one for one in _known(calls, owner)}
    found = {one["Id"]: one for one in _found(report, owner, now, known)}
    mended = [archived(one, now) for name, one in known.items() if name not in found and _judged(one, report)]
    for batch in _batches([*found.values(), *mended]):
        _import(calls, batch)
    return tuple(calls.skipped)


def _known(calls: Calls, owner: Owner) -> Iterator[_Asff]:
    """Give our findings that Security Hub shows for the account and Region."""
    wanted = {
        "GeneratorId": [{"Value": GENERATOR, "Comparison": "PREFIX"}],
        "AwsAccountId": [{"Value": owner.account, "Comparison": "EQUALS"}],
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
    }
    prefix = f"{owner.region}/{owner.account}/{GENERATOR}"  # a Region may gather the findings of others
    listed = calls.listed(_FINDINGS, _what(calls), Filters=wanted, MaxResults=_BATCH)
    yield from (one for one in listed if one["Id"].startswith(prefix) and one["RecordState"] == "ACTIVE")


def _found(report: Report, owner: Owner, now: str, known: Mapping[str, _Asff]) -> Iterator[_Asff]:
    for finding in report.findings:
        since = known.get(finding_id(finding, owner), {}).get("CreatedAt", "")
        yield finding_asff(finding, owner, now, since)


def _judged(known: _Asff, report: Report) -> bool:
    """True if the run could have found it again: all was read, or the rule could tell of the resource."""
    if not report.unreadable:
        return True
    rule = known["GeneratorId"].removeprefix(GENERATOR)
    named = {one["Id"] for one in known["Resources"]}
    told = (one.verdicts.get(rule) for one in report.examined if one.resource in named)
    return any(verdict in (Verdict.PASS, Verdict.FAIL) for verdict in told)


def _import(calls: Calls, batch: Sequence[_Asff]) -> None:
    answer = calls.read("securityhub", "batch_import_findings", _what(calls), Findings=batch) or {}
    for failed in answer.get("FailedFindings") or ():
        reason = f"`{failed.get('Id')}` was refused: {failed.get('ErrorMessage')}"
        calls.skipped.append(Skipped(_what(calls), reason, error=True))


def _what(calls: Calls) -> str:
    return f"Security Hub of {calls.unit.name}"


def _batches(some: Sequence[_Asff]) -> Iterable[Sequence[_Asff]]:
    return (some[start : start + _BATCH] for start in range(0, len(some), _BATCH))
