"""A file of the wrong kind, or about something else, is named with the option or the file that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.process import run, save
from tests.samples import TESTS

EXAMPLES = TESTS.parent / "examples" / "fixed"
EXPECTATIONS = {"version": 1, "expectations": [{"name": "a", "no-more-than": {"policy": "topic.json"}}]}
OTHER_KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab"
TOPIC = "arn:aws:sns:us-east-1:111122223333:chat"
OBSERVATION = {
    "key": OTHER_KEY,
    "topic": TOPIC,
    "action": "kms:Decrypt",
    "outcome": "served",
    "time": "2026-11-20T10:00:00Z",
}
EVIDENCE = {"version": 1, "observations": [OBSERVATION]}


@pytest.mark.parametrize(("content", "option"), [(EXPECTATIONS, "--expect"), (EVIDENCE, "--evidence")])
def test_a_file_that_an_option_reads_is_named_with_the_option(
    content: object, option: str, tmp_path: Path
) -> None:
    save(tmp_path / "file.json", content)
    done = run("check", "file.json", cwd=tmp_path)
    assert done.returncode == 2
    assert f"checker check PATH {option} file.json" in done.stderr


@pytest.mark.parametrize("option", [("--topic", "x"), ("--var", "a=b"), ("--parameter", "A=b")])
def test_an_option_for_code_is_refused_for_a_topic_in_aws(option: tuple[str, str]) -> None:
    done = run("explain", TOPIC, *option)
    assert done.returncode == 2
    assert f"{option[0]}: works only for a topic in code" in done.stderr


@pytest.mark.parametrize("command", [("check", "key.json", "topic.json"), ("explain", "topic.json")])
def test_evidence_of_another_key_is_not_passed_over_in_silence(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    evidence = save(tmp_path / "evidence.json", EVIDENCE)
    done = run(*command, "--evidence", str(evidence), cwd=EXAMPLES)
    assert f"about no key of this run, only about `{OTHER_KEY}`" in done.stderr


def test_evidence_of_the_key_is_not_reported_as_that_of_another(tmp_path: Path) -> None:
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    own = {"version": 1, "observations": [{**OBSERVATION, "key": key}]}
    evidence = save(tmp_path / "evidence.json", own)
    done = run("check", "key.json", "topic.json", "--evidence", str(evidence), cwd=EXAMPLES)
    assert "about no key of this run" not in done.stderr
