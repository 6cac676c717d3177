"""One question about one case, and the smallest case of a difference; for the long jobs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.soundness import finds
from tests.soundness.asked import ask
from tests.soundness.cases import case_of
from tests.soundness.minimize import minimized
from tests.soundness.questions import Case, Difference, Outcome
from tests.soundness.tool import Tool


def attempt(question: str, seed: int, index: int) -> tuple[int, Outcome]:
    """Ask about the policy with this index."""
    with _tool() as tool:
        return index, ask(question, case_of(question, seed, index), tool)


@contextmanager
def _tool() -> Iterator[Tool]:
    with tempfile.TemporaryDirectory() as folder:
        yield Tool(Path(folder))


def smallest(question: str, case: Case, difference: Difference) -> tuple[Case, Difference]:
    """The smallest case with a difference of the same kind."""
    with _tool() as tool:

        def same(candidate: Case) -> Difference | None:
            found = ask(question, candidate, tool).differences
            return next((one for one in found if one[:2] == difference[:2]), None)

        small = minimized(case, lambda candidate: same(candidate) is not None)
        return small, same(small) or difference


def keep(question: str, case: Case, difference: Difference, seed: int) -> str:
    """Write the smallest case as a find, and say what it shows."""
    case, small = smallest(question, case, difference)
    path = finds.save(question, case, small, seed)
    return f"{path.name}: {small.answer}, but {small.expected}"
