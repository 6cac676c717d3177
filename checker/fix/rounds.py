"""Fix findings round after round, and check each step against the files as they would read afterwards.

This module writes no files. It reads them with the new texts in place of the old ones.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from checker.analysis.key import KeyAnalysis
from checker.core.finding import Applicability, Verdict
from checker.core.record import NamedTuple
from checker.fix.attempts import Attempts, FixOptions, key_of
from checker.fix.editable import allow_any_file
from checker.fix.effect import effect
from checker.fix.proof import assess
from checker.fix.text.edits import edited
from checker.policy.change import changed
from checker.policy.node import meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from checker.analysis.documented import KeyCondition
    from checker.core.finding import Finding, Fix, Operation
    from checker.fix.attempts import Attempt, UnfixedFinding
    from checker.fix.editable import Check
    from checker.fix.known_policy import KnownPolicy
    from checker.fix.proof import ProofBudgets
    from checker.fix.reading import Reading
    from checker.fix.text.edits import TextEdit

MAX_ROUNDS = 10
"""A fix may uncover a finding with a fix of its own. Fixes that need more rounds than this go in circles."""


class FixedFinding(NamedTuple):
    """A finding with the fix that was applied."""

    finding: Finding
    fix: Fix


class Repair(NamedTuple):
    """The result of a repair: new texts by absolute path, and the readings before and after."""

    texts: Mapping[str, str]
    fixed: tuple[FixedFinding, ...]
    unfixed: tuple[UnfixedFinding, ...]
    before: Reading
    after: Reading


def repair(
    read: Callable[[Mapping[str, str]], Reading],
    *,
    unsafe: bool = False,
    kms_condition: KeyCondition | None = None,
    check: Check = allow_any_file,
) -> Repair:
    """Apply fixes until none is left. ``read`` reads and checks the files with these texts in place of their own.

    ``unsafe`` allows fixes that may grant or remove more access than intended. ``kms_condition`` limits new key grants.
    ``check`` refuses files that must not be edited.
    """
    attempts = Attempts(FixOptions(unsafe, kms_condition, check))
    first = read({})
    state = _State(read, {}, first, first, attempts.budgets, unsafe)
    fixed: list[FixedFinding] = []
    for _ in range(MAX_ROUNDS):
        selected = attempts.of(state.reading)
        if not selected:
            break
        trial = state.attempt_all(selected)
        if trial.rejection_reason:
            trial = _one_by_one(state, selected, attempts)
        if trial.attempts:
            attempts.forget()
        fixed += (FixedFinding(attempt.finding, attempt.fix) for attempt in trial.attempts)
        state = state._replace(texts=trial.texts, reading=trial.reading)
    return Repair(state.texts, tuple(fixed), tuple(attempts.unfixed(state.reading)), first, state.reading)


class _Trial(NamedTuple):
    """Attempts tried together: the texts and the reading after them, and the reason if they are rejected."""

    attempts: list[Attempt]
    texts: Mapping[str, str]
    reading: Reading
    rejection_reason: str = ""


class _State(NamedTuple):
    """The current texts, their reading, and the ``first`` reading."""

    read: Callable[[Mapping[str, str]], Reading]
    texts: Mapping[str, str]
    reading: Reading
    first: Reading
    budgets: ProofBudgets
    unsafe: bool

    def attempt_all(self, attempts: list[Attempt]) -> _Trial:
        """Try some attempts without writing files. Fixes that are safe one by one may be unsafe together."""
        texts = _edited_texts(self.texts, attempts)
        then = self.read(texts)
        rejection_reason = rejection(self.reading, then, attempts, self.budgets, unsafe=self.unsafe)
        together = rejection_reason or unsafe_together(self.first, then, self.budgets)
        if together and self.unsafe and not rejection_reason:
            attempts = [attempt._replace(fix=_unsafe(attempt.fix)) for attempt in attempts]
        return _Trial(attempts, texts, then, rejection_reason if self.unsafe else together)


def _unsafe(fix: Fix) -> Fix:
    return fix._replace(applicability=Applicability.UNSAFE)


def _one_by_one(state: _State, selected: list[Attempt], attempts: Attempts) -> _Trial:
    """Find the attempts that work together. Refuse each of the others."""
    best = _Trial([], state.texts, state.reading)
    for attempt in selected:
        trial = state.attempt_all([*best.attempts, attempt])
        if trial.rejection_reason:
            attempts.refuse(attempt, trial.rejection_reason)
        else:
            best = trial
    return best


def _edited_texts(texts: Mapping[str, str], attempts: Iterable[Attempt]) -> dict[str, str]:
    """Return the texts after the edits of some attempts."""
    by_file: dict[str, list[TextEdit]] = {}
    for attempt in attempts:
        for edit in attempt.edits:
            by_file.setdefault(_named(edit.source.name), []).append(edit)
    new = {path: edited(edits[0].source.text, edits) for path, edits in by_file.items()}
    return {**texts, **new}


def _named(name: str) -> str:
    """Return the key of a text: the absolute path of a file, or the ARN of a live resource."""
    return name if name.startswith("arn:") else os.path.abspath(name)  # noqa: PTH100 - links are not followed


def rejection(
    before: Reading, after: Reading, attempts: list[Attempt], budgets: ProofBudgets, *, unsafe: bool
) -> str:
    """Return why the edits must be rejected, judging by the edited files. Empty if they are accepted."""
    broken = {skipped.what for skipped in after.inventory.skipped if skipped.error}
    if broken - {skipped.what for skipped in before.inventory.skipped if skipped.error}:
        return "the file could not be read after the edit"
    operations: dict[tuple[str, str, int], list[Operation]] = {}
    for attempt in attempts:
        operations.setdefault(attempt.known.name, []).extend(attempt.fix.operations)
    later = {policy.name: policy for policy in after.policies()}
    for known in before.policies():
        now = later.get(known.name)
        if now is None:
            return "the edit would make another policy disappear"
        own = operations.get(known.name)
        expected = meaning(changed(known.root, own)) if own else known.content
        if now.content == expected:
            continue
        if own:
            return f"the policy of `{known.case.name}` would not be as planned after the edit"
        if not _may_change(known, now, attempts, budgets, unsafe=unsafe):
            return f"the edit would also change the policy of `{known.case.name}`"
    unresolved = _unresolved(before, after, attempts)
    return unresolved or _breaks_expectation(before, after) or _uncovered(before, after, attempts)


_TOGETHER = "together"
"""Budget key for the proof of all fixes together. It has a budget of its own, so that it never starves."""


def unsafe_together(first: Reading, then: Reading, budgets: ProofBudgets) -> str:
    """Return why all changes since the first reading are unsafe together. Empty if they are safe."""
    now = {policy.name: policy for policy in then.policies()}
    for known in first.policies():
        changed_to = now.get(known.name)
        if changed_to is None or changed_to.content == known.content or not known.is_written:
            continue
        value = assess(known.case, changed_to.text.policy, budgets[known.name, _TOGETHER])
        if value.applicability is Applicability.UNSAFE:
            return f"together with the other fixes, {value.reason}"
    return ""


def _may_change(
    known: KnownPolicy, now: KnownPolicy, attempts: list[Attempt], budgets: ProofBudgets, *, unsafe: bool
) -> bool:
    """Return True if another resource uses the same policy text and the change is as safe for that resource.

    A key that no topic uses must not grant anything new.
    """
    if not any(known.is_written_with(attempt.known) for attempt in attempts):
        return False
    idle = isinstance(known.case, KeyAnalysis) and known.case.topic is None
    if idle and effect(known.case, known.text.policy, now.text.policy, budgets[known.name]).gained:
        return False
    if unsafe:
        return True
    value = assess(known.case, now.text.policy, budgets[known.name])
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


def _breaks_expectation(before: Reading, after: Reading) -> str:
    """Return the reason to reject edits after which an expectation is no longer proven."""
    lost = _met(before) - _met(after)
    findings = {(one.expectation, one.resource): one.message for one in after.report.findings}
    for name, resource in sorted(lost):
        unproven = f"the expectation `{name}` would not be proven"
        return f"after the edit, {findings.get((name, resource), unproven)}"
    return ""


def _met(reading: Reading) -> set[tuple[str, str]]:
    """Return the names of the met expectations, each with its resource."""
    verdicts = [
        (name, target.resource, verdict)
        for target in reading.report.examined
        for name, verdict in target.expectations.items()
    ]
    unmet = {(name, resource) for name, resource, verdict in verdicts if verdict is not Verdict.PASS}
    return {(name, resource) for name, resource, _ in verdicts} - unmet


def _uncovered(before: Reading, after: Reading, attempts: list[Attempt]) -> str:
    """Return the first new finding that is at least as severe as the fixed ones and has no fix of its own."""
    earlier = Counter(map(_kind, before.report.findings))
    worst = max(attempt.finding.severity.rank for attempt in attempts)
    for finding in after.report.findings:
        earlier[_kind(finding)] -= 1
        is_fixable = any(fix.operations for fix in finding.fixes)
        is_severe = finding.verdict is Verdict.FAIL and finding.severity.rank >= worst
        if is_severe and not is_fixable and earlier[_kind(finding)] < 0:
            return f"after the edit, {finding.message}"
    return ""


def _kind(finding: Finding) -> object:
    kind = finding.rule, finding.expectation, finding.severity, finding.verdict
    return (*kind, finding.resource, finding.address)
