"""Fix findings round after round, and check each step against the files as they would read afterwards.

This module writes no files. It reads them with the new texts in place of the old ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Applicability
from checker.fix.acceptance import rejection, unsafe_together
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
"""A fix may uncover a finding with a fix of its own. Fixes that need more rounds than this go in circles."""


class FixedFinding(NamedTuple):
    """A finding with the fix that was applied."""

    finding: Finding
    fix: Fix


class Repair(NamedTuple):
    """The result of a repair: new texts by absolute path, and the readings before and after."""

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
    """Apply fixes until none is left. ``read`` reads and checks the files with these texts in place of their own.

    ``unsafe`` allows fixes that may grant or remove more access than intended. ``kms_condition`` limits new key grants.
    ``check`` refuses files that must not be edited.
    """
    attempts = Attempts(FixOptions(unsafe, kms_condition, check))
    first = read({})
    state = _State(read, {}, first, first, attempts.budgets, unsafe)
    mended: list[FixedFinding] = []
    for _ in range(MAX_ROUNDS):
        selected = attempts.of(state.reading)
        if not selected:
            break
        trial = state.attempt_all(selected)
        if trial.wrong:
            trial = _one_by_one(state, selected, attempts)
        if trial.attempts:
            attempts.forget()
        mended += (FixedFinding(one.finding, one.fix) for one in trial.attempts)
        state = state._replace(texts=trial.texts, reading=trial.reading)
    return Repair(state.texts, tuple(mended), tuple(attempts.unfixed(state.reading)), first, state.reading)


class _Trial(NamedTuple):
    """Attempts tried together: the texts and the reading after them, and the reason if they are rejected."""

    attempts: list[Attempt]
    texts: Mapping[str, str]
    reading: Reading
    wrong: str = ""


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
        wrong = rejection(self.reading, then, attempts, self.budgets, unsafe=self.unsafe)
        together = wrong or unsafe_together(self.first, then, self.budgets)
        if together and self.unsafe and not wrong:
            attempts = [one._replace(fix=_unsafe(one.fix)) for one in attempts]
        return _Trial(attempts, texts, then, wrong if self.unsafe else together)


def _unsafe(fix: Fix) -> Fix:
    return fix._replace(applicability=Applicability.UNSAFE)


def _one_by_one(state: _State, selected: list[Attempt], attempts: Attempts) -> _Trial:
    """Find the attempts that work together. Refuse each of the others."""
    best = _Trial([], state.texts, state.reading)
    for one in selected:
        trial = state.attempt_all([*best.attempts, one])
        if trial.wrong:
            attempts.refuse(one, trial.wrong)
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
