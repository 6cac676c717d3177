"""The subscriptions that wait for their confirmation.

https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from checker.sandbox.connect.contacts import new_id

if TYPE_CHECKING:
    from checker.sandbox.http.journal import Clock


_VALID = 2 * 86_400
"""Seconds for which a token is valid: "Confirmation tokens are valid for two days"."""


class PendingSubscription(NamedTuple):
    """An unconfirmed subscription. ``token`` is what its endpoint receives, ``since`` the time in seconds."""

    subscription: str
    topic: str
    protocol: str
    endpoint: str
    token: str = ""
    since: float = 0


class Pending:
    """The unconfirmed subscriptions, with their confirmation tokens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._pending: dict[str, PendingSubscription] = {}

    def __contains__(self, subscription: str) -> bool:
        with self._lock:
            return subscription in self._pending

    def add(self, subscription: PendingSubscription) -> str:
        """Add a subscription and return its token: a valid one that it has, or a new one."""
        with self._lock:
            known = self._pending.get(subscription.subscription)
            if known is not None and self._is_valid(known):
                return known.token
            added = subscription._replace(token=new_id(), since=self._clock.now())
            self._pending[added.subscription] = added
            return added.token

    def confirm(self, token: str) -> str:
        """Confirm and return the subscription of a token; empty if the token is not valid."""
        with self._lock:
            for pending in self._pending.values():
                if pending.token == token and self._is_valid(pending):
                    del self._pending[pending.subscription]
                    return pending.subscription
            return ""

    def listed(self) -> list[PendingSubscription]:
        """Return the unconfirmed subscriptions, oldest first."""
        with self._lock:
            return list(self._pending.values())

    def _is_valid(self, pending: PendingSubscription) -> bool:
        return self._clock.now() - pending.since <= _VALID
