"""The Typer application. A command's module is imported only when that command, or the help, is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from io import StringIO
from typing import Annotated, Any, NamedTuple

import typer

from checker import __version__
from checker.app.exit_codes import Exit
from checker.app.terminal import tell
from checker.inputs.opening import inputs_remembered


class _Command(NamedTuple):
    module: str
    function: str


_COMMANDS = {
    "audit": _Command("audit", "audit"),
    "baseline write": _Command("baseline", "baseline_write"),
    "check": _Command("check", "check"),
    "demo": _Command("demo", "demo"),
    "diff": _Command("diff", "diff"),
    "explain": _Command("explain", "explain_command"),
    "fix": _Command("fix", "fix"),
    "flow": _Command("flow", "flow"),
    "permissions audit": _Command("permissions", "permissions_audit"),
    "permissions fix": _Command("permissions", "permissions_fix"),
    "permissions flow": _Command("permissions", "permissions_flow"),
    "policy": _Command("policy", "policy"),
    "rollback": _Command("rollback", "rollback"),
    "rules": _Command("rules", "rules"),
    "sandbox": _Command("sandbox", "sandbox"),
    "simulate": _Command("simulate", "simulate"),
}


_GROUPS = {
    "baseline": "Keep a list of the findings that are known.",
    "permissions": "Print the least IAM policy that a command needs.",
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
    groups: dict[str, typer.Typer] = {}
    for name in [one for one in _COMMANDS if one.split()[0] == named] or _COMMANDS:
        module, function = _COMMANDS[name]
        command = _exiting(getattr(import_module(f"checker.cli.{module}"), function))
        group, _, verb = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=_GROUPS[group])
            groups[group].callback()(lambda: None)
            app.add_typer(groups[group], name=group)
        groups.get(group, app).command(verb)(command)
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


_UsageError: Any = typer.BadParameter.__bases__[0]
"""What Typer raises for every mistake on the command line; it does not name it itself."""


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name; give its exit code, or 2 after the usage."""
    try:
        code: int | None = build(arguments)(
            arguments, prog_name="checker", standalone_mode=False, obj=arguments
        )
    except _UsageError as error:
        said = StringIO()
        error.show(said)  # it quotes the arguments
        tell(*said.getvalue().splitlines())
        return Exit.BAD_INPUT
    except SystemExit as done:
        if isinstance(
            done.__context__, BrokenPipeError
        ):  # Typer ends this way when the reader of a help text is gone
            return Exit.READER_GONE
        raise
    return code or Exit.CLEAN


def _exiting(command: Callable[..., int]) -> Callable[..., None]:
    """Turn the exit code that a command gives into Typer's way to exit."""

    @wraps(command)
    def run_command(*values: object, **options: object) -> None:
        try:
            with inputs_remembered():
                code = command(*values, **options)
        except BrokenPipeError:  # before Typer calls it a failure
            code = Exit.READER_GONE
        except KeyboardInterrupt:
            tell("interrupted")
            code = Exit.INTERRUPTED
        raise typer.Exit(code)

    return run_command
