"""The result of a live test chat: its steps, the arrivals at each topic, and the causes of failure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from checker.core.errors import Skipped
    from checker.lint.causes import Cause, Counters
    from checker.lint.delivery.model import SetUp
    from checker.lint.explanation import Explanation


DONE, FAILED = "ok", "failed"
PREFLIGHT, RETENTION, MESSAGE = "preflight", "retention", "message"
"""Steps that are not AWS calls. All other steps are named after their call."""


class Step(NamedTuple):
    """One step: start time in UTC, duration in seconds, AWS request ID, and the response.

    ``what`` is the topic, queue or instance that the step acts on.
    """

    name: str
    what: str
    status: str
    at: str
    seconds: float
    request_id: str = ""
    detail: str = ""
    help: str = ""


class Arrival(NamedTuple):
    """The message as the topic delivered it: seconds since it was sent, its ID, and its SNS attributes.

    https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
    """

    seconds: float
    message_id: str
    attributes: tuple[tuple[str, str], ...]


class TopicResult(NamedTuple):
    """The result of the chat at one topic. ``explanation`` is None if the topic could not be read.

    ``setup`` says whether a queue or stream retains the topic's messages, if that was requested.
    """

    topic: str
    explanation: Explanation | None = None
    arrival: Arrival | None = None
    counters: Counters | None = None
    cause: Cause | None = None
    setup: SetUp | None = None


class End(StrEnum):
    """How a flow ended."""

    ARRIVED = "arrived"
    SILENT = "silent"
    REFUSED = "refused"
    BLOCKED = "not_started"
    INTERRUPTED = "interrupted"


class FlowResult(NamedTuple):
    """The result of the whole flow. ``cause`` is why it ended early. ``left_behind`` names resources not removed.

    ``unread`` lists parts of the chain that AWS did not show. They do not matter if the message arrives.
    """

    instance: str
    end: End
    contact: str = ""
    topics: tuple[TopicResult, ...] = ()
    steps: tuple[Step, ...] = ()
    cause: Cause | None = None
    left_behind: tuple[str, ...] = ()
    unread: tuple[Skipped, ...] = ()
