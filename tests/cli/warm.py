"""A process that has imported `checker` and forks for each command, since most of the time of a command is its start.

`python -m tests.cli.warm SOCKET` serves until its standard input ends. A request is a connection with four descriptors:
a file with the request as JSON, the standard input, and the two outputs. The answer is the exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import time
from typing import NoReturn

from pytest import MonkeyPatch  # noqa: PT013

import checker
from tests.pauses import drop_pauses
from tests.samples import TESTS
from tests.service_models import load_all, remember

_HEAVY = ("boto3", "jsonschema", "yaml", "moto.moto_server.werkzeug_app")
_SERVICES = (
    "sts",
    "sns",
    "kms",
    "connect",
    "cloudtrail",
    "sqs",
    "lambda",
    "iam",
    "organizations",
    "securityhub",
)


def main() -> None:
    """Import everything, say so, and serve."""
    import_all()
    remember()
    drop_pauses(MonkeyPatch())  # for the rest of this process
    load_all(_SERVICES)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps those that answered
        os.write(1, b"ready\n")
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                answer(connection)
            connection.close()


def import_all() -> None:
    """Import all modules of the project, and the libraries that take longest."""
    found = [one.name for one in pkgutil.walk_packages(checker.__path__, "checker.")]
    for name in (*_HEAVY, *found):
        try:
            importlib.import_module(name)
        except ImportError:  # an extra that is not installed; the command reports it if it is needed
            continue


def answer(connection: socket.socket) -> NoReturn:
    """Run the requested command in a child, and send its exit code."""
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 4)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        connection.close()
        command(*descriptors)
    _, status = os.waitpid(child, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def command(request: int, *streams: int) -> NoReturn:
    """Become the command, as if it had been started with these streams, arguments, variables and folder."""
    with open(request, encoding="utf-8") as file:
        wanted = json.load(file)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", errors="backslashreplace")  # noqa: SIM115
    sys.stderr.reconfigure(line_buffering=True)
    sys.argv = ["checker", *wanted["arguments"]]
    os.environ.clear()
    os.environ.update(wanted["env"])
    time.tzset()
    os.chdir(wanted["cwd"])
    sys.path[:] = [path for path in sys.path if path not in {"", str(TESTS.parent)}]
    sys.path.insert(0, wanted["cwd"])  # `python -m` puts the folder first
    from checker.__main__ import main as run

    run()
    os._exit(0)


if __name__ == "__main__":
    main()
