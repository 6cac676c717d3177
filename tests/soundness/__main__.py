"""The long job: `python -m tests.soundness --question public --count 100000 --seed 1`.

Prints the rate, how often the tool says "not known" where brute force knows, and every difference, which it writes as a
minimized find into `tests/soundness/finds/`. Exits with 1 if there was one.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.soundness import finds
from tests.soundness.asked import QUESTIONS
from tests.soundness.cases import case_of
from tests.soundness.minimize import minimized
from tests.soundness.questions import Case, Difference
from tests.soundness.tool import Tool


class Job(NamedTuple):
    """One worker's share of the policies: every ``step``-th from ``start`` on."""

    question: str
    seed: int
    start: int
    end: int
    step: int
    keep: int


class Tally(NamedTuple):
    """What a worker reports: policies tried, questions that brute force decides, and those left open by the tool."""

    tried: int
    asked: int = 0
    left_open: int = 0
    found: tuple[tuple[Case, Difference], ...] = ()


def work(job: Job) -> Iterator[Tally]:
    """Try policies, one tally each."""
    question = QUESTIONS[job.question]
    kinds = collections.Counter(finds.signatures())
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(Path(folder))
        for index in range(job.start, job.end, job.step):
            case = case_of(job.question, job.seed, index)
            outcome = question(case, tool)
            found = [(case, one) for one in outcome.differences[:1]]
            for at, (_, one) in enumerate(found):
                kind = finds.signature(job.question, one.answer, one.expected)
                kinds[kind] += 1
                if kinds[kind] <= job.keep:
                    found[at] = _small(job, tool, case, one)
            yield Tally(1, outcome.asked, outcome.open_answers, tuple(found))


def _small(job: Job, tool: Tool, case: Case, difference: Difference) -> tuple[Case, Difference]:
    """The smallest case with a difference of the same kind."""
    question = QUESTIONS[job.question]

    def wrong(candidate: Case) -> Difference | None:
        outcome = question(candidate, tool)
        same = (one for one in outcome.differences if one.answer == difference.answer)
        return next((one for one in same if one.expected == difference.expected), None)

    small = minimized(case, lambda candidate: wrong(candidate) is not None)
    return small, wrong(small) or difference


def _put(job: Job, queue: multiprocessing.Queue[Tally | None]) -> None:
    for tally in work(job):
        queue.put(tally)
    queue.put(None)


def _tallies(jobs: list[Job]) -> Iterator[Tally]:
    if len(jobs) == 1:
        yield from work(jobs[0])
        return
    queue: multiprocessing.Queue[Tally | None] = multiprocessing.Queue()
    for job in jobs:
        multiprocessing.Process(target=_put, args=(job, queue), daemon=True).start()
    running = len(jobs)
    while running:
        tally = queue.get()
        if tally is None:
            running -= 1
        else:
            yield tally


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
    steps = [given.start + one for one in range(given.workers)]
    jobs = [
        Job(given.question, given.seed, one, given.start + given.count, given.workers, given.keep)
        for one in steps
    ]
    return _report(given.question, _tallies(jobs), given.keep)


def _report(question: str, tallies: Iterator[Tally], keep: int) -> int:
    kinds = collections.Counter(finds.signatures())
    began, total, differences = time.monotonic(), Tally(0), 0
    for tally in tallies:
        total = Tally(total.tried + tally.tried, total.asked + tally.asked, total.left_open + tally.left_open)
        for case, difference in tally.found:
            differences += 1
            kind = finds.signature(question, difference.answer, difference.expected)
            kinds[kind] += 1
            if kinds[kind] <= keep:
                print(f"{finds.save(question, case, difference).name}: {kind}", flush=True)  # noqa: T201
        if total.tried % 100 == 0:
            _progress(total, differences, time.monotonic() - began)
    _progress(total, differences, time.monotonic() - began)
    return 1 if differences else 0


def _progress(total: Tally, differences: int, seconds: float) -> None:
    share = 100 * total.left_open / max(total.asked, 1)
    rate = total.tried / max(seconds, 0.001)
    words = f"{total.tried} policies, {rate:.1f} a second, {differences} differences"
    print(f"{words}, {share:.1f} % of {total.asked} decided questions left open", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
