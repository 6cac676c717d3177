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
    if any(finding.fixes for finding in run.report.findings):
        run = _with_fixes(run, options)
    publish(run.report, run.fail_on, destinations, output)
    return exit_code(run.report, run.fail_on, strict=run.strict)


def _with_fixes(run: Run, options: Options) -> Run:
    """Work every fix out, so that all formats say the same of it."""
    from checker.fix.editable import own_code  # only where there is something to fix
    from checker.fix.offer import offered
    from checker.fix.reading import Reading

    check = own_code(options.paths)
    return run._replace(report=offered(Reading(run.inventory, run.report), check))


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
