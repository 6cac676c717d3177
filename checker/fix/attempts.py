"""Which fixes to try, worked out as edits; what is not to be tried is kept with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.case import TopicCase
from checker.finding import Applicability, Edit, Verdict
from checker.fix.edits import CannotEditError
from checker.fix.faults import Attempt, key_of
from checker.fix.lower import lowered
from checker.fix.proof import NAME_INSTANCE, proof_budgets, worth
from checker.key_case import KeyCase
from checker.policy.change import NoPlaceError, changed
from checker.policy.node import Object, items, meaning
from checker.policy.read import read_policy
from checker.remedy.grants import bound_to_sources
from checker.remedy.statement import name_of_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.finding import Finding, Fix
    from checker.fix.edits import TextEdit
    from checker.fix.reading import Known, Reading
    from checker.policy.node import Node

_NO_FIX = "there is no fix for it"
_FIXED_BY_INSTANCE = frozenset(
    (
        "connect-not-allowed",
        "missing-source-account",
        "missing-source-arn",
        "source-owner",
        "unmatchable-condition",
        "weak-source-condition",
    )
)
"""The rules that pin or add a statement for the instances that stream to a topic."""

_ABOVE = "the statement above mends this too"
_NOBODY = "nobody wrote a policy, so it is the one that AWS gives; write one with these statements"


class Left(NamedTuple):
    """A finding that is left, with the fix that it has if any, and the reason.

    ``by_hand`` for a fix that is left to people, who are given the ``statements`` to write into the policy ``root``.
    """

    finding: Finding
    fix: Fix | None
    reason: str
    statements: tuple[Node, ...] = ()
    by_hand: bool = False
    root: Node | None = None


class Leave(NamedTuple):
    """What the user gives leave to: fixes that are not proven safe, key grants bound to the instances, the
    files that may be edited.
    """

    unsafe: bool
    kms_condition: bool
    may_edit: Callable[[str], bool]


class _RefusedError(Exception):
    """A fix is not to be tried."""

    def __init__(self, left: Left) -> None:
        super().__init__(left.reason)
        self.left = left


class Attempts:
    """Works fixes out, and remembers those that are not to be tried again."""

    def __init__(self, leave: Leave) -> None:
        self.leave = leave
        self.budgets = proof_budgets()
        self.refused: dict[object, Left] = {}

    def forget(self) -> None:
        """Try again what was refused: once something is mended it may be possible, as in a second run."""
        self.refused.clear()

    def of(self, reading: Reading) -> list[Attempt]:
        """The fixes of one round: the worst findings first, and none that touches what another does."""
        known = {id(one.text.document): one for one in reading.policies()}
        found: list[Attempt] = []
        for finding in sorted(reading.report.findings, key=lambda one: -one.severity.rank):
            policy = known.get(id(finding.locations[0].document))
            for fix in finding.fixes if policy is not None and finding.verdict is Verdict.FAIL else ():
                if fix.operations and policy is not None and key_of(finding) not in self.refused:
                    attempt = self._attempt(finding, fix, policy)
                    if attempt is not None and not any(_clash(attempt, other) for other in found):
                        found.append(attempt)
        return found

    def _attempt(self, finding: Finding, fix: Fix, policy: Known) -> Attempt | None:
        """Work a fix out; one that is not to be tried is noted, and one whose place is gone comes later."""
        try:
            fix = self._proven(finding, fix, policy)
            edits = self._edits(finding, fix, policy)
        except NoPlaceError:
            return None  # another fix of this round comes first
        except _RefusedError as refused:
            self.refused[key_of(finding)] = refused.left
            return None
        return Attempt(finding, fix._replace(edits=tuple(map(shown, edits))), policy, edits)

    def _proven(self, finding: Finding, fix: Fix, policy: Known) -> Fix:
        """The fix with what it is worth. Raises _RefusedError, and NoPlaceError."""
        new = changed(policy.root, fix.operations)
        if not policy.is_written:
            # A policy takes the place of the one that AWS gives, so all of its statements have to be in it.
            statements = policy.named(_statements(new))
            raise _RefusedError(Left(finding, fix, _NOBODY, statements, by_hand=True, root=policy.root))
        value = worth(policy.case, read_policy(new, policy.text.dialect)[0], self.budgets[policy.name])
        fix = fix._replace(applicability=value.applicability)
        if value.applicability is not Applicability.SAFE and not self.leave.unsafe:
            raise _RefusedError(Left(finding, fix, value.reason))
        if self.leave.kms_condition and isinstance(policy.case, KeyCase):
            # Narrower than what was proven, so it gives nobody more.
            return fix._replace(operations=bound_to_sources(fix.operations, policy.case.instances))
        return fix

    def _edits(self, finding: Finding, fix: Fix, policy: Known) -> tuple[TextEdit, ...]:
        """The edits that a fix comes to. Raises _RefusedError."""
        new = changed(policy.root, fix.operations)
        try:
            return self._allowed(lowered(policy.root, new))
        except CannotEditError as error:
            statements = policy.named(_changed_statements(policy.root, new))
            raise _RefusedError(
                Left(finding, fix, str(error), statements, by_hand=True, root=policy.root)
            ) from None

    def _allowed(self, edits: tuple[TextEdit, ...]) -> tuple[TextEdit, ...]:
        """Edits of files that may be edited. Raises CannotEditError for others."""
        for edit in edits:
            if not self.leave.may_edit(edit.source.name):
                raise CannotEditError(f"it stands in `{edit.source.name}`, which was not named")
        return edits

    def refuse(self, attempt: Attempt, reason: str) -> None:
        """Note a fix whose edits do not do what they should."""
        finding, policy = attempt.finding, attempt.known
        new = changed(policy.root, attempt.fix.operations)
        statements = policy.named(_changed_statements(policy.root, new))
        self.refused[key_of(finding)] = Left(
            finding, attempt.fix, reason, statements, by_hand=True, root=policy.root
        )

    def left(self, reading: Reading) -> Iterator[Left]:
        """What is left in the end; statements that several findings ask for are given with the first of them."""
        given: set[object] = set()
        known = {id(one.text.document): one for one in reading.policies()}
        for finding in reading.report.findings:
            plan = next((fix for fix in finding.fixes if not fix.operations), None)
            reason = "" if plan else _why_no_fix(finding, known.get(id(finding.locations[0].document)))
            left = self.refused.get(key_of(finding)) or Left(finding, plan, reason)
            asked = (finding.resource, tuple(map(meaning, left.statements)))
            yield left._replace(statements=(), reason=_ABOVE) if asked in given else left
            if left.statements:
                given.add(asked)


def _why_no_fix(finding: Finding, policy: Known | None) -> str:
    """Say why a finding has no fix: for some the instance is all that is missing."""
    case = policy.case if policy is not None else None
    if finding.rule not in _FIXED_BY_INSTANCE or not isinstance(case, TopicCase) or case.instances:
        return _NO_FIX
    return NAME_INSTANCE if name_of_topic(case) is not None else _NO_FIX


def _clash(one: Attempt, other: Attempt) -> bool:
    if one.fix.operations == other.fix.operations and one.known.name == other.known.name:
        return True
    return any(a.clashes(b) for a in one.edits for b in other.edits)


def shown(edit: TextEdit) -> Edit:
    """The edit as reports show it."""
    return Edit(edit.source, edit.source.position(edit.start, edit.end), edit.text)


def _changed_statements(old: Node, new: Node) -> tuple[Node, ...]:
    """The statements of a changed policy that the old one does not have."""
    before = {meaning(one) for one in _statements(old)}
    return tuple(one for one in _statements(new) if meaning(one) not in before)


def _statements(root: Node) -> tuple[Node, ...]:
    found = root.get("Statement") if isinstance(root, Object) else None
    return items(found) if found is not None else ()
