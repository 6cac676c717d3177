"""`checker sandbox`: a local AWS to try everything on."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from checker.app.exit_codes import Exit
from checker.app.terminal import tell, write
from checker.core.errors import InputError

if TYPE_CHECKING:
    from checker.sandbox.server import Server


def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on the loopback interface; 0 picks a free one.")
    ] = 0,
) -> int:
    """Run a local AWS: SNS, SQS, KMS and more, with Amazon Connect and its participant service in front of it.

    It streams chat messages as AWS documents, and refuses what AWS documents to refuse. The lines that it
    prints lead boto3, the AWS CLI and Terraform to it. It keeps nothing, and stops on Ctrl-C or SIGTERM.
    Exit codes: 0 stopped, 2 the port is taken or the extra `sandbox` is not installed, 4 internal error.
    """
    server = _server(port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.ask_to_stop())
    server.start()
    _greet(server.endpoint, server.token)
    server.wait()
    tell("stopped")
    return Exit.CLEAN


def missing_moto(command: str) -> InputError:
    """What stops a command that needs the extra `sandbox`."""
    help_text = "pip install 'connect-stream-checker[sandbox]'"
    return InputError(command, "moto is not installed", help_text=help_text)


def _server(port: int) -> Server:
    # A profile of the user's is neither there in the sandbox nor wanted, and moto would look for it.
    os.environ.pop("AWS_PROFILE", None)
    try:
        from checker.sandbox.server import Server
    except ImportError:
        raise missing_moto("checker sandbox") from None
    try:
        return Server(port)
    except (OSError, SystemExit):  # werkzeug exits when a port is taken
        raise InputError(
            "--port", f"port {port} cannot be used", help_text="give --port 0 to pick one"
        ) from None


def _greet(endpoint: str, token: str) -> None:
    """Print what to paste into a shell, at once, also into a pipe."""
    from checker.sandbox.running import environment

    values = {**environment(endpoint), "CHECKER_SANDBOX_TOKEN": token}
    write(f"export {name}={value}" for name, value in values.items())
    tell("a local AWS is running; any 12 digits as access key are an account; Ctrl-C stops it")
