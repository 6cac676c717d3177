"""The page without a browser: its data, the maps, the fixes in four dialects, and the size."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checker.analysis.inventory import PolicyText
from checker.app.output import render
from checker.core.finding import Applicability, Edit, Finding, Location, Position, Severity, Verdict
from checker.fix.appraisal import with_previews
from checker.fix.reading import Reading
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.history import Change, Entry, History, Night
from checker.lint.registry import all_rules
from checker.lint.report import Report, Subscribed, Suppressed, SuppressedBy
from checker.policy.change import fresh
from checker.policy.node import meaning
from checker.policy.source import Source
from checker.report.context import Setting
from checker.report.formats.json import report_v1
from checker.report.page.fixes import diff, fixes_json, with_dialects
from checker.report.page.pool import Pool, parts_of
from checker.report.page.rows import Row, cells_of, rows_of
from checker.report.page.topics import maps_of
from checker.report.page.trend import trend
from checker.report.record import MALFORMED, RecordedPlace, read_report
from tests.page.samples import (
    RULES,
    SETTING,
    audit,
    examined,
    finding,
    fixes_of,
    policy_of,
    topic_of,
    written,
)
from tests.report.readers import html_data, text_in, whole
from tests.samples import TESTS

MOST = 8_000_000


def test_a_page_of_an_audit_keeps_to_its_own_policy_and_has_every_finding() -> None:
    report = audit(60)
    assert report.history is not None
    data = html_data(report, SETTING)
    assert len(data["rows"]) == len(report.history.entries) + len(report.suppressed)
    assert data["accounts"]["111122223334"] == "chat-prod-1"
    assert len(data["topics"]) == 60


@pytest.mark.parametrize("length", [10, 900])
def test_a_large_page_stays_below_the_limit_and_says_what_it_left_out(length: int) -> None:
    number = 2_000
    findings = [finding(n) for n in range(number)]
    long = [one._replace(message=f"{one.message} {n} {'<' * length}") for n, one in enumerate(findings)]
    text = written(Report(tuple(long), tuple(map(examined, range(number), findings)), (), 0))
    assert len(text) < MOST
    rows = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])["rows"]  # type: ignore[index]
    left_out = re.search(r"(\d+) findings are left out because of the size limit", text)
    assert number - len(rows) == (int(left_out[1]) if left_out else 0)
    assert (left_out is None) == (length == 10)


def test_every_row_has_its_texts_whole_although_rows_share_them() -> None:
    report = audit(200)
    data = html_data(report, SETTING)
    rows = rows_of(report, SETTING)
    for row, values, number, words in zip(rows, data["rows"], data["details"], data["commands"], strict=True):
        shown = {
            name: text_in(data, values, value)
            for name, value in zip(data["columns"], values, strict=True)
            if name != "open"
        }
        assert shown["message"] == row.finding.message
        assert shown["resource"] == row.finding.resource
        assert shown["witness"] == (row.finding.witness.sentence if row.finding.witness else "")
        details = whole(data, values, number)
        request = json.loads(details["request"].split("\n")[0]) if "request" in details else None
        assert request == (row.finding.witness.request if row.finding.witness else None)
        diffs = [fix["diff"] for fix in details.get("fixes", ()) if "diff" in fix]
        assert len(diffs) == sum(bool(fix.policy) for fix in row.finding.fixes if row.is_present)
        assert all(f"--- a/{row.finding.resource}\n" in diff for diff in diffs)
        commands = whole(data, values, words)
        assert all(row.finding.resource in one for one in commands if "explain" in one)


@given(st.text(), st.sampled_from(("arn:aws:sns:us-east-1:111122223333:chat-streams", "main.tf", "")))
def test_a_text_is_stored_without_the_parts_of_its_arn(text: str, resource: str) -> None:
    pool, parts = Pool(), parts_of(resource)
    for one in (
        text,
        f"{text}{resource}",
        f"{resource}{text}{resource}us-east-1",
        "chat-streams111122223333",
    ):
        stored = pool.texts[pool.text(one, parts)]
        pieces = [stored] if isinstance(stored, str) else stored
        assert "".join(parts[piece] if isinstance(piece, int) else piece for piece in pieces) == one


def test_ten_thousand_findings_have_all_their_details() -> None:
    text = written(audit(10_000))
    assert len(text) < MOST * 0.6
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert None not in data["details"]
    assert data["total"] == 10_000


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((), "No findings, and everything that was looked at is known."),
        ((Change.FIXED,), "No findings, and everything that was looked at is known."),
        ((Change.NOT_AUDITED,), "No findings, but 1 earlier finding not audited: this may still exist."),
    ],
)
def test_a_page_without_findings_says_what_was_not_audited(changes: tuple[Change, ...], said: str) -> None:
    entries = tuple(Entry(finding(0), change, "2026-11-01T02:00:00Z", Severity.ERROR) for change in changes)
    assert said in written(Report((), (), (), 0, history=History("2026-11-01", entries)))


def test_contacts_have_the_account_and_region_of_their_instance() -> None:
    instance = "arn:aws:connect:eu-west-2:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    place = Location(RecordedPlace(instance, "Topic"), ("Topic",))
    contact = finding(0)._replace(resource="contact-1", locations=(place,))
    cells = cells_of(Row("x", contact), SETTING)
    assert (cells["account"], cells["region"]) == ("111122223333", "eu-west-2")


def test_audits_of_other_accounts_have_lines_of_their_own() -> None:
    nights = [
        Night(f"2026-11-{day + 1:02}T02:00:00Z", 1, day % 2, 0, 0, scope="ab"[day % 2]) for day in range(6)
    ]
    assert trend(nights).count("<polyline") == 4
    assert "a line of their own" in trend(nights)
    assert trend([night._replace(scope="a") for night in nights]).count("<polyline") == 2


# IDs and changes.


def test_the_id_of_a_finding_is_stable_and_equal_findings_have_different_ones() -> None:
    first, second = (rows_of(audit(number), SETTING) for number in (20, 40))
    names = {row.finding.message: row.id for row in second}
    assert all(names[row.finding.message] == row.id for row in first if row.is_present)
    twice = rows_of(Report((finding(1), finding(1)), (), (), 0), SETTING)
    assert len({row.id for row in twice}) == 2


@pytest.mark.parametrize("change", list(Change))
def test_each_change_is_shown_with_its_date_and_reason(change: Change) -> None:
    one = finding(0)
    is_present = change in (Change.NEW, Change.ESCALATED, Change.UNCHANGED)
    entry = Entry(one, change, "2026-11-01T02:00:00Z", Severity.NOTE, "why")
    hidden = (Suppressed(one, SuppressedBy.COMMENT, "accepted"),) if change is Change.SUPPRESSED else ()
    report = Report(
        (one,) * is_present, (), (), 0, suppressed=hidden, history=History("2026-11-02", (entry,))
    )
    (row,) = rows_of(report, SETTING)
    assert row.change == change.value
    assert row.is_present == is_present
    eased = dict.fromkeys((Change.ESCALATED, Change.UNCHANGED), "was note before; why")
    expected = {**eased, Change.SUPPRESSED: "by comment: accepted"}
    assert row.remark == expected.get(change, "why")


# Maps.


def link_of(report: Report, name: str) -> tuple[str, int]:
    (one,) = maps_of(report, rows_of(report, SETTING), SETTING.rules)
    return next((status, row) for link, status, row in one.links if link == name)


@pytest.mark.parametrize(
    ("rule", "link"),
    [
        ("connect-not-allowed", "topic_policy"),
        ("fifo-topic", "topic_type"),
        ("cross-region", "region"),
        ("connect-cannot-use-key", "key_policy"),
        ("aws-managed-key", "key"),
        ("undeliverable-subscription", "delivery"),
        ("missing-source-account", "other_callers"),
    ],
)
def test_a_link_has_the_worst_status_of_its_rules(rule: str, link: str) -> None:
    def report(severity: Severity, verdict: Verdict = Verdict.FAIL, *, hidden: bool = False) -> Report:
        one = finding(0)._replace(rule=rule, severity=severity, verdict=verdict, resource=str(topic_of(0)))
        suppressed = (Suppressed(one, SuppressedBy.COMMENT, "accepted"),) if hidden else ()
        return Report((one,) * (not hidden), (examined(0, one),), (), 0, suppressed=suppressed)

    assert link_of(report(Severity.ERROR), link) == ("broken", 0)
    assert link_of(report(Severity.WARNING), link) == ("warning", 0)
    assert link_of(report(Severity.NOTE, Verdict.UNDETERMINED), link) == ("unknown", 0)
    assert link_of(report(Severity.ERROR, hidden=True), link) == ("suppressed", 0)
    passed = Report((), (examined(0, finding(0)),), (), 0)
    proven = {
        one.id: Verdict.PASS for one in RULES.values() if one.judges("check_topic") or one.judges("check_key")
    }
    assert link_of(passed._replace(examined=(passed.examined[0]._replace(verdicts=proven),)), link) == (
        "ok",
        -1,
    )
    nothing = passed._replace(examined=(passed.examined[0]._replace(verdicts={}),))
    assert link_of(nothing, link) == ("not_checked", -1)
    failed = passed._replace(examined=(passed.examined[0]._replace(verdicts={rule: Verdict.FAIL}),))
    assert link_of(failed, link)[0] in (
        "broken",
        "warning",
    )  # never better for a finding that is not in the report


def test_the_organization_policy_never_passes_because_a_rule_also_passes_without_one() -> None:
    report = Report((), (examined(0, finding(0)),), (), 0)
    assert link_of(report, "organization_policy") == ("not_checked", -1)


# Fixes.


def proven(folder: Path) -> list[tuple[Finding, Any]]:
    """The findings of files, with the fixes that are proven."""
    inventory = load([folder])
    report = with_previews(Reading(inventory, judge(inventory, all_rules())), lambda _: None)
    return [(one, fix) for one in report.findings for fix in one.fixes if fix.policy]


PROVEN = [
    pair
    for folder in sorted((TESTS.parent / "examples").iterdir())
    if folder.is_dir()
    for pair in proven(folder)
]
PROVEN += [(finding(0), fixes_of(topic_of(0), 0)[0])]


def dialects(one: Finding, fix: Any) -> dict[str, str]:
    single = one._replace(fixes=(fix,))
    (value,) = with_dialects({"fixes": fixes_json(single, SETTING)}, single)["fixes"]
    return {dialect["name"]: dialect["code"] for dialect in value["dialects"]}


@pytest.mark.parametrize(("one", "fix"), PROVEN, ids=[f"{one.rule}-{n}" for n, (one, _) in enumerate(PROVEN)])
def test_all_dialects_have_the_policy_with_the_fix(one: Finding, fix: Any, tmp_path: Path) -> None:
    expected, codes = json.loads(fix.policy), dialects(one, fix)
    assert list(codes) == ["AWS CLI", "Terraform", "CloudFormation", "Console"]
    words = shlex.split(codes["AWS CLI"])
    assert json.loads(words[-1]) == expected
    assert one.resource in words
    assert json.loads(codes["Console"]) == expected
    template = yaml.safe_load(codes["CloudFormation"])
    resources = template.get("Resources", {}).values()
    assert [template.get("KeyPolicy"), *(r["Properties"]["PolicyDocument"] for r in resources)].count(
        expected
    ) == 1
    (tmp_path / "main.tf").write_text(codes["Terraform"])
    inventory = load([tmp_path])
    policies = [*(topic.policy for topic in inventory.topics), *(key.policy for key in inventory.keys)]
    (policy,) = (policy for policy in policies if isinstance(policy, PolicyText))
    assert meaning(policy.document.root) == meaning(fresh(expected))


@pytest.mark.parametrize(
    ("applicability", "needs"),
    [
        (Applicability.UNSAFE, ()),
        (Applicability.DISPLAY, ()),
        (Applicability.DISPLAY, ("--instance-arn", "ARN")),
    ],
)
def test_only_a_proven_fix_is_shown(applicability: Applicability, needs: tuple[str, ...]) -> None:
    (fix,) = fixes_of(topic_of(0), 0)
    unproven = fix._replace(applicability=applicability, needs=needs)
    single = finding(0)._replace(fixes=(unproven,))
    (value,) = with_dialects({"fixes": fixes_json(single, SETTING)}, single)["fixes"]
    assert value["trust"] != "proven"
    assert not {"diff", "dialects"} & value.keys()
    assert "afe" in value["label"] or "Not proven" in value["label"]


def test_a_command_that_could_not_be_shown_as_it_is_is_left_out() -> None:
    (fix,) = fixes_of(topic_of(0), 0)
    odd = fix._replace(policy=policy_of(topic_of(0)).replace("AllowConnect", "Allow\\u202eConnect"))
    codes = dialects(finding(0), odd)
    assert all("\u202e" not in code for code in codes.values())
    assert json.loads(shlex.split(codes["AWS CLI"])[-1]) == json.loads(
        odd.policy
    )  # JSON has an escape for it
    assert "Terraform" not in codes or r"\u202e" in codes["Terraform"].lower()


TEXT = "one two\nthree\nfour five six\nseven\n"


@pytest.mark.parametrize(
    "edits",
    [
        [((1, 5, 1, 8), "2")],
        [((1, 1, 1, 4), "1"), ((1, 5, 1, 8), "2\n2b")],
        [((1, 5, 3, 5), "-\n-")],
        [((2, 1, 2, 1), "new\n"), ((3, 6, 3, 10), "5"), ((4, 6, 4, 6), "!")],
        [((3, 1, 4, 1), "")],
    ],
)
def test_a_diff_says_what_the_edits_do(edits: list[tuple[tuple[int, int, int, int], str]]) -> None:
    source = Source("a.json", TEXT)
    lines = diff([Edit(source, Position(*at), text) for at, text in edits], Setting(root="/x", folder="/x"))
    assert lines[:2] == ["--- a/a.json", "+++ b/a.json"]
    assert patched(TEXT, lines[2:]) == edited(TEXT, edits)


def test_a_fix_of_a_policy_in_aws_has_a_diff_of_the_policy() -> None:
    (value,) = fixes_json(finding(0), SETTING)
    lines = value["diff"].split("\n")
    assert lines[:2] == [f"--- a/{topic_of(0)}", f"+++ b/{topic_of(0)}"]
    assert [line for line in lines[2:] if line.startswith("-")] == [f'-      "Resource": "{topic_of(0)}"']
    assert '+          "aws:SourceAccount": "111122223333"' in lines


def edited(text: str, edits: list[tuple[tuple[int, int, int, int], str]]) -> str:
    starts = [0]
    for line_text in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line_text))
    for (line, column, end_line, end_column), new in reversed(edits):
        text = text[: starts[line - 1] + column - 1] + new + text[starts[end_line - 1] + end_column - 1 :]
    return text


def patched(text: str, lines: list[str]) -> str:
    """Apply a unified diff without context."""
    old, new, position = text.split("\n"), list[str](), 0
    for line in lines:
        if line.startswith("@@"):
            first, second = re.findall(r"[-+](\d+),", line)
            start, new_start = int(first), int(second)
            new += old[position : start - 1]
            position = start - 1
            assert new_start == len(new) + 1
        else:
            assert line[0] == "+" or line[1:] == old[position]
            position += line[0] != "+"
            new += [line[1:]] * (line[0] != "-")
    return "\n".join([*new, *old[position:]])


# The record of an audit.


def test_a_record_keeps_the_policy_of_a_fix_the_key_and_the_subscriptions() -> None:
    report = audit(12)
    again = read_report(json.loads(json.dumps(report_v1(report))))
    assert [fix for one in again.findings for fix in one.fixes] == [
        fix for one in report.findings for fix in one.fixes
    ]
    around = [(one.key, one.subscribers) for one in report.examined]
    assert [(one.key, one.subscribers) for one in again.examined] == around
    assert {known for _, known in around} >= {None}
    assert any(known and Subscribed("email") in known for _, known in around)


def places_in(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values inside of a value."""
    members = dict(enumerate(value)) if isinstance(value, list) else value
    for key, member in members.items() if isinstance(members, dict) else ():
        yield (*path, key)
        yield from places_in(member, (*path, key))


def test_a_record_with_a_value_of_another_type_is_refused_or_can_be_shown() -> None:
    """It may be written by hand or by another program."""
    text = json.dumps(report_v1(audit(12)))
    shapes = {
        tuple("*" if isinstance(key, int) else key for key in path): path
        for path in places_in(json.loads(text))
    }
    refused = 0
    for path in shapes.values():
        record = json.loads(text)
        around = reduce(lambda value, key: value[key], path[:-1], record)
        around[path[-1]] = 7 if isinstance(around[path[-1]], str) else "x"
        try:
            report = read_report(record)
        except MALFORMED:
            refused += 1
            continue
        for name in ("csv", "digest", "html", "json", "text"):
            assert list(render(name, report, SETTING)), path
    assert refused > len(shapes) / 2
