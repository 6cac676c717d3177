"""A fortnight of nights: topics break, are fixed, appear and disappear, and accounts are refused or left out."""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from checker.sandbox import seed
from checker.sandbox.http import faults
from checker.sandbox.running import Account, Sandbox
from tests.live.estate import Ended, checker

REGION = "us-east-1"
HOMES = count(500000000001)
DEPUTY, SUBSCRIBER = "missing-source-account", "no-durable-subscriber"
RULES = f"{DEPUTY},{SUBSCRIBER}"
CHANGES = ("new", "escalated", "fixed", "unchanged", "not_audited", "suppressed")
Found = dict[str, set[str]]


class Night(NamedTuple):
    """An audit: how it ended, its report, and its digest."""

    ended: Ended
    report: dict[str, Any]
    digest: str

    @property
    def found(self) -> Found:
        """The rule and topic of each finding, by its change; only the changes of the night."""
        found: Found = {change: set() for change in CHANGES}
        for one in self.report["findings"]:
            found[one["change"]].add(_short(one))
        for change in ("fixed", "not_audited", "suppressed"):
            found[change] = {_short(one["finding"]) for one in self.report["history"][change]}
        return {change: names for change, names in found.items() if names}

    @property
    def why_new(self) -> set[str]:
        """What the report says about new findings that may be older."""
        return {one["change_reason"] for one in self.report["findings"] if one["change"] == "new"}

    def reasons(self, change: str) -> set[str]:
        """The reasons of findings that are not reported any more."""
        return {one["reason"] for one in self.report["history"][change]}


def _short(finding: dict[str, Any]) -> str:
    return f"{finding['rule']} {finding['resource'].rpartition(':')[2]}"


class Nights:
    """Two accounts of an organization, and the folder with the reports of each night."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder, self.number = sandbox, folder, 0
        self.home = sandbox.account(str(next(HOMES)), REGION)
        organizations = self.home.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        made = organizations.create_account(Email="a@example.com", AccountName="payments")
        self.member = sandbox.account(made["CreateAccountStatus"]["AccountId"], REGION)
        self.instances = {one.id: seed.make_instance(one) for one in (self.home, self.member)}

    def good(self, account: Account, name: str) -> str:
        return seed.good_topic(account, self.instances[account.id], name)

    def delete(self, account: Account, topic: str) -> None:
        account.client("sns").delete_topic(TopicArn=topic)

    def audit(self, *options: str | Path, accounts: tuple[str, ...] = (), rules: str = RULES) -> Night:
        """Audit in the next night, as a scheduled command would."""
        self.number += 1
        report, digest, page = (self.folder / f"{self.number:02}.{kind}" for kind in ("json", "md", "html"))
        where = ("--accounts", ",".join(accounts)) if accounts else ("--organization",)
        formats = (f"json={report}", f"digest={digest}", f"html={page}", "text")
        written = (word for name in formats for word in ("--format", name))
        chosen = ("--role-name", "reader", "--region", REGION, "--select", rules, "--trail-hours", "0")
        ended = checker("audit", *where, *chosen, "--since", self.folder, *written, *options)
        return Night(ended, json.loads(report.read_text()), digest.read_text())


@pytest.fixture
def nights(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    made = Nights(sandbox, tmp_path / "nights")
    made.folder.mkdir()
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", made.home.id)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.chdir(tmp_path)
    yield made
    sandbox.clear_faults()


def test_a_fortnight(nights: Nights) -> None:
    seed.subscribed_queue(nights.home, nights.good(nights.home, "chat"), "inbox")
    opened = seed.confused_deputy_topic(nights.home, "open")
    pay = nights.good(nights.member, "pay")
    began = _topics_appear_and_are_fixed(nights)
    _accounts_are_refused_and_left_out(nights, pay, began)
    _options_change_and_calls_are_refused(nights)
    seed.subscribed_queue(nights.home, opened, "open-inbox")
    _agrees_everywhere(nights, _findings_are_suppressed_and_topics_leave_the_scope(nights))


def _topics_appear_and_are_fixed(nights: Nights) -> str:
    """Return the time of the first night."""
    first = nights.audit()
    assert first.found == {"new": {f"{DEPUTY} open", f"{SUBSCRIBER} open", f"{SUBSCRIBER} pay"}}
    assert first.ended.code == 1
    assert "no earlier audit" in first.ended.err
    began: str = first.report["audit"]["time"]
    units = {(unit["account"], unit["account_name"]) for unit in first.report["audit"]["units"]}
    assert units == {(nights.home.id, "master"), (nights.member.id, "payments")}
    assert all(unit["began"] >= began for unit in first.report["audit"]["units"])

    quiet = nights.audit("--fail-on-new")
    assert quiet.found == {"unchanged": first.found["new"]}
    assert {one["first_seen"] for one in quiet.report["findings"]} == {began}
    assert quiet.ended.code == 0

    seed.confused_deputy_topic(nights.home, "late")
    third = nights.audit("--fail-on-new")
    assert third.found["new"] == {f"{DEPUTY} late", f"{SUBSCRIBER} late"}
    assert third.why_new == {"the topic is new"}
    assert third.ended.code == 1

    nights.good(nights.home, "open")  # the same topic, with conditions in its policy
    fourth = nights.audit()
    assert fourth.found["fixed"] == {f"{DEPUTY} open"}
    assert "new" not in fourth.found
    return began


def _accounts_are_refused_and_left_out(nights: Nights, pay: str, began: str) -> None:
    nights.sandbox.fault(faults.denied("sts", "AssumeRole"))
    refused = nights.audit()
    nights.sandbox.clear_faults()
    assert refused.found["not_audited"] == {f"{SUBSCRIBER} pay"}
    assert refused.reasons("not_audited") == {
        f"the topics of account {nights.member.id}, {REGION} could not be listed"
    }
    (entry,) = refused.report["skipped"]
    assert entry["what"] == f"account {nights.member.id}"
    assert f"`arn:aws:iam::{nights.member.id}:role/" in entry["reason"]
    assert "trust the caller" in entry["help"]
    assert refused.ended.code == 3

    again = nights.audit()
    known = {f"{SUBSCRIBER} pay", f"{SUBSCRIBER} open", f"{DEPUTY} late", f"{SUBSCRIBER} late"}
    assert again.found["unchanged"] == known
    assert {one["first_seen"] for one in again.report["findings"] if _short(one).endswith("pay")} == {began}

    nights.delete(nights.member, pay)
    seed.confused_deputy_topic(nights.member, "payout")
    without = nights.audit(accounts=(nights.home.id,))
    assert without.found["not_audited"] == {f"{SUBSCRIBER} pay"}
    assert without.reasons("not_audited") == {f"account {nights.member.id} was not audited"}

    both = nights.audit()
    assert both.found["fixed"] == {f"{SUBSCRIBER} pay"}
    assert both.reasons("fixed") == {"the topic does not exist any more"}
    assert both.found["new"] == {f"{DEPUTY} payout", f"{SUBSCRIBER} payout"}
    assert both.why_new == {"not audited last time"}


def _options_change_and_calls_are_refused(nights: Nights) -> None:
    nights.delete(nights.home, f"arn:aws:sns:{REGION}:{nights.home.id}:late")
    assert nights.audit().found["fixed"] == {f"{DEPUTY} late", f"{SUBSCRIBER} late"}

    severe = nights.audit("--severity", f"{SUBSCRIBER}=error", "--fail-on-new")
    assert severe.found["escalated"] == {f"{SUBSCRIBER} open", f"{SUBSCRIBER} payout"}
    assert severe.ended.code == 1

    selected = nights.audit(rules=DEPUTY)
    open_ones = {f"{SUBSCRIBER} open", f"{SUBSCRIBER} payout"}
    assert selected.found == {"unchanged": {f"{DEPUTY} payout"}, "not_audited": open_ones}
    assert selected.reasons("not_audited") == {"its rule was not checked"}

    nights.sandbox.fault(faults.denied("sns", "ListSubscriptions", account=nights.home.id))
    unlisted = nights.audit("--severity", f"{SUBSCRIBER}=error")
    nights.sandbox.clear_faults()
    assert unlisted.found["not_audited"] == {f"{SUBSCRIBER} open"}
    assert unlisted.found["unchanged"] == {f"{DEPUTY} payout", f"{SUBSCRIBER} payout"}
    assert all(reason.startswith("not known") for reason in unlisted.reasons("not_audited"))
    assert unlisted.ended.code == 3


def _findings_are_suppressed_and_topics_leave_the_scope(nights: Nights) -> Night:
    payout = f"arn:aws:sns:{REGION}:{nights.member.id}:payout"
    suppression = {"rule": DEPUTY, "resource": payout, "reason": "accepted until May"}
    Path("checker.yaml").write_text(json.dumps({"suppressions": [suppression]}))
    suppressed = nights.audit()
    assert suppressed.found["fixed"] == {f"{SUBSCRIBER} open"}
    assert suppressed.found["suppressed"] == {f"{DEPUTY} payout"}

    Path("checker.yaml").unlink()
    nights.sandbox.fault(faults.denied("sns", "GetTopicAttributes", contains="payout"))
    unread = nights.audit()
    nights.sandbox.clear_faults()
    assert f"{DEPUTY} payout" in unread.found["not_audited"]
    assert any(reason.startswith("suppressed before; ") for reason in unread.reasons("not_audited"))

    shown = nights.audit("--fail-on-new")
    assert shown.found == {"new": {f"{DEPUTY} payout"}, "unchanged": {f"{SUBSCRIBER} payout"}}
    assert shown.ended.code == 1

    own = {
        "Effect": "Allow",
        "Principal": {"AWS": nights.member.id},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    nights.member.client("sns").set_topic_attributes(
        TopicArn=payout, AttributeName="Policy", AttributeValue=json.dumps({"Statement": [own]})
    )
    last = nights.audit()
    # Out of scope, but judged again: CloudTrail may not show a stream that the topic still has.
    assert last.found == {"fixed": {f"{DEPUTY} payout"}, "unchanged": {f"{SUBSCRIBER} payout"}}
    return last


def _agrees_everywhere(nights: Nights, last: Night) -> None:
    """The trend has every night. The page and the digest of a night have what its report has."""
    trend = last.report["history"]["nights"]
    assert len(trend) == nights.number
    assert [night["time"] for night in trend] == sorted({night["time"] for night in trend})
    for number, night in enumerate(trend, 1):
        report = json.loads((nights.folder / f"{number:02}.json").read_text())
        counts, summary = report["history"]["counts"], report["summary"]
        assert night["errors"] == summary["errors"]
        assert night["new"] == counts["new"] + counts["escalated"]
        assert (night["fixed"], night["not_audited"]) == (counts["fixed"], counts["not_audited"])
        digest = (nights.folder / f"{number:02}.md").read_text()
        assert len(digest.splitlines()) <= 40
        for title, change in (("New", "new"), ("Escalated", "escalated"), ("Fixed", "fixed")):
            assert (f"**{title}**" in digest) == bool(counts[change])
        assert ("**Not audited**" in digest) == bool(counts["not_audited"])
        changes = _changes_on_page((nights.folder / f"{number:02}.html").read_text())
        assert changes == {change: number for change, number in counts.items() if number}


def _changes_on_page(page: str) -> dict[str, int]:
    """Count the rows of a page by their change."""
    match = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert match is not None
    data = json.loads(match[1])
    at, texts = data["columns"].index("change"), data["strings"]
    return dict(Counter(texts[row[at]] if isinstance(row[at], int) else row[at] for row in data["rows"]))


def test_a_journal_and_a_single_report_remember_as_a_folder_does(nights: Nights, tmp_path: Path) -> None:
    seed.confused_deputy_topic(nights.home, "open")
    journal = tmp_path / "night.jsonl"
    before = nights.audit("--journal", journal)
    seed.confused_deputy_topic(nights.home, "late")
    by_journal = nights.audit("--since", journal)
    by_report = nights.audit("--since", nights.folder / "01.json")
    expected = {
        "new": {f"{DEPUTY} late", f"{SUBSCRIBER} late"},
        "unchanged": {f"{DEPUTY} open", f"{SUBSCRIBER} open"},
    }
    assert before.found == {"new": expected["unchanged"]}
    assert by_journal.found == by_report.found == expected
    for since in (journal, nights.folder / "01.json"):
        narrow = nights.audit("--since", since, rules=DEPUTY)
        assert narrow.found["not_audited"] == {f"{SUBSCRIBER} open"}
        assert narrow.reasons("not_audited") == {"its rule was not checked"}


def test_the_table_has_a_row_for_every_finding(nights: Nights, tmp_path: Path) -> None:
    seed.confused_deputy_topic(nights.home, "open")
    table = tmp_path / "findings.csv"
    nights.audit("--format", f"csv={table}")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {(row["account_name"], row["rule"], row["change"]) for row in rows} == {
        ("master", DEPUTY, "new"),
        ("master", SUBSCRIBER, "new"),
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("report.json", "{}", "does not say when it was audited"),
        ("report.json", '{"audit": {"time": "yesterday..."}}', "does not say when it was audited"),
        ("report.json", '{"audit": {"time": "2026-01-01T00:00:00+00:00"}}', "not a valid report"),
        (
            "night.jsonl",
            '{"kind":"audit","version":1,"began":"2026-01-01T00:00:00+00:00"}\n',
            "another version",
        ),
    ],
)
def test_what_is_no_report_is_refused_by_name(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    refused = checker("audit", "--region", REGION, "--since", file)
    assert refused.code == 2
    assert said in refused.err


def test_other_files_of_a_folder_are_left_out_and_named_once(nights: Nights) -> None:
    for name in ("baseline.json", "package.json", "settings.json"):
        (nights.folder / name).write_text("{}")
    night = nights.audit()
    others = (
        "not compared with 3 files without the time of an audit: baseline.json, package.json, settings.json"
    )
    assert night.ended.err.count("not compared with") == 1
    assert others in night.ended.err
    assert night.ended.code == 0


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("report.json", '{"audit": {"time": "2026-01-01T00:00:00+00:00"}}', 3),
        ("report.json", '{"audit": {"time": "2999-01-01T00:00:00+00:00"}}', 3),
        ("report.json", "", 3),
        ("night.jsonl", '{"kind":"audit","version":7,"began":"2026-01-01T00:00:00+00:00"}\n', 0),
    ],
)
def test_an_audit_that_cannot_be_compared_with_is_named(
    nights: Nights, name: str, text: str, code: int
) -> None:
    """What it knew is missing, unless it did not finish, so that nobody saw what it found."""
    (nights.folder / name).write_text(text)
    night = nights.audit("--fail-on-new")
    assert f"{name}: not compared with: " in night.ended.err
    assert night.ended.code == code


def test_the_journal_that_is_resumed_is_no_earlier_audit(nights: Nights) -> None:
    seed.confused_deputy_topic(nights.home, "open")
    journal = nights.folder / "own.jsonl"
    nights.audit("--journal", journal)
    for report in nights.folder.glob("*.json"):
        report.unlink()
    unfinished = journal.read_text().removesuffix('{"kind":"end"}\n')
    journal.write_text(unfinished)
    resumed = checker("audit", "--resume", journal, "--since", nights.folder, "--fail-on-new")
    assert "own.jsonl: not compared with: the audit did not finish" in resumed.err
    assert resumed.code == 1


def test_only_new_findings_can_fail_only_if_there_is_something_to_compare_with() -> None:
    refused = checker("audit", "--region", REGION, "--fail-on-new")
    assert refused.code == 2
    assert "requires --since" in refused.err


@pytest.mark.parametrize("options", [(), ("--fail-on-new",)])
def test_an_audit_with_other_credentials_is_incomplete(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """It examines nothing, and looks at nothing that earlier audits found."""
    seed.confused_deputy_topic(nights.home, "open")
    nights.audit()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "555566667777")
    ended = checker("audit", "--region", REGION, "--trail-hours", "0", "--since", nights.folder, *options)
    assert ended.code == 3
    assert "nothing that earlier audits found was audited" in ended.err
    assert "check the credentials" in ended.err
