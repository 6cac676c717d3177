"""Whose credentials these are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.text import InputError

if TYPE_CHECKING:
    from checker.arn import Arn
    from checker.live.calls import Calls


def check_account(calls: Calls, topic: Arn) -> None:
    """See that what is made for a topic, in the caller's account, is in the topic's. Raises InputError.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    caller = str(calls.need("sts", "get_caller_identity", "the caller").get("Account", ""))
    if caller != topic.account:
        reason = f"the topic belongs to account {topic.account}, the caller to {caller}"
        help_text = "nothing was made; use credentials of the topic's account"
        raise InputError(str(topic), reason, help_text=help_text)
