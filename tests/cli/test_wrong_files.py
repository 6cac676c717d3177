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


@pytest.mark.parametrize(
    ("command", "kind", "help_text"),
    [
        (
            ("rollback", "file.json"),
            "receipt of `checker fix`",
            "`checker fix --apply` prints the name of its receipt",
        ),
        (("check", "--baseline", "file.json"), "baseline", "write one with `checker baseline write`"),
        (("check", "--expect", "file.json"), "file of expectations", "see docs/expectations.md"),
        (("check", "--evidence", "file.json"), "file of evidence", "see `schemas/evidence.v1.json`"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_named_with_its_kind(
    command: tuple[str, ...], kind: str, help_text: str, tmp_path: Path
) -> None:
    save(tmp_path / "file.json", "garbage")
    done = run(*command, cwd=tmp_path)
    said = f"error: file.json:1:1: not a valid {kind}: not JSON, it begins with `g`\n  = help: {help_text}\n"
    assert said in done.stderr


@pytest.mark.parametrize("command", [("rollback",), ("check", "--baseline"), ("check", "--expect")])
def test_a_list_in_place_of_an_object_has_no_empty_name(command: tuple[str, ...], tmp_path: Path) -> None:
    save(tmp_path / "file.json", "[]")
    done = run(*command, "file.json", cwd=tmp_path)
    assert "expected an object, found a list" in done.stderr
    assert "``" not in done.stderr


@pytest.mark.parametrize("path", ["big.json", "."])
def test_a_file_that_is_too_large_has_the_same_help_in_a_folder(path: str, tmp_path: Path) -> None:
    save(tmp_path / "big.json", (EXAMPLES / "topic.json").read_text("utf-8") + " " * 5_300_000)
    done = run("check", path, cwd=tmp_path)
    assert "larger than the 5 MB limit for a policy\n  = help: split the file" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize(("path", "word"), [("link.json", "error"), (".", "skipped")])
def test_a_link_to_nothing_is_described_alike_in_a_folder(path: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("nowhere")
    done = run("check", path, cwd=tmp_path)
    assert f"{word}: link.json: a link to a file or folder that does not exist" in done.stderr


def test_the_totals_count_errors_apart_from_skipped_files(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("nowhere")
    save(tmp_path / "topic.json", '{"Statement": "sns:Publish"')
    done = run("check", ".", "missing.json", cwd=tmp_path)
    assert done.stderr.count("error: ") == 2
    assert "; 2 not read; 2 skipped" in done.stderr


@pytest.mark.parametrize(
    ("command", "close"),
    [
        (("check", "polices"), "policies"),
        (("check", "polices/topic.json"), "policies/topic.json"),
        (("check", "policies/topc.json"), "policies/topic.json"),
        (("check", "polices/other.json"), "policies"),
        (("fix", "polices"), "policies"),
        (("explain", "polices"), "policies"),
        (("explain", "policies/topc.json"), "policies/topic.json"),
        (("diff", "polices", "policies"), "policies"),
        (("baseline", "write", "polices"), "policies"),
        (("rollback", "policies/topc.json"), "policies/topic.json"),
        (("check", "--source", "polices"), "policies"),
        (("audit", "--resume", "policies/topc.json"), "policies/topic.json"),
        (("audit", "--since", "policies/topc.json"), "policies/topic.json"),
    ],
)
def test_a_misspelled_path_gets_the_existing_one(
    command: tuple[str, ...], close: str, tmp_path: Path
) -> None:
    save(tmp_path / "policies/topic.json", EVIDENCE)
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 2
    assert f"did you mean `{close}`?\n" in done.stderr


@pytest.mark.parametrize("name", ["plan.json", "other/topic.json", ".topc"])
def test_a_path_that_is_like_no_other_gets_no_suggestion(name: str, tmp_path: Path) -> None:
    save(tmp_path / "topic.json", EVIDENCE)
    save(tmp_path / ".topic", EVIDENCE)
    done = run("check", name, cwd=tmp_path)
    assert f"error: {name}: no such file or folder\n" in done.stderr
    assert "did you mean" not in done.stderr


@pytest.mark.parametrize(("names", "unread"), [(("a.tf",), "a file"), (("a.tf", "b.json"), "2 files")])
def test_a_folder_of_unreadable_files_does_not_list_what_could_be_in_it(
    names: tuple[str, ...], unread: str, tmp_path: Path
) -> None:
    for name in names:
        save(tmp_path / name, 'resource "aws_sns_topic" "chat" {\n  "Statement": [')
    done = run("check", cwd=tmp_path)
    assert done.stderr.count("error: ") == len(names)
    assert f"\nskipped: .: nothing was examined: {unread} could not be read\n" in done.stderr
    assert "looked for" not in done.stderr


def test_unreadable_files_elsewhere_do_not_explain_an_empty_folder(tmp_path: Path) -> None:
    save(tmp_path / "empty.json", "{")
    (tmp_path / "empty").mkdir()
    done = run("check", "empty.json", "empty", cwd=tmp_path)
    assert "empty: nothing was examined: no topic or key was found\n  = help: looked for" in done.stderr
