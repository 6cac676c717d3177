"""What SQS does that moto does not: it looks at a queue's policy before it keeps it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.sandbox.answer import Answer, RefusedError

if TYPE_CHECKING:
    from checker.sandbox.call import Call
    from checker.sandbox.front import Next

_KEPT = ("CreateQueue", "SetQueueAttributes")
_STATEMENTS = 20
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"""


class SqsService:
    """The stage in front of moto's SQS."""

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service == "sqs" and call.action in _KEPT:
            attributes: dict[str, Any] = call.parameters.get("Attributes") or {}
            if attributes.get("Policy"):
                _check_policy(str(attributes["Policy"]))
        return proceed(call)


def _check_policy(text: str) -> None:
    """Refuse what is no policy, or has too many statements; assumed: the words, and which code the second has."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, TypeError, KeyError):
        raise RefusedError("InvalidAttributeValue", "Invalid value for the parameter Policy.") from None
    if isinstance(statements, list) and len(statements) > _STATEMENTS:
        raise RefusedError("OverLimit", f"{len(statements)} statements, {_STATEMENTS} allowed.")
