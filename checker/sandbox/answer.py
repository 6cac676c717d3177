"""What the sandbox answers: plain responses, and errors in the shape that the caller's protocol wants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.sandbox.call import Call

JSON, REST_JSON, QUERY, CBOR = "json", "rest-json", "query", "cbor"


class Answer(NamedTuple):
    """One HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_json(self, document: object) -> Answer:
        """Give the same response with another body."""
        return self.with_body(json.dumps(document).encode())

    def with_body(self, body: bytes) -> Answer:
        """Give the same response with other bytes."""
        kept = tuple((name, value) for name, value in self.headers if name.lower() != "content-length")
        return Answer(self.status, kept, body)


class RefusedError(Exception):
    """A call is refused, with the code and message that AWS, or an assumption named as such, gives it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def json_answer(document: Mapping[str, object], status: int = 200) -> Answer:
    """Answer a call of a JSON or REST-JSON service."""
    return Answer(status, (("Content-Type", "application/json"),), json.dumps(document).encode())


def refusal_answer(call: Call, refusal: RefusedError) -> Answer:
    """Write a refusal as the SDK expects it.

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
