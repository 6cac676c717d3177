"""Amazon Connect and its participant service. Calls are routed and validated by botocore's models."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.validate import ParamValidator

from checker.sandbox.connect import operations
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
            r"\\{(\w+)(\\\+)?\\}", lambda one: f"(?P<{one[1]}>{'.+' if one[2] else '[^/]+'})", path
        )
        return _Route(http["method"], re.compile(pattern), name)

    def operation(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """Find the operation of a request and its path parameters; ``None`` if there is no such operation."""
        for route in self._routes:
            if route.method == method and (found := route.path.fullmatch(path)):
                return route.operation, {key: unquote(value) for key, value in found.groupdict().items()}
        return None

    def parameters(self, call: Call, operation: str, in_path: dict[str, str]) -> dict[str, Any]:
        """Read the parameters of a call from the locations that its input shape declares."""
        shape = self._model.operation_model(operation).input_shape
        body = json_object(call.body)
        query = parse_qs(call.environ.get("QUERY_STRING", ""))
        found: dict[str, Any] = {}
        for name, member in (shape.members if shape else {}).items():
            place = member.serialization.get("location")
            wire = member.serialization.get("name", name)
            if place == "uri":
                found[name] = in_path.get(wire)
            elif place == "querystring":
                found[name] = _query_value(query.get(wire), member.type_name)
            elif place == "header":
                found[name] = call.environ.get(f"HTTP_{wire.upper().replace('-', '_')}")
            else:
                found[name] = body.get(wire)
        return {name: value for name, value in found.items() if value is not None}

    def validation_errors(self, operation: str, parameters: dict[str, Any]) -> str:
        """Return the validation errors of parameters; empty if they are valid or the operation is unknown."""
        if operation not in self._model.operation_names:
            return ""
        shape = self._model.operation_model(operation).input_shape
        if shape is None:
            return ""
        report = str(ParamValidator().validate(parameters, shape).generate_report())
        return report or "; ".join(_out_of_bounds(parameters, shape, ""))


def _query_value(found: list[str] | None, kind: str) -> object:
    if not found:
        return None
    if kind == "list":
        return found
    return int(found[0]) if kind in ("integer", "long") and found[0].isdigit() else found[0]


def _out_of_bounds(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Yield violations that botocore leaves to the service: maximum lengths and values, and enumerations."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if isinstance(value, dict) and name in value:
                yield from _out_of_bounds(value[name], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for one in value:
            yield from _out_of_bounds(one, shape.member, where)
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


class Reader:
    """Stage that identifies the operation of a call to the two services and validates its parameters."""

    def __init__(self) -> None:
        self._models = {service: ServiceModel(service) for service in _OPERATIONS}

    def read(self, call: Call) -> Call:
        """Return the call with the name of its operation, and its parameters by the model."""
        model = self._models.get(call.service)
        if model is None:
            return call
        found = model.operation(call.environ["REQUEST_METHOD"], call.environ["PATH_INFO"])
        if found is None:
            return call
        return replace(call, action=found[0], parameters=model.parameters(call, *found))

    def validate(self, call: Call, proceed: Next) -> Answer:
        """Refuse a call with parameters that the model does not allow. Raises RefusedError."""
        model = self._models.get(call.service)
        if model is not None and (error := model.validation_errors(call.action, dict(call.parameters))):
            raise RefusedError(_INVALID[call.service], error)
        return proceed(call)
