"""Reads the subscriptions of a topic with their attributes, subscribes endpoints, and rolls that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.errors import InputError
from checker.fix.live.subscribing import Subscribed
from checker.live.aws.listings import BY_TOPIC
from checker.live.aws.wait import until
from checker.live.repair.change_handler import Deed, Stand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.live.receipt import Change
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock

_ARN = "arn:"


def subscriptions_of(calls: Calls, topic: str) -> Iterator[Subscribed]:
    """Read them with their attributes, which AWS gives of confirmed ones alone. Raises InputError."""
    for one in calls.every(BY_TOPIC, topic, TopicArn=topic):
        protocol, endpoint, arn = (str(one[name]) for name in ("Protocol", "Endpoint", "SubscriptionArn"))
        if not arn.startswith(_ARN):
            yield Subscribed(protocol, endpoint, {}, confirmed=False)
            continue
        try:
            answer = calls.need("sns", "get_subscription_attributes", arn, SubscriptionArn=arn)
        except InputError as fault:
            if one.get("Owner") == calls.unit.account:
                raise
            yield Subscribed(protocol, endpoint, {}, unread=fault.reason)
        else:
            yield Subscribed(protocol, endpoint, answer.get("Attributes") or {})


def _arn(calls: Calls, change: Change) -> str:
    """The ARN of the subscription, or what AWS says in its place while it is pending; nothing if there is none."""
    made = change.made_of
    for one in calls.every(BY_TOPIC, change.resource, TopicArn=change.resource):
        if (one["Protocol"], one["Endpoint"]) == (made["Protocol"], made["Endpoint"]):
            return str(one["SubscriptionArn"])
    return ""


def _stand(calls: Calls, change: Change) -> Stand:
    if calls.found("sns", "get_topic_attributes", change.resource, TopicArn=change.resource) is None:
        return Stand.BEFORE
    return Stand.AFTER if _arn(calls, change) else Stand.BEFORE


def _subscribe(calls: Calls, change: Change, clock: Clock) -> None:  # noqa: ARG001 - it is asked for anew each time
    made: dict[str, Any] = change.made_of
    calls.need(
        "sns", "subscribe", change.resource, TopicArn=change.resource, ReturnSubscriptionArn=True, **made
    )


def _unsubscribe(calls: Calls, change: Change, clock: Clock) -> None:
    """What nobody has confirmed yet cannot be rolled back, and lapses after two days.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    arn = _arn(calls, change)
    if arn.startswith(_ARN):
        calls.need("sns", "unsubscribe", change.resource, SubscriptionArn=arn)
        if not until(clock, lambda: not _arn(calls, change)):
            raise InputError(change.resource, "AWS shows the subscription still, which was to be removed")


SUBSCRIPTION_DEED = Deed(_stand, _subscribe, _unsubscribe, "", without=True)
