"""Runs `checker` as people and machines do: each command in a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.samples import TESTS

if TYPE_CHECKING:
    from typing import BinaryIO

    from checker.sandbox.running import Account, Sandbox

CHECKER = [sys.executable, "-m", "checker"]


def run(
    *arguments: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command; whatever happens, there is never a traceback.

    Its process is forked from one that has imported `checker`, unless variables change how Python starts.
    """
    words = [*map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), **(env or {})}
    starts_anew = any(name.startswith("PYTHON") or name == "COVERAGE_PROCESS_START" for name in env or ())
    done = (
        _started(words, stdin, environment, cwd) if starts_anew else _forked(words, stdin, environment, cwd)
    )
    assert "Traceback" not in done.stderr
    return done


def _started(
    words: list[str], stdin: bytes, env: dict[str, str], cwd: Path | None
) -> subprocess.CompletedProcess[str]:
    command = [*CHECKER, *words]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=env, cwd=cwd)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def _forked(
    words: list[str], stdin: bytes, env: dict[str, str], cwd: Path | None
) -> subprocess.CompletedProcess[str]:
    request = {"arguments": words, "env": env, "cwd": str((cwd or Path()).resolve())}
    with ExitStack() as stack, socket.socket(socket.AF_UNIX) as connection:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(4)]
        asked, given, *outputs = files
        _fill(asked, json.dumps(request).encode())
        _fill(given, stdin)
        connection.connect(_warm())
        socket.send_fds(connection, [b"."], [file.fileno() for file in files])
        code = int(connection.recv(16))
        out, err = (_content(file) for file in outputs)
    return subprocess.CompletedProcess([*CHECKER, *words], code, out, err)


def _fill(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.seek(0)


def _content(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def _warm() -> str:
    """Start the process that forks, once for the tests of a process, and return its socket."""
    folder = tempfile.mkdtemp()
    path = str(Path(folder, "socket"))
    command = [sys.executable, "-m", "tests.cli.warm", path]
    server = subprocess.Popen(command, cwd=TESTS.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    atexit.register(_stop, server, folder)
    return path


def _stop(server: subprocess.Popen[bytes], folder: str) -> None:
    server.communicate()
    for path in (Path(folder, "socket"), Path(folder)):
        path.unlink() if path.is_socket() else path.rmdir()


def as_caller(sandbox: Sandbox, account: Account) -> dict[str, str]:
    """The environment of somebody who works in an account of the sandbox."""
    return {**sandbox.environment, "AWS_ACCESS_KEY_ID": account.id, "AWS_CONFIG_FILE": "/nowhere"}


def save(path: Path, value: Any) -> Path:
    """Write a value as JSON, a text as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2))
    return path
