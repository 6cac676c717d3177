"""How each published decision comes about: which element of which statement fails, or is not known and why.

`CHECKER_GOLDEN=write pytest tests/iam/decide/test_traces.py` writes the file anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from checker.core.unknown import Unknown
from checker.iam.decide.decide import Decision, Match, decide
from checker.inputs.requests import read_question
from checker.policy.model import Condition
from tests.golden import is_as_written
from tests.samples import TESTS

CASES = TESTS.parent / "conformance" / "cases"


def shown(value: object) -> str:
    """Write a truth, with the reason if it is not known."""
    return f"{value.reason} [{value.where}]".removesuffix(" []") if isinstance(value, Unknown) else str(value)


def match_line(match: Match) -> str:
    condition = match.condition
    tested = f" {condition.operator} {condition.key}" if isinstance(condition, Condition) else ""
    return f"{shown(match.effect)}: {shown(match.truth)} {match.element}{tested}".rstrip()


def trace(decision: Decision) -> Iterator[str]:
    words = [decision.word, shown(decision.allowed), *map(str, decision.statements())]
    yield " ".join(words)
    yield from map(match_line, decision.matches)


def traces() -> Iterator[str]:
    for path in sorted(CASES.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            question = read_question(path.name, line)
            yield f"{json.loads(line)['id']}: {'; '.join(trace(decide(question.policy, question.request)))}"


def test_the_traces_of_published_decisions_are_as_written() -> None:
    assert is_as_written(Path(__file__).parent / "traces.txt", "".join(f"{line}\n" for line in traces()))
