"""Logs of the sandbox: the calls, and the delivery of every message and notification."""

from __future__ import annotations

import time
from threading import Lock
from typing import Any, NamedTuple


class LoggedCall(NamedTuple):
    """One API call. ``error`` is the error code or status of the answer, empty if the call succeeded."""

    service: str
    action: str
    account: str
    region: str
    error: str


class Delivery(NamedTuple):
    """The delivery of one message to one topic.

    AWS does not report refused messages, but the sandbox does: ``cause`` is the failed check and
    ``source`` the documentation of AWS. Both are empty if SNS accepted the message.
    """

    contact: str
    topic: str
    kind: str
    cause: str
    source: str


class Notification(NamedTuple):
    """The delivery of one notification that passed the filter of a subscription.

    AWS only counts failed notifications, but the sandbox reports the cause: ``cause`` and ``source`` are
    empty if the endpoint accepted it. ``redriven`` is the dead-letter queue that received it instead,
    ``redrive_cause`` the reason why that queue did not. ``body`` is the event of a function, or the body of an
    HTTP request: the sandbox runs no code and sends no request.
    """

    topic: str
    protocol: str
    endpoint: str
    cause: str = ""
    source: str = ""
    redriven: str = ""
    redrive_cause: str = ""
    body: str = ""


Entry = LoggedCall | Delivery | Notification


class Journal:
    """The log of calls, deliveries and notifications, oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Record a call, a delivery or a notification."""
        with self._lock:
            self._entries.append(entry)

    def entries(self, kind: type[Entry]) -> list[dict[str, Any]]:
        """Return all entries of a kind."""
        with self._lock:
            return [entry._asdict() for entry in self._entries if isinstance(entry, kind)]

    def clear_calls(self) -> None:
        """Clear the log of calls."""
        with self._lock:
            self._entries = [entry for entry in self._entries if not isinstance(entry, LoggedCall)]


class Clock:
    """A clock that tests can advance; times are seconds since the epoch."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Return the current time."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self._ahead += seconds

    def text(self) -> str:
        """Format the time as in the chat payload of AWS, in UTC with milliseconds."""
        now = self.now()
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
