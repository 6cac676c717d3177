"""Appraise fixes: their edits, whether they are proven safe, and what is shown of one to make by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checker.core.finding import Applicability, Edit
from checker.core.record import NamedTuple
from checker.fix.editable import SharedCodeError
from checker.fix.proof import proof_budgets
from checker.fix.proof_memory import prove
from checker.fix.renaming import texts_of
from checker.fix.text.edits import CannotEditError
from checker.fix.text.lower import lowered
from checker.policy.change import NoPlaceError, ReferenceText, changed
from checker.policy.node import Object, items, meaning
from checker.policy.text_json import json_text, plain

if TYPE_CHECKING:
    from checker.core.finding import Finding, Fix
    from checker.fix.editable import Check
    from checker.fix.known_policy import KnownPolicy
    from checker.fix.proof import Assessment, ProofBudgets
    from checker.fix.reading import Reading
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
