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

from checker.sandbox.aws.endpoints import SqsService
from checker.sandbox.aws.fanout import Fanout, install_fanout, uninstall_fanout
from checker.sandbox.aws.functions import LambdaService
from checker.sandbox.aws.kms import KmsService
from checker.sandbox.aws.metrics import Metrics
from checker.sandbox.aws.organization import OrganizationService
from checker.sandbox.aws.pending import Pending
from checker.sandbox.aws.sns import SnsService
from checker.sandbox.aws.trail import TrailService
from checker.sandbox.aws.upstream import Upstream
from checker.sandbox.connect.contacts import Contacts, new_id
from checker.sandbox.connect.stages import CallReader, ChatService, InstanceService
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
from checker.sandbox.http.faults import FaultStage
from checker.sandbox.http.journal import Clock, Delivery, Journal, LoggedCall, Notification
from checker.sandbox.http.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Verb = Callable[[dict[str, Any]], Any]
    from checker.sandbox.http.call import Stage


_REQUEST_ID = "x-amzn-RequestId"


class Application:
    """WSGI application of the sandbox's single endpoint."""

    def __init__(
        self,
        upstream: Upstream,
        reader: CallReader,
        journal: Journal,
        control: Control,
        stages: Sequence[Stage],
    ) -> None:
        self._upstream = upstream
        self._reader = reader
        self._journal = journal
        self.token = control.token
        self._control = control
        last: Next = upstream.forward
        self._answer = reduce(_before, reversed(stages), last)

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer a WSGI request (PEP 3333)."""
        answer = self._control.answer(environ) or self._aws(environ)
        start_response(f"{answer.status} {'OK' if answer.status < 400 else 'Error'}", list(answer.headers))
        return [answer.body]

    def _aws(self, environ: dict[str, object]) -> Answer:
        call = self._reader.read(read_call(environ))
        call = replace(call, account=self._upstream.account_of(call.access_key))
        error = "connection"  # logged if there is no answer at all
        try:
            answer = self._answer(call)
            error = str(answer.status) if answer.status >= 400 else ""
        except RefusedError as refusal:
            error = refusal.code
            answer = refusal_answer(call, refusal)
        finally:
            self._journal.add(LoggedCall(call.service, call.action, call.account, call.region, error))
        return _with_request_id(answer)


def _with_request_id(answer: Answer) -> Answer:
    """Add a request ID to an answer that has none. Answers of moto can already have one."""
    if any(name.lower() == _REQUEST_ID.lower() for name, _ in answer.headers):
        return answer
    return answer._replace(headers=(*answer.headers, (_REQUEST_ID, new_id())))


def _before(later: Next, stage: Stage) -> Next:
    return lambda call: stage(call, later)


PREFIX = "/_sandbox/"
TOKEN = "X-Sandbox-Token"  # noqa: S105 - the name of a header
_MOTO = "/moto-api"
"""The control endpoint of moto. It is blocked because it has no token."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_LONGEST = 1024 * 1024


class Control:
    """Control endpoint below ``/_sandbox/``, for callers with the token."""

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
            return json_answer({"error": f"unknown verb; known verbs: {', '.join(self._verbs)}"}, 404)
        return self._done(verb, json_object(_body(environ)))

    def _refusal(self, environ: dict[str, Any]) -> Answer | None:
        """Refuse a request that a web page could have sent; ``None`` for any other."""
        if environ.get("REQUEST_METHOD") != "POST":
            return json_answer({"error": "the control endpoint accepts only POST"}, 405)
        if environ.get("HTTP_HOST", "").rpartition(":")[0] not in _LOOPBACK:
            return json_answer({"error": "the Host header does not name the loopback interface"}, 403)
        token = environ.get(f"HTTP_{TOKEN.upper().replace('-', '_')}", "")
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return json_answer(
                {"error": f"the header {TOKEN} does not contain the token of this sandbox"}, 403
            )
        return None

    @staticmethod
    def _done(verb: Verb, parameters: dict[str, Any]) -> Answer:
        try:
            result = verb(parameters)
        except (TypeError, ValueError, KeyError) as error:
            return json_answer({"error": str(error)}, 400)
        return Answer(200, (("Content-Type", "application/json"),), json.dumps({"result": result}).encode())


def _body(environ: dict[str, Any]) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    data: bytes = environ["wsgi.input"].read(min(int(length), _LONGEST)) if length.isdecimal() else b""
    return data


HOST = "127.0.0.1"
_STOP_DELAY = 0.1
_ONE_AT_A_TIME = Lock()  # moto keeps its state in the process, so a process can have only one sandbox


class BusyError(RuntimeError):
    """Another sandbox is running in this process."""


class _QuietHandler(MotoRequestHandler):
    disable_nagle_algorithm = True  # avoids a wait of 40 ms for each answer

    def log(self, *_: object) -> None:
        """Log nothing, because the journal records every call."""

    def connection_dropped(self, *_: object) -> None:
        """Close the connection at once without an answer, so that the client sees a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server:
    """The server of a sandbox. ``port`` 0 selects a free port. ``token`` authorizes control calls.

    Raises OSError if the port is in use, BusyError if another sandbox is running.
    """

    def __init__(self, port: int = 0) -> None:
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            raise BusyError("another sandbox is running in this process")
        try:
            front = build(self.ask_to_stop)
            self.token = front.token
            self._server = make_server(HOST, port, front, threaded=True, request_handler=_QuietHandler)
        except BaseException:  # the lock must be free after any failure
            _ONE_AT_A_TIME.release()
            raise
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def endpoint(self) -> str:
        """The URL of the endpoint."""
        return f"http://{HOST}:{self._server.server_port}"

    def start(self) -> None:
        """Start serving in a separate thread."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until the server is asked to stop."""
        self._thread.join()

    def ask_to_stop(self) -> None:
        """Stop after a short delay, so that the request that asks for it is still answered."""
        timer = Timer(_STOP_DELAY, self._server.shutdown)
        timer.daemon = True
        timer.start()

    def stop(self) -> None:
        """Stop the server and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        uninstall_fanout()
        _ONE_AT_A_TIME.release()


def _confirmed(pending: Pending, token: str) -> str:
    """Confirm and return the subscription of a token. Raises ValueError."""
    if subscription := pending.confirm(token):
        return subscription
    raise ValueError("the token is not valid")


def build(stop: Callable[[], None]) -> Application:
    """Create an empty sandbox."""
    upstream, clock, journal = Upstream(), Clock(), Journal()
    upstream.reset()
    metrics, pending, trail = Metrics(upstream, clock), Pending(clock), TrailService(clock, upstream)
    install_fanout(Fanout(upstream, journal, metrics, pending))
    chat = Chat(upstream, clock, Contacts(), Streaming(upstream, clock, journal, metrics, trail))
    reader, faults, throttle = CallReader(), FaultStage(upstream), Throttle(chat.contacts)
    stages: list[Stage] = [
        faults,
        throttle,
        trail,
        reader.validate,
        ChatService(chat),
        InstanceService(chat),
        SnsService(upstream, metrics, pending),
        SqsService(upstream),
        KmsService(upstream),
        LambdaService(upstream),
        OrganizationService(upstream),
    ]
    verbs: dict[str, Verb] = {
        "advance": lambda given: clock.advance(float(given["seconds"])),
        "assume": lambda given: upstream.assume(**given),
        "chats": lambda given: chat.contacts.live(given["account"]),
        "calls": lambda _: journal.entries(LoggedCall),
        "clear-calls": lambda _: journal.clear_calls(),
        "clear-faults": lambda _: faults.clear(),
        "deliveries": lambda _: journal.entries(Delivery),
        "fault": faults.place,
        "confirm": lambda given: _confirmed(pending, given["token"]),
        "notifications": lambda _: journal.entries(Notification),
        "pending": lambda _: [subscription._asdict() for subscription in pending.listed()],
        "stop": lambda _: stop(),
        "throttles": lambda given: throttle.switch(on=bool(given["on"])),
    }
    return Application(upstream, reader, journal, Control(verbs), stages)
