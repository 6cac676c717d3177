"""Whose credentials these are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError

if TYPE_CHECKING:
    from checker.core.arn import Arn
    from checker.live.aws.calls import Calls


class Caller(NamedTuple):
    """The ARN and the account that credentials belong to."""

    arn: str
    account: str


def caller_of(calls: Calls) -> Caller:
    """Ask AWS who the caller is, which it answers everyone. Raises InputError."""
    answer = calls.need("sts", "get_caller_identity", "the caller")
    return Caller(answer["Arn"], answer["Account"])


def check_account(calls: Calls, topic: Arn) -> None:
    """See that what is made for a topic, in the caller's account, is in the topic's. Raises InputError.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    caller = caller_of(calls).account
    if caller != topic.account:
        reason = f"the topic belongs to account {topic.account}, the caller to {caller}"
        help_text = "nothing was made; use credentials of the topic's account"
        raise InputError(str(topic), reason, help_text=help_text)
