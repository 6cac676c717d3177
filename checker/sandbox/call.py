"""One API call as it comes in: which service and action, by whom, where, with which parameters."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from checker.sandbox.answer import CBOR, JSON, QUERY, REST_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

Environ = dict[str, Any]

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/")
_CBOR_PATH = re.compile(r"/service/[^/]+/operation/(\w+)$")
_CLIENT_NAMES = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
_PARTICIPANT = "connectparticipant"


@dataclass(frozen=True)
class Call:
    """An API call.

    ``service`` is boto3's name of the client and ``parameters`` are those of the wire: the form of a
    query service, the body of a JSON service, the members of the input shape of the services that the
    sandbox answers itself.
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
        """Give a parameter as text, empty if it is not there."""
        return str(self.parameters.get(name) or "")

    def with_form(self, changed: Mapping[str, str]) -> Call:
        """Give the same call of a query service with other values in its form."""
        from urllib.parse import urlencode

        form = {**self.parameters, **changed}
        return replace(self, parameters=form, body=urlencode(form).encode())

    def with_json(self, changed: Mapping[str, Any]) -> Call:
        """Give the same call of a JSON service with other values in its body."""
        document = {**self.parameters, **changed}
        return replace(self, parameters=document, body=json.dumps(document).encode())


def read_call(environ: Environ) -> Call:
    """Tell service, action and caller by the signature's scope, as every AWS endpoint does; no account yet.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    body = _body(environ)
    access_key, region, signed_for = _scope(environ)
    service = _service(environ, signed_for)
    protocol, action, parameters = _content(environ, body)
    return Call(service, action, "", region, access_key, protocol, parameters, environ, body)


def wsgi_environ(call: Call) -> Environ:
    """The call as moto is to see it."""
    changed = {"wsgi.input": io.BytesIO(call.body), "CONTENT_LENGTH": str(len(call.body))}
    account = {"HTTP_X_MOTO_ACCOUNT_ID": call.account} if call.account else {}
    return {**call.environ, **changed, **account}


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    data: bytes = environ["wsgi.input"].read(length) if length else b""
    return data


def _scope(environ: Environ) -> tuple[str, str, str]:
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (found[1], found[2], found[3]) if found else ("", "", "")


def _service(environ: Environ, signed_for: str) -> str:
    # The participant service shares its signing name with others, and its calls need no signature at all.
    if environ.get("PATH_INFO", "").startswith("/participant/"):
        return _PARTICIPANT
    return _CLIENT_NAMES.get(signed_for, signed_for)


def _content(environ: Environ, body: bytes) -> tuple[str, str, Mapping[str, Any]]:
    """The protocol, the action as far as the protocol tells it, and the parameters on the wire."""
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
    """Read a JSON object; anything else is an empty one."""
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
