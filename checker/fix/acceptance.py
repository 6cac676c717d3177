"""Accept or reject edits by reading the edited files again."""

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
    """A fix with its edits, before their effect is checked."""

    finding: Finding
    fix: Fix
    known: KnownPolicy
    edits: tuple[TextEdit, ...]


def key_of(finding: Finding) -> object:
    """Return a key that an edit cannot move. It includes the file, since two files may hold the same policy."""
    files = tuple(one.document.name for one in finding.locations[:1])
    return (finding.rule, finding.severity, finding.message, finding.resource, finding.address, *files)


def rejection(
    before: Reading, after: Reading, attempts: list[Attempt], budgets: ProofBudgets, *, unsafe: bool
) -> str:
    """Return why the edits must be rejected, judging by the edited files. Empty if they are accepted."""
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
            return "the edit would change other policies, or not as planned"
    return _unresolved(before, after, attempts) or _uncovered(before, after, attempts)


_TOGETHER = "together"
"""Budget key for the proof of all fixes together. It has a budget of its own, so that it never starves."""


def unsafe_together(first: Reading, then: Reading, budgets: ProofBudgets) -> str:
    """Return why all changes since the first reading are unsafe together. Empty if they are safe."""
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
    """Return True if another resource uses the same policy text and the change is as safe for that resource.

    A key that no topic uses must not grant anything new.
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


def _unresolved(before: Reading, after: Reading, attempts: list[Attempt]) -> str:
    """Return the reason to reject edits that leave a finding in place."""
    counts = Counter(map(key_of, after.report.findings))
    earlier = Counter(map(key_of, before.report.findings))
    for attempt in attempts:
        key = key_of(attempt.finding)
        if counts[key] >= earlier[key]:
            return "the edit would not resolve the finding"
    return ""


def _uncovered(before: Reading, after: Reading, attempts: list[Attempt]) -> str:
    """Return the first new finding that is at least as severe as the fixed ones and has no fix of its own."""
    earlier = Counter(map(_kind, before.report.findings))
    worst = max(one.finding.severity.rank for one in attempts)
    for finding in after.report.findings:
        earlier[_kind(finding)] -= 1
        is_fixable = any(fix.operations for fix in finding.fixes)
        is_severe = finding.verdict is Verdict.FAIL and finding.severity.rank >= worst
        if is_severe and not is_fixable and earlier[_kind(finding)] < 0:
            return f"after the edit, {finding.message}"
    return ""


def _kind(finding: Finding) -> object:
    return (finding.rule, finding.severity, finding.verdict, finding.resource, finding.address)
