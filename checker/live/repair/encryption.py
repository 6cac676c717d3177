"""Encrypts a topic with another key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.text import InputError
from checker.live.patience import until
from checker.live.repair.deed import Deed, Stand

if TYPE_CHECKING:
    from checker.fix.receipt import Change
    from checker.live.calls import Calls
    from checker.live.patience import Clock

_KEY = "KmsMasterKeyId"


def _current(calls: Calls, topic: str) -> str:
    answer = calls.need("sns", "get_topic_attributes", topic, TopicArn=topic)
    return str((answer.get("Attributes") or {}).get(_KEY, ""))


def _stand(calls: Calls, change: Change) -> Stand:
    stands = {change.old: Stand.BEFORE, change.new: Stand.AFTER}
    return stands.get(_current(calls, change.resource), Stand.OTHER)


def _set(calls: Calls, change: Change, key: str, clock: Clock) -> None:
    topic = change.resource
    calls.need("sns", "set_topic_attributes", topic, TopicArn=topic, AttributeName=_KEY, AttributeValue=key)
    if not until(clock, lambda: _current(calls, topic) == key):
        raise InputError(topic, f"AWS does not show `{key}` as its key")


ENCRYPTION_DEED = Deed(
    _stand,
    lambda calls, change, clock: _set(calls, change, change.new, clock),
    lambda calls, change, clock: _set(calls, change, change.old, clock),
    "somebody has encrypted the topic with another key since it was read",
)
