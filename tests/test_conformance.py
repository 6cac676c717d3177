"""The published decisions: `checker` and the sandbox decide them, and the runner tells a difference."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from checker.policy.vocabulary import OPERATORS
from tests.soundness.decisions import Subject, request_of_json

FOLDER = Path(__file__).parents[1] / "conformance"
CASES: list[dict[str, Any]] = [
    json.loads(line)
    for path in sorted((FOLDER / "cases").glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
SIMULATE = (sys.executable, "-m", "checker", "simulate", "--requests", "-")
MEMBERS = ["id", "policy", "request", "verdict", "basis", "source", "note"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_checker_decides_all_cases() -> None:
    done = run(*SIMULATE)
    assert (done.returncode, done.stdout) == (0, f"{len(CASES)} of {len(CASES)} decisions hold\n"), (
        done.stdout
    )


def test_the_sandbox_decides_the_settled_cases() -> None:
    settled = [case for case in CASES if case["verdict"] != "Unknown"]
    found = {
        case["id"]: Subject(case["policy"]).by_sandbox(request_of_json(case["request"])) for case in settled
    }
    assert found == {case["id"]: case["verdict"] for case in settled}


def test_cases_are_distinct_and_say_what_they_rest_on() -> None:
    assert all(list(case) == MEMBERS and all(case.values()) for case in CASES)
    assert max(Counter(case["id"] for case in CASES).values()) == 1
    questions = Counter(json.dumps([case["policy"], case["request"]], sort_keys=True) for case in CASES)
    assert [one for one, count in questions.items() if count > 1] == []
    assert all((case["basis"] == "unsettled") == (case["verdict"] == "Unknown") for case in CASES)
    assert {case["basis"] for case in CASES} == {"documented", "reading", "unsettled"}
    assert all(case["source"].startswith("https://docs.aws.amazon.com/") for case in CASES)
    assert f"{len(CASES)} requests" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_has_a_match_and_a_mismatch(operator: str) -> None:
    verdicts = {case["verdict"] for case in CASES if f'"{operator}": {{' in json.dumps(case["policy"])}
    assert {"Allowed", "ImplicitlyDenied"} <= verdicts


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            (sys.executable, "-c", "import sys; [print('Allowed') for _ in sys.stdin]"),
            1,
            "expected ImplicitlyDenied",
        ),
        ((sys.executable, "-c", "print('Allowed')"), 2, "printed 1 lines for"),
        ((sys.executable, "-c", "while True: print('Allowed')"), 2, "more lines than the"),
        (
            ("--seconds", "0.5", sys.executable, "-c", "import time; time.sleep(60)"),
            2,
            "did not end in 0.5 seconds",
        ),
        (("no-such-command",), 2, "cannot run no-such-command"),
        (("--cases", "no-such-file", *SIMULATE), 2, "cannot read the cases"),
        ((), 2, "name the command"),
        (("--settled", *SIMULATE), 0, "decisions hold"),
    ],
)
def test_the_runner_tells_what_happened(arguments: tuple[str, ...], code: int, says: str) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
