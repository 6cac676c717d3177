"""Previews fixes for reports: the edits that each fix makes, and its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Applicability
from checker.fix.attempts import appraise
from checker.fix.proof import proof_budgets
from checker.policy.change import NoPlaceError

if TYPE_CHECKING:
    from checker.core.finding import Finding, Fix
    from checker.fix.editable import Check
    from checker.fix.proof import ProofBudgets
    from checker.fix.snapshot import KnownPolicy, Reading
    from checker.lint.report import Report


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
