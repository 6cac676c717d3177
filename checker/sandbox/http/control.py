"""The control endpoint, on the same port as AWS: what tests ask for and look at.

Any web page that a browser on this machine shows can send requests to the port. So the endpoint takes only a POST that
carries the token of this sandbox, which no page can know, and only under a name of the loopback interface, which a
page of another host cannot have.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from checker.sandbox.http.call import Answer, json_answer, json_object

if TYPE_CHECKING:
    from collections.abc import Callable

    Verb = Callable[[dict[str, Any]], Any]


PREFIX = "/_sandbox/"
TOKEN = "X-Sandbox-Token"  # noqa: S105 - the name of a header
_MOTO = "/moto-api"
"""The control endpoint of moto, which has no token."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_LONGEST = 1024 * 1024


class Control:
    """Answers what lies below ``/_sandbox/``, for callers that know the token."""

    def __init__(self, verbs: dict[str, Verb]) -> None:
        self.token = secrets.token_hex(16)
        self._verbs = verbs

    def answer(self, environ: dict[str, Any]) -> Answer | None:
        """Answer a request for the control endpoint; ``None`` for any other."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(_MOTO):
            return json_answer({"error": "moto's own control endpoint is closed"}, 403)
        if not path.startswith(PREFIX):
            return None
        if refused := self._refusal(environ):
            return refused
        verb = self._verbs.get(path.removeprefix(PREFIX))
        if verb is None:
            return json_answer({"error": f"no such verb, know {', '.join(self._verbs)}"}, 404)
        return self._done(verb, json_object(_body(environ)))

    def _refusal(self, environ: dict[str, Any]) -> Answer | None:
        """Refuse a request that a web page could have sent; ``None`` for any other."""
        if environ.get("REQUEST_METHOD") != "POST":
            return json_answer({"error": "the control endpoint takes POST only"}, 405)
        if environ.get("HTTP_HOST", "").rpartition(":")[0] not in _LOOPBACK:
            return json_answer({"error": "the Host header does not name the loopback interface"}, 403)
        given = environ.get(f"HTTP_{TOKEN.upper().replace('-', '_')}", "")
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            return json_answer({"error": f"the header {TOKEN} does not have the token of this sandbox"}, 403)
        return None

    @staticmethod
    def _done(verb: Verb, given: dict[str, Any]) -> Answer:
        try:
            result = verb(given)
        except (TypeError, ValueError, KeyError) as error:
            return json_answer({"error": str(error)}, 400)
        return Answer(200, (("Content-Type", "application/json"),), json.dumps({"result": result}).encode())


def _body(environ: dict[str, Any]) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    data: bytes = environ["wsgi.input"].read(min(int(length), _LONGEST)) if length.isdecimal() else b""
    return data
