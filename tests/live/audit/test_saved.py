"""What an audit saves is read as it was read from AWS: by a check of the folder, and by explain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.live.audit.saved import SavedAnswers
from checker.live.aws.access import MadeCall, Unit
from checker.sandbox.http import faults
from tests.live.estate import REGION, Ended, Estate, checker

AUDIT = ("audit", "--isolated", "--region", REGION, "--topic-tag", "stream", "--format", "json")


def judged(ended: Ended) -> tuple[set[tuple[str, ...]], dict[tuple[str, str], dict[str, str]]]:
    """The findings of a report without their places, and the verdicts by kind and resource."""
    report: dict[str, Any] = json.loads(ended.out)
    named = ("rule", "severity", "verdict", "resource", "message")
    findings = {tuple(one[name] for name in named) for one in report["findings"]}
    return findings, {(one["kind"], one["resource"]): one["verdicts"] for one in report["examined"]}


@pytest.mark.usefixtures("estate")
def test_a_check_of_what_was_saved_has_the_verdicts_of_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = checker(*AUDIT, "--save", tmp_path / "saved")
    monkeypatch.chdir(tmp_path)
    saved = checker("check", "saved", "--isolated", "--topic-tag", "stream", "--format", "json")
    assert judged(saved) == judged(live)
    assert judged(saved)[0]
    assert saved.code == live.code == 1


def test_explain_reads_what_was_saved(estate: Estate, tmp_path: Path) -> None:
    checker(*AUDIT, "--save", tmp_path / "saved")
    (topic,) = (tmp_path / "saved").rglob("sealed-*.get-topic-attributes.json")
    keys = [path.parent for path in (tmp_path / "saved").rglob("describe-key.json")]
    (folder,) = (key for key in keys if estate.key.rpartition("/")[2] in key.name)
    files = ("--key-policy", folder / "get-key-policy.json", "--key", folder / "describe-key.json")
    explained = checker("explain", topic, "--instance-arn", estate.instance, *files, "--format", "json")
    assert json.loads(explained.out)["chain"] == "whole"


def test_what_was_refused_stays_unknown(
    estate: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.sandbox.fault(faults.denied("kms", "GetKeyPolicy"))
    checker(*AUDIT, "--save", tmp_path / "saved")
    estate.sandbox.clear_faults()
    assert not list((tmp_path / "saved").rglob("get-key-policy.json"))
    monkeypatch.chdir(tmp_path)
    _, verdicts = judged(checker("check", "saved", "--isolated", "--format", "json"))
    assert verdicts["topic", estate.sealed]["connect-cannot-use-key"] == "UNDETERMINED"


@pytest.mark.parametrize(
    ("service", "operation", "of_topic"),
    [
        ("sns", "ListTopics", False),
        ("sns", "GetTopicAttributes", False),
        ("sns", "GetTopicAttributes", True),
        ("sns", "ListSubscriptions", False),
        ("kms", "GetKeyPolicy", False),
        ("connect", "ListInstances", False),
    ],
)
def test_a_check_is_never_clean_if_the_audit_was_incomplete(
    estate: Estate, tmp_path: Path, service: str, operation: str, of_topic: bool
) -> None:
    contains = {"contains": estate.sealed} if of_topic else {}
    estate.sandbox.fault(faults.denied(service, operation, **contains))
    audit = checker(*AUDIT, "--save", tmp_path / "saved", "--fail-on", "error")
    estate.sandbox.clear_faults()
    assert audit.code == 3
    check = checker("check", tmp_path / "saved", "--isolated", "--fail-on", "error")
    assert check.code == 2
    assert f"not saved: access denied, `{service}:{operation}` is missing" in check.err.replace("\n", " ")


def test_a_check_is_not_clean_if_the_audit_did_not_end(tmp_path: Path) -> None:
    SavedAnswers(tmp_path / "saved").begin()
    check = checker("check", tmp_path / "saved", "--isolated")
    assert check.code == 2
    assert "did not end" in check.err


@pytest.mark.usefixtures("estate")
def test_only_the_user_can_read_what_was_saved(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir(mode=0o755)
    checker(*AUDIT, "--save", tmp_path / "saved")
    files = [path for path in (tmp_path / "saved").rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "saved", *files))


def test_a_folder_that_has_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    refused = checker(*AUDIT, "--save", tmp_path)
    assert refused.code == 2
    assert "the folder is not empty" in refused.err


@pytest.mark.usefixtures("estate")
@pytest.mark.parametrize(
    ("option", "value"), [("--resume", "journal.jsonl"), ("--dask", "tls://127.0.0.1:8786")]
)
def test_an_audit_that_does_not_read_everything_itself_saves_nothing(
    tmp_path: Path, option: str, value: str
) -> None:
    if option == "--resume":
        value = str(tmp_path / value)
        checker(*AUDIT, "--journal", value)
    refused = checker("audit", "--isolated", option, value, "--save", tmp_path / "saved")
    assert refused.code == 2
    assert f"cannot be combined with {option}" in refused.err


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "x" * 300, ".", "\u202e", "CON"])
def test_a_name_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    saved = SavedAnswers(tmp_path / "saved")
    call = MadeCall(Unit("111122223333", REGION), "sns", "get_topic_attributes", {"TopicArn": name})
    saved.keep(call, {"Attributes": {"TopicArn": name}, "ResponseMetadata": {}})
    (written,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert written.parent == tmp_path / "saved" / "111122223333" / REGION / "sns"
    assert json.loads(written.read_text()) == {"Attributes": {"TopicArn": name}}


def test_each_page_of_a_list_has_a_file(tmp_path: Path) -> None:
    saved = SavedAnswers(tmp_path / "saved")
    key = f"arn:aws:kms:{REGION}:111122223333:key/1"
    for call in ("list_grants", "list_aliases"):
        for _ in range(3):
            made = MadeCall(Unit("111122223333", REGION), "kms", call, {"KeyId": key})
            saved.keep(made, {"Grants": []})
    names = sorted(path.name for path in tmp_path.rglob("*.json"))
    assert names == sorted(
        f"{call}{page}.json" for call in ("list-aliases", "list-grants") for page in ("", "-2", "-3")
    )
