"""The sandbox as one WSGI application: stages in front of moto, each of which may answer or pass a call on."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from checker.sandbox.connect.contacts import new_id
from checker.sandbox.http.call import Answer, Next, RefusedError, Stage, read_call, refusal_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.connect.chat import Reader
    from checker.sandbox.http.control import Control
    from checker.sandbox.http.journal import Journal


_REQUEST_ID = "x-amzn-RequestId"


class Front:
    """The one endpoint."""

    def __init__(
        self, upstream: Upstream, reader: Reader, journal: Journal, control: Control, stages: Sequence[Stage]
    ) -> None:
        self._upstream = upstream
        self._reader = reader
        self._journal = journal
        self.token = control.token
        self._control = control
        last: Next = upstream.pass_on
        self._answer = reduce(_before, reversed(stages), last)

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer a request, by PEP 3333."""
        answer = self._control.answer(environ) or self._aws(environ)
        start_response(f"{answer.status} {'OK' if answer.status < 400 else 'Error'}", list(answer.headers))
        return [answer.body]

    def _aws(self, environ: dict[str, object]) -> Answer:
        call = self._reader.read(read_call(environ))
        call = replace(call, account=self._upstream.account_of(call.access_key))
        error = "connection"  # what is logged when not even an answer comes
        try:
            answer = self._answer(call)
            error = str(answer.status) if answer.status >= 400 else ""
        except RefusedError as refusal:
            error = refusal.code
            answer = refusal_answer(call, refusal)
        finally:
            self._journal.log(call, error)
        return _numbered(answer)


def _numbered(answer: Answer) -> Answer:
    """Give every answer the id of its request, as AWS does; moto's have theirs."""
    if any(name.lower() == _REQUEST_ID.lower() for name, _ in answer.headers):
        return answer
    return answer._replace(headers=(*answer.headers, (_REQUEST_ID, new_id())))


def _before(later: Next, stage: Stage) -> Next:
    return lambda call: stage(call, later)
