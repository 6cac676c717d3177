"""Whether something keeps a topic's messages for good, since SNS does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.live.patience import Clock
from checker.live.retention.judge import judge_retention
from checker.live.retention.setup import set_up
from checker.retention.made import SetUp

if TYPE_CHECKING:
    from checker.arn import Arn
    from checker.live.calls import Calls
    from checker.retention.model import Wanted

_SAID = {
    "ok": "something keeps the messages",
    "broken": "nothing keeps the messages",
    "unknown": "whether anything keeps the messages is not known",
}


def keep(calls: Calls, topic: Arn, wanted: Wanted, *, create: bool) -> SetUp:
    """Judge what keeps a topic's messages, and with ``create`` make it where nothing does. Raises StoppedError."""
    if not create:
        return SetUp((), judge_retention(calls, topic, wanted.kind, wanted.instance))
    return set_up(calls, topic, wanted, Clock(sleep=calls.wait))


def said_of(kept: SetUp) -> str:
    """Say in a line what was found, and what was made."""
    made = f", {len(kept.made)} things were made for it" if kept.made else ""
    return f"{_SAID[kept.retention.status]}{made}"
