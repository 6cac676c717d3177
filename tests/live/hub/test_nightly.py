"""The nightly task on the sandbox: what it audits, what it stores, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checker.app.hub.bucket import Bucket
from checker.app.hub.nightly import nightly
from checker.app.hub.settings import Settings
from checker.app.terminal import ended
from checker.core.errors import InputError, Skipped
from checker.live.aws.access import Access
from checker.live.aws.calls import Calls
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.session import sign_in
from checker.sandbox import seed
from checker.sandbox.http.faults import denied
from tests.live.hub.test_on_change import Scene
from tests.live.hub.test_on_change import scene as scene  # noqa: PLC0414 - a fixture


@pytest.fixture(autouse=True)
def _one_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKER_REGIONS", "us-east-1")


def night_of(scene: Scene) -> str:
    """The folder of the last night that has a report to compare with."""
    return str(json.loads(scene.results()["latest/night.json"])["night"])


def report_of(scene: Scene) -> dict[str, Any]:
    return dict(json.loads(scene.results()[f"{night_of(scene)}/report.json"]))


def latest(scene: Scene) -> dict[str, Any]:
    return dict(json.loads(scene.results()["latest/status.json"]))


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each night begins a minute after the one before."""
    times = (datetime(2026, 11, 28, 2, minute, tzinfo=UTC) for minute in range(60))
    monkeypatch.setattr("checker.app.hub.nightly.now", lambda: next(times))


def test_reports_and_the_journal_are_stored_for_the_night(scene: Scene) -> None:
    seed.subscribed_queue(scene.account, scene.topic, "inbox")
    assert ended(nightly) == 1
    results, night = scene.results(), night_of(scene)
    files = ("digest.md", "journal.jsonl", "report.html", "report.json", "report.txt", "status.json")
    stored = {f"{night}/{file}" for file in files}
    assert set(results) == stored | {"latest/status.json", "latest/night.json"}
    assert results["latest/status.json"] == results[f"{night}/status.json"]
    status = latest(scene)
    assert (status["exit_code"], status["ended"], status["night"]) == (1, "findings", night)
    assert f"nights/{status['started'].replace(':', '')}" == night
    report = report_of(scene)
    assert {one["rule"] for one in report["findings"]} == {"connect-cannot-use-key"}
    assert {one["resource"] for one in report["examined"]} >= {scene.topic, scene.key}


@pytest.mark.usefixtures("nights")
def test_a_night_is_compared_with_the_night_before(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(nightly) == 1
    assert "no earlier audit" in capsys.readouterr().err
    first = report_of(scene)
    assert {one["change"] for one in first["findings"]} == {"new"}
    scene.account.client("sns").delete_topic(TopicArn=scene.topic)
    ended(nightly)
    second = report_of(scene)
    assert second["history"]["since"] == first["audit"]["time"]
    assert len(second["history"]["nights"]) == 2
    absent = second["history"]["fixed"] + second["history"]["not_audited"]
    assert {one["finding"]["fingerprint"] for one in absent} == {
        one["fingerprint"] for one in first["findings"]
    }
    assert b"**Fixed**" in scene.results()[f"{night_of(scene)}/digest.md"]


SIZES = [0, 1, 8 * 1024 * 1024 - 1, 8 * 1024 * 1024, 20_000_000]


@pytest.mark.parametrize("size", SIZES)
def test_a_long_object_is_written_and_read_in_parts(scene: Scene, tmp_path: Path, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    (tmp_path / "file").write_bytes(content)
    bucket = Bucket.of(scene.bucket, sign_in(Access()))
    bucket.put(tmp_path / "file", "long")
    assert scene.results()["long"] == content
    if size:  # AWS answers a range of an empty object with an error
        assert bucket.fetch("long", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content
    assert not bucket.fetch("other", tmp_path / "other")


UNUSABLE = {
    "a report of another version": (b'{"version": 9, "audit": {"time": "2026-01-01T00:00:00+00:00"}}', None),
    "a half report": (b'{"version": 1, "audit": {"time": "2026-01-01T00:00:00+00:00"}, "find', None),
    "no report": (None, None),
    "a name of no night": (None, b'{"night": "../x"}'),
    "a name that is no JSON": (None, b"\xff"),
}


@pytest.mark.usefixtures("nights")
@pytest.mark.parametrize(("report", "pointer"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_night_that_cannot_be_compared_does_not_replace_what_was_known(
    scene: Scene, capsys: pytest.CaptureFixture[str], report: bytes | None, pointer: bytes | None
) -> None:
    s3 = scene.account.client("s3")
    known = pointer or b'{"version": 1, "night": "nights/2026-01-01T000000Z"}'
    s3.put_object(Bucket=scene.bucket, Key="latest/night.json", Body=known)
    if report is not None:
        s3.put_object(Bucket=scene.bucket, Key="nights/2026-01-01T000000Z/report.json", Body=report)
    for _ in range(2):
        assert ended(nightly) == 3
        assert "delete `latest/night.json`" in capsys.readouterr().err
        assert scene.results()["latest/night.json"] == known
        assert latest(scene)["ended"] == "incomplete"
        assert f"{latest(scene)['night']}/report.json" in scene.results()
    s3.delete_object(Bucket=scene.bucket, Key="latest/night.json")
    assert ended(nightly) == 1


@pytest.mark.usefixtures("nights")
@pytest.mark.parametrize("unread", ["night.json", "report.json"])
def test_what_could_not_be_read_is_not_replaced(scene: Scene, unread: str) -> None:
    assert ended(nightly) == 1
    first, fetch = night_of(scene), Bucket.fetch

    def refuse(bucket: Bucket, key: str, file: Path) -> bool:
        if key.endswith(unread):
            raise CallError(Fault.THROTTLED, Skipped(key, "refused", error=True))
        return fetch(bucket, key, file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bucket, "fetch", refuse)
        assert ended(nightly) == 3
    assert latest(scene)["ended"] == "incomplete"
    assert night_of(scene) == first
    assert ended(nightly) == 1
    assert len(report_of(scene)["history"]["nights"]) == 2


WRITES = ("digest.md", "journal.jsonl", "report.html", "report.json", "report.txt")
PLACES = (
    *(f"{{night}}/{file}" for file in (*WRITES, "status.json")),
    "latest/status.json",
    "latest/night.json",
)


@pytest.mark.usefixtures("nights")
@pytest.mark.parametrize("refused", [*PLACES, "the digest", ""])
def test_what_could_not_be_stored_or_sent_is_said_everywhere(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    """Each write is refused once: exit code, mail, and the statuses of the night and of the latest one agree."""
    mail = _mail(scene, monkeypatch)
    assert ended(nightly) == 1
    first = night_of(scene)
    assert len(mail()) == 1
    _refuse_once(monkeypatch, refused)
    code = ended(nightly)
    assert code == (3 if refused else 1)
    status, results = latest(scene), scene.results()
    assert (status["exit_code"], status["night"] != first) == (code, True)
    assert [f"exit code {code}." in text for text in mail()] == [True] * (refused != "the digest")
    is_stored = refused not in PLACES[: len(WRITES)]
    assert (f"{status['night']}/status.json" in results) == is_stored
    if is_stored:
        assert results[f"{status['night']}/status.json"] == results["latest/status.json"]
    assert night_of(scene) == (status["night"] if refused in ("", "the digest") else first)


def _mail(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Let the digest be sent, and return a function that returns what was sent since it was last called."""
    news = scene.account.client("sns").create_topic(Name="news")["TopicArn"]
    monkeypatch.setenv("CHECKER_DIGEST_TOPIC", news)
    queue, sqs = seed.subscribed_queue(scene.account, news, "mail"), scene.account.client("sqs")

    def received() -> list[str]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ())
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    return received


def _refuse_once(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Refuse the first write of an object, or the digest."""
    make, done = Calls.make, list[str]()

    def refuse(calls: Calls, service: str, operation: str, what: str, **parameters: Any) -> Any:
        is_put = operation == "put_object" and re.sub("nights/[^/]+", "{night}", parameters["Key"]) == refused
        if not done and (is_put or (operation == "publish" and refused == "the digest")):
            done.append(operation)
            raise CallError(Fault.DENIED, Skipped(what, "refused", error=True))
        return make(calls, service, operation, what, **parameters)

    monkeypatch.setattr(Calls, "make", refuse)


def test_the_task_ends_with_the_exit_code_of_the_audit(scene: Scene) -> None:
    command = [sys.executable, "-m", "checker.app.hub.nightly"]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, check=False, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == "night ended: findings, exit code 1"
    assert latest(scene)["exit_code"] == 1


def test_a_night_that_could_not_read_everything_is_incomplete(scene: Scene) -> None:
    scene.sandbox.fault(denied("kms", "GetKeyPolicy"))
    assert ended(nightly) == 3
    assert latest(scene)["ended"] == "incomplete"


def test_all_regions_are_audited_unless_some_are_chosen(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(nightly)
    assert not scene.sandbox.calls("ec2", "DescribeRegions")
    monkeypatch.setenv("CHECKER_REGIONS", "")
    ended(nightly)
    assert scene.sandbox.calls("ec2", "DescribeRegions")


def test_results_that_could_not_be_stored_are_reported(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.account.client("s3").delete_bucket(Bucket=scene.bucket)
    assert ended(nightly) == 3
    assert f"s3://{scene.bucket}/latest/status.json" in capsys.readouterr().err


@pytest.mark.usefixtures("nights")
def test_a_night_without_a_report_is_the_latest_but_nothing_is_compared_with_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ended(nightly) == 1
    first = night_of(scene)
    monkeypatch.setenv("CHECKER_CONFIG", "/nowhere/checker.yaml")
    assert ended(nightly) == 2
    status = latest(scene)
    assert (status["ended"], status["exit_code"], status["report"]) == ("bad_input", 2, False)
    assert night_of(scene) == first


def test_the_digest_is_sent_to_its_topic(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = _mail(scene, monkeypatch)
    assert ended(nightly) == 1
    (message,) = mail()
    first, *lines = message.splitlines()
    where = f"s3://{scene.bucket}/{night_of(scene)}/"
    assert first == f"The nightly audit ended: findings, exit code 1. Results: {where}"
    assert "connect-cannot-use-key" in "\n".join(lines)


INVALID = [
    {"CHECKER_BUCKET": ""},
    {"CHECKER_ACCOUNTS": "organisation"},
    {"CHECKER_ACCOUNTS": "organization,111122223333"},
    {"CHECKER_ACCOUNTS": "11112222333"},
    {"CHECKER_SECURITY_HUB": "yes"},
    {"CHECKER_DIGEST_TOPIC": "news"},
]


@pytest.mark.parametrize("invalid", INVALID, ids=str)
def test_invalid_settings_end_the_task_before_any_call(invalid: dict[str, str]) -> None:
    with pytest.raises(InputError) as raised:
        Settings.read({"CHECKER_BUCKET": "results", **invalid})
    assert raised.value.what == next(iter(invalid))
    assert raised.value.help
