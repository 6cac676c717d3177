"""A local AWS for tests, over HTTP: moto, with faults put in front of it and what it lacks beside it."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from urllib.request import urlopen

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

Start = Callable[..., Any]
REGION = "us-east-1"
ACCOUNT = "123456789012"
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


class Call(NamedTuple):
    """One call as AWS sees it: account and operation as far as they can be told."""

    service: str
    region: str
    operation: str
    body: str
    token: str


Answer = tuple[int, dict[str, Any] | str] | None
Fault = Callable[[Call], Answer]


class Cloud:
    """The server. ``fault`` may answer a call before moto sees it; ``events`` is what CloudTrail holds."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.fault: Fault | None = None
        self.events: list[dict[str, Any]] = []
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        self.fault = None
        urlopen(f"{self.url}/moto-api/reset", data=b"").read()  # noqa: S310 - loopback
        self.calls.clear()
        self.events.clear()

    def close(self) -> None:
        self._server.shutdown()

    def client(self, service: str, region: str = REGION, account: str = ACCOUNT) -> Any:
        key = (service, region, account)
        if key not in self._clients:
            client = boto3.client(service, endpoint_url=self.url, region_name=region, **KEYS)
            client.meta.events.register("before-send", lambda request, **_: _as(request, account))
            self._clients[key] = client
        return self._clients[key]

    def counts(self) -> Counter[str]:
        return Counter(f"{one.service}:{one.operation}" for one in self.calls)

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True
        call = _call(environ)
        if "moto-api" not in environ["PATH_INFO"]:
            self.calls.append(call)
            try:
                answer = (self.fault and self.fault(call)) or self._ours(call)
            except ConnectionResetError:
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                raise
            if answer is not None:
                return _reply(call, answer, start)
        found: Iterable[bytes] = self._moto(environ, start)
        return found

    def _ours(self, call: Call) -> Answer:
        if call.operation != "LookupEvents":
            return None
        name = json.loads(call.body)["LookupAttributes"][0]["AttributeValue"]
        found = [one for one in self.events if one["eventName"] == name]
        return 200, {"Events": [{"EventName": name, "CloudTrailEvent": json.dumps(one)} for one in found]}


def _as(request: Any, account: str) -> None:
    request.headers["x-moto-account-id"] = account


def _call(environ: dict[str, Any]) -> Call:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = BytesIO(body)
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    region, service = (scope[2], scope[3]) if len(scope) > 3 else ("", "")
    text = body.decode()
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    action = target or parse_qs(text).get("Action", [""])[0]
    path = {"/instance": "ListInstances"}.get(environ["PATH_INFO"], environ["PATH_INFO"])
    if service == "lambda" and path.endswith("/policy") and environ["REQUEST_METHOD"] == "GET":
        path = "GetPolicy"
    return Call(service, region, action or path, text, environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""))


def _reply(call: Call, answer: tuple[int, dict[str, Any] | str], start: Start) -> list[bytes]:
    status, value = answer
    if isinstance(value, str):
        start(f"{status} Answer", [("Content-Type", "text/xml")])
        return [value.encode()]
    code = str(value.get("__type", ""))
    if code and call.service in ("sns", "sts", "ec2"):
        text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        if call.service == "ec2":
            text = f"<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>"
        start(f"{status} Fault", [("Content-Type", "text/xml")])
        return [text.encode()]
    start(f"{status} Answer", [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)])
    return [json.dumps(value).encode()]


def refuse(operation: str, code: str = "AccessDeniedException", status: int = 403) -> Fault:
    """Refuse every call of an operation."""
    return lambda call: (status, {"__type": code}) if call.operation == operation else None
