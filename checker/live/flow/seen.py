"""What CloudTrail shows of a flow: who else streams the contact, and whether KMS refused the topic's key.

Events are shown some minutes late, so that what is not there says nothing.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from checker.inputs.cloudtrail.event import HiddenTopicError, NoTimeError, Start, Stop, read_event
from checker.live.faults import UnreadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from checker.arn import Arn
    from checker.live.calls import Calls
    from checker.live.flow.steps import Steps

_STARTS = ("StartContactStreaming", "StartChatContact")
_USES = ("GenerateDataKey", "Decrypt")
_CONTEXT = "aws:sns:topicArn"
_PUBLISHERS = ("connect.amazonaws.com", "sns.amazonaws.com")
"""Who may be shown to ask for the key on Connect's behalf; no page says which of them it is."""


def topics_seen(steps: Steps, calls: Calls, contact: str, since: datetime) -> tuple[str, ...]:
    """The topics that a contact was seen to stream to. Raises StoppedError."""
    starts = map(_read, _events(steps, calls, _STARTS, since))
    found = (one.topic for one in starts if isinstance(one, Start) and one.contact == contact)
    return tuple(dict.fromkeys(found))


def key_refusals(steps: Steps, calls: Calls, topic: Arn, since: datetime) -> tuple[str, ...]:
    """What KMS was seen to refuse for a topic, a sentence each. Raises StoppedError.

    KMS notes with every use what is encrypted, for SNS the ARN of the topic.
    https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
    """
    refused = (one for one in _events(steps, calls, _USES, since) if _refuses(one, str(topic)))
    said = (f"CloudTrail shows that KMS refused {one['eventName']} for the topic" for one in refused)
    return tuple(dict.fromkeys(said))


def _events(steps: Steps, calls: Calls, names: tuple[str, ...], since: datetime) -> Iterator[dict[str, Any]]:
    """The newest events of each name, as far as they can be read.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    for name in names:
        asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
        with suppress(UnreadError):  # the step says so
            answer = steps.call(
                calls, "cloudtrail", "lookup_events", name, LookupAttributes=asked, StartTime=since
            )
            yield from map(_record, answer.get("Events") or ())


def _record(event: dict[str, Any]) -> dict[str, Any]:
    """The event itself; nothing where it is no JSON object."""
    try:
        record = json.loads(event.get("CloudTrailEvent") or "{}")
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _read(record: dict[str, Any]) -> Start | Stop | None:
    """Read an event of a stream; ``None`` for one that says too little."""
    try:
        return read_event(record)
    except (NoTimeError, HiddenTopicError):
        return None


def _refuses(record: dict[str, Any], topic: str) -> bool:
    parameters = record.get("requestParameters")
    encrypted = parameters.get("encryptionContext") if isinstance(parameters, dict) else None
    of_topic = isinstance(encrypted, dict) and encrypted.get(_CONTEXT) == topic
    caller = record.get("userIdentity")
    by_service = isinstance(caller, dict) and caller.get("invokedBy") in _PUBLISHERS
    return of_topic and by_service and "AccessDenied" in str(record.get("errorCode"))
