"""Where output goes, and the exit codes."""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, TextIO

import typer

from checker.report.paint import Paint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.inputs.text import InputError


class Exit(IntEnum):
    """What the exit code of every command means."""

    CLEAN = 0
    FINDINGS = 1
    BAD_INPUT = 2
    INCOMPLETE = 3
    INTERNAL_ERROR = 4


def paint_for(stream: TextIO) -> Paint:
    """Colour on a terminal, unless NO_COLOR is set. https://no-color.org"""
    return Paint(stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


def write(lines: Iterable[str], output: Path | None = None) -> None:
    """Write the report to standard output, or to a file that is opened only once there is something to write."""
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as error:
        tell(f"error: {output}: {(error.strerror or str(error)).lower()}")
        raise typer.Exit(Exit.BAD_INPUT) from None


def tell(*lines: str) -> None:
    """Write progress, summaries and errors to standard error."""
    for line in lines:
        print(line, file=sys.stderr)


def complain(error: InputError) -> None:
    """Report an input that could not be read."""
    from checker.inventory import Skipped
    from checker.report.text import skipped_text

    skipped = Skipped(error.what, error.reason, True, error.position, error.help)
    tell(*skipped_text(skipped, paint_for(sys.stderr)))


def fail(error: InputError) -> typer.Exit:
    """Report an input without which the command can do nothing; raise what this returns."""
    complain(error)
    return typer.Exit(Exit.BAD_INPUT)
