"""Subscriptions that wait for confirmation by the owner of the endpoint.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
"If the user who creates the subscription is not the owner of the queue, the subscription must be confirmed."
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from checker.sandbox.connect.contacts import new_id

if TYPE_CHECKING:
    from checker.sandbox.http.call import Call

_BY_HAND = ("http", "https", "email", "email-json")


class Pending:
    """The unconfirmed subscriptions, with their confirmation tokens."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tokens: dict[str, str] = {}

    def __contains__(self, subscription: str) -> bool:
        with self._lock:
            return subscription in self._tokens.values()

    def add(self, subscription: str) -> str:
        """Add a subscription and return its token."""
        with self._lock:
            known = next((token for token, arn in self._tokens.items() if arn == subscription), "")
            token = known or new_id()
            self._tokens[token] = subscription
            return token

    def confirm(self, token: str) -> str:
        """Confirm and return the subscription of a token; empty if the token is not valid."""
        with self._lock:
            return self._tokens.pop(token, "")


def needs_confirmation(call: Call) -> bool:
    """Return whether a Subscribe call is for an endpoint outside the caller's account."""
    protocol, endpoint = call.text("Protocol"), call.text("Endpoint")
    if protocol in _BY_HAND:
        return True
    return endpoint.startswith("arn:") and endpoint.split(":")[4] != call.account
