"""What reports say of fixes: the edits that they come to, and what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Applicability
from checker.fix.attempts import shown
from checker.fix.edits import CannotEditError
from checker.fix.lower import lowered
from checker.fix.proof import proof_budgets, worth
from checker.inputs.text import InputError
from checker.policy.change import NoPlaceError, changed
from checker.policy.read import read_policy

if TYPE_CHECKING:
    from checker.finding import Finding, Fix
    from checker.fix.proof import ProofBudgets
    from checker.fix.reading import Known, Reading
    from checker.outcome import Report


def offered(reading: Reading) -> Report:
    """The report, with every fix proven and worked out as edits."""
    known = {id(one.text.document): one for one in reading.policies()}
    budgets = proof_budgets()
    findings = tuple(_offered(one, known, budgets) for one in reading.report.findings)
    return reading.report._replace(findings=findings)


def _offered(finding: Finding, known: dict[int, Known], budgets: ProofBudgets) -> Finding:
    policy = known.get(id(finding.locations[0].document))
    return finding._replace(fixes=tuple(_worked_out(fix, policy, budgets) for fix in finding.fixes))


def _worked_out(fix: Fix, policy: Known | None, budgets: ProofBudgets) -> Fix:
    """Work a fix out; one that cannot be written down as edits is there to be read."""
    if not fix.operations:
        return fix
    if policy is None:
        return fix._replace(applicability=Applicability.DISPLAY)
    try:
        new = changed(policy.root, fix.operations)
        value = worth(policy.case, read_policy(new, policy.text.dialect)[0], budgets[policy.name])
        edits = tuple(map(shown, lowered(policy.root, new)))
    except (
        NoPlaceError,
        CannotEditError,
        InputError,
    ):  # an edit of a text that does not parse is not offered
        return fix._replace(applicability=Applicability.DISPLAY)
    return fix._replace(applicability=value.applicability, edits=edits)
