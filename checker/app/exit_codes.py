"""Exit codes: the same for every command, and decided only here."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from checker.core.errors import AwsError, CheckerError
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from checker.core.finding import Severity
    from checker.fix.result import Outcome
    from checker.lint.report import Report


class Exit(IntEnum):
    """The exit codes, documented in the README."""

    CLEAN = 0
    FINDINGS = 1
    BAD_INPUT = 2
    INCOMPLETE = 3
    INTERNAL_ERROR = 4
    INTERRUPTED = 130
    READER_GONE = 141


class Ending(NamedTuple):
    """How a command ended. Several may hold; the first of them, in this order, gives the exit code.

    ``incomplete``: AWS did not allow or complete a requested read, write or deletion. ``undetermined``: a result
    is not known, and --strict counts it, or an expectation is not known. ``reader_gone`` replaces only exit code 0: a command whose output was
    closed, as by ``| head``, has not reported that everything is clean.
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
    """Return how a check ended. For ``live`` resources, an unreadable one is incomplete, not bad input."""
    worst = report.worst()
    return Ending(
        crashed=bool(report.crashed),
        unreadable=report.unreadable and not live,
        incomplete=report.unreadable and live,
        findings=worst is not None and worst.rank >= fail_on.rank,
        undetermined=report.unproven or (strict and report.incomplete),
    )


def ending_of_fix(outcome: Outcome, fail_on: Severity, *, live: bool = False) -> Ending:
    """Return how a fix ended: pending changes count as findings, applied ones do not."""
    ending = ending_of(outcome.repair.after.report, fail_on, live=live)
    return ending._replace(findings=ending.findings or outcome.is_pending)


def ending_of_error(error: BaseException) -> Ending:
    """Return how a command ended that raised an error.

    A resource that AWS does not find is bad input, like a file that does not exist.
    """
    incomplete = isinstance(error, AwsError) and not error.not_found
    return Ending(
        crashed=not isinstance(error, CheckerError | KeyboardInterrupt | BrokenPipeError),
        interrupted=isinstance(error, KeyboardInterrupt),
        unreadable=isinstance(error, CheckerError) and not incomplete,
        incomplete=incomplete,
        reader_gone=isinstance(error, BrokenPipeError),
    )
