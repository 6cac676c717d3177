"""The formats for other programs: letter by letter, by their published rules, their limits and what lasts.

`CHECKER_GOLDEN=write pytest tests/report` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker import __version__
from checker.app.output import Destination, publish, render
from checker.app.run import Run
from checker.configuration.model import Configuration
from checker.core.errors import Skipped
from checker.core.finding import Finding, Role, Severity, Verdict
from checker.inputs.load import load
from checker.lint.audited import Circumstances
from checker.lint.engine import judge
from checker.lint.history import Change, Entry, History
from checker.lint.registry import all_rules
from checker.lint.report import Examined, Report
from checker.report.context import Setting
from checker.report.formats import sarif
from checker.report.formats.github import step_summary
from checker.report.review import relative_uri
from tests.report.fixed import LIVE, REPORT, SETTING, WEAK, WIDE, Live, at
from tests.report.readers import (
    github_lines,
    gitlab_issues,
    hold,
    inert_page,
    is_relative,
    junit_cases,
    sarif_run,
    written,
)
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, document, statement

HERE = Path(__file__).parent
GOLDEN = {
    "text": "text.txt",
    "json": "json.json",
    "sarif": "sarif.json",
    "junit": "junit.xml",
    "github": "github.txt",
    "markdown": "markdown.md",
    "rdjson": "rdjson.json",
    "gitlab": "gitlab.json",
}
WITHOUT_TOTALS = {"text", "rdjson", "gitlab"}
"""Formats of findings alone; `text` has the totals beside the report."""


@pytest.mark.parametrize(("name", "file"), GOLDEN.items())
def test_the_sample_report_matches_the_golden_files(name: str, file: str) -> None:
    text = written(name, REPORT).replace(f'"{__version__}"', '"VERSION"')
    path = HERE / "golden" / file
    if os.environ.get("CHECKER_GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_the_sample_report_is_valid_in_every_format() -> None:
    hold(REPORT)


def test_reports_on_all_sample_policies_are_valid_in_every_format() -> None:
    setting = Setting(rules=all_rules(), root=str(TESTS.parent), folder=str(TESTS.parent))
    folders = sorted({path.parent for path in TESTS.glob("rules/*/*/cases.yaml")})
    reports = [judge(load([folder]), all_rules()) for folder in folders]
    assert sum(len(report.findings) for report in reports) > len(folders)
    for report in reports:
        hold(report, setting)


# Places.


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("policies/chat.json", "policies/chat.json"),
        ("./policies/../chat.json", "chat.json"),
        ("/srv/repository/chat.json", "chat.json"),
        ("/srv/elsewhere/chat.json", "srv/elsewhere/chat.json"),
        ("../elsewhere/chat.json", "srv/elsewhere/chat.json"),
        ("a b#1.json", "a%20b%231.json"),
        ("a:b\\c.json", "a%3Ab%5Cc.json"),
        ("ü.json", "%C3%BC.json"),
        ("<stdin>", "%3Cstdin%3E"),
        ("arn:aws:sns:us-east-1:111122223333:chat", "arn/aws/sns/us-east-1/111122223333/chat"),
        ("arn:aws:iam::111122223333:role/../x", "arn/aws/iam/111122223333/role/x"),
        ("", "unnamed"),
    ],
)
def test_every_name_has_a_relative_uri(name: str, uri: str) -> None:
    assert relative_uri(name, SETTING) == uri
    assert is_relative(uri)


def test_names_are_relative_to_the_repository_from_any_folder() -> None:
    report = Report((WIDE._replace(locations=(at("Statement", 1),)),), (), (), 0)
    setting = SETTING._replace(folder="/srv/repository/infra")
    (result,) = sarif_run(report, setting)["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "infra/policies/chat.json"
    (command,), _ = github_lines(report, setting)
    assert command.properties["file"] == "infra/policies/chat.json"
    assert inert_page(written("markdown", report, setting)).code[0] == "infra/policies/chat.json"


# Limits.


def many(number: int, finding: Finding = WIDE) -> list[Finding]:
    return [finding._replace(message=f"finding `{index}` of many") for index in range(number)]


def test_github_gets_at_most_ten_annotations_of_a_kind_and_the_number_of_the_rest() -> None:
    commands, shown = github_lines(Report((*many(12), *many(30, WEAK)), (), (), 0))
    assert [one.kind for one in commands] == ["error"] * 10 + ["warning"] * 10
    assert shown[:2] == [
        "20 more annotations of kind error: see the job summary, GitHub shows 10",
        "2 more annotations of kind warning: see the job summary, GitHub shows 10",
    ]


@pytest.mark.parametrize(("name", "most"), [("comment", 65_536), ("summary", 1024 * 1024)])
def test_markdown_keeps_the_most_severe_findings_within_the_size_limit(name: str, most: int) -> None:
    findings = (*many(1_000, WIDE._replace(help="x" * 900)), *many(20, WEAK))
    report = Report(findings, (), tuple(Skipped(f"file {n}", "x" * 200) for n in range(1_000)), 0)
    lines = list(render("markdown", report, SETTING) if name == "comment" else step_summary(report, SETTING))
    text = "\n".join(lines) + "\n"
    assert most * 0.9 < len(text.encode()) <= most
    shown = [line for line in lines if line.startswith(("- **error**", "- **warning**"))]
    assert sum("**error**" in line for line in shown) == 20
    assert f"and {len(findings) - len(shown)} more findings, omitted because of the size limit" in lines
    assert any(re.fullmatch(r"- and \d+ more", line) for line in lines)
    inert_page(text)


def test_no_text_is_so_long_that_it_hides_the_other_findings() -> None:
    long = WEAK._replace(message="@" * 1_000_000, help="@" * 1_000_000, locations=WEAK.locations * 1_000)
    text = written("markdown", Report((long, *many(5)), (), (), 0))
    assert "**error**" in text
    assert "4" in inert_page(text).code


def test_sarif_keeps_the_most_severe_results_and_reports_the_number_omitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 3)
    many_places = WEAK._replace(locations=WEAK.locations * 50)
    run = sarif_run(Report((*many(3), many_places), (), (), 0))
    assert [one["level"] for one in run["results"]] == ["error", "warning", "warning"]
    assert len(run["results"][0]["locations"]) == len(run["results"][0]["relatedLocations"]) == 10
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"].startswith("1 of 4 results are omitted")


# What fails a run, and what does not.


@pytest.mark.parametrize(
    ("fail_on", "failed"), [(Severity.ERROR, 2), (Severity.WARNING, 3), (Severity.NOTE, 3)]
)
def test_junit_fails_from_the_severity_that_fails_the_run(fail_on: Severity, failed: int) -> None:
    cases = junit_cases(REPORT, SETTING._replace(fail_on=fail_on))
    assert sum(case.find("failure") is not None for case in cases) == failed


def test_junit_reports_a_finding_whose_target_was_not_examined() -> None:
    (case,) = junit_cases(Report((WIDE,), (), (), 0))
    assert (case.get("name"), case.get("classname")) == (WIDE.rule, WIDE.resource)
    assert case.find("failure") is not None


def test_junit_assigns_a_finding_to_its_file() -> None:
    verdicts = {WIDE.rule: Verdict.FAIL}
    files = ("other.json", "policies/chat.json")
    examined = tuple(Examined("topic", WIDE.resource, file, verdicts) for file in files)
    cases = junit_cases(Report((WIDE,), examined, (), 0))
    assert [case.get("file") for case in cases if case.find("failure") is not None] == ["policies/chat.json"]


@pytest.mark.parametrize(
    ("report", "successful"),
    [
        (Report((WEAK,), (), (), 0), True),
        (Report((), (), (Skipped("role.json", "no policy"),), 0), True),
        (Report((), (), (Skipped("role.json", "no JSON", error=True),), 0), False),
        (Report((), (), (), 0, crashed=("weak-condition",)), False),
    ],
)
def test_a_sarif_run_succeeded_unless_something_crashed_or_could_not_be_read(
    report: Report, successful: bool
) -> None:
    assert sarif_run(report)["invocations"][0]["executionSuccessful"] is successful


@pytest.mark.parametrize("name", sorted(GOLDEN.keys() - WITHOUT_TOTALS))
def test_every_format_reports_the_number_of_unchecked_topics(name: str) -> None:
    assert "4321" in written(name, Report((), (), (), not_judged=4321))


# Fingerprints.


def fingerprints(folder: Path, text: str) -> list[str]:
    folder.mkdir()
    (folder / "policy.json").write_text(text)
    report = judge(load([folder / "policy.json"]), all_rules())
    setting = Setting(rules=all_rules(), root=str(folder), folder=str(folder))
    return [one["partialFingerprints"]["checker/v1"] for one in sarif_run(report, setting)["results"]]


def test_fingerprints_survive_moved_lines_and_statements_and_distinguish_findings(tmp_path: Path) -> None:
    statements = [
        statement(Sid="First"),
        statement(Sid="Second", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        statement(Principal="*"),
    ]
    before = fingerprints(tmp_path / "before", json.dumps(document(*statements)))
    assert len(before) >= 3
    assert set(fingerprints(tmp_path / "lines", "\n\n" + json.dumps(document(*statements), indent=4))) == set(
        before
    )
    reversed_ = document(*reversed(statements))
    assert set(fingerprints(tmp_path / "order", json.dumps(reversed_, indent=1))) == set(before)
    added = document(
        statement(Sid="New", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), *statements
    )
    assert set(fingerprints(tmp_path / "added", json.dumps(added))) > set(before)


def test_equal_findings_get_numbered_fingerprints() -> None:
    prints = [
        one["partialFingerprints"]["checker/v1"]
        for one in sarif_run(Report((WIDE, WIDE, WEAK, WIDE), (), (), 0))["results"]
    ]
    assert [one.partition(":")[2] for one in prints] == ["", "", "2", "3"]
    assert len({one.partition(":")[0] for one in prints}) == 2


def test_live_findings_have_a_location_in_every_format() -> None:
    names = ("arn:aws:sns:us-east-1:111122223333:a", "arn:aws:sns:us-east-1:111122223333:b")
    report = Report(
        tuple(LIVE._replace(resource=name, locations=(at(of=Live(name)),)) for name in names), (), (), 0
    )
    uris = [
        place["physicalLocation"]["artifactLocation"]["uri"] for place in result_places(sarif_run(report))
    ]
    assert uris == ["arn/aws/sns/us-east-1/111122223333/a", "arn/aws/sns/us-east-1/111122223333/b"]
    commands, _ = github_lines(report)
    assert all(set(one.properties) == {"title"} for one in commands)
    assert all(name in one.message for name, one in zip(names, commands, strict=True))


def test_a_finding_with_only_related_locations_is_reported_at_the_first_one() -> None:
    locations = (at("Statement", 0, role=Role.RELATED), at("Statement", 1, role=Role.RELATED))
    (result,) = sarif_run(Report((WIDE._replace(locations=locations),), (), (), 0))["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    assert len(result["relatedLocations"]) == 1


# Reviews.


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_suggestion_makes_the_edits_of_the_fix(tmp_path: Path, ending: str) -> None:
    wrong = document(
        statement(Sid="Ünï 𐐀", Action="sns:publish", Condition={"ArnLike": {"aws:SourceARN": INSTANCE_ARN}})
    )
    policy = tmp_path / "policy.json"
    policy.write_bytes(json.dumps(wrong, indent=2, ensure_ascii=False).replace("\n", ending).encode())
    done = subprocess.run(
        [sys.executable, "-m", "checker", "check", policy, "--format", "rdjson"],
        capture_output=True,
        check=False,
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
    )
    diagnostics = json.loads(done.stdout)["diagnostics"]
    suggested = [one for one in diagnostics if "suggestions" in one]
    assert suggested
    for one in suggested:
        assert covers(one["location"]["range"], one["suggestions"][0]["range"])
        (tmp_path / "applied.json").write_bytes(applied(policy.read_bytes(), one["suggestions"][0]))
        left = judge(load([tmp_path / "applied.json"]), all_rules()).findings
        assert one["code"]["value"] not in {finding.rule for finding in left}


def offset(data: bytes, point: dict[str, int]) -> int:
    before = data.split(b"\n")[: point["line"] - 1]
    return sum(len(line) + 1 for line in before) + point["column"] - 1


def applied(data: bytes, suggestion: dict[str, Any]) -> bytes:
    start, end = (offset(data, suggestion["range"][side]) for side in ("start", "end"))
    return data[:start] + str(suggestion["text"]).encode() + data[end:]


def covers(outer: dict[str, Any], inner: dict[str, Any]) -> bool:
    points = [
        (one["line"], one["column"]) for one in (outer["start"], inner["start"], inner["end"], outer["end"])
    ]
    return points == sorted(points)


def test_gitlab_severities_follow_the_consequence() -> None:
    issues = gitlab_issues(
        Report((WIDE, WEAK, LIVE), (), (Skipped("a.json", "no JSON", error=True),), 0, crashed=("x",))
    )
    severities = {one["check_name"]: one["severity"] for one in issues}
    assert severities["weak-condition"] == "critical"
    assert severities["wide-action"] == "major"
    assert severities["checker-not-read"] == "critical"
    assert severities["checker-crashed-rule"] == "blocker"


def result_places(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for result in run["results"]:
        yield from result["locations"]


@pytest.mark.parametrize(
    ("new", "fixed", "unread", "lines"),
    [
        (0, 12, 0, {"Fixed": 12}),  # what others leave free
        (30, 12, 0, {"New": 28, "Fixed": 4}),
        (30, 12, 9, {"New": 23, "Fixed": 4, "Not looked at": 3}),  # all sections keep their least room
        (2, 9, 30, {"New": 2, "Fixed": 9, "Not looked at": 19}),
    ],
)
def test_the_sections_of_a_digest_share_its_lines(
    new: int, fixed: int, unread: int, lines: dict[str, int]
) -> None:
    counts = {Change.NEW: new, Change.FIXED: fixed}
    entries = [
        Entry(LIVE._replace(resource=f"arn:aws:sns:us-east-1:11112222{number:04}:chat"), change, "2026-01-01")
        for change, count in counts.items()
        for number in range(count)
    ]
    skipped = tuple(Skipped(f"topic {number}", "denied", error=True) for number in range(unread))
    text = digest_of(entries, skipped)
    sections = [section.splitlines() for section in text.split("\n\n")[1:-1]]
    assert {title.strip("*"): len(items) for title, *items in sections} == lines
    assert len(text.splitlines()) <= 40


def digest_of(entries: list[Entry], skipped: tuple[Skipped, ...] = ()) -> str:
    audit, history = Circumstances("2026-01-02T00:00:00+00:00", "1"), History("2026-01-01", tuple(entries))
    report = REPORT._replace(findings=(), skipped=skipped, audit=audit, history=history)
    return written("digest", report, SETTING)


@pytest.mark.parametrize("change", [Change.NEW, Change.FIXED, Change.NOT_AUDITED])
def test_a_digest_marks_what_is_not_known_and_names_the_topic_of_a_key(change: Change) -> None:
    key = "arn:aws:kms:us-east-1:111122223333:key/k"
    found = LIVE._replace(resource=key, affects=("arn:aws:sns:us-east-1:111122223333:chat",))
    entries = [
        Entry(found._replace(verdict=verdict), change, "2026-01-01", reason="gone")
        for verdict in (Verdict.FAIL, Verdict.UNDETERMINED)
    ]
    lines = [line for line in digest_of(entries).splitlines() if line.startswith("- ")]
    assert sum("(not known)" in line for line in lines) == 1
    assert sum("key/k of chat" in line for line in lines) == 2


@pytest.mark.parametrize("messages", [("one", "one"), ("one", "another")])
def test_a_digest_says_that_a_message_is_that_of_one_finding(messages: tuple[str, str]) -> None:
    entries = [
        Entry(
            LIVE._replace(resource=f"{LIVE.resource}{message}{number}", message=message),
            Change.NEW,
            "2026-01-01",
        )
        for number, message in enumerate(messages)
    ]
    (line,) = [line for line in digest_of(entries).splitlines() if line.startswith("- ")]
    assert ("for example, one" in line) is (messages != ("one", "one")), line


def test_the_text_file_of_an_audit_has_what_was_not_read_and_the_totals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unread = (Skipped("account 111122223333", "access denied", error=True),)
    audit = Circumstances("2026-01-02T00:00:00+00:00", "1")
    run = Run(REPORT._replace(skipped=unread, audit=audit), Severity.WARNING, False, Configuration())
    text = tmp_path / "report.txt"
    publish(run, [Destination("text", text), Destination("text")])
    printed = capsys.readouterr()
    assert text.read_text() == f"{printed.out}\n{printed.err}"
    assert "error: account 111122223333: access denied" in printed.err
    assert "examined" in printed.err
