"""Events as CloudTrail writes them, and the three forms in which teams keep them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from checker.analysis.inventory import Contact, Inventory
from checker.inputs.load import load
from tests.samples import ACCOUNT, INSTANCE_ARN

INSTANCE_ID = INSTANCE_ARN.rpartition("/")[2]
Event = dict[str, Any]


def topic(name: str, region: str = "us-east-1") -> str:
    return f"arn:aws:sns:{region}:{ACCOUNT}:{name}"


def event(name: str, minute: float, asked: Any, answer: Any, **more: Any) -> Event:
    second = round(minute * 60)
    base = {
        "eventVersion": "1.10",
        "userIdentity": {"type": "AssumedRole", "accountId": ACCOUNT},
        "eventTime": f"2026-11-22T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z",
        "eventSource": "connect.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "requestParameters": asked,
        "responseElements": answer,
        "eventID": f"{name}-{minute}-{json.dumps([asked, answer], sort_keys=True)}",
        "recipientAccountId": ACCOUNT,
    }
    return {key: value for key, value in {**base, **more}.items() if value is not ...}


def start(
    to: str,
    minute: float = 0,
    *,
    contact: str = "c1",
    stream: str | None = None,
    repeat: str | None = None,
    instance: str = INSTANCE_ID,
    **more: Any,
) -> Event:
    asked = {
        "InstanceId": instance,
        "ContactId": contact,
        "ChatStreamingConfiguration": {"StreamingEndpointArn": to if ":" in to or "*" in to else topic(to)},
        "ClientToken": repeat or f"token-{to}-{minute}-{contact}",
    }
    return event("StartContactStreaming", minute, asked, {"StreamingId": stream or f"s-{to}"}, **more)


def stop(stream: str, minute: float, *, contact: str = "c1", **more: Any) -> Event:
    asked = {"InstanceId": INSTANCE_ID, "ContactId": contact, "StreamingId": f"s-{stream}"}
    return event("StopContactStreaming", minute, asked, None, **more)


def chat(to: str, minute: float = 0, *, contact: str = "c1", **more: Any) -> Event:
    asked = {
        "InstanceId": INSTANCE_ID,
        "ChatStreamingConfiguration": {"StreamingEndpointArn": topic(to)},
        "ClientToken": f"token-{to}",
        "ParticipantDetails": {"DisplayName": "***"},
    }
    answer = {"ContactId": contact, "StreamingId": f"s-{to}", "ParticipantToken": "***"}
    return event("StartChatContact", minute, asked, answer, **more)


def message(to: str, minute: float = 0, *, contact: str = "c1", created: Any = True, **more: Any) -> Event:
    configuration = {"StreamingConfiguration": {"StreamingEndpointArn": topic(to)}}
    asked = {"SourceId": "***", "DestinationId": "***", "NewSessionDetails": configuration}
    answer = {"InitialContactId": contact, "NewChatCreated": created}
    return event("SendChatIntegrationEvent", minute, asked, answer, **more)


def json_lines(events: Sequence[Event]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


def s3(events: Sequence[Event]) -> bytes:
    return json.dumps({"Records": events}, separators=(",", ":")).encode()


def lookup(events: Sequence[Event]) -> bytes:
    listed: list[Event] = [
        {
            "EventId": one.get("eventID"),
            "EventName": one.get("eventName"),
            "ReadOnly": "false",
            "EventTime": "2026-11-22T11:00:00+01:00",
            "EventSource": one.get("eventSource"),
            "Resources": [],
            "CloudTrailEvent": json.dumps(one, separators=(",", ":")),
        }
        for one in reversed(events)
    ]
    return json.dumps({"Events": listed, "NextToken": "abc"}, indent=4).encode()


def event_bridge(one: Event) -> Event:
    """An event as EventBridge hands it on.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    return {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.connect",
        "detail": one,
    }


FORMS: dict[str, Callable[[Sequence[Event]], bytes]] = {
    "lines.jsonl": json_lines,
    "lines.jsonl.gz": lambda events: gzip.compress(json_lines(events)),
    "crlf.json": lambda events: json_lines(events).replace(b"\n", b"\r\n"),
    "s3.json": s3,
    "s3.json.gz": lambda events: gzip.compress(s3(events)),
    "indented.json": lambda events: json.dumps({"Records": events}, indent=2).encode(),
    "lookup.json": lookup,
    "lookup-lines.jsonl": lambda events: json_lines(json.loads(lookup(events))["Events"]),
    "event-bridge.jsonl": lambda events: json_lines([event_bridge(one) for one in events]),
    "event-bridge.json": lambda events: json.dumps([event_bridge(one) for one in events], indent=2).encode(),
    "list.json": lambda events: json.dumps(events).encode(),
    "token-first.json": lambda events: b'{"NextToken": "x", ' + lookup(events)[1:],
    "one-after-the-other.json": lambda events: b"".join(s3([one]) for one in events),
    "a-file-a-line.jsonl": lambda events: b"\n".join(s3([one]) for one in events),
    "members-of-gzip.json.gz": lambda events: b"".join(gzip.compress(s3([one])) for one in events),
    "byte-order-mark.jsonl": lambda events: b"\xef\xbb\xbf" + json_lines(events),
    "byte-order-mark.json": lambda events: b"\xef\xbb\xbf" + s3(events),
}
"""What an export is called, and how it is written."""


def read(folder: Path, content: bytes, name: str = "trail.jsonl") -> Inventory:
    (folder / name).write_bytes(content)
    return load([folder / name])


def seen(inventory: Inventory) -> list[tuple[str, list[str], int]]:
    """Name the contacts, the topics that each had at once, and how many are alike."""
    return sorted(
        (one.id, sorted(text.rpartition(":")[2] for text, _ in one.topics), one.alike)
        for one in inventory.contacts
    )


def topics_of(contact: Contact) -> set[str]:
    return {text.rpartition(":")[2] for text, _ in contact.topics}
