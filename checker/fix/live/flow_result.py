"""What came of one real chat: its steps, what arrived at which topic, and why not."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.core.errors import Skipped
    from checker.lint.explain import Explanation
    from checker.lint.retention.model import SetUp


DONE, FAILED = "ok", "failed"
PREFLIGHT, RETENTION, MESSAGE = "preflight", "retention", "message"
"""The steps that are no call of AWS; the others are named after theirs."""


class Step(NamedTuple):
    """One step: when it began in UTC, how many seconds it took, the id that AWS gave the request, and what was said.

    ``what`` is the thing that it is about: a topic, a queue, an instance.
    """

    name: str
    what: str
    status: str
    at: str
    seconds: float
    request_id: str = ""
    said: str = ""
    help: str = ""


class Cause(NamedTuple):
    """Why nothing arrived, most likely: the link of the chain and the rule, where it is one of theirs.

    ``evidence`` is what speaks for it beside the proof: counters, events, the order of the steps.
    """

    reason: str
    help: str = ""
    link: str = ""
    rule: str = ""
    evidence: tuple[str, ...] = ()


class Arrival(NamedTuple):
    """The message as it came out of the topic: seconds since it was sent, its id, and its SNS attributes.

    https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
    """

    seconds: float
    message_id: str
    attributes: tuple[tuple[str, str], ...]


class Counters(NamedTuple):
    """What CloudWatch counts of a topic in the minutes of the chat, all chats together; ``None``: nothing yet.

    https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    """

    published: int | None = None
    delivered: int | None = None
    filtered_out: int | None = None
    failed: int | None = None


class TopicPassage(NamedTuple):
    """What came of the chat at one topic. ``explanation`` is missing where the topic could not be read.

    ``kept`` says whether something keeps the topic's messages for good, where that was asked for.
    """

    topic: str
    explanation: Explanation | None = None
    arrival: Arrival | None = None
    counters: Counters | None = None
    cause: Cause | None = None
    kept: SetUp | None = None


class End(StrEnum):
    """How a flow ended."""

    ARRIVED = "arrived"
    SILENT = "silent"
    REFUSED = "refused"
    BLOCKED = "not_started"
    INTERRUPTED = "interrupted"


class FlowResult(NamedTuple):
    """The whole flow. ``cause`` is why it ended early; ``left_behind`` names what could not be removed.

    ``unread`` is what AWS would not show of the chain, which a message that arrives does not need.
    """

    instance: str
    end: End
    contact: str = ""
    topics: tuple[TopicPassage, ...] = ()
    steps: tuple[Step, ...] = ()
    cause: Cause | None = None
    left_behind: tuple[str, ...] = ()
    unread: tuple[Skipped, ...] = ()
