"""What `checker check` does. Imports no Typer: the hook's call, paths and no options, needs no option parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.cli.output import Destination, publish
from checker.cli.run import Options, Run, examine, without_known
from checker.cli.terminal import Exit
from checker.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.outcome import Report


def lint(options: Options, formats: Sequence[str] = (), output: str = "") -> Exit:
    """Judge files and folders, report, and give the exit code. Raises InputError."""
    destinations = [Destination.of(one) for one in formats or ("text",)]
    run = without_known(examine(options), options)
    if any(one.format in _WITH_EDITS for one in destinations) and any(f.fixes for f in run.report.findings):
        run = _with_fixes(run)
    publish(run.report, run.fail_on, destinations, output)
    return exit_code(run.report, run.fail_on, strict=run.strict)


_WITH_EDITS = ("json", "sarif")
"""The formats that programs read, and that carry edits."""


def _with_fixes(run: Run) -> Run:
    from checker.fix.offer import offered  # only where there is something to mend
    from checker.fix.reading import Reading

    return run._replace(report=offered(Reading(run.inventory, run.report)))


def exit_code(report: Report, fail_on: Severity, *, strict: bool) -> Exit:
    """Say by a number how a run ended; what could not be read weighs more than what was found."""
    if report.crashed:
        return Exit.INTERNAL_ERROR
    if report.unreadable:
        return Exit.BAD_INPUT
    worst = report.worst()
    if worst is not None and worst.rank >= fail_on.rank:
        return Exit.FINDINGS
    return Exit.INCOMPLETE if strict and report.incomplete else Exit.CLEAN
