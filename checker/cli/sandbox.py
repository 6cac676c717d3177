"""`checker sandbox`: a local AWS for experiments and tests."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.terminal import tell, write
from checker.core.errors import InputError

if TYPE_CHECKING:
    from checker.sandbox.server import Server


def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="Port on 127.0.0.1; 0 picks a free one.")
    ] = 0,
) -> Ending:
    """Run a local AWS with Amazon Connect chat streaming.

    Serves SNS, SQS, KMS and more, and streams chat messages as AWS documents. Prints the settings for boto3, the
    AWS CLI and Terraform. Keeps no data, and stops on Ctrl-C or SIGTERM.

    Exit codes: 0 stopped, 2 the port is in use or the extra `sandbox` is not installed, 4 internal error.
    """
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
