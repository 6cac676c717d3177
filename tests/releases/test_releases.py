"""This code reads what earlier releases wrote, and it means the same as it did then."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker import __version__
from checker.configuration.baseline import read_baseline
from checker.core.errors import InputError
from checker.fix.live.receipt import read_receipt
from checker.inputs.evidence_file import read_evidence
from checker.inputs.output_file import is_report
from checker.live.audit.journal import VERSION, UnfinishedError, read_journal
from checker.sandbox import seed
from tests.kills.scenes import validate
from tests.live.estate import Ended, checker
from tests.releases.__main__ import ACCOUNT, OTHER, REGION, RELEASES, environment

if TYPE_CHECKING:
    from checker.sandbox.running import Sandbox

KEPT = sorted(path for path in RELEASES.iterdir() if path.is_dir())
SCHEMAS = {
    "audit.json": "report:v1",
    "check.json": "report:v1",
    "audit-baseline.json": "baseline:v1",
    "baseline.json": "baseline:v1",
    "diff.json": "diff:v1",
    "evidence.json": "evidence:v1",
    "fix.json": "fix:v1",
    "flow.json": "flow:v1",
    "trial.json": "trial:v1",
}


CHANGES = {
    "topic": ["topic"],
    "replacement": ["new key", "new topic", "subscription"],
    "encryption": ["new key", "encryption"],
}
"""The kinds of changes in the receipts of `checker fix`."""


@pytest.fixture(params=KEPT, ids=lambda path: path.name)
def release(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a release, which is the current one, as it was for the commands that wrote the files."""
    folder: Path = request.param
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def there(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The sandbox, with credentials of the account of the files."""
    for name, value in environment(sandbox).items():
        monkeypatch.setenv(name, value)
    yield sandbox
    for region in (REGION, OTHER):
        sns = sandbox.client("sns", ACCOUNT, region)
        for topic in sns.list_topics()["Topics"]:
            sns.delete_topic(TopicArn=topic["TopicArn"])


def read(name: str) -> Any:
    return json.loads(Path(name).read_text())


def findings(report: Any) -> Counter[tuple[str, str]]:
    """The findings of a report, by rule and resource."""
    return Counter((one["rule"], one["resource"]) for one in report["findings"])


def output(done: Ended) -> Any:
    return json.loads(done.out)


def test_reports_fit_their_schemas_and_may_be_overwritten(release: Path) -> None:
    for name, schema in SCHEMAS.items():
        validate(schema, (release / name).read_bytes())
        assert is_report((release / name).read_text()), name
    for name in CHANGES:
        validate("receipt:v2", (release / f"receipt-{name}.json").read_bytes())


def test_receipts_name_their_changes(release: Path) -> None:
    for name, kinds in CHANGES.items():
        receipt = read_receipt(release / f"receipt-{name}.json")
        assert [change.kind for change in receipt.changes] == kinds
        assert {change.resource.split(":")[4] for change in receipt.changes} == {receipt.account} == {ACCOUNT}
        assert [change._asdict() for change in receipt.changes] == read(f"receipt-{name}.json")["changes"]


def test_a_receipt_rolls_back_what_it_recorded(release: Path, there: Sandbox) -> None:
    (change,) = read_receipt(release / "receipt-topic.json").changes
    account = there.account(ACCOUNT, REGION)
    topic = seed.default_topic(account, change.resource.rpartition(":")[2])
    sns = account.client("sns")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=change.new)
    assert checker("rollback", "receipt-topic.json", "--yes").code == 0
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    assert json.loads(policy) == json.loads(change.old) != json.loads(change.new)


@pytest.mark.parametrize(
    ("name", "undo"), [("retention", "aws sqs delete-queue"), ("trial", "aws kms schedule-key-deletion")]
)
@pytest.mark.usefixtures("release")
def test_receipts_of_flows_say_how_to_undo_them(name: str, undo: str) -> None:
    done = checker("rollback", f"receipt-{name}.json", "--yes")
    assert (done.code, undo in done.err) == (2, True), done


def test_a_journal_has_the_findings_of_its_report(release: Path) -> None:
    circumstances, entries = read_journal(release / "journal.jsonl")
    report = read("audit.json")
    assert circumstances.time == report["audit"]["time"]
    assert circumstances.version == release.name
    assert [entry.unit.region for entry in entries] == [OTHER, REGION]
    found = (one for entry in entries for one in entry.report.findings)
    assert Counter((one.rule, one.resource) for one in found) == findings(report)


def test_an_unfinished_journal_is_resumed_with_what_it_has(
    release: Path, there: Sandbox, tmp_path: Path
) -> None:
    """The topics are gone by now: what the journal has of one Region is reported, and the other is read."""
    with pytest.raises(UnfinishedError) as caught:
        read_journal(release / "unfinished.jsonl")
    assert "checker audit --resume" in caught.value.help
    journal = tmp_path / "journal.jsonl"
    journal.write_text((release / "unfinished.jsonl").read_text())
    done = checker("audit", "--resume", journal, "--format", "json", "--isolated")
    (region,) = {json.loads(line)["region"] for line in journal.read_text().splitlines()[1:2]}
    before = {
        pair: number for pair, number in findings(read("audit.json")).items() if f":{region}:" in pair[1]
    }
    assert findings(output(done)) == Counter(before)
    assert there.calls("sns", "ListTopics") or there.calls("sns", "ListSubscriptions")


@pytest.mark.parametrize("earlier", ["audit.json", "journal.jsonl"])
@pytest.mark.parametrize("is_left", [True, False], ids=["still there", "fixed"])
@pytest.mark.usefixtures("release")
def test_an_audit_is_compared_with_it(there: Sandbox, earlier: str, is_left: bool) -> None:
    for region in (REGION, OTHER):
        account = there.account(ACCOUNT, region)
        (seed.confused_deputy_topic(account, "open") if is_left else seed.default_topic(account, "open"))
    regions = ("--region", f"{REGION},{OTHER}", "--all-topics", "--isolated")
    report = output(checker("audit", *regions, "--since", earlier, "--format", "json"))
    before = {one["fingerprint"] for one in read("audit.json")["findings"] if one["severity"] == "error"}
    counts, fixed = report["history"]["counts"], report["history"]["fixed"]
    if is_left:
        assert before <= {one["fingerprint"] for one in report["findings"] if one["change"] == "unchanged"}
        assert (counts["unchanged"], counts["new"], fixed) == (len(read("audit.json")["findings"]), 0, [])
    else:
        assert before <= {one["finding"]["fingerprint"] for one in fixed}


@pytest.mark.usefixtures("release")
def test_a_baseline_suppresses_what_it_recorded() -> None:
    without = checker("check", "code", "--isolated")
    suppressed = checker("check", "code", "--isolated", "--baseline", "baseline.json", "--format", "json")
    assert (without.code, suppressed.code) == (1, 0)
    report = output(suppressed)
    assert not report["findings"]
    assert len(report["suppressed"]) == len(read("check.json")["findings"]) - len(unmet(read("check.json")))


def unmet(report: Any) -> list[Any]:
    return [one for one in report["findings"] if one["rule"] == "unmet-expectation"]


@pytest.mark.usefixtures("release")
def test_the_baseline_of_an_audit_has_its_findings() -> None:
    entries = read_baseline(Path("audit-baseline.json"))
    assert Counter(entry.rule for entry in entries) == Counter(
        rule for rule, _ in findings(read("audit.json"))
    )


@pytest.mark.usefixtures("release")
def test_expectations_have_the_results_that_they_had() -> None:
    done = checker("check", "code", "--isolated", "--expect", "expectations.yaml", "--format", "json")
    before, now = read("check.json"), output(done)
    assert findings(now) == findings(before)
    assert len(unmet(now)) == 1


@pytest.mark.usefixtures("release")
def test_saved_answers_have_the_findings_of_their_audit() -> None:
    report = output(checker("check", "saved", "--isolated", "--format", "json"))
    assert not any(one["error"] for one in report["skipped"])
    assert findings(report) == findings(read("audit.json"))


def test_evidence_is_what_was_observed(release: Path) -> None:
    evidence = read_evidence([release / "evidence.json"])
    assert evidence is not None
    assert Counter(one.outcome for one in evidence.observations) == Counter(
        one["outcome"] for one in read("evidence.json")["observations"]
    )
    assert all(one.trial for one in evidence.observations)


@pytest.mark.parametrize("version", [*range(1, VERSION), VERSION + 1])
def test_a_journal_of_another_version_is_refused(version: int, tmp_path: Path) -> None:
    """Journals are of one audit and short-lived, so that a new version reads no older ones."""
    lines = (RELEASES / "0.1.0" / "unfinished.jsonl").read_text()
    journal = tmp_path / "journal.jsonl"
    journal.write_text(lines.replace(f'"version":{VERSION}', f'"version":{version}', 1))
    done = checker("audit", "--resume", journal, "--isolated")
    assert done.code == 2
    assert "from another version of checker" in done.err
    assert "start a new audit without --resume" in done.err


@pytest.mark.parametrize(
    ("version", "help_text"), [(1, "by hand"), (3, "use the release of checker that wrote it")]
)
def test_a_receipt_of_another_version_is_refused(version: int, help_text: str, tmp_path: Path) -> None:
    value = json.loads((RELEASES / "0.1.0" / "receipt-topic.json").read_text())
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps({**value, "version": version}))
    with pytest.raises(InputError) as caught:
        read_receipt(receipt)
    assert help_text in caught.value.help


def test_this_version_has_its_files() -> None:
    """`make release-fixtures` writes them, before the release."""
    assert RELEASES / __version__ in KEPT
