"""The Typer application. A command's module is imported only when that command, or the help, is asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated, NamedTuple

import typer

from checker import __version__
from checker.cli.terminal import Exit, tell


class _Command(NamedTuple):
    module: str
    function: str


_COMMANDS = {
    "check": _Command("check", "check"),
    "explain": _Command("explain", "explain_command"),
    "simulate": _Command("simulate", "simulate"),
}


def build(arguments: list[str]) -> typer.Typer:
    """Make the application with the command that the arguments name, or with all of them."""
    app = typer.Typer(
        name="checker",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    named = next((one for one in arguments if not one.startswith("-")), "")
    for name in [named] if named in _COMMANDS else _COMMANDS:
        module, function = _COMMANDS[name]
        app.command(name)(getattr(import_module(f"checker.cli.{module}"), function))
    return app


def _print_version(value: bool) -> None:
    if value:
        print(f"checker {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Decide, with proof, whether Amazon Connect can stream chat messages to an SNS topic, and who else can."""


def run() -> None:
    """Run the command line; anything unforeseen ends in a message and exit code 4, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # policies may hold text that cannot be encoded
    try:
        build(sys.argv[1:])()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone, as `head` does
        sys.exit(Exit.CLEAN)
    except Exception as error:
        if os.environ.get("CHECKER_DEBUG"):
            raise
        tell(f"error: internal error: {type(error).__name__}: {error}")
        tell("  = help: this is a fault of checker; CHECKER_DEBUG=1 shows where, please report it")
        sys.exit(Exit.INTERNAL_ERROR)
