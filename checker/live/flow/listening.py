"""Waits for what was said in the chat to come out of the topics."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.live.faults import UnreadError
from checker.live.flow.steps import Beginning
from checker.passage import DONE, FAILED, MESSAGE, Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.arn import Arn
    from checker.live.flow.steps import Steps
    from checker.live.flow.watch import Watch


class Said(NamedTuple):
    """What is waited for: a message of a chat, that nobody else says."""

    contact: str
    content: str


def listen(
    steps: Steps, watches: dict[Arn, Watch], said: Said, seconds: float
) -> Iterator[tuple[Arn, Arrival]]:
    """Give every topic that the message comes out of, until it has come out of all or time is up.

    Raises UnreadError, StoppedError.
    """
    began, end = Beginning(), time.monotonic() + seconds
    waiting = dict(watches)
    while waiting and time.monotonic() < end:
        for topic, watch in tuple(waiting.items()):
            arrival = _received(steps, watch, said, began)
            if arrival is not None:
                del waiting[topic]
                steps.add(began.step(MESSAGE, str(topic), DONE, said="arrived"))
                yield topic, arrival
    for topic in waiting:
        steps.add(began.step(MESSAGE, str(topic), FAILED, said="nothing arrived"))


def _received(steps: Steps, watch: Watch, said: Said, began: Beginning) -> Arrival | None:
    try:
        found = (_arrival(one, said, began.seconds) for one in watch.receive())
        return next(filter(None, found), None)
    except UnreadError as error:
        told, request_id = error.told, error.refusal.request_id
        steps.add(began.step(MESSAGE, str(watch.topic), FAILED, request_id, told, error.skipped.help))
        raise


def _arrival(message: dict[str, Any], said: Said, seconds: float) -> Arrival | None:
    """Read a message of a queue; ``None`` unless it is what was said in the chat.

    Some events carry no ContactId, but all carry InitialContactId.
    https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
    """
    try:
        payload = json.loads(message.get("Body") or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, dict) or (payload.get("InitialContactId"), payload.get("Content")) != said:
        return None
    attributes = message.get("MessageAttributes") or {}
    texts = ((name, str(one.get("StringValue", ""))) for name, one in sorted(attributes.items()))
    return Arrival(seconds, str(payload.get("Id", "")), tuple(texts))
