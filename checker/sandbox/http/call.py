"""An incoming API call: service, action, caller, account, Region and parameters."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping


JSON, REST_JSON, QUERY, CBOR = "json", "rest-json", "query", "cbor"


class Answer(NamedTuple):
    """One HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_json(self, document: object) -> Answer:
        """Return the response with a JSON document as its body."""
        return self.with_body(json.dumps(document).encode())

    def with_body(self, body: bytes) -> Answer:
        """Return the response with another body."""
        kept = tuple((name, value) for name, value in self.headers if name.lower() != "content-length")
        return Answer(self.status, kept, body)


class RefusedError(Exception):
    """A call is refused with an error code and message, from AWS or from a marked assumption."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def json_answer(document: Mapping[str, object], status: int = 200) -> Answer:
    """Answer a call of a JSON or REST-JSON service."""
    return Answer(status, (("Content-Type", "application/json"),), json.dumps(document).encode())


def refusal_answer(call: Call, refusal: RefusedError) -> Answer:
    """Create the error response of a refusal, in the protocol of the call.

    https://smithy.io/2.0/aws/protocols/index.html
    """
    status = refusal.status
    if call.protocol == QUERY:
        return Answer(status, (("Content-Type", "text/xml"),), _xml(refusal))
    if call.protocol == CBOR:
        headers = (("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"))
        return Answer(status, headers, _cbor({"__type": refusal.code, "message": refusal.message}))
    body = {"__type": refusal.code, "message": refusal.message, "Message": refusal.message}
    answer = json_answer(body, status)
    return answer._replace(headers=(*answer.headers, ("x-amzn-ErrorType", refusal.code)))


def _xml(refusal: RefusedError) -> bytes:
    kind = "Receiver" if refusal.status >= 500 else "Sender"
    code, message = escape(refusal.code), escape(refusal.message)
    error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>sandbox</RequestId></ErrorResponse>".encode()


def _cbor(texts: Mapping[str, str]) -> bytes:
    """Encode a small map of texts. https://www.rfc-editor.org/rfc/rfc8949"""
    return bytes([0xA0 | len(texts)]) + b"".join(_cbor_text(key) + _cbor_text(texts[key]) for key in texts)


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data


Environ = dict[str, Any]

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/")
_CBOR_PATH = re.compile(r"/service/[^/]+/operation/(\w+)$")
_CLIENT_NAMES = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
_PARTICIPANT = "connectparticipant"


@dataclass(frozen=True)
class Call:
    """An API call.

    ``service`` is boto3's client name. ``parameters`` are the form of a query service, the body of a JSON
    service, or the members of the input shape for services that the sandbox implements.
    """

    service: str
    action: str
    account: str
    region: str
    access_key: str
    protocol: str
    parameters: Mapping[str, Any]
    environ: Environ = field(repr=False)
    body: bytes = field(repr=False)

    def text(self, name: str) -> str:
        """Return a parameter as text, empty if it is missing."""
        return str(self.parameters.get(name) or "")

    def with_form(self, changed: Mapping[str, str]) -> Call:
        """Return the call of a query service with changed form values."""
        from urllib.parse import urlencode

        form = {**self.parameters, **changed}
        return replace(self, parameters=form, body=urlencode(form).encode())

    def with_json(self, changed: Mapping[str, Any]) -> Call:
        """Return the call of a JSON service with changed body values."""
        document = {**self.parameters, **changed}
        return replace(self, parameters=document, body=json.dumps(document).encode())


def read_call(environ: Environ) -> Call:
    """Read the service, action and caller of a request from its signature scope. The account is not set yet.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    body = _body(environ)
    access_key, region, signed_for = _scope(environ)
    service = _service(environ, signed_for)
    protocol, action, parameters = _content(environ, body)
    return Call(service, action, "", region, access_key, protocol, parameters, environ, body)


def wsgi_environ(call: Call) -> Environ:
    """Return the WSGI environment of a call for moto."""
    changed = {"wsgi.input": io.BytesIO(call.body), "CONTENT_LENGTH": str(len(call.body))}
    account = {"HTTP_X_MOTO_ACCOUNT_ID": call.account} if call.account else {}
    return {**call.environ, **changed, **account}


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    data: bytes = environ["wsgi.input"].read(length) if length else b""
    return data


def _scope(environ: Environ) -> tuple[str, str, str]:
    match = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (match[1], match[2], match[3]) if match else ("", "", "")


def _service(environ: Environ, signed_for: str) -> str:
    # Calls to the participant service are not signed, and its signing name is not unique.
    if environ.get("PATH_INFO", "").startswith("/participant/"):
        return _PARTICIPANT
    return _CLIENT_NAMES.get(signed_for, signed_for)


def _content(environ: Environ, body: bytes) -> tuple[str, str, Mapping[str, Any]]:
    """Return the protocol, the action if the protocol names it, and the parameters."""
    if target := environ.get("HTTP_X_AMZ_TARGET", ""):
        return JSON, target.rpartition(".")[2], json_object(body)
    if found := _CBOR_PATH.search(environ.get("PATH_INFO", "")):
        return CBOR, found[1], {}
    form = (
        dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)) if _is_form(environ) else {}
    )
    if "Action" in form:
        return QUERY, form["Action"], form
    return REST_JSON, f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}", json_object(body)


def _is_form(environ: Environ) -> bool:
    return str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded")


def json_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; other content is an empty object."""
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


Next = Callable[[Call], Answer]
"""The next handler, to which a stage passes a call."""

Stage = Callable[[Call, Next], Answer]
"""A handler in front of moto, which answers a call or passes it to the next handler."""
