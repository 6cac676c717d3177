"""Instance behavior of Amazon Connect that moto lacks: attributes, times, and Regions without Amazon Connect.

https://docs.aws.amazon.com/connect/latest/APIReference/API_DescribeInstanceAttribute.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import botocore.session

from checker.sandbox.connect.operations import find_instance
from checker.sandbox.http.call import Answer, RefusedError, json_answer, json_object

if TYPE_CHECKING:
    from checker.sandbox.connect.streaming import Chat
    from checker.sandbox.http.call import Call, Next


_PARTITIONS = ("aws", "aws-us-gov")
_ON_BY_DEFAULT = ("INBOUND_CALLS", "OUTBOUND_CALLS", "CONTACT_LENS", "AUTO_RESOLVE_BEST_VOICES")
_ATTRIBUTES = {
    "DescribeInstanceAttribute": "_described",
    "UpdateInstanceAttribute": "_updated",
    "ListInstanceAttributes": "_listed",
}
_FROM_MOTO = (
    "CreateInstance",
    "DeleteInstance",
    "DescribeInstance",
    "ListInstances",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
)


class InstanceService:
    """Stage in front of moto's Amazon Connect."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._values: dict[str, dict[str, str]] = {}
        session = botocore.session.get_session()
        self._regions = {
            one for name in _PARTITIONS for one in session.get_available_regions("connect", name)
        }

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service != "connect":
            return proceed(call)
        if call.region not in self._regions:
            # Assumed: in AWS the endpoint does not exist in DNS, so there is no response at all.
            raise RefusedError("UnknownEndpoint", f"Amazon Connect is not available in {call.region}", 404)
        if call.action in _ATTRIBUTES:
            answer: Answer = getattr(self, _ATTRIBUTES[call.action])(call, self._of(call))
            return answer
        if call.action not in _FROM_MOTO:
            raise RefusedError(
                "UnknownOperationException", f"the sandbox does not support {call.action}", 404
            )
        return _with_epochs(proceed(call))

    def _of(self, call: Call) -> dict[str, str]:
        """Return the attributes of the instance of a call. Raises RefusedError."""
        instance = find_instance(self._chat, call, call.text("InstanceId"))
        return self._values.setdefault(instance.arn, dict.fromkeys(_ON_BY_DEFAULT, "true"))

    @staticmethod
    def _described(call: Call, values: dict[str, str]) -> Answer:
        return json_answer({"Attribute": _attribute(call.text("AttributeType"), values)})

    @staticmethod
    def _updated(call: Call, values: dict[str, str]) -> Answer:
        values[call.text("AttributeType")] = call.text("Value")
        return json_answer({})

    @staticmethod
    def _listed(_: Call, values: dict[str, str]) -> Answer:
        return json_answer({"Attributes": [_attribute(name, values) for name in values]})


def _attribute(name: str, values: dict[str, str]) -> dict[str, str]:
    """Return one attribute. Assumed: the default values."""
    return {"AttributeType": name, "Value": values.get(name, "false")}


def _with_epochs(answer: Answer) -> Answer:
    """Convert times to seconds since the epoch, as the service returns them. SDKs other than boto3 require it."""
    document = json_object(answer.body)
    instances: list[dict[str, Any]] = [*document.get("InstanceSummaryList", []), document.get("Instance", {})]
    for one in instances:
        if isinstance(one.get("CreatedTime"), str):
            one["CreatedTime"] = datetime.fromisoformat(one["CreatedTime"]).timestamp()
    return answer.with_json(document)
