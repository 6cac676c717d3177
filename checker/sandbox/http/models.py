"""botocore's own service models, read backwards: a request becomes an operation with validated parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.validate import ParamValidator

from checker.sandbox.http.call import json_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.sandbox.http.call import Call


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
        """Find the operation that a request is for, and what its path says; ``None`` if there is none."""
        for route in self._routes:
            if route.method == method and (found := route.path.fullmatch(path)):
                return route.operation, {key: unquote(value) for key, value in found.groupdict().items()}
        return None

    def parameters(self, call: Call, operation: str, in_path: dict[str, str]) -> dict[str, Any]:
        """Read the parameters of a call from where its input shape puts them."""
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

    def faults(self, operation: str, parameters: dict[str, Any]) -> str:
        """Say what is wrong with the parameters by the model, or nothing, also for what is no operation."""
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
    """What botocore's client leaves to the service: the greatest lengths, and enumerations."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if isinstance(value, dict) and name in value:
                yield from _out_of_bounds(value[name], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for one in value:
            yield from _out_of_bounds(one, shape.member, where)
    elif shape.type_name == "string":
        greatest = shape.metadata.get("max")
        if greatest is not None and len(value) > greatest:
            yield f"{where.lstrip('.')}: longer than {greatest}"
        if shape.enum and value not in shape.enum:
            yield f"{where.lstrip('.')}: not one of {', '.join(shape.enum)}"
    elif shape.type_name == "integer" and value > shape.metadata.get("max", value):
        yield f"{where.lstrip('.')}: greater than {shape.metadata['max']}"
