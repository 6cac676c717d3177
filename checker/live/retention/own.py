"""What is made for a topic: in whose account, and what it is called."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from checker.inputs.text import InputError
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


def check_account(calls: Calls, topic: Arn) -> None:
    """See that what is made in the caller's account is in the topic's. Raises InputError."""
    caller = str(calls.need("sts", "get_caller_identity", "the caller").get("Account", ""))
    if caller != topic.account:
        raise InputError(
            str(topic),
            f"the topic belongs to account {topic.account}, the caller to {caller}",
            help_text="nothing was made; use credentials of the topic's account",
        )
