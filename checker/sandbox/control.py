"""The control endpoint, on the same port as AWS: what tests ask for and look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.sandbox.answer import Answer, json_answer
from checker.sandbox.call import json_object

if TYPE_CHECKING:
    from collections.abc import Callable

    Verb = Callable[[dict[str, Any]], Any]

PREFIX = "/_sandbox/"


class Control:
    """Answers what lies below ``/_sandbox/``."""

    def __init__(self, verbs: dict[str, Verb]) -> None:
        self._verbs = verbs

    def answer(self, environ: dict[str, Any]) -> Answer | None:
        """Answer a request for the control endpoint; ``None`` for any other."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return None
        verb = self._verbs.get(path.removeprefix(PREFIX))
        if verb is None:
            return json_answer({"error": f"no such verb, know {', '.join(self._verbs)}"}, 404)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        return self._done(verb, json_object(body))

    @staticmethod
    def _done(verb: Verb, given: dict[str, Any]) -> Answer:
        try:
            result = verb(given)
        except (TypeError, ValueError, KeyError) as error:
            return json_answer({"error": str(error)}, 400)
        return Answer(200, (("Content-Type", "application/json"),), json.dumps({"result": result}).encode())
