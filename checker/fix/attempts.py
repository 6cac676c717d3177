"""Compute the edits of fixes, for previews in reports and for the rounds of a repair.

A fix that must not be tried is kept with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checker.analysis.documented import KeyCondition
from checker.analysis.key import KeyAnalysis
from checker.core.finding import Applicability, Edit, Verdict
from checker.core.record import NamedTuple
from checker.fix.editable import SharedCodeError
from checker.fix.proof import proof_budgets
from checker.fix.proof_memory import prove
from checker.fix.renaming import texts_of
from checker.fix.text.edits import CannotEditError
from checker.fix.text.lower import lowered
from checker.lint.fixes.grants import are_named, bound
from checker.policy.change import NoPlaceError, ReferenceText, changed
from checker.policy.node import Object, items, meaning
from checker.policy.text_json import json_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.finding import Finding, Fix
    from checker.fix.editable import Check
    from checker.fix.proof import Assessment, ProofBudgets
    from checker.fix.snapshot import KnownPolicy, Reading
    from checker.fix.text.edits import TextEdit
    from checker.iam.prove.domain import Budget
    from checker.lint.report import Report
    from checker.policy.node import Node


_NO_POLICY = "no policy is declared, so the AWS default applies; declare one with these statements"


class Appraisal(NamedTuple):
    """A fix with its applicability and edits. ``reason`` says why it is unsafe or not applied.

    A fix that is only displayed lists the ``statements`` to add to the policy by hand.
    """

    fix: Fix
    edits: tuple[TextEdit, ...] = ()
    reason: str = ""
    statements: tuple[Node, ...] = ()


Prove = Callable[["KnownPolicy", "Node", "Budget | None"], "Assessment"]
"""Proves whether a change of a policy is safe."""


def appraise(
    fix: Fix, policy: KnownPolicy, check: Check, budget: Budget | None = None, proven: Prove = prove
) -> Appraisal:
    """Compute the edits and the applicability of a fix. Raises NoPlaceError if another fix must come first."""
    new = changed(policy.root, fix.operations)
    if not policy.is_written:
        # A declared policy replaces the AWS default, so it must contain all statements of the default.
        return _manual_fix(fix, policy, check, _NO_POLICY, statements_of(new))
    try:
        new = policy.localized(new)
        edits = _checked(_edits(policy, new), policy, check)
    except CannotEditError as error:
        return _manual_fix(fix, policy, check, str(error), _changed_statements(policy.root, new))
    value = proven(policy, new, budget)
    appraised = fix._replace(applicability=value.applicability, edits=tuple(map(shown, edits)))
    if value.applicability in PROVEN:
        appraised = appraised._replace(policy=_literal(new), before=_literal(policy.root))
    return Appraisal(appraised, edits, value.reason)


PROVEN = (Applicability.SAFE, Applicability.DOCUMENTED)
"""The applicabilities of fixes whose effect is proven."""


def _literal(root: Node) -> str:
    """Write a policy as JSON; empty if a value of it is a reference."""
    try:
        return json_text(plain(root))
    except TypeError:
        return ""


def _edits(policy: KnownPolicy, new: Node) -> tuple[TextEdit, ...]:
    """Return the edits of a file, with a reference to the topic if the file's language supports one."""
    try:
        return lowered(policy.root, policy.referring(new))
    except CannotEditError:
        if policy.needs_reference:
            raise
        return lowered(policy.root, policy.expressed(new))


def _manual_fix(
    fix: Fix, policy: KnownPolicy, check: Check, reason: str, statements: tuple[Node, ...]
) -> Appraisal:
    """Turn a fix into a manual one. Code that serves several environments gets a variable for the instance."""
    try:
        check(policy.file)
    except SharedCodeError as error:
        shared = "" if str(error) == reason else f"; {error}"
        statements = policy.parametrized(statements, error.name)
        advice = (
            f"; set `{error.name}` in each of them"
            if error.is_set_here and _names(statements, error.name)
            else ""
        )
        return by_hand(fix, policy, f"{reason}{shared}{advice}", statements)
    except CannotEditError:
        pass  # the file is not edited in any case, and `reason` already says why
    return by_hand(fix, policy, reason, statements)


def _names(statements: tuple[Node, ...], variable: str) -> bool:
    """Return True if statements have a new reference to a variable or parameter."""
    texts = (text for statement in statements for text in texts_of(statement))
    return any(variable in text for text in texts if isinstance(text, ReferenceText))


def by_hand(
    fix: Fix, policy: KnownPolicy, reason: str, statements: tuple[Node, ...] | None = None
) -> Appraisal:
    """Turn a fix into a manual one. ``statements`` defaults to the statements that the fix changes."""
    if statements is None:
        statements = _changed_statements(policy.root, changed(policy.root, fix.operations))
    displayed = fix._replace(applicability=Applicability.DISPLAY, edits=())
    return Appraisal(displayed, (), reason, policy.named(statements))


def _checked(edits: tuple[TextEdit, ...], policy: KnownPolicy, check: Check) -> tuple[TextEdit, ...]:
    """Return the edits if their files may be edited. Raises CannotEditError otherwise."""
    check(policy.file)
    for edit in edits:
        check(edit.source)
    return edits


def shown(edit: TextEdit) -> Edit:
    """Convert a text edit to the form that reports display."""
    return Edit(edit.source, edit.source.position(edit.start, edit.end), edit.text)


def _changed_statements(old: Node, new: Node) -> tuple[Node, ...]:
    """Return the statements of the new policy that the old policy does not contain."""
    before = {meaning(statement) for statement in statements_of(old)}
    return tuple(statement for statement in statements_of(new) if meaning(statement) not in before)


def statements_of(root: Node) -> tuple[Node, ...]:
    """Return the statements of a policy."""
    statements = root.get("Statement") if isinstance(root, Object) else None
    return items(statements) if statements is not None else ()


def with_previews(reading: Reading, check: Check, proven: Prove = prove) -> Report:
    """Return the report with the edits and the applicability of every fix. ``check`` refuses files that must not be edited."""
    known = {id(policy.text.document): policy for policy in reading.policies()}
    budgets = proof_budgets()
    findings = tuple(
        _with_preview(finding, known, budgets, check, proven) for finding in reading.report.findings
    )
    return reading.report._replace(findings=findings)


def _with_preview(
    finding: Finding, known: dict[int, KnownPolicy], budgets: ProofBudgets, check: Check, proven: Prove
) -> Finding:
    policy = known.get(id(finding.locations[0].document))
    fixes = (_previewed(fix, policy, budgets, check, proven) for fix in finding.fixes)
    return finding._replace(fixes=tuple(fixes))


def _previewed(
    fix: Fix, policy: KnownPolicy | None, budgets: ProofBudgets, check: Check, proven: Prove
) -> Fix:
    """Return a fix with its edits and its applicability. A fix that has no edits is only displayed."""
    if not fix.operations:
        return fix
    displayed = fix._replace(applicability=Applicability.DISPLAY)
    if policy is None:
        return displayed
    try:
        return appraise(fix, policy, check, budgets[policy.name], proven).fix
    except NoPlaceError:
        return displayed


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
