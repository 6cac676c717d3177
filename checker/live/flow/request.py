"""What a flow is asked to do."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.core.arn import Arn
    from checker.lint.retention.model import Wanted


MOST_TOPICS = 2
"""https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html"""


class Mistake(StrEnum):
    """What applications get wrong though the chain is whole; made on purpose, to see what it looks like."""

    NO_CONNECT_PARTICIPANT = "no-connect-participant"
    LATE_STREAMING = "late-streaming"


class Asked(NamedTuple):
    """One chat with an instance, streamed to topics.

    ``at_start`` streams to the first topic by StartChatContact itself. ``force`` goes on where the proof finds a
    broken link. ``wait`` is for how many seconds a message is waited for, ``wait_for_metrics`` likewise.
    ``retain`` asks what keeps the messages for good, and with ``create`` that it be made.
    """

    instance: Arn
    contact_flow: str
    topics: tuple[Arn, ...]
    at_start: bool = False
    force: bool = False
    wait: float = 30.0
    wait_for_metrics: float = 0.0
    mistake: Mistake | None = None
    retain: Wanted | None = None
    create: bool = False
