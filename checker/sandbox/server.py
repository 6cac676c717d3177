"""The sandbox as a server on the loopback interface."""

from __future__ import annotations

import socket
import struct
from threading import Lock, Thread, Timer
from typing import TYPE_CHECKING

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
from checker.sandbox.connect.contacts import Contacts
from checker.sandbox.connect.instances import InstanceService
from checker.sandbox.connect.streaming import Chat, Streaming
from checker.sandbox.http.control import Control
from checker.sandbox.http.faults import Disturbance
from checker.sandbox.http.front import Front
from checker.sandbox.http.journal import Clock, Journal
from checker.sandbox.http.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.sandbox.http.call import Stage
    from checker.sandbox.http.control import Verb

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
