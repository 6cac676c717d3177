"""The subscribers of a topic, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.lint.delivery.dead_letter import PREFIX
from checker.lint.status import OK
from checker.report.links import STYLES, link_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.lint.delivery.subscribers import Subscriber
    from checker.report.context import Paint


def subscribers_json(subscribers: tuple[Subscriber, ...] | Unknown) -> list[dict[str, Any]] | None:
    """Convert the subscribers of a topic to JSON values; ``None`` if they are not known."""
    if isinstance(subscribers, Unknown):
        return None
    return [
        {
            "protocol": one.protocol,
            "endpoint": one.endpoint,
            "status": one.status,
            "reason": one.reason,
            "rule": one.rule or None,
            "steps": [
                {"step": step.name, "status": step.status, "reason": step.reason, "help": step.help or None}
                for step in one.steps
            ],
            "warnings": list(one.warnings),
            "notes": list(one.notes),
        }
        for one in subscribers
    ]


def subscribers_text(
    subscribers: tuple[Subscriber, ...] | Unknown, paint: Paint, *, with_help: bool = True
) -> Iterator[str]:
    """Yield one line for each subscriber of a topic, with the reason and what to know of it."""
    if isinstance(subscribers, Unknown):
        yield paint("dim", f"Subscribers: not known: {inert(subscribers.described)}.")
        return
    yield "Subscribers:" if subscribers else "Subscribers: none known."
    for one in subscribers:
        rule = paint("dim", f" [{one.rule}]") if one.rule else ""
        yield f"{link_line(one.protocol, one.status, one.endpoint, paint)}{rule}"
        yield f"           {inert(one.reason)}"
        if one.help and with_help:
            yield f"         {paint.detail('help', one.help)}"
        for step in one.steps:
            if step.name.startswith(PREFIX) and step.status != OK:
                yield f"           {paint(STYLES[step.status], step.status)}: dead-letter queue: {inert(step.reason)}"
        yield from (f"           {paint('warning', 'warning:')} {inert(text)}" for text in one.warnings)
        yield from (f"           {paint('dim', 'note:')} {inert(text)}" for text in one.notes)
