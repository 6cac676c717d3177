"""What happened in the sandbox: the calls that came in, and what became of every message and notification."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from checker.sandbox.http.call import Call


class LoggedCall(NamedTuple):
    """One API call; ``error`` is the code or status that it was answered with, empty when it succeeded."""

    service: str
    action: str
    account: str
    region: str
    error: str


class Delivery(NamedTuple):
    """What became of one message for one topic.

    AWS tells nobody when it is refused; the sandbox does: ``cause`` says which check refused it and
    ``source`` what AWS documents. Both are empty when SNS has taken the message.
    """

    contact: str
    topic: str
    kind: str
    cause: str
    source: str


class Notification(NamedTuple):
    """What became of one notification that passed the filter of a subscription.

    AWS counts a failed one and says no more; the sandbox does, as of a message: ``cause`` and ``source`` are
    empty when the endpoint has taken it. ``redriven`` is the dead-letter queue that has it instead.
    """

    topic: str
    protocol: str
    endpoint: str
    cause: str
    source: str
    redriven: str


class Journal:
    """The three logs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[LoggedCall] = []
        self._deliveries: list[Delivery] = []
        self._notifications: list[Notification] = []

    def log(self, call: Call, error: str) -> None:
        """Note a call with its outcome."""
        with self._lock:
            self._calls.append(LoggedCall(call.service, call.action, call.account, call.region, error))

    def delivered(self, delivery: Delivery) -> None:
        """Note what became of a message."""
        with self._lock:
            self._deliveries.append(delivery)

    def notified(self, notification: Notification) -> None:
        """Note what became of a notification."""
        with self._lock:
            self._notifications.append(notification)

    def calls(self) -> list[dict[str, Any]]:
        """All calls, oldest first."""
        with self._lock:
            return [one._asdict() for one in self._calls]

    def deliveries(self) -> list[dict[str, Any]]:
        """What became of all messages, oldest first."""
        with self._lock:
            return [one._asdict() for one in self._deliveries]

    def notifications(self) -> list[dict[str, Any]]:
        """What became of all notifications, oldest first."""
        with self._lock:
            return [one._asdict() for one in self._notifications]

    def clear(self) -> None:
        """Forget the calls so far."""
        with self._lock:
            self._calls.clear()


class Clock:
    """Gives the time, in seconds since the epoch."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Give the time."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._ahead += seconds

    def text(self) -> str:
        """Write the time as AWS's chat payload does, in milliseconds and UTC."""
        now = self.now()
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
