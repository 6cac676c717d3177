"""What the tool answers and fixes, against brute force. The long job is `python -m tests.soundness`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.soundness import finds
from tests.soundness.asked import QUESTIONS, ask
from tests.soundness.cases import case_of
from tests.soundness.fixes import fixed
from tests.soundness.questions import Case, Difference
from tests.soundness.tool import Tool

SEED, POLICIES, CHUNK = 20261126, 300, 50
ASKED = [question for question in QUESTIONS if question != "decide"]  # test_decisions.py has rounds of these
CHUNKS = [f"{question}-{start}" for question in ASKED for start in range(0, POLICIES, CHUNK)]


def differences_of(name: str, tool: Tool) -> Iterator[Difference]:
    """What is wrong with the answers about a find, or about a chunk of random policies."""
    if name not in CHUNKS:
        question, case, content = finds.load(name)
        yield from (*ask(question, case, tool).differences, *unexpected(case, content, tool))
        return
    question, _, start = name.rpartition("-")
    for index in range(int(start), int(start) + CHUNK):
        yield from ask(question, case_of(question, SEED, index), tool).differences


def unexpected(case: Case, content: dict[str, Any], tool: Tool) -> Iterator[Difference]:
    """Answers that a find settles by name; there, "not known" is wrong too."""
    if answers := content.get("answers"):
        said = (
            tool.diff(*case.policies)
            if len(case.policies) > 1
            else tool.explain(case.policies[0], case.instance)
        )
        for field, answer in answers.items():
            if said[field] != answer:
                yield Difference(f"{field}: {said[field]}", f"{content['expected']}: {answer}")


def shown(differences: list[Difference]) -> str:
    return "\n".join(f"{one.answer}, but {one.expected}: {json.dumps(one.request)}" for one in differences)


@pytest.mark.parametrize("name", finds.names())
def test_a_find_is_not_found_again(name: str, tmp_path: Path) -> None:
    differences = list(differences_of(name, Tool(tmp_path)))
    assert differences == [], shown(differences)


@pytest.mark.parametrize("name", CHUNKS)
def test_answers_about_random_policies_agree_with_brute_force(name: str, tmp_path: Path) -> None:
    differences = list(differences_of(name, Tool(tmp_path)))
    assert differences == [], shown(differences)


@pytest.mark.parametrize("name", ["sample-regionstar", "sample-diff-tagnull"])
def test_the_command_says_the_same_as_a_process_of_its_own(name: str, tmp_path: Path) -> None:
    _, case, _ = finds.load(name)
    tool = Tool(tmp_path)
    arguments, inside = _asked(case, tool)
    process = subprocess.run(
        [sys.executable, "-m", "checker", *arguments], capture_output=True, text=True, check=False
    )
    assert json.loads(process.stdout) == inside


def test_a_fix_in_a_process_of_its_own_writes_the_same(tmp_path: Path) -> None:
    _, case, _ = finds.load("sample-fix-two-topics")
    inside = fixed(case, Tool(tmp_path))
    path = Tool(tmp_path).write("policy.json", case.policies[0])
    command = [sys.executable, "-m", "checker", "fix", path, "--apply", "--isolated"]
    subprocess.run([*command, "--instance-arn", case.instance], capture_output=True, check=False)
    assert (Tool(tmp_path).read("policy.json"),) == inside


def _asked(case: Case, tool: Tool) -> tuple[list[str], object]:
    if len(case.policies) == 2:
        inside = tool.diff(*case.policies)
        return [
            "diff",
            *(str(tool.folder / f"{one}.json") for one in ("old", "new")),
            "--format",
            "json",
        ], inside
    inside = tool.explain(case.policies[0], case.instance)
    path = str(tool.folder / "topic.json")
    return ["explain", path, "--instance-arn", case.instance, "--format", "json"], inside
