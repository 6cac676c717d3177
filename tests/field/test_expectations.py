"""The runner itself: each expectation holds for one output and fails for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.field.expectations import JSON_TESTS, OF_FILES, OF_OUTPUT, expect
from tests.field.files import Copy
from tests.field.findings import PATTERN_FIELDS
from tests.field.reading import FOLDER, Step, parse_case
from tests.field.running import Output
from tests.field.steps import expect_body
from tests.field.unmet import UnmetError

FINDING = {
    "rule": "source-owner",
    "severity": "warning",
    "verdict": "FAIL",
    "message": "Connect does not send it",
    "help": "add a statement",
    "resource": "arn:aws:sns:us-east-1:111122223333:chat",
    "address": "aws_sns_topic.chat",
    "locations": [{"source": "in/topic.json", "line": 3, "end_line": 5}],
}
UNKNOWN = {**FINDING, "rule": "unusable-key", "severity": "note", "verdict": "UNDETERMINED", "address": None}
REPORT = {
    "findings": [FINDING, UNKNOWN],
    "skipped": [{"what": "in/chart.yaml", "reason": "a template of Helm"}],
    "examined": [
        {"kind": "topic", "resource": "chat", "verdicts": {"source-owner": "FAIL", "fifo-topic": "PASS"}},
        {"kind": "topic", "resource": "desk", "verdicts": {"fifo-topic": "UNDETERMINED"}},
        {"kind": "key", "resource": "chat-key", "verdicts": {"key-lockout": "PASS"}},
    ],
    "summary": {"topics": 2, "keys": 1, "contacts": 0, "topics_not_judged": 4, "skipped": 1},
}
OUTPUT = Output(1, json.dumps(REPORT), "2 findings;\n  examined 2 topics", rss_mb=80, seconds=2)

HOLDS: list[Step] = [
    {"exit": [0, 1]},
    {"exit": 1},
    {"must": [{"rule": "source-owner", "severity": "note"}]},
    {"must": [{"rule": ["other", "source-owner"], "verdict": "FAIL", "says": ["nothing", "does NOT send"]}]},
    {"must": [{"resource": "SNS_topic.chat", "file": "topic.json", "line": 4}]},
    {"must": [{"rule": "absent", "any_of": [{"rule": "absent"}, {"rule": "unusable-key"}]}]},
    {"must": [{"rule": "fifo-topic", "severity": "error"}], "unknown_ok": True},
    {"must_not": [{"severity": "error"}, {"rule_not": ["source-owner", "unusable-key"]}]},
    {"must_not": [{"rule": "source-owner", "line": 6}]},
    {"verdicts": [{"rule": "fifo-topic", "in": ["PASS", "UNDETERMINED"]}]},
    {"verdicts": [{"rule": "fifo-topic", "in": ["PASS"], "some": True}]},
    {"verdicts": [{"rule": "fifo-topic", "in": ["PASS"], "resource": "chat", "kind": "topic"}]},
    {"not_read": ["chart.yaml", ["nothing", "does not send"]]},
    {"json": [{"path": "findings.0.rule", "equals": "source-owner"}]},
    {"json": [{"path": "summary.topics", "in": [1, 2]}]},
    {"json": [{"path": "findings.*.rule", "has": "OWNER", "has_not": "fifo"}]},
    {"json": [{"path": "summary.keys", "same_as": "summary.skipped"}, {"path": "findings", "empty": False}]},
    {"examined_topics": 2, "examined_keys": [0, 1], "examined_contacts": 0, "topics_not_judged": [4, 9]},
    {"text_has": ["FINDINGS; examined", ["nothing", "chart"]], "text_has_not": ["nothing"]},
    {"stdout_has": ["chart.yaml"], "stdout_has_not": ["examined 2 topics"]},
    {"stderr_has": ["examined 2 topics"], "stderr_has_not": ["chart.yaml"]},
    {"max_rss_mb": 80, "max_seconds": 2},
    {"unchanged": ["in/same.json", "in/folder"], "changed": ["in/edited.json", "in/new.json"]},
    {"file_has": {"in/edited.json": ["2", ["nothing", "]"]]}, "file_has_not": {"in/edited.json": ["1"]}},
    {"parses_as_json": ["in/edited.json"]},
    {"any_of": [{"exit": [0]}, {"exit": [1], "text_has": ["findings"]}]},
]
FAILS: list[Step] = [
    {"exit": [0, 2]},
    {"exit": 0},
    {"must": [{"rule": "source-owner"}, {"rule": "source-owner", "severity": "error"}]},
    {"must": [{"rule": "source-owner", "verdict": "UNDETERMINED"}]},
    {"must": [{"rule": "source-owner", "says": ["nothing"]}]},
    {"must": [{"resource": "aws_sns_topic.desk"}]},
    {"must": [{"rule_not": ["source-owner", "unusable-key"]}]},
    {"must": [{"file": "desk.json"}]},
    {"must": [{"file": "topic.json", "line": 2}]},
    {"must": [{"any_of": [{"rule": "absent"}, {"rule": "fifo-topic"}]}]},
    {"must": [{"rule": "fifo-topic"}]},
    {"must": [{"rule": "key-lockout"}], "unknown_ok": True},
    {"must_not": [{}]},
    {"must_not": [{"rule": "source-owner", "severity": "warning"}]},
    {"verdicts": [{"rule": "fifo-topic", "in": ["PASS"]}]},
    {"verdicts": [{"rule": "fifo-topic", "in": ["FAIL"], "some": True}]},
    {"verdicts": [{"rule": "fifo-topic", "in": ["PASS"], "resource": "desk"}]},
    {"verdicts": [{"rule": "fifo-topic", "in": ["PASS"], "kind": "key"}]},
    {"verdicts": [{"rule": "absent", "in": ["PASS"]}]},
    {"not_read": ["chart.yaml", "main.tf"]},
    {"json": [{"path": "findings.0.rule", "equals": "fifo-topic"}]},
    {"json": [{"path": "summary.topics", "in": [1, 3]}]},
    {"json": [{"path": "findings.*.rule", "has": ["fifo"]}]},
    {"json": [{"path": "findings.*.rule", "has_not": ["owner"]}]},
    {"json": [{"path": "summary.keys", "same_as": "summary.topics"}]},
    {"json": [{"path": "findings", "empty": True}]},
    {"json": [{"path": "findings.7.rule", "has_not": ["owner"]}]},
    {"examined_topics": 1},
    {"examined_topics": [3, 9]},
    {"examined_keys": [2, 3]},
    {"examined_contacts": 1},
    {"topics_not_judged": 0},
    {"text_has": ["nothing"]},
    {"text_has_not": ["chart"]},
    {"stdout_has": ["examined 2 topics"]},
    {"stdout_has_not": ["chart.yaml"]},
    {"stderr_has": ["chart.yaml"]},
    {"stderr_has_not": ["examined 2 topics"]},
    {"max_rss_mb": 79},
    {"max_seconds": 1.9},
    {"unchanged": ["in/edited.json"]},
    {"unchanged": ["in"]},
    {"unchanged": ["in/absent.json"]},
    {"unchanged": ["in/deleted.json"]},
    {"changed": ["in/edited.json", "in/same.json"]},
    {"file_has": {"in/edited.json": ["2", "1"]}},
    {"file_has": {"in/absent.json": "2"}},
    {"file_has_not": {"in/edited.json": ["1", "2"]}},
    {"parses_as_json": ["in/same.json"]},
    {"any_of": [{"exit": [0]}, {"text_has": ["nothing"]}]},
]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    before = {
        "in/same.json": b"not JSON",
        "in/edited.json": b"[1]",
        "in/folder/a": b"",
        "in/deleted.json": b"",
    }
    now = {**before, "in/edited.json": b"[2]", "in/new.json": b"[]"}
    del now["in/deleted.json"]
    for name, text in now.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text)
    return Copy(tmp_path, before)


@pytest.mark.parametrize("step", HOLDS, ids=str)
def test_an_expectation_holds(step: Step, copy: Copy) -> None:
    expect(OUTPUT, step, copy)


@pytest.mark.parametrize("step", FAILS, ids=str)
def test_an_expectation_fails(step: Step, copy: Copy) -> None:
    with pytest.raises(UnmetError):
        expect(OUTPUT, step, copy)


@pytest.mark.parametrize("fields", [set(OF_OUTPUT) | set(OF_FILES), PATTERN_FIELDS, set(JSON_TESTS)], ids=len)
def test_every_field_is_shown_to_fail_and_documented(fields: set[str]) -> None:
    documented = (FOLDER / "README.md").read_text()
    for field in fields:
        assert f"'{field}':" in str(FAILS), field
        assert f"`{field}`" in documented, field


@pytest.mark.parametrize(
    "output",
    [
        Output(4, "{}"),
        Output(1, "", "Traceback (most recent call last):\n"),
        Output(1, "no JSON"),
        Output(1, "[]"),
    ],
    ids=["internal error", "traceback", "text", "list"],
)
def test_a_crash_and_a_lost_report_hold_nothing(output: Output, copy: Copy) -> None:
    with pytest.raises(UnmetError):
        expect(output, {"must_not": [{"rule": "source-owner"}]}, copy)


def test_a_misspelled_field_is_an_error(copy: Copy) -> None:
    steps: list[Step] = [{"must_nott": []}, {"must": [{"rul": "x"}]}, {"json": [{"path": "", "equal": 1}]}]
    for step in steps:
        with pytest.raises((ValueError, KeyError)):
            expect(OUTPUT, step, copy)
    for case in ({"title": "", "runs": [{}], "sandboxed": True}, {"title": "", "runs": []}):
        with pytest.raises(ValueError):
            parse_case(FOLDER, case)


def test_a_body_is_held_against_its_words() -> None:
    expect_body({"body_has": ["PASSED", ["a", "ARCHIVED"]], "body_has_not": ["FAILED"]}, "PASSED ARCHIVED")
    for step in ({"body_has": ["FAILED"]}, {"body_has_not": ["PASSED"]}):
        with pytest.raises(UnmetError):
            expect_body(step, "PASSED ARCHIVED")
