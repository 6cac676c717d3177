"""The function as AWS Lambda runs it: the runtime of the image in a process, and Lambda's API for runtimes over HTTP.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest

from tests.live.hub.test_on_change import Scene, batch, failed
from tests.live.hub.test_on_change import scene as scene  # noqa: PLC0414 - a fixture

HANDLER = "checker.app.hub.on_change.handler"
SECONDS = 60


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """The runtime is killed while it waits."""


class RuntimeApi:
    """Lambda's side: hands out one event, and keeps what the runtime answers."""

    def __init__(self, event: Any) -> None:
        self.answers: Queue[tuple[str, Any]] = Queue()
        self._events = [event]
        self._over = threading.Event()

    @contextmanager
    def running(self) -> Iterator[str]:
        server = _Server(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        self._over.set()
        server.shutdown()
        server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if not api._events:
                    api._over.wait(SECONDS)  # a frozen function
                    self.close_connection = True
                    return
                body = json.dumps(api._events.pop()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000000")
                self.send_header(
                    "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:f"
                )
                self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api.answers.put((self.path.rpartition("/")[2], json.loads(body)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def test_the_runtime_of_the_image_runs_the_handler(scene: Scene) -> None:
    if importlib.util.find_spec("awslambdaric") is None:
        pytest.skip("awslambdaric is not installed")
    api = RuntimeApi(batch(scene.of("sns", "SetTopicAttributes"), "no event"))
    with api.running() as address:
        command = [sys.executable, "-m", "awslambdaric", HANDLER]
        environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": address}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as done:
            try:
                kind, answer = api.answers.get(timeout=SECONDS)
            finally:
                done.kill()
            logged = done.stdout.read().decode() if done.stdout else ""
    assert (kind, answer) == ("response", failed()), logged
    assert "ignored message m1" in logged
    assert len(scene.statuses()) == 1
