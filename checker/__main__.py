"""The entry point. What needs no option parser is done before Typer is imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.app.exit_codes import Ending


def main() -> None:
    """Run the command line: `--version` and `check PATH...` at once, anything else by Typer."""
    arguments = sys.argv[1:]
    from checker.app.signals import interruptible
    from checker.app.terminal import run_and_exit

    def run() -> Ending:
        with interruptible():
            return _run(arguments)

    run_and_exit(run)


def _run(arguments: list[str]) -> Ending:
    if arguments == ["--version"]:
        from checker import __version__
        from checker.app.exit_codes import Ending
        from checker.app.terminal import write

        write([f"checker {__version__}"])
        return Ending()
    return _check(arguments[1:]) if _is_plain_check(arguments) else _typer(arguments)


def _is_plain_check(arguments: list[str]) -> bool:
    """True for the call of the pre-commit hook: paths and no options."""
    return arguments[:1] == ["check"] and not any(one.startswith("-") for one in arguments)


def _check(paths: list[str]) -> Ending:
    from pathlib import Path

    from checker.app.check import lint
    from checker.app.run import Options
    from checker.app.terminal import progress_bar
    from checker.inputs.collect import Given

    return lint(Options(tuple(Path(path) for path in paths), given=Given(progress=progress_bar())))


def _typer(arguments: list[str]) -> Ending:
    from checker.cli.app import run

    return run(arguments)


if __name__ == "__main__":
    main()
