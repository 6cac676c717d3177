"""Runs the local AWS until it is stopped."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.terminal import check_reader, tell, write
from checker.core.errors import InputError

if TYPE_CHECKING:
    from checker.sandbox.server import Server


def serve(port: int) -> Ending:
    """Serve on a port until Ctrl-C or SIGTERM. Raises InputError if moto is missing or the port is taken."""
    server = _server(port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.ask_to_stop())
    server.start()
    _greet(server.endpoint, server.token)
    server.wait()
    tell("stopped")
    return Ending()


def missing_moto(command: str) -> InputError:
    """Give the error of a command that needs the extra `sandbox`."""
    help_text = "pip install 'connect-stream-checker[sandbox]'"
    return InputError(command, "moto is not installed", help_text=help_text)


def _server(port: int) -> Server:
    # moto would look for the user's profile, which the sandbox does not have.
    os.environ.pop("AWS_PROFILE", None)
    try:
        from checker.sandbox.server import Server
    except ImportError:
        raise missing_moto("checker sandbox") from None
    try:
        return Server(port)
    except (OSError, SystemExit):  # werkzeug exits when a port is taken
        raise InputError(
            "--port", f"cannot listen on port {port}", help_text="use `--port 0` to pick a free port"
        ) from None


def _greet(endpoint: str, token: str) -> None:
    """Print the environment variables to paste into a shell; flushed, so that a pipe gets them at once."""
    from checker.sandbox.running import environment

    values = {**environment(endpoint), "CHECKER_SANDBOX_TOKEN": token}
    write(f"export {name}={value}" for name, value in values.items())
    tell("local AWS is running; use any 12-digit account ID as access key; Ctrl-C stops it")
    check_reader()
