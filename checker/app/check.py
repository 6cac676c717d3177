"""Checks files. Imports no Typer: the call of the hook, with paths and no options, needs no option parser."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending, ending_of
from checker.app.next_step import after_check, to_read_outside
from checker.app.output import Destination, publish
from checker.app.run import Options, Run, examine, searched, without_baselined
from checker.app.terminal import report_bug, tell_wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence


def lint(options: Options, formats: Sequence[str] = (), output: str = "") -> Ending:
    """Check files and folders, write the reports, and return how it ended. Raises CheckerError."""
    destinations = [Destination.of(text) for text in formats or ("text",)]
    run = without_baselined(examine(options), options)
    if any(finding.fixes for finding in run.report.findings):
        run = _with_fixes(run, options)
    whole = publish(run, destinations, output)
    tell_wrapped((*to_read_outside(run.report.skipped), *after_check(run.report, options)))
    ending = ending_of(run.report, run.fail_on, strict=run.strict)
    return ending._replace(crashed=ending.crashed or not whole)


def _with_fixes(run: Run, options: Options) -> Run:
    """Prepare all fixes, so that all formats agree on them; a bug there must not lose the report."""
    from checker.fix.appraisal import with_previews
    from checker.fix.editable import own_code_check  # only where there is something to fix
    from checker.fix.proof_memory import ProofMemory
    from checker.fix.reading import Reading

    try:
        with searched(options):
            reading, may_edit = Reading(run.inventory, run.report), own_code_check(options.paths)
            return run._replace(report=with_previews(reading, may_edit, ProofMemory()))
    except Exception as error:
        if os.environ.get("CHECKER_DEBUG"):
            raise
        report_bug(error)
        report = run.report
        return run._replace(report=report._replace(crashed=(*report.crashed, "fixes")))
