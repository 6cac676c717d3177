"""What is made for a topic: what it is called, and how it is subscribed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from checker.live.names import KEEPING

if TYPE_CHECKING:
    from checker.arn import Arn
    from checker.live.calls import Calls

_DIGEST = 8


def own_name(name: str, longest: int) -> str:
    """Name something after a topic; a long name is cut, and told apart by a digest."""
    whole = f"{KEEPING}{name}"
    if len(whole) <= longest:
        return whole
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{whole[: longest - _DIGEST - 1]}-{digest}"


def subscribe(calls: Calls, topic: Arn, protocol: str, endpoint: Arn, attributes: dict[str, str]) -> str:
    """Subscribe an endpoint to a topic, and give the subscription's ARN. Raises InputError.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    answer = calls.need(
        "sns",
        "subscribe",
        str(topic),
        TopicArn=str(topic),
        Protocol=protocol,
        Endpoint=str(endpoint),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(answer["SubscriptionArn"])
