"""The nightly task on the sandbox: what it audits, what it stores, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from checker.app.hub.nightly import nightly
from checker.app.hub.results import Bucket
from checker.app.hub.settings import Settings
from checker.app.terminal import ended
from checker.core.errors import InputError
from checker.live.aws.access import Access
from checker.live.aws.session import sign_in
from checker.sandbox import seed
from checker.sandbox.http.faults import denied
from tests.live.hub.test_on_change import Scene
from tests.live.hub.test_on_change import scene as scene  # noqa: PLC0414 - a fixture


@pytest.fixture(autouse=True)
def _one_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKER_REGIONS", "us-east-1")


def test_reports_and_the_journal_are_stored_for_the_night_and_as_the_latest(scene: Scene) -> None:
    seed.subscribed_queue(scene.account, scene.topic, "inbox")
    assert ended(nightly) == 1
    results = scene.results()
    nights = {key.split("/")[1] for key in results if key.startswith("nights/")}
    (night,) = nights
    for file in ("journal.jsonl", "report.json", "report.txt", "status.json"):
        assert results[f"latest/{file}"] == results[f"nights/{night}/{file}"]
    status = json.loads(results["latest/status.json"])
    assert (status["exit_code"], status["ended"], status["started"].replace(":", "")) == (
        1,
        "findings",
        night,
    )
    report = json.loads(results["latest/report.json"])
    assert {one["rule"] for one in report["findings"]} == {"connect-cannot-use-key"}
    assert {one["resource"] for one in report["examined"]} >= {scene.topic, scene.key}


def test_a_night_is_compared_with_the_night_before(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(nightly) == 1
    assert "no earlier audit" in capsys.readouterr().err
    first = json.loads(scene.results()["latest/report.json"])
    assert {one["change"] for one in first["findings"]} == {"new"}
    scene.account.client("sns").delete_topic(TopicArn=scene.topic)
    ended(nightly)
    second = json.loads(scene.results()["latest/report.json"])
    assert second["history"]["since"] == first["audit"]["time"]
    assert len(second["history"]["nights"]) == 2
    absent = second["history"]["fixed"] + second["history"]["not_audited"]
    assert {one["finding"]["fingerprint"] for one in absent} == {
        one["fingerprint"] for one in first["findings"]
    }
    assert b"**Fixed**" in scene.results()["latest/digest.md"]


@pytest.mark.parametrize("size", [1, 8 * 1024 * 1024, 20_000_000])
def test_a_long_object_is_read_in_parts(scene: Scene, tmp_path: Path, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    scene.account.client("s3").put_object(Bucket=scene.bucket, Key="long", Body=content)
    assert Bucket.of(scene.bucket, sign_in(Access())).fetch("long", tmp_path / "copy") is None
    assert (tmp_path / "copy").read_bytes() == content


def test_an_unreadable_report_does_not_stop_the_nights(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    old = b'{"version": 1, "audit": {"time": "2026-01-01T00:00:00+00:00"}}'
    scene.account.client("s3").put_object(Bucket=scene.bucket, Key="latest/report.json", Body=old)
    assert ended(nightly) == 3  # what it knew is missing
    assert "not compared with: not a valid report" in capsys.readouterr().err


def test_the_task_ends_with_the_exit_code_of_the_audit(scene: Scene) -> None:
    command = [sys.executable, "-m", "checker.app.hub.nightly"]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, check=False, text=True)
    assert done.returncode == 1, done.stderr
    assert "latest/report.json" in scene.results()


def test_a_night_that_could_not_read_everything_is_incomplete(scene: Scene) -> None:
    scene.sandbox.fault(denied("kms", "GetKeyPolicy"))
    assert ended(nightly) == 3
    assert json.loads(scene.results()["latest/status.json"])["ended"] == "incomplete"


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
    assert f"s3://{scene.bucket}/latest/report.json" in capsys.readouterr().err


def test_a_night_without_a_report_does_not_replace_the_latest_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKER_CONFIG", "/nowhere/checker.yaml")
    assert ended(nightly) == 2
    (status,) = [key for key in scene.results() if key.endswith("status.json")]
    assert status.startswith("nights/")
    assert scene.statuses()[0]["ended"] == "bad_input"


INVALID = [
    {"CHECKER_BUCKET": ""},
    {"CHECKER_ACCOUNTS": "organisation"},
    {"CHECKER_ACCOUNTS": "organization,111122223333"},
    {"CHECKER_ACCOUNTS": "11112222333"},
    {"CHECKER_SECURITY_HUB": "yes"},
]


@pytest.mark.parametrize("invalid", INVALID, ids=str)
def test_invalid_settings_end_the_task_before_any_call(invalid: dict[str, str]) -> None:
    with pytest.raises(InputError) as raised:
        Settings.read({"CHECKER_BUCKET": "results", **invalid})
    assert raised.value.what == next(iter(invalid))
    assert raised.value.help
