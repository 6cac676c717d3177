"""The request for a flow. Knows no boto3."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from checker.core.arn import Arn
    from checker.lint.delivery.model import RequestedStorage


class ApplicationMistake(StrEnum):
    """Common application mistakes with an intact chain. A flow can make them deliberately, to show their effect."""

    NO_CONNECT_PARTICIPANT = "no-connect-participant"
    LATE_STREAMING = "late-streaming"


class FlowRequest(NamedTuple):
    """One chat with an instance, streamed to topics.

    ``at_start`` makes StartChatContact itself stream to the first topic. ``force`` continues despite a broken link.
    ``wait`` and ``wait_for_metrics`` are the seconds to wait for the message and for metrics. ``retain`` checks what
    retains the messages, and ``create`` creates it if it is missing.
    """

    instance: Arn
    contact_flow: str
    topics: tuple[Arn, ...]
    at_start: bool = False
    force: bool = False
    wait: float = 30.0
    wait_for_metrics: float = 0.0
    mistake: ApplicationMistake | None = None
    retain: RequestedStorage | None = None
    create: bool = False
