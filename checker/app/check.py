"""What `checker check` does. Imports no Typer: the hook's call, paths and no options, needs no option parser."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.app.exit_codes import Exit, ending_of
from checker.app.output import Destination, publish
from checker.app.run import Options, Run, examine, without_known
from checker.app.terminal import report_bug
from checker.core.finding import Applicability
from checker.fix.attempts import appraise
from checker.fix.proof import proof_budgets
from checker.policy.change import NoPlaceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.core.finding import Finding, Fix
    from checker.fix.editable import Check
    from checker.fix.proof import ProofBudgets
    from checker.fix.snapshot import KnownPolicy, Reading
    from checker.lint.report import Report


def lint(options: Options, formats: Sequence[str] = (), output: str = "") -> Exit:
    """Judge files and folders, report, and give the exit code. Raises InputError."""
    destinations = [Destination.of(one) for one in formats or ("text",)]
    run = without_known(examine(options), options)
    if any(finding.fixes for finding in run.report.findings):
        run = _with_fixes(run, options)
    whole = publish(run, destinations, output)
    ending = ending_of(run.report, run.fail_on, strict=run.strict)
    return ending._replace(crashed=ending.crashed or not whole).code


def _with_fixes(run: Run, options: Options) -> Run:
    """Work every fix out, so that all formats say the same of it; a bug in that must not lose the report."""
    from checker.fix.editable import own_code  # only where there is something to fix
    from checker.fix.snapshot import Reading

    try:
        return run._replace(report=offered(Reading(run.inventory, run.report), own_code(options.paths)))
    except Exception as error:
        if os.environ.get("CHECKER_DEBUG"):
            raise
        report_bug(error)
        report = run.report
        return run._replace(report=report._replace(crashed=(*report.crashed, "fixes")))


def offered(reading: Reading, check: Check) -> Report:
    """The report, with every fix proven and worked out as edits; ``check`` refuses files that are not edited."""
    known = {id(one.text.document): one for one in reading.policies()}
    budgets = proof_budgets()
    findings = tuple(_offered(one, known, budgets, check) for one in reading.report.findings)
    return reading.report._replace(findings=findings)


def _offered(finding: Finding, known: dict[int, KnownPolicy], budgets: ProofBudgets, check: Check) -> Finding:
    policy = known.get(id(finding.locations[0].document))
    return finding._replace(fixes=tuple(_worked_out(fix, policy, budgets, check) for fix in finding.fixes))


def _worked_out(fix: Fix, policy: KnownPolicy | None, budgets: ProofBudgets, check: Check) -> Fix:
    """Work a fix out; one that cannot be written down as edits is there to be read."""
    if not fix.operations:
        return fix
    displayed = fix._replace(applicability=Applicability.DISPLAY)
    if policy is None:
        return displayed
    try:
        return appraise(fix, policy, check, budgets[policy.name]).fix
    except NoPlaceError:
        return displayed
