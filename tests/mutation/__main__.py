"""The long job: `python -m tests.mutation --package iam`, or with `--sample 150 --seed 1` a part of it.

Changes one expression or statement at a time, and runs the tests that execute it until one fails. Each mutant adds a
line to `build/mutation/PACKAGE.jsonl`, so that a run that was stopped continues; a mutant is tried again when its module
has changed, or with `--again` if it survived. Survivors are printed, except those in `equivalent.yaml`. Exits with 1 if
fewer than 95 % of the others are killed.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.mutation.equivalent import reason_of
from tests.mutation.install import changes_cells, import_mutated, replace_code
from tests.mutation.mutants import PACKAGES, ROOT, Mutant, files_of, mutants_of
from tests.mutation.reach import Reach, measure, read_reach
from tests.mutation.session import Child, Session, collect

FOLDER = ROOT / "build" / "mutation"
RULES = tuple(
    f"tests/rules/test_{name}.py"
    for name in ("other_policies", "references_and_settings", "findings", "other_facts")
)
TESTS = {
    "iam": (
        *(
            "tests/iam/decide",
            "tests/iam/prove/test_spaces.py",
            "tests/iam/prove/test_answers.py",
            "tests/iam",
        ),
        *("tests/rules/test_findings.py", "tests/analysis/test_access_diff.py"),
        *("tests/analysis/test_organization.py", "tests/analysis/test_own_account.py"),
    ),
    "policy": (
        *(
            "tests/policy/test_problems.py",
            "tests/policy",
            "tests/core",
            "tests/iam/decide",
            "tests/analysis/test_caller_policy.py",
        ),
        *("tests/rules/test_findings.py", "tests/fix/test_edits.py", "tests/inputs/test_yaml_text.py"),
    ),
    "fixes": (*RULES, "tests/fix/test_key_pins.py"),
    "rules": (*RULES, "tests/rules/test_unread_parts.py", "tests/rules/test_not_known.py"),
}
"""The tests for each package, those first that notice most."""

GOAL = 0.95
MOST = 30.0
"""A mutant that survives tests of so many seconds counts as a survivor, even if the rest would kill it."""
_SURVIVED = "survived"


class Record(NamedTuple):
    """A mutant and its outcome: killed, timeout or survived; ``digest`` is that of its module."""

    mutant: Mutant
    digest: str
    outcome: str
    test: str
    tests: int
    seconds: float


class Run:
    """Tries mutants, several at a time, and writes down each outcome."""

    def __init__(self, package: str, workers: int, reach: Reach, terminal: int) -> None:
        self._paths = TESTS[package]
        self._path = FOLDER / f"{package}.jsonl"
        self._workers = workers
        self._reach = reach
        self._terminal = terminal
        self._killers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._children: dict[int, tuple[Child, Mutant, int]] = {}

    def try_all(
        self, mutants: list[Mutant], attempt: Callable[[Mutant, list[tuple[str, float]]], str]
    ) -> None:
        """Try mutants in a child process each; ``attempt`` returns the test that failed, or an empty text."""
        for number, mutant in enumerate(mutants):
            tests = self._tests(mutant)
            if not tests:
                self._write(mutant, _SURVIVED, "", 0, 0)
                continue
            child = Child(lambda mutant=mutant, tests=tests: attempt(mutant, tests))  # type: ignore[misc]
            self._children[child.process] = (child, mutant, len(tests))
            while len(self._children) >= self._workers:
                self._wait(f"{number + 1} of {len(mutants)}")
        while self._children:
            self._wait("the last")

    def _tests(self, mutant: Mutant) -> list[tuple[str, float]]:
        """Return the tests for a mutant: first its rule's, then those that killed others nearby."""
        names = self._reach.tests_of(mutant)
        near = self._killers[mutant.file, mutant.function]
        usual = self._killers["", ""] if self._reach.is_fresh(mutant) else self._killers[mutant.file, ""]
        ranks = {name: rank for rank, (name, _) in enumerate(usual.most_common(20))}
        own = f"[{Path(mutant.file).stem.replace('_', '-')}]"  # the tests of a rule are named after it
        order = sorted(
            names,
            key=lambda name: (own not in name, -near[name], ranks.get(name, 20), self._place(name)),
        )
        passed = itertools.accumulate(self._reach.seconds[name] for name in order)
        return [
            (name, self._reach.seconds[name])
            for name, total in zip(order, passed, strict=True)
            if total < MOST
        ]

    def _place(self, name: str) -> int:
        return next(place for place, path in enumerate(self._paths) if name.startswith(path))

    def _wait(self, progress: str) -> None:
        process, status = os.wait()
        if process not in self._children:
            return
        child, mutant, tests = self._children.pop(process)
        seconds, answer = time.monotonic() - child.began, child.result(status)
        outcome = "timeout" if answer.startswith("signal:") else "killed" if answer != "{}" else _SURVIVED
        test = (
            answer
            if outcome == "timeout"
            else json.loads(answer or '{"test": "the process ended"}').get("test", "")
        )
        self._write(mutant, outcome, test, tests, seconds)
        told = f"{progress}: {outcome} {mutant.file}:{mutant.line}"
        os.write(self._terminal, (f"\r{told}\033[K" if os.isatty(self._terminal) else f"{told}\n").encode())

    def _write(self, mutant: Mutant, outcome: str, test: str, tests: int, seconds: float) -> None:
        if outcome == "killed":
            self._killers[mutant.file, mutant.function][test] += 1
            self._killers[mutant.file, ""][test] += 1
            self._killers["", ""][test] += 1
        record = Record(mutant, digest_of(mutant.file), outcome, test, tests, round(seconds, 2))
        with self._path.open("a") as lines:
            lines.write(json.dumps({**mutant._asdict(), **record._asdict(), "mutant": None}) + "\n")


def in_new_modules(mutant: Mutant, tests: list[tuple[str, float]]) -> str:
    """Import everything anew with the change; a mutant that cannot be imported is killed by that.

    Files of tests are collected one after the other.
    """
    by_file: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for name, seconds in tests:
        by_file[name.partition("::")[0]].append((name, seconds))
    import_mutated(mutant)
    for file, own in by_file.items():
        failed = ["the import"]

        def run(session: Session, own: list[tuple[str, float]] = own, failed: list[str] = failed) -> None:
            failed[0] = session.first_failure(own)

        collect((file,), run)
        if failed[0]:
            return json.dumps({"test": failed[0]})
    return "{}"


def in_session(session: Session) -> Callable[[Mutant, list[tuple[str, float]]], str]:
    """Change functions that are imported already."""

    def attempt(mutant: Mutant, tests: list[tuple[str, float]]) -> str:
        assert replace_code(mutant), f"no function has the code of {mutant}"
        failed = session.first_failure(tests)
        return json.dumps({"test": failed} if failed else {})

    return attempt


def digest_of(file: str) -> str:
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:16]


def chosen_mutants(package: str, sample: int, seed: int) -> list[Mutant]:
    """Return all mutants of a package, or a sample that is the same for the same seed."""
    found = [one for file in files_of(package) for one in mutants_of(file, (ROOT / file).read_text())]
    return random.Random(seed).sample(found, sample) if 0 < sample < len(found) else found  # noqa: S311


def records_of(package: str) -> dict[Mutant, dict[str, Any]]:
    """Read the outcomes of mutants whose module is as it was; the last one counts."""
    path = FOLDER / f"{package}.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    digests = {file: digest_of(file) for file in files_of(package)}
    return {
        Mutant(*(row[field] for field in Mutant._fields)): row
        for row in rows
        if digests.get(row["file"]) == row["digest"]
    }


def try_mutants(package: str, mutants: list[Mutant], workers: int) -> None:
    """Try mutants: first those that change functions in place, then the slow ones that need new modules."""
    kept, terminal = FOLDER / "reach.json", os.dup(2)
    assert Child(lambda: measure(TESTS[package], kept)).wait(), "the tests could not be measured"
    reach = read_reach(kept, TESTS[package])
    run = Run(package, workers, reach, terminal)
    fresh = {mutant for mutant in mutants if reach.is_fresh(mutant) or changes_cells(mutant)}
    others = [mutant for mutant in mutants if mutant not in fresh]

    def change_functions() -> str:
        collect(TESTS[package], lambda session: run.try_all(others, in_session(session)))
        return ""

    if others:
        Child(change_functions).wait()  # its modules stay in that process
    run.try_all([mutant for mutant in mutants if mutant in fresh], in_new_modules)


def summary(package: str, mutants: list[Mutant]) -> float:
    """Print survivors and counts; return the share of the killed among those that are not equivalent."""
    records, counts = records_of(package), Counter[str]()
    for mutant in mutants:
        outcome = records[mutant]["outcome"] if mutant in records else "not tried"
        if outcome == _SURVIVED and reason_of(mutant):
            outcome = "equivalent"
        counts[outcome] += 1
        if outcome == _SURVIVED:
            print(f"{mutant.file}:{mutant.line} {mutant.function} [{mutant.operator}]\n    {mutant.change}")  # noqa: T201
    killed = counts["killed"] + counts["timeout"]
    rate = killed / max(1, killed + counts[_SURVIVED])
    parts = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    print(f"{package}: {len(mutants)} mutants: {parts}; {rate:.1%} killed")  # noqa: T201
    return rate


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--package", choices=sorted(PACKAGES), required=True)
    parser.add_argument("--sample", type=int, default=0, help="Try this many mutants instead of all.")
    parser.add_argument("--seed", type=int, default=1, help="Choose the sample with this seed.")
    parser.add_argument("--workers", type=int, default=2, help="Processes at a time.")
    parser.add_argument("--again", action="store_true", help="Try the survivors again.")
    parser.add_argument("--summary", action="store_true", help="Try nothing, print the outcomes so far.")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    mutants = chosen_mutants(options.package, options.sample, options.seed)
    records = records_of(options.package)
    done = {one for one, row in records.items() if not (options.again and row["outcome"] == _SURVIVED)}
    left = [mutant for mutant in mutants if mutant not in done]
    if left and not options.summary:
        try_mutants(options.package, left, options.workers)
    return 0 if summary(options.package, mutants) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
