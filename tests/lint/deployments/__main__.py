"""The long job: `python -m tests.lint.deployments --draws 100000 --first 0`.

Draws policies with symbols as `tests/lint/test_deployments.py` does, in rounds with a seed each, and prints each failure
in its smallest form. Rounds are numbered, so that a run that was stopped resumes with `--first`. Exits with 1 if a
draw failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.lint.test_deployments import Draw, draws, wrong_verdicts

ROUND = 500


def failure_of(number: int, count: int, drawn: Counter[str]) -> str:
    """Try the draws of one round; return the smallest one that fails, or nothing. Counts the draws."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.json"

        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(draw=draws)
        def hold(draw: Draw) -> None:
            drawn["draws"] += 1
            wrong = wrong_verdicts(draw, path)
            assert wrong == {}, f"{wrong}\n{draw}"

        try:
            hold()
        except AssertionError as error:
            return str(error)
    return ""


def run(first: int, rounds: int) -> int:
    """Try rounds, print failures and progress, and return the number of rounds with a failure."""
    failed, drawn, began = 0, Counter[str](), time.monotonic()
    for number in range(first, first + rounds):
        failure = failure_of(number, ROUND, drawn)
        failed += bool(failure)
        if failure:
            print(f"round {number}: {failure}", flush=True)  # noqa: T201
        rate = drawn["draws"] / (time.monotonic() - began)
        words = f"round {number}: {drawn['draws']} draws, {rate:.1f} a second, {failed} rounds with a failure"
        print(words, file=sys.stderr, flush=True)  # noqa: T201
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lint.deployments", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--draws", type=int, default=100_000, help=f"Draws to try, in rounds of {ROUND}.")
    parser.add_argument("--first", type=int, default=0, help="Number of the first round, its seed.")
    given_options = parser.parse_args()
    return 1 if run(given_options.first, -(-given_options.draws // ROUND)) else 0


if __name__ == "__main__":
    sys.exit(main())
