"""Exit codes: their meaning, the same for every command, and which one a run ends with. Decided only here."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.core.finding import Severity
    from checker.lint.report import Report


class Exit(IntEnum):
    """The meaning of each exit code; the table in the README is its documentation."""

    CLEAN = 0
    FINDINGS = 1
    BAD_INPUT = 2
    INCOMPLETE = 3
    INTERNAL_ERROR = 4
    INTERRUPTED = 130
    READER_GONE = 141


class Ending(NamedTuple):
    """How a command ended. Several may hold; the first of them, in this order, gives the exit code.

    ``incomplete`` is for what a command was asked to read, write or delete in AWS and could not; ``undetermined``
    for results that are not known where that counts. ``reader_gone`` changes only the exit code 0: a command
    that lost its reader, as in ``| head``, has not told that everything is well.
    """

    crashed: bool = False
    interrupted: bool = False
    unreadable: bool = False
    incomplete: bool = False
    findings: bool = False
    undetermined: bool = False
    reader_gone: bool = False

    @property
    def code(self) -> Exit:
        """The exit code."""
        return next((code for holds, code in zip(self, _CODES, strict=True) if holds), Exit.CLEAN)


_CODES = (
    Exit.INTERNAL_ERROR,
    Exit.INTERRUPTED,
    Exit.BAD_INPUT,
    Exit.INCOMPLETE,
    Exit.FINDINGS,
    Exit.INCOMPLETE,
    Exit.READER_GONE,
)


def ending_of(report: Report, fail_on: Severity, *, strict: bool = False, live: bool = False) -> Ending:
    """How a run ended that judged files, or live resources, which nobody can make readable by correcting a file."""
    worst = report.worst()
    return Ending(
        crashed=bool(report.crashed),
        unreadable=report.unreadable and not live,
        incomplete=report.unreadable and live,
        findings=worst is not None and worst.rank >= fail_on.rank,
        undetermined=strict and report.incomplete,
    )
