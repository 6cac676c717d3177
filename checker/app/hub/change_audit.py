"""The audits of changes in one Region: what they audit, what they store, and which changes must be audited again."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.app.hub.bucket import succeeded
from checker.app.hub.status import JOURNAL, REPORT, now, stamp, write_status
from checker.core.errors import CheckerError
from checker.core.record import NamedTuple
from checker.lint.scope import FOLLOWED
from checker.live.audit.journal import read_journal
from checker.live.aws.access import Coverage, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.app.hub.bucket import Bucket
    from checker.app.hub.settings import Settings
    from checker.core.arn import Arn
    from checker.inputs.cloudtrail.change_event import ChangeEvent

_OF_SEVERAL_REGIONS = ("replica-not-streaming",)
"""Rules that an audit of one Region cannot decide: the nightly audit does."""


class Change(NamedTuple):
    """A change with the ID of its message, and the accounts and Regions to audit because of it."""

    message: str
    event: ChangeEvent
    units: tuple[Unit, ...]


class _Results(NamedTuple):
    """What an audit left in its folder: why each resource was checked, and the accounts to audit again."""

    in_scope: Mapping[str, str]
    again: frozenset[Unit]

    @classmethod
    def read(cls, folder: Path, units: Iterable[Unit]) -> _Results:
        """Read the report and the journal. An account without a record was not audited."""
        report = folder / REPORT
        written = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        sent = written.get("security_hub", ())
        unsent = {Unit(one["account"], one["region"]) for one in sent if one["rejected"]}
        try:
            done = {entry.unit for entry in read_journal(folder / JOURNAL)[1] if not entry.again}
        except CheckerError:
            done = set()
        in_scope = {one["resource"]: one.get("in_scope", "") for one in written.get("examined", ())}
        return cls(in_scope, frozenset({*units} - done) | unsent)


def audit_region(
    settings: Settings, bucket: Bucket, region: str, changes: list[Change], seconds: float = 0
) -> set[str]:
    """Audit the accounts of changes in a Region side by side, store the results, and return the messages to audit again.

    Calls end after ``seconds``, 0 means no limit. What was not read then is audited again.
    """
    units = dict.fromkeys(unit for change in changes for unit in change.units if unit.region == region)
    accounts, started = [unit.account for unit in units], now()
    with tempfile.TemporaryDirectory(prefix="checker-") as name:
        folder = Path(name)
        coverage = Coverage(tuple(accounts), regions=(region,))
        topics = dict.fromkeys(_streams(changes, units))
        ending = settings.audit(folder, coverage, topics, ignore=_OF_SEVERAL_REGIONS, seconds=seconds)
        results = _Results.read(folder, units)
        events = [_described(change, results.in_scope) for change in _distinct(changes)]
        ending = ending._replace(incomplete=ending.incomplete or any("unread" in event for event in events))
        write_status(folder, ending, started, region=region, accounts=accounts, events=events)
        place = f"changes/{region}/{stamp(started)}-{changes[0].event.id}"
        is_stored = succeeded(partial(bucket.store, folder, place))
    is_lost = ending.crashed or ending.interrupted or ending.unreadable or not is_stored
    return {one.message for one in changes if is_lost or not results.again.isdisjoint(one.units)}


def _streams(changes: Iterable[Change], units: Iterable[Unit]) -> Iterator[str]:
    """Yield the topics that contacts stream to, which are in scope for that. Other calls name topics of all kinds."""
    here = frozenset(units)
    for change in changes:
        if change.event.instance is not None and _home(change.event.resource) in here:
            yield str(change.event.resource)


def _distinct(changes: Iterable[Change]) -> Iterable[Change]:
    return {change.event.id: change for change in changes}.values()


def _described(change: Change, in_scope: Mapping[str, str]) -> dict[str, Any]:
    """Return an event with whether its resource was checked, or out of scope and judged again for earlier findings.

    ``in_scope`` says why each resource of the report was checked.
    ``unread`` is the reason if the topic of a stream is not audited: messages may leave the organization.
    """
    event, resource = change.event, change.event.resource
    described: dict[str, Any] = {"id": event.id, "name": event.name, "time": event.time}
    if event.instance is not None:
        described["instance"] = str(event.instance)
    is_again = in_scope.get(str(resource)) == FOLLOWED
    described |= {"resource": str(resource), "checked": str(resource) in in_scope and not is_again}
    described |= {"judged_again": True} if is_again else {}
    if event.instance is not None and _home(resource) not in change.units:
        described["unread"] = f"the topic is of account {resource.account}, which is not audited"
    return described


def _home(arn: Arn) -> Unit:
    return Unit(arn.account, arn.region)
