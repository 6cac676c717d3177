"""The sandbox as a server on the loopback interface."""

from __future__ import annotations

import json
import secrets
import socket
import struct
from dataclasses import replace
from functools import reduce
from threading import Lock, Thread, Timer
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from checker.sandbox.aws.fanout import Fanout, Metrics, put_in_place, remove
from checker.sandbox.aws.kms import KmsService
from checker.sandbox.aws.pending import Pending
from checker.sandbox.aws.sns import SnsService, SubscribeService
from checker.sandbox.aws.sqs import SqsService
from checker.sandbox.aws.trail import TrailService
from checker.sandbox.aws.upstream import Upstream
from checker.sandbox.connect.chat import ChatService, Reader
from checker.sandbox.connect.contacts import Contacts, new_id
from checker.sandbox.connect.instances import InstanceService
from checker.sandbox.connect.streaming import Chat, Streaming
from checker.sandbox.http.call import (
    Answer,
    Next,
    RefusedError,
    Stage,
    json_answer,
    json_object,
    read_call,
    refusal_answer,
)
from checker.sandbox.http.faults import Disturbance
from checker.sandbox.http.journal import Clock, Journal
from checker.sandbox.http.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Verb = Callable[[dict[str, Any]], Any]
    from checker.sandbox.http.call import Stage


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


HOST = "127.0.0.1"
_A_MOMENT = 0.1
_ONE_AT_A_TIME = Lock()  # moto keeps its state in the process, so there is room for one sandbox in it


class BusyError(RuntimeError):
    """There is a sandbox in this process already."""


class _QuietHandler(MotoRequestHandler):
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement

    def log(self, *_: object) -> None:
        """Say nothing: the journal has every call."""

    def connection_dropped(self, *_: object) -> None:
        """Close without an answer, at once: a reset, as far as the client can tell."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server:
    """A running sandbox; ``port`` 0 picks one. ``token`` opens the control endpoint.

    Raises OSError if the port is taken, BusyError for a second one.
    """

    def __init__(self, port: int = 0) -> None:
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            raise BusyError("a process has room for one sandbox")
        try:
            front = build(self.ask_to_stop)
            self.token = front.token
            self._server = make_server(HOST, port, front, threaded=True, request_handler=_QuietHandler)
        except BaseException:
            _ONE_AT_A_TIME.release()
            raise
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def endpoint(self) -> str:
        """Where AWS is."""
        return f"http://{HOST}:{self._server.server_port}"

    def start(self) -> None:
        """Serve, in a thread of its own."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until the server is asked to stop."""
        self._thread.join()

    def ask_to_stop(self) -> None:
        """Stop soon: called by a request, which cannot wait for its own end and is to be answered."""
        timer = Timer(_A_MOMENT, self._server.shutdown)
        timer.daemon = True
        timer.start()

    def stop(self) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        remove()
        _ONE_AT_A_TIME.release()


def build(stop: Callable[[], None]) -> Front:
    """Put a sandbox together, with nothing in it."""
    upstream, clock, journal = Upstream(), Clock(), Journal()
    upstream.reset()
    metrics, pending, trail = Metrics(upstream, clock), Pending(), TrailService(clock, upstream)
    put_in_place(Fanout(upstream, journal, metrics, pending))
    chat = Chat(upstream, clock, Contacts(), Streaming(upstream, clock, journal, metrics, trail))
    reader, disturbance, throttle = Reader(), Disturbance(upstream), Throttle(chat.contacts)
    stages: list[Stage] = [
        disturbance,
        throttle,
        trail,
        reader.validate,
        ChatService(chat),
        InstanceService(chat),
        SubscribeService(upstream, pending),
        SnsService(metrics),
        SqsService(upstream),
        KmsService(upstream),
    ]
    verbs: dict[str, Verb] = {
        "advance": lambda given: clock.advance(float(given["seconds"])),
        "chats": lambda given: chat.contacts.live(given["account"]),
        "calls": lambda _: journal.calls(),
        "clear-calls": lambda _: journal.clear(),
        "clear-faults": lambda _: disturbance.clear(),
        "deliveries": lambda _: journal.deliveries(),
        "fault": disturbance.place,
        "notifications": lambda _: journal.notifications(),
        "stop": lambda _: stop(),
        "throttles": lambda given: throttle.switch(on=bool(given["on"])),
    }
    return Front(upstream, reader, journal, Control(verbs), stages)
