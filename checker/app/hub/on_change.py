"""The function that audits a topic within a minute of a change: the handler of AWS Lambda in `deploy/`.

EventBridge sends API calls of CloudTrail to a queue, and the queue sends them in batches. An event is not trusted: it
only names a topic or key, whose present state is audited. An event that was sent twice only leads to a second audit.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.app.hub.results import Bucket, now, stamp, write_status
from checker.app.hub.settings import REPORT, Settings
from checker.app.terminal import tell
from checker.core.terminal_text import inert_line
from checker.inputs.cloudtrail.change_event import ChangeEvent, read_change
from checker.live.audit.accounts import active_members
from checker.live.aws.access import Coverage, Unit
from checker.live.aws.session import sign_in
from checker.report.brief import skipped_text
from checker.report.context import Paint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_STREAM = "StartContactStreaming"
_STREAM_PAUSE = 3600.0
"""So many seconds lie between two audits of a topic because a contact streams to it: every chat sends such an event."""


class _Message(NamedTuple):
    """A message of the queue with its ID, and the change that it reports or why it reports none."""

    id: str
    change: ChangeEvent | str


class OnChange:
    """Audits the topics and keys of the events in a batch, once for each account and Region.

    Returns the messages that SQS must deliver again, because their audit failed or could not be stored. A running
    function remembers which topics it audited because contacts stream to them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._streams: dict[str, float] = {}

    def __call__(self, event: object, context: object) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        """Handle a batch of SQS, or a single event. Raises CheckerError if the settings are not valid."""
        settings = Settings.read(os.environ)
        messages = [*_messages(event)]
        changes = list(self._wanted(messages))
        failed = _audit_all(settings, changes) if changes else set()
        self._remember(change for name, change in changes if name not in failed)
        return {"batchItemFailures": [{"itemIdentifier": name} for name in sorted(failed)]}

    def _wanted(self, messages: Iterable[_Message]) -> Iterator[tuple[str, ChangeEvent]]:
        """Yield the changes with the IDs of their messages, and report the messages without one."""
        for message in messages:
            change = message.change
            if isinstance(change, str):
                tell(inert_line(f"ignored message {message.id}: {change}"))
            elif change.name != _STREAM or self._is_due(str(change.resource)):
                yield message.id, change

    def _is_due(self, topic: str) -> bool:
        """True if a topic was not audited lately because of a stream."""
        last = self._streams.get(topic)
        return last is None or self._clock() - last >= _STREAM_PAUSE

    def _remember(self, changes: Iterable[ChangeEvent]) -> None:
        streams = (str(change.resource) for change in changes if change.name == _STREAM)
        self._streams |= dict.fromkeys(streams, self._clock())


handler = OnChange()
"""The entry point for AWS Lambda: `checker.app.hub.on_change.handler`."""


def _messages(event: object) -> Iterator[_Message]:
    """Yield the messages of a batch. A single event is its own message."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        yield _Message("", read_change(event))
        return
    for record in records:
        body = record.get("body") if isinstance(record, dict) else None
        name = str(record.get("messageId", "")) if isinstance(record, dict) else ""
        yield _Message(name, _read(body))


def _read(body: object) -> ChangeEvent | str:
    try:
        return read_change(json.loads(body)) if isinstance(body, str) else "it has no body"
    except (ValueError, RecursionError):
        return "its body is not JSON"


def _audit_all(settings: Settings, changes: Iterable[tuple[str, ChangeEvent]]) -> set[str]:
    """Audit the units of the changes, and return the messages whose audit failed. Raises CheckerError."""
    bucket = Bucket.of(settings.bucket, sign_in(settings.access))
    allowed = _allowed(settings, bucket)
    units: dict[Unit, list[tuple[str, ChangeEvent]]] = {}
    for name, change in changes:
        if change.resource.account in allowed:
            units.setdefault(Unit(change.resource.account, change.resource.region), []).append((name, change))
        else:
            tell(f"ignored message {inert_line(name)}: account {change.resource.account} is not audited")
    failed = (of_unit for unit, of_unit in units.items() if not _audit(settings, bucket, unit, of_unit))
    return {name for of_unit in failed for name, _ in of_unit}


def _allowed(settings: Settings, bucket: Bucket) -> frozenset[str]:
    """Return the accounts that may be audited, so that an event cannot choose which role is assumed.

    Raises CheckerError.
    """
    if settings.organization:
        return active_members(bucket.calls)
    return frozenset(settings.accounts or (bucket.owner,))


def _audit(settings: Settings, bucket: Bucket, unit: Unit, changes: list[tuple[str, ChangeEvent]]) -> bool:
    """Audit a unit, store the results, and return True unless that failed."""
    events = {change.id: change for _, change in changes}
    topics = dict.fromkeys(change.topic for change in events.values() if change.topic)
    started = now()
    with tempfile.TemporaryDirectory(prefix="checker-") as name:
        folder = Path(name)
        coverage = Coverage((unit.account,), regions=(unit.region,))
        ending = settings.audit(folder, coverage, topics)
        facts = {"account": unit.account, "region": unit.region, "events": _described(events, folder)}
        write_status(folder, ending, started, **facts)
        unsaved = bucket.store(
            folder, (f"changes/{unit.account}/{unit.region}/{stamp(started)}-{next(iter(events))}",)
        )
    for skipped in unsaved:
        tell(*skipped_text(skipped, Paint()))
    return not (ending.crashed or ending.interrupted or ending.unreadable or unsaved)


def _described(events: dict[str, ChangeEvent], folder: Path) -> list[dict[str, Any]]:
    """Return the events with whether the report has results about the topic or key of each."""
    report = folder / REPORT
    examined = json.loads(report.read_text(encoding="utf-8"))["examined"] if report.exists() else []
    checked = {target["resource"] for target in examined}
    return [
        {
            "id": change.id,
            "name": change.name,
            "time": change.time,
            "resource": str(change.resource),
            "checked": str(change.resource) in checked,
        }
        for change in events.values()
    ]
