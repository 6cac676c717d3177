"""Mends what can be mended, round after round, and proves each step on what the files say afterwards.

Nothing is written here: the files are read as if they had the new texts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Applicability
from checker.fix.acceptance import faults, together_unsafe
from checker.fix.attempts import Attempts, FixOptions
from checker.fix.editable import anything
from checker.fix.text.edits import edited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from checker.analysis.documented import KeyCondition
    from checker.core.finding import Finding, Fix
    from checker.fix.acceptance import Attempt
    from checker.fix.attempts import UnfixedFinding
    from checker.fix.editable import Check
    from checker.fix.proof import ProofBudgets
    from checker.fix.snapshot import Reading
    from checker.fix.text.edits import TextEdit

MAX_ROUNDS = 10
"""A fix may uncover something to mend; what is not done after so many rounds goes in circles."""


class FixedFinding(NamedTuple):
    """A finding with the fix that was carried out, its edits and what it is worth."""

    finding: Finding
    fix: Fix


class Repair(NamedTuple):
    """What came of it: the new texts by absolute path, and the readings before and after."""

    texts: Mapping[str, str]
    mended: tuple[FixedFinding, ...]
    left: tuple[UnfixedFinding, ...]
    before: Reading
    after: Reading


def repair(
    read: Callable[[Mapping[str, str]], Reading],
    *,
    unsafe: bool = False,
    kms_condition: KeyCondition | None = None,
    check: Check = anything,
) -> Repair:
    """Mend until nothing is left to mend; ``read`` reads and judges the files with these texts in their place.

    ``unsafe`` allows what may grant or remove more than it should; ``kms_condition`` binds new grants of keys.
    ``check`` refuses files that are not to be edited.
    """
    attempts = Attempts(FixOptions(unsafe, kms_condition, check))
    first = read({})
    state = _State(read, {}, first, first, attempts.budgets, unsafe)
    mended: list[FixedFinding] = []
    for _ in range(MAX_ROUNDS):
        asked = attempts.of(state.reading)
        if not asked:
            break
        trial = state.tried(asked)
        if trial.wrong:
            trial = _one_by_one(state, asked, attempts)
        if trial.attempts:
            attempts.forget()
        mended += (FixedFinding(one.finding, one.fix) for one in trial.attempts)
        state = state._replace(texts=trial.texts, reading=trial.reading)
    return Repair(state.texts, tuple(mended), tuple(attempts.left(state.reading)), first, state.reading)


class _Trial(NamedTuple):
    """Attempts made together: the texts after them, what those say, and what is wrong with that."""

    attempts: list[Attempt]
    texts: Mapping[str, str]
    reading: Reading
    wrong: str = ""


class _State(NamedTuple):
    """The texts so far, what they say, and what the files said at ``first``."""

    read: Callable[[Mapping[str, str]], Reading]
    texts: Mapping[str, str]
    reading: Reading
    first: Reading
    budgets: ProofBudgets
    unsafe: bool

    def tried(self, attempts: list[Attempt]) -> _Trial:
        """Make some attempts on paper. Fixes that are safe one by one may not be so together."""
        drafted = _drafted(self.texts, attempts)
        then = self.read(drafted)
        wrong = faults(self.reading, then, attempts, self.budgets, unsafe=self.unsafe)
        together = wrong or together_unsafe(self.first, then, self.budgets)
        if together and self.unsafe and not wrong:
            attempts = [one._replace(fix=_unsafe(one.fix)) for one in attempts]
        return _Trial(attempts, drafted, then, wrong if self.unsafe else together)


def _unsafe(fix: Fix) -> Fix:
    return fix._replace(applicability=Applicability.UNSAFE)


def _one_by_one(state: _State, asked: list[Attempt], attempts: Attempts) -> _Trial:
    """Find the attempts that go well together; each of the others is refused."""
    best = _Trial([], state.texts, state.reading)
    for one in asked:
        trial = state.tried([*best.attempts, one])
        if trial.wrong:
            attempts.refuse(one, trial.wrong)
        else:
            best = trial
    return best


def _drafted(texts: Mapping[str, str], attempts: Iterable[Attempt]) -> dict[str, str]:
    """The texts after the edits of some attempts."""
    by_file: dict[str, list[TextEdit]] = {}
    for attempt in attempts:
        for edit in attempt.edits:
            by_file.setdefault(_named(edit.source.name), []).append(edit)
    new = {path: edited(edits[0].source.text, edits) for path, edits in by_file.items()}
    return {**texts, **new}


def _named(name: str) -> str:
    """What a text goes by: the absolute path of a file, or the ARN of a live resource."""
    return name if name.startswith("arn:") else os.path.abspath(name)  # noqa: PTH100 - links are not followed
