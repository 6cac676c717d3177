"""Writes a report: several formats at once, each to a file or to standard output."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.terminal import check_output, paint_for, report_bug, tell_wrapped, write
from checker.core.errors import CheckerError, InputError
from checker.core.modules import modules_of
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert_line
from checker.inputs.opening import Role
from checker.inputs.output_file import is_same_file, open_output, overwritten
from checker.lint.registry import all_rules
from checker.policy.wildcard import did_you_mean
from checker.report import formats
from checker.report.brief import (
    assumptions_text,
    doubts_text,
    expectations_text,
    skipped_text,
    stale_text,
    summary_text,
)
from checker.report.context import Paint, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.app.run import Run
    from checker.core.finding import Severity
    from checker.lint.report import Report


FORMATS = tuple(modules_of(formats))
"""The names of the formats: a module of `checker.report.formats` each, imported only when it is used."""


def render(name: str, report: Report, setting: Setting) -> Iterable[str]:
    """Write a report in a format. Raises ModuleNotFoundError for a format that does not exist."""
    module = import_module(f"checker.report.formats.{name}")
    lines: Iterable[str] = module.render(report, setting)
    return lines


_STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


class Destination(NamedTuple):
    """A format and its file, or standard output."""

    format: str
    path: Path | None = None

    @classmethod
    def of(cls, text: str, known: Sequence[str] = FORMATS) -> Destination:
        """Parse `NAME` or `NAME=FILE`. Raises InputError for a format that is not known."""
        name, equals, path = text.partition("=")
        if name not in known:
            guess = did_you_mean(name, known)
            help_text = f"did you mean `{guess}`?" if guess else f"there are {', '.join(known)}"
            raise InputError("--format", f"there is no format `{name}`", help_text=help_text)
        if equals and not path:
            raise InputError("--format", f"`{text}` names no file", help_text=f"write `{name}=FILE`")
        return cls(name, Path(path) if path else None)


def publish(run: Run, destinations: Sequence[Destination], output: str = "") -> bool:
    """Write a report in all formats; ``output`` is a file in place of standard output.

    Files are written first, so that a closed standard output does not lose them. Returns False if a bug prevented
    one of the formats. Raises InputError for two reports in one place, and for a file that cannot be written.
    """
    check_destinations(destinations, output)
    targets = sorted(_targets(destinations, output), key=lambda destination: destination.path is None)
    if any(destination.format == "github" for destination in targets):
        _step_summary(run.report, run.fail_on)
    written = [_write_format(target, run) for target in targets]
    tell_wrapped(_outcome(run, paint_for(sys.stderr)))
    return all(written)


def _outcome(run: Run, paint: Paint) -> Iterator[str]:
    """Yield what was not read, what has no effect, and the totals."""
    report = run.report
    for skipped in report.skipped:
        yield from skipped_text(skipped, paint)
    for stale in report.stale:
        yield from stale_text(stale, paint)
    if run.verbose:
        yield from assumptions_text(report, paint)
        yield from expectations_text(report, paint)
    if run.strict:
        yield from doubts_text(report, paint)
    yield summary_text(report, paint)


def _write_format(target: Destination, run: Run) -> bool:
    """Write one format, and return False on a bug, which must not lose the others."""
    paint = Paint() if target.path else paint_for(sys.stdout)
    try:
        lines = render(target.format, run.report, _setting(run.fail_on, paint))
        is_audit_file = target.path is not None and target.format == "text" and run.report.audit is not None
        write(_with_outcome(lines, run) if is_audit_file else lines, target.path)
    except (CheckerError, OSError):
        raise
    except Exception as error:
        if os.environ.get("CHECKER_DEBUG"):
            raise
        report_bug(error)
        return False
    return True


def _with_outcome(lines: Iterable[str], run: Run) -> Iterator[str]:
    """Add to the text in a file what standard error has otherwise: who reads the file of a night does not see that.

    A text report of files has the findings alone, as an empty file stands for none.
    """
    yield from lines
    yield ""
    yield from _outcome(run, Paint())


def check_destinations(
    destinations: Sequence[Destination], output: str = "", journal: Path | None = None
) -> None:
    """Check before a long run that every report can be written.

    Raises InputError, and RefusedError for a report that would overwrite an input or the journal.
    """
    for target in _targets(destinations, output):
        check_output(target.path)
        if journal and target.path and is_same_file(target.path, journal):
            raise overwritten(target.path, Role.JOURNAL)


def _targets(destinations: Sequence[Destination], output: str) -> list[Destination]:
    targets = [
        destination if destination.path or not output else destination._replace(path=Path(output))
        for destination in destinations
    ]
    _check_distinct([target.path for target in targets])
    return targets


def _check_distinct(paths: list[Path | None]) -> None:
    files = [path and os.path.realpath(path) for path in paths]
    for path, file in zip(paths, files, strict=True):
        if files.count(file) > 1:
            where = f"`{path}`" if path else "standard output"
            raise InputError("--format", f"two reports cannot go to {where}", help_text="write `NAME=FILE`")


def _setting(fail_on: Severity, paint: Paint) -> Setting:
    folder = Path.cwd()
    return Setting(all_rules(), fail_on, repository_root(folder).as_posix(), folder.as_posix(), paint)


def repository_root(folder: Path) -> Path:
    """Return the top of the Git repository of a folder, or the folder if it is in none."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def _step_summary(report: Report, fail_on: Severity) -> None:
    """Add the report to the step summary of GitHub Actions."""
    from checker.report.formats.github import step_summary

    append_step_summary(lambda: step_summary(report, _setting(fail_on, Paint())))


def append_step_summary(lines: Callable[[], Iterable[str]]) -> None:
    """Append lines to the step summary of GitHub Actions, if this is a step. Raises InputError.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    path = os.environ.get(_STEP_SUMMARY)
    if not path:
        return
    try:
        with open_output(Path(path), append=True) as file:
            file.writelines(f"{inert_line(line)}\n" for line in lines())
    except OSError as error:
        raise InputError(path, f"cannot be written: {(error.strerror or str(error)).lower()}") from None


class Format(StrEnum):
    """Formats of commands with a single answer."""

    TEXT = "text"
    JSON = "json"
