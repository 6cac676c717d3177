"""What one fix comes to: its edits and what it is worth, or why people have to apply it by hand.

Every report and `checker fix` itself ask here, so that a fix has one applicability everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.finding import Applicability, Edit
from checker.fix.editable import SharedCodeError
from checker.fix.edits import CannotEditError
from checker.fix.lower import lowered
from checker.fix.proof import worth
from checker.policy.change import changed
from checker.policy.node import Object, items, meaning
from checker.policy.read import read_policy

if TYPE_CHECKING:
    from checker.finding import Fix
    from checker.fix.editable import Check
    from checker.fix.edits import TextEdit
    from checker.fix.reading import Known
    from checker.iam.budget import Budget
    from checker.policy.node import Node

_NO_POLICY = "no policy is declared, so the AWS default applies; declare one with these statements"


class Appraisal(NamedTuple):
    """A fix with its applicability and edits; ``reason`` says why it is not safe, or not applied at all.

    One that is only displayed has the ``statements`` to write into the policy by hand.
    """

    fix: Fix
    edits: tuple[TextEdit, ...] = ()
    reason: str = ""
    statements: tuple[Node, ...] = ()


def appraise(fix: Fix, policy: Known, check: Check, budget: Budget | None = None) -> Appraisal:
    """Work a fix out. Raises NoPlaceError while another fix has to come first."""
    new = changed(policy.root, fix.operations)
    if not policy.is_written:
        # A policy takes the place of the one that AWS gives, so all of its statements have to be in it.
        return _for_people(fix, policy, check, _NO_POLICY, statements_of(new))
    try:
        new = policy.localized(new)
        edits = _allowed(_edits(policy, new), policy, check)
    except CannotEditError as error:
        return _for_people(fix, policy, check, str(error), _changed_statements(policy.root, new))
    value = worth(policy.case, read_policy(new, policy.text.dialect)[0], budget)
    appraised = fix._replace(applicability=value.applicability, edits=tuple(map(shown, edits)))
    return Appraisal(appraised, edits, value.reason)


def _edits(policy: Known, new: Node) -> tuple[TextEdit, ...]:
    """The edits of a file, with a reference to the topic where its language has one."""
    try:
        return lowered(policy.root, policy.referring(new))
    except CannotEditError:
        if policy.needs_reference:
            raise
        return lowered(policy.root, new)


def _for_people(
    fix: Fix, policy: Known, check: Check, reason: str, statements: tuple[Node, ...]
) -> Appraisal:
    """Leave a fix to people; code that serves several environments is shown a variable for the instance."""
    try:
        check(policy.file)
    except SharedCodeError as error:
        shared = "" if str(error) == reason else f"; {error}"
        return by_hand(fix, policy, f"{reason}{shared}", policy.parametrized(statements, error.name))
    except CannotEditError:
        pass  # it is not edited in any case, and the reason is given already
    return by_hand(fix, policy, reason, statements)


def by_hand(fix: Fix, policy: Known, reason: str, statements: tuple[Node, ...] | None = None) -> Appraisal:
    """Leave a fix to people; the statements are those that it changes, unless they are given."""
    if statements is None:
        statements = _changed_statements(policy.root, changed(policy.root, fix.operations))
    displayed = fix._replace(applicability=Applicability.DISPLAY, edits=())
    return Appraisal(displayed, (), reason, policy.named(statements))


def _allowed(edits: tuple[TextEdit, ...], policy: Known, check: Check) -> tuple[TextEdit, ...]:
    """Edits of files that may be edited. Raises CannotEditError for others."""
    check(policy.file)
    for edit in edits:
        check(edit.source)
    return edits


def shown(edit: TextEdit) -> Edit:
    """The edit as reports show it."""
    return Edit(edit.source, edit.source.position(edit.start, edit.end), edit.text)


def _changed_statements(old: Node, new: Node) -> tuple[Node, ...]:
    """The statements of a changed policy that the old one does not have."""
    before = {meaning(one) for one in statements_of(old)}
    return tuple(one for one in statements_of(new) if meaning(one) not in before)


def statements_of(root: Node) -> tuple[Node, ...]:
    """The statements of a policy."""
    found = root.get("Statement") if isinstance(root, Object) else None
    return items(found) if found is not None else ()
