"""The long job: `python -m tests.soundness --question public --count 100000 --seed 1 --workers 2`.

Prints the rate, how often the tool says "not known" where brute force knows, and every new kind of difference, which it
writes as a minimized find into `tests/soundness/finds/`. A run of 1,000 policies or more is noted in
`tests/soundness/runs.jsonl`. Exits with 1 if there was a difference.
"""

from __future__ import annotations

import argparse
import collections
import functools
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.soundness import finds
from tests.soundness.asked import QUESTIONS
from tests.soundness.attempts import attempt, keep
from tests.soundness.cases import case_of
from tests.soundness.questions import Outcome

RUNS = Path(__file__).parent / "runs.jsonl"
_WORTH_A_NOTE = 1000


class Run(NamedTuple):
    """A run, and what has come of it so far: how many questions brute force decides, and the tool leaves open."""

    question: str
    seed: int
    start: int
    tried: int = 0
    differences: int = 0
    decided: int = 0
    left_open: int = 0

    def plus(self, outcome: Outcome) -> Run:
        return self._replace(
            tried=self.tried + 1,
            differences=self.differences + bool(outcome.differences),
            decided=self.decided + outcome.asked,
            left_open=self.left_open + outcome.open_answers,
        )


def outcomes(run: Run, count: int, workers: int) -> Iterator[tuple[int, Outcome]]:
    """Ask about all policies of a run, in whichever order they are done."""
    asked = functools.partial(attempt, run.question, run.seed)
    indices = range(run.start, run.start + count)
    if workers == 1:
        yield from map(asked, indices)
        return
    with multiprocessing.Pool(workers) as pool:
        yield from pool.imap_unordered(asked, indices, chunksize=10)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soundness", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--question", choices=sorted(QUESTIONS), required=True)
    parser.add_argument("--count", type=int, default=1000, help="Policies to try.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="Index of the first policy.")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", type=int, default=3, help="Finds to keep of each kind.")
    given = parser.parse_args()
    run = Run(given.question, given.seed, given.start)
    return _report(run, outcomes(run, given.count, given.workers), given.keep)


def _report(run: Run, found: Iterator[tuple[int, Outcome]], most: int) -> int:
    kinds = collections.Counter(finds.signatures())
    began = time.monotonic()
    for index, outcome in found:
        run = run.plus(outcome)
        for difference in outcome.differences[:1]:
            kind = finds.signature(run.question, difference.answer, difference.expected)
            kinds[kind] += 1
            if kinds[kind] <= most:
                case = case_of(run.question, run.seed, index)
                print(keep(run.question, case, difference, run.seed), flush=True)  # noqa: T201
        if run.tried % 100 == 0:
            _progress(run, time.monotonic() - began)
    _progress(run, time.monotonic() - began)
    if run.tried >= _WORTH_A_NOTE:
        with RUNS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(run._asdict()) + "\n")
    return 1 if run.differences else 0


def _progress(run: Run, seconds: float) -> None:
    share = 100 * run.left_open / max(run.decided, 1)
    words = f"{run.tried} policies, {run.tried / max(seconds, 0.001):.1f} a second, {run.differences} with differences"
    print(f"{words}, {share:.1f} % of {run.decided} decided questions left open", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
