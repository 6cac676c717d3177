"""Sends findings to AWS Security Hub under ids that stay the same, and archives those that no longer apply.

A finding is archived only if this run judged its rule on each of its resources. Everything else stays as it was:
rules that were not selected, topics that were not named, what could not be read or determined, and findings that a
suppression or a baseline holds back.

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
    held_back = {finding_id(one.finding, owner) for one in report.suppressed}
    absent = [one for name, one in known.items() if name not in found and name not in held_back]
    for batch in _batches([*found.values(), *_archived(absent, report, now)]):
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


def _archived(absent: Iterable[_Asff], report: Report, now: str) -> Iterator[_Asff]:
    """Archive what this run looked for and did not find: as PASSED, or as it was if its rule finds something else."""
    verdicts = {
        (one.resource, rule): verdict for one in report.examined for rule, verdict in one.verdicts.items()
    }
    for known in absent:
        rule = known["GeneratorId"].removeprefix(GENERATOR)
        judged = {verdicts.get((resource["Id"], rule)) for resource in known["Resources"]}
        if judged <= {Verdict.PASS, Verdict.FAIL}:
            yield archived(known, now, passed=judged == {Verdict.PASS})


def _import(calls: Calls, batch: Sequence[_Asff]) -> None:
    answer = calls.read("securityhub", "batch_import_findings", _what(calls), Findings=batch) or {}
    for failed in answer.get("FailedFindings") or ():
        reason = f"`{failed.get('Id')}` was refused: {failed.get('ErrorMessage')}"
        calls.skipped.append(Skipped(_what(calls), reason, error=True))


def _what(calls: Calls) -> str:
    return f"Security Hub of {calls.unit.name}"


def _batches(some: Sequence[_Asff]) -> Iterable[Sequence[_Asff]]:
    return (some[start : start + _BATCH] for start in range(0, len(some), _BATCH))
