"""What `checker check` does. Imports no Typer: the hook's call, paths and no options, needs no option parser."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.cli.exit_codes import Exit, ending_of
from checker.cli.output import Destination, publish
from checker.cli.run import Options, Run, examine, without_known
from checker.cli.terminal import report_bug

if TYPE_CHECKING:
    from collections.abc import Sequence


def lint(options: Options, formats: Sequence[str] = (), output: str = "") -> Exit:
    """Judge files and folders, report, and give the exit code. Raises InputError."""
    destinations = [Destination.of(one) for one in formats or ("text",)]
    run = without_known(examine(options), options)
    if any(one.format in _WITH_EDITS for one in destinations) and any(f.fixes for f in run.report.findings):
        run = _with_fixes(run)
    whole = publish(run, destinations, output)
    ending = ending_of(run.report, run.fail_on, strict=run.strict)
    return ending._replace(crashed=ending.crashed or not whole).code


_WITH_EDITS = ("json", "sarif")
"""The formats that programs read, and that carry edits."""


def _with_fixes(run: Run) -> Run:
    """Work the edits of fixes out; a bug in that must not lose the report, which then has none."""
    from checker.fix.offer import offered  # only where there is something to fix
    from checker.fix.reading import Reading

    try:
        return run._replace(report=offered(Reading(run.inventory, run.report)))
    except Exception as error:
        if os.environ.get("CHECKER_DEBUG"):
            raise
        report_bug(error)
        report = run.report
        return run._replace(report=report._replace(crashed=(*report.crashed, "fixes")))
