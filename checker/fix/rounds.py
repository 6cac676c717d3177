"""Mends what can be mended, round after round, and proves each step on what the files say afterwards.

Nothing is written here: the files are read as if they had the new texts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from checker.finding import Applicability, Edit, Verdict
from checker.fix.edits import CannotEditError, edited
from checker.fix.faults import Attempt, faults, key_of
from checker.fix.lower import lowered
from checker.fix.proof import worth
from checker.key_case import KeyCase
from checker.policy.change import NoPlaceError, changed
from checker.policy.node import Object, items, meaning
from checker.policy.read import read_policy
from checker.remedy.grants import bound_to_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from checker.finding import Finding, Fix
    from checker.fix.edits import TextEdit
    from checker.fix.reading import Known, Reading
    from checker.policy.node import Node

MAX_ROUNDS = 10
"""A fix may uncover something to mend; what is not done after so many rounds goes in circles."""


_NO_FIX = "there is no fix for it"
_ABOVE = "the statement above mends this too"
_NOBODY = "nobody wrote a policy, so it is the one that AWS gives; write one with these statements"


class Mended(NamedTuple):
    """A finding with the fix that was carried out, its edits and what it is worth."""

    finding: Finding
    fix: Fix


class Left(NamedTuple):
    """A finding that is left, with the fix that it has if any, and the reason.

    ``by_hand`` for a fix that is left to people, who are given the ``statements`` to write.
    """

    finding: Finding
    fix: Fix | None
    reason: str
    statements: tuple[Node, ...] = ()
    by_hand: bool = False


class Repair(NamedTuple):
    """What came of it: the new texts by absolute path, and the readings before and after."""

    texts: Mapping[str, str]
    mended: tuple[Mended, ...]
    left: tuple[Left, ...]
    before: Reading
    after: Reading


def repair(
    read: Callable[[Mapping[str, str]], Reading],
    *,
    unsafe: bool = False,
    kms_condition: bool = False,
    may_edit: Callable[[str], bool] = lambda _: True,
) -> Repair:
    """Mend until nothing is left to mend; ``read`` reads and judges the files with these texts in their place.

    ``unsafe`` allows what may give or take more than it should; ``kms_condition`` binds new grants of keys to
    the instances, which AWS does not document. ``may_edit`` tells the files that may be changed, by name.
    """
    work = _Work(unsafe=unsafe, kms_condition=kms_condition, may_edit=may_edit)
    state = _State(read, {}, read({}), unsafe)
    first = state.reading
    for _ in range(MAX_ROUNDS):
        attempts = work.attempts(state.reading)
        if not attempts:
            break
        trial = state.tried(attempts)
        if trial.wrong:
            trial = work.one_by_one(state, attempts)
        work.note(trial.attempts)
        state = state._replace(texts=trial.texts, reading=trial.reading)
    return Repair(state.texts, tuple(work.mended), tuple(work.left(state.reading)), first, state.reading)


class _Trial(NamedTuple):
    """Attempts made together: the texts after them, what those say, and what is wrong with that."""

    attempts: list[Attempt]
    texts: Mapping[str, str]
    reading: Reading
    wrong: str = ""


class _State(NamedTuple):
    """The texts so far, and what they say."""

    read: Callable[[Mapping[str, str]], Reading]
    texts: Mapping[str, str]
    reading: Reading
    unsafe: bool

    def tried(self, attempts: list[Attempt]) -> _Trial:
        """Make some attempts on paper."""
        drafted = _drafted(self.texts, attempts)
        then = self.read(drafted)
        wrong = faults(self.reading, then, attempts, unsafe=self.unsafe)
        return _Trial(attempts, drafted, then, wrong)


class _Work:
    """What was done, and what was found not to be possible."""

    def __init__(self, *, unsafe: bool, kms_condition: bool, may_edit: Callable[[str], bool]) -> None:
        self.unsafe = unsafe
        self.kms_condition = kms_condition
        self.may_edit = may_edit
        self.mended: list[Mended] = []
        self.refused: dict[object, Left] = {}

    def note(self, attempts: Iterable[Attempt]) -> None:
        """Note what was done; what was not possible before it may be now, as it would be in a second run."""
        done = [Mended(one.finding, one.fix) for one in attempts]
        self.mended += done
        if done:
            self.refused.clear()

    def attempts(self, reading: Reading) -> list[Attempt]:
        """The fixes of one round: the worst findings first, and none that touches what another does."""
        known = {id(one.text.document): one for one in reading.policies()}
        found: list[Attempt] = []
        for finding in sorted(reading.report.findings, key=lambda one: -one.severity.rank):
            for fix in finding.fixes:
                if finding.verdict is Verdict.FAIL and fix.operations and key_of(finding) not in self.refused:
                    attempt = self.attempt(finding, fix, known)
                    if attempt is not None and not any(_clash(attempt, other) for other in found):
                        found.append(attempt)
        return found

    def attempt(self, finding: Finding, fix: Fix, known: Mapping[int, Known]) -> Attempt | None:
        """Work a fix out; one that is not to be carried out is noted with the reason."""
        policy = known.get(id(finding.locations[0].document))
        if policy is None:
            return None
        try:
            new = changed(policy.root, fix.operations)
        except NoPlaceError:
            return None  # another fix of this round comes first
        if not policy.is_written:
            # A policy takes the place of the one that AWS gives, so all of its statements have to be in it.
            self.refused[key_of(finding)] = Left(
                finding, fix, _NOBODY, policy.named(_statements(new)), by_hand=True
            )
            return None
        value = worth(policy.case, read_policy(new, policy.text.dialect)[0])
        fix = fix._replace(applicability=value.applicability)
        if value.applicability is not Applicability.SAFE and not self.unsafe:
            self.refused[key_of(finding)] = Left(finding, fix, value.reason)
            return None
        if self.kms_condition and isinstance(policy.case, KeyCase):
            # Narrower than what was proven, so it gives nobody more.
            fix = fix._replace(operations=bound_to_sources(fix.operations, policy.case.instances))
            new = changed(policy.root, fix.operations)
        try:
            edits = self.allowed(lowered(policy.root, new))
        except CannotEditError as error:
            statements = policy.named(changed_statements(policy.root, new))
            left = Left(finding, fix, str(error), statements, by_hand=True)
            self.refused[key_of(finding)] = left
            return None
        return Attempt(finding, fix._replace(edits=tuple(map(shown, edits))), policy, edits)

    def allowed(self, edits: tuple[TextEdit, ...]) -> tuple[TextEdit, ...]:
        """Edits of files that may be edited. Raises CannotEditError for others."""
        for edit in edits:
            if not self.may_edit(edit.source.name):
                raise CannotEditError(f"it stands in `{edit.source.name}`, which was not named")
        return edits

    def one_by_one(self, state: _State, attempts: list[Attempt]) -> _Trial:
        """Find the attempts that go well together; each of the others is refused."""
        best = _Trial([], state.texts, state.reading)
        for one in attempts:
            trial = state.tried([*best.attempts, one])
            if trial.wrong:
                self.refuse(one, trial.wrong)
            else:
                best = trial
        return best

    def refuse(self, attempt: Attempt, reason: str) -> None:
        """Note a fix whose edits do not do what they should."""
        new = changed(attempt.known.root, attempt.fix.operations)
        statements = attempt.known.named(changed_statements(attempt.known.root, new))
        self.refused[key_of(attempt.finding)] = Left(
            attempt.finding, attempt.fix, reason, statements, by_hand=True
        )

    def left(self, reading: Reading) -> Iterator[Left]:
        """What is left in the end; statements that several findings ask for are given with the first of them."""
        given: set[object] = set()
        for finding in reading.report.findings:
            plan = next((fix for fix in finding.fixes if not fix.operations), None)
            left = self.refused.get(key_of(finding)) or Left(finding, plan, "" if plan else _NO_FIX)
            asked = (finding.resource, tuple(map(meaning, left.statements)))
            yield left._replace(statements=(), reason=_ABOVE) if asked in given else left
            if left.statements:
                given.add(asked)


def _clash(one: Attempt, other: Attempt) -> bool:
    if one.fix.operations == other.fix.operations and one.known.name == other.known.name:
        return True
    return any(a.clashes(b) for a in one.edits for b in other.edits)


def shown(edit: TextEdit) -> Edit:
    """The edit as reports show it."""
    return Edit(edit.source, edit.source.position(edit.start, edit.end), edit.text)


def _drafted(texts: Mapping[str, str], attempts: Iterable[Attempt]) -> dict[str, str]:
    """The texts after the edits of some attempts."""
    by_file: dict[str, list[TextEdit]] = {}
    for attempt in attempts:
        for edit in attempt.edits:
            by_file.setdefault(os.path.abspath(edit.source.name), []).append(edit)  # noqa: PTH100
    new = {path: edited(edits[0].source.text, edits) for path, edits in by_file.items()}
    return {**texts, **new}


def changed_statements(old: Node, new: Node) -> tuple[Node, ...]:
    """The statements of a changed policy that the old one does not have."""
    before = {meaning(one) for one in _statements(old)}
    return tuple(one for one in _statements(new) if meaning(one) not in before)


def _statements(root: Node) -> tuple[Node, ...]:
    found = root.get("Statement") if isinstance(root, Object) else None
    return items(found) if found is not None else ()
