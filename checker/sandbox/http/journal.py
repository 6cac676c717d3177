"""Logs of the sandbox: the calls, and the delivery of every message and notification."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from checker.sandbox.http.call import Call


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
    empty if the endpoint accepted it. ``redriven`` is the dead-letter queue that received it instead.
    """

    topic: str
    protocol: str
    endpoint: str
    cause: str
    source: str
    redriven: str


class Journal:
    """The logs of calls, deliveries and notifications."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[LoggedCall] = []
        self._deliveries: list[Delivery] = []
        self._notifications: list[Notification] = []

    def log(self, call: Call, error: str) -> None:
        """Record a call with its outcome."""
        with self._lock:
            self._calls.append(LoggedCall(call.service, call.action, call.account, call.region, error))

    def delivered(self, delivery: Delivery) -> None:
        """Record the delivery of a message."""
        with self._lock:
            self._deliveries.append(delivery)

    def notified(self, notification: Notification) -> None:
        """Record the delivery of a notification."""
        with self._lock:
            self._notifications.append(notification)

    def calls(self) -> list[dict[str, Any]]:
        """Return all calls, oldest first."""
        with self._lock:
            return [call._asdict() for call in self._calls]

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the deliveries of all messages, oldest first."""
        with self._lock:
            return [delivery._asdict() for delivery in self._deliveries]

    def notifications(self) -> list[dict[str, Any]]:
        """Return the deliveries of all notifications, oldest first."""
        with self._lock:
            return [notification._asdict() for notification in self._notifications]

    def clear(self) -> None:
        """Clear the log of calls."""
        with self._lock:
            self._calls.clear()


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
