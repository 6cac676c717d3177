"""What SQS does that moto does not: it looks at a queue's policy before it keeps it, and then does keep it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from checker.sandbox.answer import RefusedError

if TYPE_CHECKING:
    from checker.sandbox.answer import Answer
    from checker.sandbox.call import Call
    from checker.sandbox.front import Next
    from checker.sandbox.upstream import Upstream

_KEPT = ("CreateQueue", "SetQueueAttributes")
_STATEMENTS = 20
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"""


class SqsService:
    """The stage in front of moto's SQS."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        attributes = call.parameters.get("Attributes")
        if call.service != "sqs" or call.action not in _KEPT or not isinstance(attributes, dict):
            return proceed(call)
        if attributes.get("Policy"):
            _check_policy(str(attributes["Policy"]))
        elif call.action == "SetQueueAttributes" and "Policy" not in attributes:
            call = call.with_json({"Attributes": {**attributes, **self._policy(call)}})
        return proceed(call)

    def _policy(self, call: Call) -> dict[str, str]:
        """The policy that a queue has: moto forgets it when another attribute is set, and SQS does not."""
        sqs = self._upstream.client("sqs", call.account, call.region)
        try:
            answer = sqs.get_queue_attributes(QueueUrl=call.text("QueueUrl"), AttributeNames=["Policy"])
        except ClientError:
            return {}
        found: dict[str, str] = answer.get("Attributes") or {}
        return found


def _check_policy(text: str) -> None:
    """Refuse what is no policy, or has too many statements; assumed: the words, and which code the second has."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, TypeError, KeyError):
        raise RefusedError("InvalidAttributeValue", "Invalid value for the parameter Policy.") from None
    if isinstance(statements, list) and len(statements) > _STATEMENTS:
        raise RefusedError("OverLimit", f"{len(statements)} statements, {_STATEMENTS} allowed.")
