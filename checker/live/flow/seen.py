"""What CloudTrail shows of a contact: somebody else, such as a function of the contact flow, may stream it, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.inputs.cloudtrail.event import HiddenTopicError, NoTimeError, Start, Stop, read_event
from checker.live.faults import UnreadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from checker.live.calls import Calls
    from checker.live.flow.steps import Steps

_NAMES = ("StartContactStreaming", "StartChatContact")


def topics_seen(steps: Steps, calls: Calls, contact: str, since: datetime) -> tuple[str, ...]:
    """The topics that a contact was seen to stream to; events may take minutes to be shown. Raises StoppedError.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    found: list[str] = []
    for name in _NAMES:
        try:
            answer = steps.call(
                calls,
                "cloudtrail",
                "lookup_events",
                name,
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
                StartTime=since,
            )
        except UnreadError:
            break  # the step says so, and the other name would fare no better
        found += _topics(answer.get("Events") or (), contact)
    return tuple(dict.fromkeys(found))


def _topics(events: Any, contact: str) -> Iterator[str]:
    for event in events:
        start = _read(event)
        if isinstance(start, Start) and start.contact == contact:
            yield start.topic


def _read(event: dict[str, Any]) -> Start | Stop | None:
    """Read an event; ``None`` for one that says too little."""
    try:
        return read_event(json.loads(event.get("CloudTrailEvent") or "{}"))
    except (ValueError, NoTimeError, HiddenTopicError):
        return None
