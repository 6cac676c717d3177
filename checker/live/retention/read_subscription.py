"""Reads a subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.live.facts import subscription_of
from checker.live.faults import UnreadError
from checker.policy.unknown import Unknown
from checker.retention.facts import Subscribed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.live.calls import Calls


def subscribed(calls: Calls, entry: Mapping[str, Any]) -> Subscribed:
    """Read what an entry of a list of subscriptions leaves out; of one that waits there is no more to read."""
    known, arn = subscription_of(entry), str(entry.get("SubscriptionArn", ""))
    if not known.confirmed:
        return Subscribed("", known.protocol, known.endpoint, confirmed=False, attributes={})
    return Subscribed(arn, known.protocol, known.endpoint, confirmed=True, attributes=_attributes(calls, arn))


def _attributes(calls: Calls, arn: str) -> Mapping[str, str] | Unknown:
    """https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html"""
    try:
        answer = calls.make("sns", "get_subscription_attributes", arn, SubscriptionArn=arn)
    except UnreadError as error:
        return Unknown(error.skipped.reason)
    found: Mapping[str, str] = answer.get("Attributes") or {}
    return found
