"""The rates that AWS documents, as token buckets.

https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html
Amazon Connect counts by account and Region, its participant service by instance. The rates of the other services
come from their API references and from https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
"""

from __future__ import annotations

from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from checker.sandbox.http.call import Answer, RefusedError

if TYPE_CHECKING:
    from checker.sandbox.connect.contacts import Contacts
    from checker.sandbox.http.call import Call, Next


class Rate(NamedTuple):
    """Calls per second, and the burst size."""

    rate: float
    burst: float


_DEFAULTS = {"connect": Rate(2, 5)}
_RATES = {
    ("connect", "StartChatContact"): Rate(5, 8),
    ("connect", "StartContactStreaming"): Rate(5, 8),
    ("connect", "StopContactStreaming"): Rate(5, 8),
    ("connect", "StopContact"): Rate(10, 15),
    ("connectparticipant", "CreateParticipantConnection"): Rate(6, 9),
    ("connectparticipant", "SendMessage"): Rate(10, 15),
    ("connectparticipant", "SendEvent"): Rate(10, 15),
    ("connectparticipant", "DisconnectParticipant"): Rate(3, 5),
    # For the following, only the rate is documented. Assumed: the burst is one second of calls.
    ("sns", "ListTopics"): Rate(30, 30),
    ("sns", "ListSubscriptions"): Rate(30, 30),
    ("sns", "ListSubscriptionsByTopic"): Rate(30, 30),
    ("sns", "Subscribe"): Rate(100, 100),
    ("sns", "Unsubscribe"): Rate(100, 100),
    ("kms", "PutKeyPolicy"): Rate(15, 15),
    ("kms", "CreateGrant"): Rate(50, 50),
    ("kms", "ListGrants"): Rate(100, 100),
    ("cloudtrail", "LookupEvents"): Rate(2, 2),
}
_CODES = {
    "sns": ("Throttling", 400),
    "connect": ("TooManyRequestsException", 429),
    "connectparticipant": ("ThrottlingException", 429),
}


class Throttle:
    """Stage that refuses calls above the rates."""

    def __init__(self, contacts: Contacts) -> None:
        self._on = True
        self._contacts = contacts
        self._lock = Lock()
        self._buckets: dict[tuple[str, ...], tuple[float, float]] = {}

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        rate = _RATES.get((call.service, call.action), _DEFAULTS.get(call.service))
        if self._on and rate is not None and not self._is_within_rate(call, rate):
            code, status = _CODES.get(call.service, ("ThrottlingException", 400))
            raise RefusedError(code, "Rate exceeded", status)
        return proceed(call)

    def switch(self, *, on: bool) -> None:
        """Switch throttling on or off."""
        self._on = on

    def _is_within_rate(self, call: Call, rate: Rate) -> bool:
        key = (call.service, call.action, *self._scope(call))
        now = monotonic()
        with self._lock:
            left, then = self._buckets.get(key, (rate.burst, now))
            left = min(rate.burst, left + (now - then) * rate.rate)
            self._buckets[key] = (left - (left >= 1), now)
            return left >= 1

    def _scope(self, call: Call) -> tuple[str, ...]:
        """Return the scope of a rate: account and Region, or for participant calls the instance."""
        by_token = self._contacts.by_participant_token(call.text("ParticipantToken"))
        contact = by_token or self._contacts.by_connection_token(call.text("ConnectionToken"))
        return (contact.instance.arn,) if contact else (call.account, call.region)
