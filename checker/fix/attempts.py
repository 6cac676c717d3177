"""Which fixes to try, worked out as edits; what is not to be tried is kept with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.documented import KeyCondition
from checker.analysis.key import KeyAnalysis
from checker.core.finding import Applicability, Edit, Verdict
from checker.fix.acceptance import Attempt, key_of
from checker.fix.editable import SharedCodeError
from checker.fix.proof import proof_budgets, worth
from checker.fix.text.edits import CannotEditError
from checker.fix.text.lower import lowered
from checker.lint.fixes.grants import bound
from checker.policy.change import NoPlaceError, changed
from checker.policy.node import Object, items, meaning
from checker.policy.read import read_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.finding import Finding, Fix
    from checker.fix.editable import Check
    from checker.fix.snapshot import KnownPolicy, Reading
    from checker.fix.text.edits import TextEdit
    from checker.iam.prove.domain import Budget
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


def appraise(fix: Fix, policy: KnownPolicy, check: Check, budget: Budget | None = None) -> Appraisal:
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


def _edits(policy: KnownPolicy, new: Node) -> tuple[TextEdit, ...]:
    """The edits of a file, with a reference to the topic where its language has one."""
    try:
        return lowered(policy.root, policy.referring(new))
    except CannotEditError:
        if policy.needs_reference:
            raise
        return lowered(policy.root, new)


def _for_people(
    fix: Fix, policy: KnownPolicy, check: Check, reason: str, statements: tuple[Node, ...]
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


def by_hand(
    fix: Fix, policy: KnownPolicy, reason: str, statements: tuple[Node, ...] | None = None
) -> Appraisal:
    """Leave a fix to people; the statements are those that it changes, unless they are given."""
    if statements is None:
        statements = _changed_statements(policy.root, changed(policy.root, fix.operations))
    displayed = fix._replace(applicability=Applicability.DISPLAY, edits=())
    return Appraisal(displayed, (), reason, policy.named(statements))


def _allowed(edits: tuple[TextEdit, ...], policy: KnownPolicy, check: Check) -> tuple[TextEdit, ...]:
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


_NO_FIX = "no automatic fix"
_NO_TOPIC = "no topic is known to use the key; name the file of the topic as well"
_ABOVE = "the statement above fixes this too"


class UnfixedFinding(NamedTuple):
    """A finding that is left, with the fix that it has if any, and the reason.

    ``by_hand`` for a fix that is left to people, who are given the ``statements`` to write into the policy ``root``.
    """

    finding: Finding
    fix: Fix | None
    reason: str
    statements: tuple[Node, ...] = ()
    by_hand: bool = False
    root: Node | None = None


class FixOptions(NamedTuple):
    """What the user allows: fixes that are not proven safe, a condition on grants of keys, the files to edit."""

    unsafe: bool
    kms_condition: KeyCondition | None
    check: Check


class Attempts:
    """Works fixes out, and remembers those that are not to be tried again."""

    def __init__(self, leave: FixOptions) -> None:
        self.leave = leave
        self.budgets = proof_budgets()
        self.refused: dict[object, UnfixedFinding] = {}

    def forget(self) -> None:
        """Try again what was refused: once something is fixed it may be possible, as in a second run."""
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

    def _attempt(self, finding: Finding, fix: Fix, policy: KnownPolicy) -> Attempt | None:
        """Work a fix out; one that is not to be tried is noted, and one whose place is gone comes later."""
        try:
            if self._lacks_topic(policy):
                appraisal = by_hand(fix, policy, _NO_TOPIC)
            else:
                conditioned = self._conditioned(fix, policy)
                appraisal = appraise(conditioned, policy, self.leave.check, self.budgets[policy.name])
        except NoPlaceError:
            return None  # another fix of this round comes first
        finding = _with_fix(finding, fix, appraisal.fix)
        worth = appraisal.fix.applicability
        if worth is Applicability.DISPLAY or (worth is Applicability.UNSAFE and not self.leave.unsafe):
            self.refused[key_of(finding)] = _left(finding, policy, appraisal)
            return None
        return Attempt(finding, appraisal.fix, policy, appraisal.edits)

    def _lacks_topic(self, policy: KnownPolicy) -> bool:
        """True for a key whose grant is to be limited to topics while none is known to use it."""
        of_topic = self.leave.kms_condition is KeyCondition.TOPIC
        return of_topic and isinstance(policy.case, KeyAnalysis) and not policy.case.topics

    def _conditioned(self, fix: Fix, policy: KnownPolicy) -> Fix:
        """Bind a grant of a key as the user asks."""
        if self.leave.kms_condition is None or not isinstance(policy.case, KeyAnalysis):
            return fix
        return fix._replace(operations=bound(fix.operations, policy.case, self.leave.kms_condition))

    def refuse(self, attempt: Attempt, reason: str) -> None:
        """Note a fix whose edits do not do what they should."""
        appraisal = by_hand(attempt.fix, attempt.known, reason)
        finding = _with_fix(attempt.finding, attempt.fix, appraisal.fix)
        self.refused[key_of(finding)] = _left(finding, attempt.known, appraisal)

    def left(self, reading: Reading) -> Iterator[UnfixedFinding]:
        """What is left in the end; statements that several findings ask for are given with the first of them."""
        given: set[object] = set()
        for finding in reading.report.findings:
            plan = next((fix for fix in finding.fixes if not fix.operations), None)
            left = self.refused.get(key_of(finding)) or UnfixedFinding(finding, plan, "" if plan else _NO_FIX)
            asked = (finding.resource, tuple(map(meaning, left.statements)))
            yield left._replace(statements=(), reason=_ABOVE) if asked in given else left
            if left.statements:
                given.add(asked)


def _left(finding: Finding, policy: KnownPolicy, appraisal: Appraisal) -> UnfixedFinding:
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
    """The finding with a fix as it was appraised, so that reports say the same of both."""
    fixes = tuple(
        appraised if one.title == fix.title and one.operations == fix.operations else one
        for one in finding.fixes
    )
    return finding._replace(fixes=fixes)


def _clash(one: Attempt, other: Attempt) -> bool:
    if one.fix.operations == other.fix.operations and one.known.name == other.known.name:
        return True
    return any(a.clashes(b) for a in one.edits for b in other.edits)
