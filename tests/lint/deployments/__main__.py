"""The long job: `python -m tests.lint.deployments --property values --draws 100000 --first 0`.

`values` draws as `tests/lint/test_deployments.py` does, `domain` and `additive` as `test_brute_force.py` beside this
file. Draws are made in rounds with a seed each, and each failure is printed in its smallest form. Rounds are numbered,
so that a run that was stopped resumes with `--first`. Exits with 1 if a draw failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.lint.deployments.small_templates import additive_templates, templates
from tests.lint.deployments.test_brute_force import contradictions
from tests.lint.test_deployments import draws, wrong_verdicts

ROUND = 500


class Property(NamedTuple):
    """What is drawn, and what is wrong with a draw; nothing if the property holds."""

    drawn: SearchStrategy[Any]
    wrong: Callable[[Any, Path], object]


PROPERTIES = {
    "values": Property(draws, wrong_verdicts),
    "domain": Property(templates, contradictions),
    "additive": Property(additive_templates, contradictions),
}


def failure_of(held: Property, number: int, drawn: Counter[str]) -> str:
    """Try the draws of one round; return the smallest one that fails, or nothing. Counts the draws."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.json"

        @seed(number)
        @settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        @given(draw=held.drawn)
        def holds(draw: object) -> None:
            drawn["draws"] += 1
            wrong = held.wrong(draw, path)
            assert not wrong, f"{wrong}\n{draw}"

        try:
            holds()
        except AssertionError as error:
            return str(error)
    return ""


def run(held: Property, first: int, rounds: int) -> int:
    """Try rounds, print failures and progress, and return the number of rounds with a failure."""
    failed, drawn, began = 0, Counter[str](), time.monotonic()
    for number in range(first, first + rounds):
        failure = failure_of(held, number, drawn)
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
    parser.add_argument("--property", choices=sorted(PROPERTIES), default="values", dest="name")
    parser.add_argument("--draws", type=int, default=100_000, help=f"Draws to try, in rounds of {ROUND}.")
    parser.add_argument("--first", type=int, default=0, help="Number of the first round, its seed.")
    options = parser.parse_args()
    return 1 if run(PROPERTIES[options.name], options.first, -(-options.draws // ROUND)) else 0


if __name__ == "__main__":
    sys.exit(main())
