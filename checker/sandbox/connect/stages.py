"""The stages of Amazon Connect and its participant service: calls are read, validated by botocore's models, answered.

moto answers the calls about instances, but lacks their attributes, times, and Regions without Amazon Connect.
https://docs.aws.amazon.com/connect/latest/APIReference/API_DescribeInstanceAttribute.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.validate import ParamValidator

from checker.sandbox.connect import operations
from checker.sandbox.connect.operations import find_instance
from checker.sandbox.connect.replicas import REPLICA_ONLY, Replicas
from checker.sandbox.http.call import Answer, RefusedError, json_answer, json_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from checker.sandbox.connect.streaming import Chat
    from checker.sandbox.http.call import Call, Next

    Operation = Callable[["Chat", Call, dict[str, Any]], dict[str, Any]]


class _Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    operation: str


class ServiceModel:
    """The operations of a REST-JSON service, by route."""

    def __init__(self, service: str) -> None:
        self._model = botocore.session.get_session().get_service_model(service)
        self._routes = [self._route(name) for name in self._model.operation_names]

    def _route(self, name: str) -> _Route:
        http = self._model.operation_model(name).http
        path = re.escape(http["requestUri"].partition("?")[0])
        pattern = re.sub(
            r"\\{(\w+)(\\\+)?\\}", lambda match: f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})", path
        )
        return _Route(http["method"], re.compile(pattern), name)

    def operation(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """Find the operation of a request and its path parameters; ``None`` if there is no such operation."""
        for route in self._routes:
            if route.method == method and (match := route.path.fullmatch(path)):
                return route.operation, {key: unquote(value) for key, value in match.groupdict().items()}
        return None

    def parameters(self, call: Call, operation: str, in_path: dict[str, str]) -> dict[str, Any]:
        """Read the parameters of a call from the locations that its input shape declares."""
        shape = self._model.operation_model(operation).input_shape
        body = json_object(call.body)
        query = parse_qs(call.environ.get("QUERY_STRING", ""))
        parameters: dict[str, Any] = {}
        for name, member in (shape.members if shape else {}).items():
            place = member.serialization.get("location")
            wire = member.serialization.get("name", name)
            if place == "uri":
                parameters[name] = in_path.get(wire)
            elif place == "querystring":
                parameters[name] = _query_value(query.get(wire), member.type_name)
            elif place == "header":
                parameters[name] = call.environ.get(f"HTTP_{wire.upper().replace('-', '_')}")
            else:
                parameters[name] = body.get(wire)
        return {name: value for name, value in parameters.items() if value is not None}

    def validation_errors(self, operation: str, parameters: dict[str, Any]) -> str:
        """Return the validation errors of parameters; empty if they are valid or the operation is unknown."""
        if operation not in self._model.operation_names:
            return ""
        shape = self._model.operation_model(operation).input_shape
        if shape is None:
            return ""
        report = str(ParamValidator().validate(parameters, shape).generate_report())
        return report or "; ".join(_out_of_bounds(parameters, shape, ""))


def _path(call: Call) -> str:
    """Return the path of a call as it was sent, so that an ARN in it, with an encoded slash, is one segment."""
    sent: str = call.environ.get("RAW_URI") or call.environ["PATH_INFO"]
    return sent.partition("?")[0]


def _query_value(values: list[str] | None, kind: str) -> object:
    if not values:
        return None
    if kind == "list":
        return values
    return int(values[0]) if kind in ("integer", "long") and values[0].isdigit() else values[0]


def _out_of_bounds(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Yield violations that botocore leaves to the service: maximum lengths and values, and enumerations."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if isinstance(value, dict) and name in value:
                yield from _out_of_bounds(value[name], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from _out_of_bounds(item, shape.member, where)
    elif shape.type_name == "string":
        longest = shape.metadata.get("max")
        if longest is not None and len(value) > longest:
            yield f"{where.lstrip('.')}: longer than {longest}"
        if shape.enum and value not in shape.enum:
            yield f"{where.lstrip('.')}: not one of {', '.join(shape.enum)}"
    elif shape.type_name == "integer" and value > shape.metadata.get("max", value):
        yield f"{where.lstrip('.')}: greater than {shape.metadata['max']}"


_OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "connect": {
        "StartChatContact": operations.start_chat_contact,
        "StartContactStreaming": operations.start_contact_streaming,
        "StopContactStreaming": operations.stop_contact_streaming,
        "StopContact": operations.stop_contact,
    },
    "connectparticipant": {
        "CreateParticipantConnection": operations.create_participant_connection,
        "SendMessage": operations.send_message,
        "SendEvent": operations.send_event,
        "DisconnectParticipant": operations.disconnect_participant,
    },
}
_INVALID = {"connect": "InvalidParameterException", "connectparticipant": "ValidationException"}


class ChatService:
    """Stage that answers the calls of the two services and passes other calls to moto."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        operation = _OPERATIONS.get(call.service, {}).get(call.action)
        if operation is None:
            return proceed(call)
        with self._chat.contacts.lock:
            return json_answer(operation(self._chat, call, dict(call.parameters)))


_MODELED = (*_OPERATIONS, "lambda")


@lru_cache
def _model(service: str) -> ServiceModel:
    """Return the model of a service, which takes 0.2 seconds to read."""
    return ServiceModel(service)


class CallReader:
    """Stage that identifies the operation of a REST-JSON call, and validates the parameters for the two services."""

    def read(self, call: Call) -> Call:
        """Return the call with the name of its operation, and its parameters by the model."""
        if call.service not in _MODELED:
            return call
        model = _model(call.service)
        operation = model.operation(call.environ["REQUEST_METHOD"], _path(call))
        if operation is None:
            return call
        return replace(call, action=operation[0], parameters=model.parameters(call, *operation))

    def validate(self, call: Call, proceed: Next) -> Answer:
        """Refuse a call with parameters that the model does not allow. Raises RefusedError."""
        code = _INVALID.get(call.service)
        if code and (error := _model(call.service).validation_errors(call.action, dict(call.parameters))):
            raise RefusedError(code, error)
        return proceed(call)


_PARTITIONS = ("aws", "aws-us-gov")
_ON_BY_DEFAULT = ("INBOUND_CALLS", "OUTBOUND_CALLS", "CONTACT_LENS", "AUTO_RESOLVE_BEST_VOICES")
_ATTRIBUTES = ("DescribeInstanceAttribute", "UpdateInstanceAttribute", "ListInstanceAttributes")
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
        self._replicas = Replicas()
        self._values: dict[str, dict[str, str]] = {}
        session = botocore.session.get_session()
        self._regions = {
            region
            for partition in _PARTITIONS
            for region in session.get_available_regions("connect", partition)
        } | {REPLICA_ONLY}

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service != "connect":
            return proceed(call)
        if call.region not in self._regions:
            # Assumed: in AWS the endpoint does not exist in DNS, so there is no response at all.
            raise RefusedError("UnknownEndpoint", f"Amazon Connect is not available in {call.region}", 404)
        if call.action in _ATTRIBUTES:
            return self._attributes(call)
        if call.action == "ReplicateInstance":
            return self._replicate(call)
        if call.action not in _FROM_MOTO:
            raise RefusedError(
                "UnknownOperationException", f"the sandbox does not support {call.action}", 404
            )
        answer = _with_epochs(proceed(call))
        return self._described(call, answer) if call.action == "DescribeInstance" else answer

    def _replicate(self, call: Call) -> Answer:
        """Create a replica with the attributes of its source."""
        made = self._replicas.replicate(call)
        self._values.setdefault(made["Arn"], dict(self._of(call)))
        return json_answer(made)

    def _described(self, call: Call, answer: Answer) -> Answer:
        """Add the replication of a replicated instance."""
        document = json_object(answer.body)
        replication = self._replicas.configuration(call.account, document.get("Instance", {}).get("Id", ""))
        return answer.with_json(document | ({"ReplicationConfiguration": replication} if replication else {}))

    def _of(self, call: Call) -> dict[str, str]:
        """Return the attributes of the instance of a call. Raises RefusedError."""
        instance = find_instance(self._chat, call, call.text("InstanceId"))
        return self._values.setdefault(instance.arn, dict.fromkeys(_ON_BY_DEFAULT, "true"))

    def _attributes(self, call: Call) -> Answer:
        """Answer a call about the attributes of an instance."""
        values, name = self._of(call), call.text("AttributeType")
        if call.action == "UpdateInstanceAttribute":
            values[name] = call.text("Value")
            return json_answer({})
        if call.action == "DescribeInstanceAttribute":
            return json_answer({"Attribute": _attribute(name, values)})
        return json_answer({"Attributes": [_attribute(name, values) for name in values]})


def _attribute(name: str, values: dict[str, str]) -> dict[str, str]:
    """Return one attribute. Assumed: the default values."""
    return {"AttributeType": name, "Value": values.get(name, "false")}


def _with_epochs(answer: Answer) -> Answer:
    """Convert times to seconds since the epoch, as the service returns them. SDKs other than boto3 require it."""
    document = json_object(answer.body)
    instances: list[dict[str, Any]] = [*document.get("InstanceSummaryList", []), document.get("Instance", {})]
    for instance in instances:
        if isinstance(instance.get("CreatedTime"), str):
            instance["CreatedTime"] = datetime.fromisoformat(instance["CreatedTime"]).timestamp()
    return answer.with_json(document)
