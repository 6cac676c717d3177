"""What would be wrong with the files after some edits, by what they say then."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.key import KeyAnalysis
from checker.core.finding import Applicability, Verdict
from checker.fix.proof import effect, worth
from checker.policy.change import changed
from checker.policy.node import meaning

if TYPE_CHECKING:
    from checker.core.finding import Finding, Fix, Operation
    from checker.fix.proof import ProofBudgets
    from checker.fix.snapshot import KnownPolicy, Reading
    from checker.fix.text.edits import TextEdit


class Attempt(NamedTuple):
    """A fix with its edits, before it is known what they do."""

    finding: Finding
    fix: Fix
    known: KnownPolicy
    edits: tuple[TextEdit, ...]


def key_of(finding: Finding) -> object:
    """Identify a finding, also after an edit has moved it; two files may hold the same policy."""
    files = tuple(one.document.name for one in finding.locations[:1])
    return (finding.rule, finding.severity, finding.message, finding.resource, finding.address, *files)


def faults(
    before: Reading, after: Reading, attempts: list[Attempt], budgets: ProofBudgets, *, unsafe: bool
) -> str:
    """Say what is wrong with the files after an edit, by what they say then; nothing if all is as it should be."""
    broken = {one.what for one in after.inventory.skipped if one.error}
    if broken - {one.what for one in before.inventory.skipped if one.error}:
        return "the file could not be read after the edit"
    operations: dict[tuple[str, str, int], list[Operation]] = {}
    for one in attempts:
        operations.setdefault(one.known.name, []).extend(one.fix.operations)
    then = {one.name: one for one in after.policies()}
    for known in before.policies():
        now = then.get(known.name)
        if now is None:
            return "the edit would make another policy disappear"
        mine = operations.get(known.name)
        expected = meaning(changed(known.root, mine)) if mine else known.says
        if now.says != expected and (mine or not _may_change(known, now, attempts, budgets, unsafe=unsafe)):
            return "the edit would change more than this policy, or in another way"
    return _not_gone(before, after, attempts) or _come(before, after, attempts)


_TOGETHER = "together"
"""The proof of all fixes together has a budget beside that of each: it must not starve."""


def together_unsafe(first: Reading, then: Reading, budgets: ProofBudgets) -> str:
    """Say why the changes since the first reading are not safe as a whole, if they are not."""
    now = {one.name: one for one in then.policies()}
    for known in first.policies():
        changed_to = now.get(known.name)
        if changed_to is None or changed_to.says == known.says or not known.is_written:
            continue
        value = worth(known.case, changed_to.text.policy, budgets[known.name, _TOGETHER])
        if value.applicability is Applicability.UNSAFE:
            return f"together with the other fixes, {value.reason}"
    return ""


def _may_change(
    known: KnownPolicy, now: KnownPolicy, attempts: list[Attempt], budgets: ProofBudgets, *, unsafe: bool
) -> bool:
    """True for a policy that is the same text for another resource of its module, if that is as safe for it.

    A key that no topic uses is given to nobody.
    """
    if not any(known.is_written_with(one.known) for one in attempts):
        return False
    idle = isinstance(known.case, KeyAnalysis) and known.case.topic is None
    if idle and effect(known.case, known.text.policy, now.text.policy, budgets[known.name]).gained:
        return False
    if unsafe:
        return True
    value = worth(known.case, now.text.policy, budgets[known.name])
    return value.applicability is not Applicability.UNSAFE


def _not_gone(before: Reading, after: Reading, attempts: list[Attempt]) -> str:
    """Say which finding is still there as often as it was."""
    counts = Counter(map(key_of, after.report.findings))
    earlier = Counter(map(key_of, before.report.findings))
    for attempt in attempts:
        key = key_of(attempt.finding)
        if counts[key] >= earlier[key]:
            return "the finding would still be there"
    return ""


def _come(before: Reading, after: Reading, attempts: list[Attempt]) -> str:
    """Say what is wrong now that was not, is as grave as what was mended, and that nothing can mend in turn."""
    earlier = Counter(map(_kind, before.report.findings))
    worst = max(one.finding.severity.rank for one in attempts)
    for finding in after.report.findings:
        earlier[_kind(finding)] -= 1
        mendable = any(fix.operations for fix in finding.fixes)
        grave = finding.verdict is Verdict.FAIL and finding.severity.rank >= worst
        if grave and not mendable and earlier[_kind(finding)] < 0:
            return f"after the edit, {finding.message}"
    return ""


def _kind(finding: Finding) -> object:
    return (finding.rule, finding.severity, finding.verdict, finding.resource, finding.address)
