"""Output streams, the progress bar, and the end of a command after an unexpected error. Knows no Typer."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from checker.app.exit_codes import ending_of_error
from checker.core.errors import CheckerError, InputError, RefusedError
from checker.core.shell import path_word
from checker.core.terminal_text import hiding, inert, inert_line
from checker.inputs.confinement import is_refusal
from checker.inputs.output_file import check_output_file
from checker.inputs.whole_file import whole_output
from checker.report.context import Paint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from checker.app.exit_codes import Ending


_GONE: list[bool] = []
"""Not empty if the reader of the output has gone. The command continues, so that its exit code is the one of its work."""
_UNTOLD: list[bool] = []
"""Not empty if standard error cannot be written, for example because a disk is full. Nothing can report that."""


def run_and_exit(command: Callable[[], Ending]) -> NoReturn:
    """Run a command and exit.

    An expected error ends in its message, anything unforeseen in a message and exit code 4, never in a traceback.
    """
    _open_closed_streams()
    gc.disable()  # a run is short, and what it builds it keeps to the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # policies may hold text that cannot be encoded
    code = ended(command)
    with suppress(OSError):  # the reader has gone
        sys.stderr.flush()
    os._exit(code)  # freeing thousands of parsed nodes one by one takes a tenth of the run and more


def _open_closed_streams() -> None:
    """Replace streams that the caller closed, as with `>&-`."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for the whole run


def ended(command: Callable[[], Ending]) -> int:
    """Run a command, and return its exit code, also after an error."""
    return finished(command).code


def finished(command: Callable[[], Ending]) -> Ending:
    """Run a command, and return how it ended, also after an error."""
    with hiding():
        _GONE.clear()
        _UNTOLD.clear()
        ending = _reported(command)
        ending = ending._replace(reader_gone=ending.reader_gone or bool(_GONE))
        return ending if ending.code else ending._replace(unreadable=bool(_UNTOLD))


def _reported(command: Callable[[], Ending]) -> Ending:
    try:
        ending = command()
        _write_out(iter(()))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a bug ends in a message as well
        return report_error(error)
    return ending


def report_error(error: Exception | KeyboardInterrupt) -> Ending:
    """Report an error that ended a command, and return how it ended."""
    if isinstance(error, BrokenPipeError):
        return ending_of_error(error)
    if isinstance(error, CheckerError):
        complain(error)
        _suggest_outside(error)
    elif isinstance(error, KeyboardInterrupt):
        tell("interrupted")
    elif os.environ.get("CHECKER_DEBUG"):
        raise error
    else:
        report_bug(error)
    return ending_of_error(error)


def _suggest_outside(error: CheckerError) -> None:
    """Print the command that reads a file outside of the repository, if that is the error."""
    if is_refusal(error.help):
        from checker.app.next_step import to_read_outside  # imported on demand: such errors are rare

        tell(*to_read_outside((error.skipped(),)))


def report_bug(error: Exception) -> None:
    """Report a bug."""
    tell(f"error: internal error: {type(error).__name__}: {error}")
    tell("  = help: this is a bug in checker; CHECKER_DEBUG=1 shows the traceback, please report it")


def paint_for(stream: TextIO) -> Paint:
    """Use color on a terminal, unless NO_COLOR is set, and its width. https://no-color.org"""
    if not is_terminal(stream):
        return Paint()
    from shutil import get_terminal_size  # imported on demand: a pipe needs no width

    colors = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paint(enabled=colors, columns=get_terminal_size().columns)


def is_terminal(stream: TextIO) -> bool:
    """True for a terminal."""
    return stream.isatty()


def write(lines: Iterable[str], output: Path | None = None, *, regular: bool = False) -> None:
    """Write a report to standard output, or to a file that is replaced once the report is complete.

    Every line is inert when it leaves. ``regular``: the user did not name the file, so that a pipe or device in
    its place is refused. Raises InputError for a file that cannot be written, and RefusedError for an input of
    the run and for a link that leads elsewhere.
    """
    if output is None:
        _write_out(_ended(lines, sys.stdout))
        return
    ended = _ended(lines)
    first = next(ended, "")
    try:
        check_output(output)
        with _outliving_reader(ended), whole_output(output, regular=regular) as file:
            file.write(first)
            file.writelines(ended)
    except OSError as error:
        raise _unwritable(str(output), error) from None


def _ended(lines: Iterable[str], stream: TextIO | None = None) -> Iterator[str]:
    """Escape control characters and end the lines; a terminal keeps the colors."""
    styled = stream is not None and paint_for(stream).enabled
    return (f"{inert_line(line, styled=styled)}\n" for line in lines)


def _write_out(lines: Iterator[str]) -> None:
    try:
        _show_ended(lines, sys.stdout)
    except OSError as error:
        raise unwritable_output(error) from None


def unwritable_output(error: OSError) -> InputError:
    """Make the error for a standard output that cannot be written."""
    return _unwritable("standard output", error)


def _unwritable(name: str, error: OSError) -> InputError:
    return InputError(name, f"cannot be written: {(error.strerror or str(error)).lower()}")


def check_output(output: Path | None) -> None:
    """Check that a report can be written, before the work that it reports.

    Called again after reading, because a report must not overwrite an input. Raises CheckerError.
    """
    if output is None:
        return
    fault, help_text = _output_fault(output)
    if fault:
        raise InputError(str(output), f"cannot be written: {fault}", help_text=help_text)
    check_output_file(output)


def _output_fault(output: Path) -> tuple[str, str]:
    """Return why a file cannot be written, and a help line; the path tests never raise."""
    folder = output.absolute().parent
    if os.path.isdir(output):  # noqa: PTH112
        return "it is a folder", "name a file; nothing was written"
    if not os.path.isdir(folder):  # noqa: PTH112
        return f"no such folder: `{output.parent}`", f"create it: mkdir -p {path_word(output.parent)}"
    place = output if os.path.exists(output) else folder  # noqa: PTH110
    if not os.access(place, os.W_OK):
        return "permission denied", "name another file; nothing was written"
    return "", ""


def tell(*lines: str) -> None:
    """Write progress, summaries and errors to standard error."""
    show(lines, sys.stderr)


def show(lines: Iterable[str], stream: TextIO) -> None:
    """Write lines to a stream immediately. Raises OSError if standard output cannot be written."""
    try:
        _show_ended(_ended(lines, stream), stream)
    except OSError:
        if stream is not sys.stderr:
            raise
        _UNTOLD.append(True)


def _show_ended(lines: Iterator[str], stream: TextIO) -> None:
    with _outliving_reader(lines):
        stream.writelines(lines)
        stream.flush()


@contextmanager
def _outliving_reader(lines: Iterator[str]) -> Iterator[None]:
    """Continue if the output is closed: the findings, the cleanup and the exit code do not depend on its reader.

    The remaining lines are made nevertheless, because a bug in making them is reported.
    """
    try:
        yield
    except BrokenPipeError:
        _GONE.append(True)
        deque(lines, maxlen=0)


def check_reader() -> None:
    """Raise BrokenPipeError if the output was closed, for a command that has no purpose without a reader."""
    if _GONE:
        raise BrokenPipeError


_REDRAW_SECONDS = 0.1
_BAR_DELAY = 2.0
_BAR_WIDTH = 30


def progress_bar(delay: float = _BAR_DELAY) -> Callable[[str, float], None]:
    """Return a function that draws a bar on standard error at most ten times a second, and removes it at the end.

    It draws nothing in the first seconds, because most runs are over by then.
    """
    if not is_terminal(sys.stderr):
        return lambda _name, _part: None
    next_draw = time.monotonic() + delay
    is_drawn = False

    def draw(name: str, part: float) -> None:
        nonlocal next_draw, is_drawn
        now = time.monotonic()
        if part >= 1:
            sys.stderr.write("\r\x1b[K" if is_drawn else "")
        elif now >= next_draw:
            next_draw, is_drawn = now + _REDRAW_SECONDS, True
            filled = int(part * _BAR_WIDTH)
            bar = "#" * filled + "." * (_BAR_WIDTH - filled)
            from shutil import get_terminal_size  # imported on demand: most runs draw nothing

            width = get_terminal_size().columns - _BAR_WIDTH - len(" 100% ") - 1
            sys.stderr.write(f"\r\x1b[K{bar} {part:4.0%} {inert(name)[-width:]}")
        sys.stderr.flush()

    return draw


def complain(error: CheckerError) -> None:
    """Report an error, its place and its help, and the errors that were found with it."""
    from checker.report.brief import skipped_text

    for one in (error, *error.further):
        tell_wrapped(skipped_text(one.skipped(), paint_for(sys.stderr)))


def tell_wrapped(lines: Iterable[str]) -> None:
    """Print lines on standard error, wrapped to the width of a terminal."""
    from checker.report.wrapped_text import wrapped_text

    tell(*wrapped_text(lines, paint_for(sys.stderr)))


_ADD_YES = "add `--yes` to skip confirmation"


@contextmanager
def plan_reader(*, required: bool = True) -> Iterator[None]:
    """Show a plan. Raises RefusedError if the output is closed, and the plan must be read before it is applied."""
    yield
    if required and _GONE:
        raise RefusedError("the output", "closed before the plan was read; nothing was changed")


def confirm(what: str, question: str, *, yes: bool, help_text: str = _ADD_YES) -> None:
    """Ask for confirmation, unless ``yes``. Raises RefusedError about ``what`` if the answer is no."""
    if not yes and not is_confirmed(question):
        raise RefusedError(what, "not confirmed, nothing was changed", help_text=help_text)


def is_confirmed(question: str) -> bool:
    """Ask on a terminal; without a terminal the answer is no."""
    if not is_terminal(sys.stdin):
        return False
    with _outliving_reader(iter(())):
        sys.stderr.write(f"{inert(question)}? [y/N] ")
        sys.stderr.flush()
    return not _GONE and sys.stdin.readline().strip().lower() in ("y", "yes")
