"""The fixes of each round of a repair; one that must not be tried is kept with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import KeyCondition
from checker.analysis.key import KeyAnalysis
from checker.core.finding import Applicability, Verdict
from checker.core.record import NamedTuple
from checker.fix.appraisal import Appraisal, appraise, by_hand
from checker.fix.proof import proof_budgets
from checker.lint.fixes.grants import are_named, bound
from checker.policy.change import NoPlaceError
from checker.policy.node import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.finding import Finding, Fix
    from checker.fix.editable import Check
    from checker.fix.known_policy import KnownPolicy
    from checker.fix.reading import Reading
    from checker.fix.text.edits import TextEdit
    from checker.policy.node import Node


_NO_FIX = "no automatic fix"
_UNVERIFIED = ", with an unverified condition on the instance"
_NO_TOPIC = "no topic is known to use the key; name the file of the topic as well"
_ABOVE = "the statement above fixes this too"


class UnfixedFinding(NamedTuple):
    """A finding that is not fixed, with its fix if it has one, and the reason.

    ``by_hand`` is True for a manual fix: the user adds the ``statements`` to the policy ``root``.
    """

    finding: Finding
    fix: Fix | None
    reason: str
    statements: tuple[Node, ...] = ()
    by_hand: bool = False
    root: Node | None = None


class Attempt(NamedTuple):
    """A fix with its edits, before their effect is checked."""

    finding: Finding
    fix: Fix
    known: KnownPolicy
    edits: tuple[TextEdit, ...]


def key_of(finding: Finding) -> object:
    """Return a key that an edit cannot move. It includes the file, since two files may hold the same policy."""
    files = tuple(location.document.name for location in finding.locations[:1])
    return (finding.rule, finding.severity, finding.message, finding.resource, finding.address, *files)


class FixOptions(NamedTuple):
    """User choices: whether unsafe fixes are allowed, the condition on key grants, and the editable files."""

    unsafe: bool
    kms_condition: KeyCondition | None
    check: Check


class Attempts:
    """Computes fixes, and remembers those that must not be tried again."""

    def __init__(self, options: FixOptions) -> None:
        self.options = options
        self.budgets = proof_budgets()
        self.refused: dict[object, UnfixedFinding] = {}

    def forget(self) -> None:
        """Allow refused fixes to be tried again. A fix that was applied may have made them possible."""
        self.refused.clear()

    def of(self, reading: Reading) -> list[Attempt]:
        """Return the fixes of one round, most severe finding first, without fixes that edit the same text."""
        known = {id(known_policy.text.document): known_policy for known_policy in reading.policies()}
        attempts: list[Attempt] = []
        for finding in sorted(reading.report.findings, key=lambda result: -result.severity.rank):
            policy = known.get(id(finding.locations[0].document))
            for fix in finding.fixes if policy is not None and finding.verdict is Verdict.FAIL else ():
                if fix.operations and policy is not None and key_of(finding) not in self.refused:
                    attempt = self._attempt(finding, fix, policy)
                    if attempt is not None and not any(_clash(attempt, other) for other in attempts):
                        attempts.append(attempt)
        return attempts

    def _attempt(self, finding: Finding, fix: Fix, policy: KnownPolicy) -> Attempt | None:
        """Compute a fix. Record the reason if it must not be tried. Return None if it must wait for another fix."""
        try:
            if self._lacks_topic(policy):
                appraisal = by_hand(fix, policy, _NO_TOPIC)
            else:
                conditioned = self._conditioned(fix, policy)
                appraisal = appraise(conditioned, policy, self.options.check, self.budgets[policy.name])
        except NoPlaceError:
            return None  # another fix of this round must come first
        finding = _with_fix(finding, fix, appraisal.fix)
        applicability = appraisal.fix.applicability
        if applicability is Applicability.DISPLAY or (
            applicability is Applicability.UNSAFE and not self.options.unsafe
        ):
            self.refused[key_of(finding)] = _unfixed(finding, policy, appraisal)
            return None
        return Attempt(finding, appraisal.fix, policy, appraisal.edits)

    def _lacks_topic(self, policy: KnownPolicy) -> bool:
        """Return True if the key grant must be limited to topics but no topic is known to use the key."""
        of_topic = self.options.kms_condition is KeyCondition.TOPIC
        return of_topic and isinstance(policy.case, KeyAnalysis) and not are_named(policy.case.topics)

    def _conditioned(self, fix: Fix, policy: KnownPolicy) -> Fix:
        """Add the requested condition to a key grant."""
        if self.options.kms_condition is None or not isinstance(policy.case, KeyAnalysis):
            return fix
        operations = bound(fix.operations, policy.case, self.options.kms_condition)
        is_unverified = operations != fix.operations and self.options.kms_condition is KeyCondition.INSTANCE
        return fix._replace(operations=operations, title=f"{fix.title}{_UNVERIFIED * is_unverified}")

    def refuse(self, attempt: Attempt, reason: str) -> None:
        """Record a fix whose edits were rejected, with the reason."""
        appraisal = by_hand(attempt.fix, attempt.known, reason)
        finding = _with_fix(attempt.finding, attempt.fix, appraisal.fix)
        self.refused[key_of(finding)] = _unfixed(finding, attempt.known, appraisal)

    def unfixed(self, reading: Reading) -> Iterator[UnfixedFinding]:
        """Yield the findings that are not fixed. Statements that several findings need are listed once."""
        seen: set[object] = set()
        for finding in reading.report.findings:
            plan = next((fix for fix in finding.fixes if not fix.operations), None)
            unfixed = self.refused.get(key_of(finding)) or UnfixedFinding(
                finding, plan, "" if plan else _NO_FIX
            )
            key = (finding.resource, tuple(map(meaning, unfixed.statements)))
            yield unfixed._replace(statements=(), reason=_ABOVE) if key in seen else unfixed
            if unfixed.statements:
                seen.add(key)


def _unfixed(finding: Finding, policy: KnownPolicy, appraisal: Appraisal) -> UnfixedFinding:
    displayed = appraisal.fix.applicability is Applicability.DISPLAY
    return UnfixedFinding(
        finding,
        appraisal.fix,
        appraisal.reason,
        appraisal.statements,
        by_hand=displayed,
        root=policy.root if displayed else None,
    )


def _with_fix(finding: Finding, fix: Fix, appraised: Fix) -> Finding:
    """Replace the finding's fix with the appraised fix, so that all reports agree."""
    fixes = tuple(
        appraised if proposed.title == fix.title and proposed.operations == fix.operations else proposed
        for proposed in finding.fixes
    )
    return finding._replace(fixes=fixes)


def _clash(attempt: Attempt, other: Attempt) -> bool:
    if attempt.fix.operations == other.fix.operations and attempt.known.name == other.known.name:
        return True
    return any(a.clashes(b) for a in attempt.edits for b in other.edits)
