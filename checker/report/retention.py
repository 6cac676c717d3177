"""Whether a topic's messages are kept, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.core.terminal_text import inert
from checker.lint.status import BROKEN, OK
from checker.report.links import link_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.lint.delivery.model import Delivery, Retention, SetUp
    from checker.report.context import Paint

_CREATE = {
    "sqs": "`--create` creates a queue that keeps them",
    "firehose": "`--create --stream-arn ARN` subscribes an existing delivery stream",
}
_NOUNS = {"sqs": "queue", "firehose": "delivery stream"}


def retention_json(retention: Retention) -> dict[str, Any]:
    """Convert a retention check to JSON values."""
    return {
        "topic": retention.topic,
        "kind": retention.kind,
        "status": retention.status,
        "reason": retention.unread.described if retention.unread is not None else None,
        "subscriptions": [_subscription_json(durable) for durable in retention.subscriptions],
    }


def _subscription_json(durable: Delivery) -> dict[str, Any]:
    return {
        "subscription": durable.subscription.arn or None,
        "endpoint": durable.endpoint,
        "status": durable.status,
        "links": [
            {"link": step.name, "status": step.status, "reason": step.reason, "help": step.help or None}
            for step in durable.steps
        ],
        "warnings": [warning._asdict() for warning in durable.warnings],
        "notes": list(durable.notes),
    }


def retention_text(retention: Retention, paint: Paint) -> Iterator[str]:
    """Yield the links of every subscription, then whether one of them keeps the messages."""
    for durable in retention.subscriptions:
        yield from _subscription_text(durable, paint)
    yield from _conclusion(retention, paint)


def _subscription_text(durable: Delivery, paint: Paint) -> Iterator[str]:
    yield f"{paint('dim', _NOUNS[durable.kind])} {inert(durable.endpoint)}"
    for step in durable.steps:
        yield link_line(step.name, step.status, step.reason, paint)
        if step.help and step.status != OK:
            yield paint.detail("help", step.help)
    for warning in durable.warnings:
        yield f"  {paint('warning', 'warning ')} {inert(warning.message)}"
        yield paint.detail("help", warning.help)
    for note in durable.notes:
        yield f"  {paint('dim', 'note    ')} {inert(note)}"


def _conclusion(retention: Retention, paint: Paint) -> Iterator[str]:
    noun = _NOUNS[retention.kind]
    if retention.status == OK:
        yield paint("ok", f"A {noun} keeps the messages of the topic.")
    elif retention.unread is not None:
        yield paint(
            "warning", f"Not known whether a {noun} keeps the messages: {retention.unread.described}."
        )
    elif retention.status != BROKEN:
        yield paint("warning", f"Not known whether a {noun} keeps the messages.")
    elif retention.subscriptions:
        count = len(retention.subscriptions)
        every = f"each of the {count} subscriptions has" if count > 1 else "the subscription has"
        yield paint("error", f"No {noun} keeps the messages: {every} a broken link.")
    else:
        yield paint(
            "error",
            f"No {noun} is subscribed, and SNS keeps a message only until it has tried to deliver it.",
        )
    if retention.status == BROKEN:
        yield paint.detail("help", _CREATE[retention.kind])


def set_up_text(setup: SetUp, paint: Paint) -> Iterator[str]:
    """Yield the created resources, with the policy statements written, and the failure if there was one."""
    for resource in setup.made:
        yield f"  {paint('ok', 'created ')} {resource.what}: {inert(resource.name)}"
        if resource.written:
            yield f"           {inert(json.dumps(resource.written))}"
    if setup.fault:
        yield f"  {paint('error', 'failed  ')} {inert(setup.fault.what)}: {inert(setup.fault.reason)}"
        if setup.fault.help:
            yield paint.detail("help", setup.fault.help)


def set_up_json(setup: SetUp) -> dict[str, Any]:
    """Convert a setup to JSON values, including the retention check."""
    fault = setup.fault
    return {
        **retention_json(setup.retention),
        "made": [resource._asdict() for resource in setup.made],
        "fault": {"what": fault.what, "reason": fault.reason, "help": fault.help or None} if fault else None,
    }
