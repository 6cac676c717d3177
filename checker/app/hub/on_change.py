"""The function that audits accounts within a minute of a change: the handler of AWS Lambda in `deploy/`.

EventBridge sends API calls of CloudTrail to a queue, and the queue sends them in batches. An event is not trusted: it
only names accounts and Regions, whose present state is audited. An event that was sent twice only leads to a second
audit.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from checker.app.hub.bucket import Bucket
from checker.app.hub.change_audit import Change, audit_region
from checker.app.hub.grants import Grants
from checker.app.hub.settings import Settings
from checker.app.terminal import tell
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert_line
from checker.inputs.cloudtrail.change_event import STREAM, ChangeEvent, read_change
from checker.live.audit.accounts import active_members
from checker.live.aws.access import Unit
from checker.live.aws.calls import Calls
from checker.live.aws.session import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_STREAM_PAUSE = 3600.0
"""So many seconds lie between two audits because contacts stream to a topic: every chat sends such an event."""
LEAST, _RESERVE, _LOOKING = 120.0, 60.0, 30.0
"""Time in seconds: what an audit needs at least, what is kept to judge and to store, and the limit to look at grants."""


class _Message(NamedTuple):
    """A message of the queue with its ID, and the change that it reports or why it reports none."""

    id: str
    change: ChangeEvent | str


class OnChange:
    """Audits the accounts and Regions of the events in a batch, all accounts of a Region side by side.

    Returns the messages that SQS must deliver again: their audit failed, could not be stored, lacks what could not be
    read for a temporary reason, or had no time. A running function remembers which streams it audited.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._streams: dict[tuple[str, ...], float] = {}

    def __call__(self, event: object, context: object) -> dict[str, Any]:
        """Handle a batch of SQS, or a single event. Raises CheckerError if the settings are not valid."""
        settings = Settings.read(os.environ)
        changes = list(self._wanted(_messages(event)))
        failed = _audit_all(settings, changes, _seconds_left(context)) if changes else set()
        self._remember(change for name, change in changes if name not in failed)
        return {"batchItemFailures": [{"itemIdentifier": name} for name in sorted(failed) if name]}

    def _wanted(self, messages: Iterable[_Message]) -> Iterator[tuple[str, ChangeEvent]]:
        """Yield the changes with the IDs of their messages, and report the messages without one."""
        for message in messages:
            change = message.change
            if isinstance(change, str):
                tell(inert_line(f"ignored message {message.id}: {change}"))
            elif change.name != STREAM or self._is_due(change):
                yield message.id, change

    def _is_due(self, change: ChangeEvent) -> bool:
        """True if the stream of an instance to a topic was not audited lately."""
        last = self._streams.get(_stream(change))
        return last is None or self._clock() - last >= _STREAM_PAUSE

    def _remember(self, changes: Iterable[ChangeEvent]) -> None:
        streams = (_stream(change) for change in changes if change.name == STREAM)
        self._streams |= dict.fromkeys(streams, self._clock())


def _stream(change: ChangeEvent) -> tuple[str, ...]:
    return tuple(map(str, change.homes))


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


def _audit_all(
    settings: Settings, messages: Iterable[tuple[str, ChangeEvent]], seconds_left: Callable[[], float]
) -> set[str]:
    """Audit the accounts and Regions of changes, and return the messages that must be delivered again.

    What there is no time for is audited later. Raises CheckerError.
    """
    bucket = Bucket.of(settings.bucket, sign_in(settings.access))
    looking = sign_in(settings.access._replace(seconds=_LOOKING))
    grants = Grants(Calls(looking, bucket.calls.unit, threading.Event()))
    failed: set[str] = set()
    for region, changes in _by_region(messages, _allowed(settings, bucket), grants).items():
        left = seconds_left()
        if left < LEAST:
            failed |= {change.message for change in changes}
        else:
            seconds = left - _RESERVE if left < math.inf else 0
            failed |= audit_region(settings, bucket, region, changes, seconds)
    return failed


def _by_region(
    messages: Iterable[tuple[str, ChangeEvent]], allowed: frozenset[str], grants: Grants
) -> dict[str, list[Change]]:
    """Return the changes to audit in each Region. A stream to another Region is a change in both."""
    regions: dict[str, list[Change]] = {}
    for name, event in messages:
        homes = dict.fromkeys(Unit(one.account, one.region) for one in event.homes if one.account in allowed)
        change = Change(name, event, tuple(homes))
        if not homes:
            tell(f"ignored message {inert_line(name)}: account {event.homes[0].account} is not audited")
            continue
        if grants.concern_no_topic(event):
            tell(
                f"ignored message {inert_line(name)}: no topic of its account uses {inert_line(str(event.resource))}"
            )
            continue
        for region in dict.fromkeys(unit.region for unit in homes):
            regions.setdefault(region, []).append(change)
    return regions


def _allowed(settings: Settings, bucket: Bucket) -> frozenset[str]:
    """Return the accounts that may be audited, so that an event cannot choose which role is assumed.

    Raises CheckerError.
    """
    if settings.organization:
        return active_members(bucket.calls)
    return frozenset(settings.accounts or (bucket.owner,))


def _seconds_left(context: object) -> Callable[[], float]:
    """Return a function that tells how long Lambda lets the function run; without Lambda, for ever."""
    milliseconds = getattr(context, "get_remaining_time_in_millis", None)
    return (lambda: float(milliseconds()) / 1000) if milliseconds is not None else (lambda: math.inf)
