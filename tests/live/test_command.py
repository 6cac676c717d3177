"""`checker audit` as people run it: reports, exit codes, the journal, and how it is gone on with."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from jsonschema import validate

from checker.app.audit import resume_command
from tests.cli.process import run
from tests.live.cloud import ACCOUNT, REGION, Answer, Call, Cloud, refuse
from tests.live.estate import Estate, checker, timeless
from tests.live.scene import make_instance, make_topic, whole
from tests.samples import TESTS

SCHEMA = json.loads((TESTS.parent / "schemas" / "report.v1.json").read_text())
QUICK = ("--isolated", "--trail-hours", "0")


def audit(cloud: Cloud, *options: str | Path) -> CompletedProcess[str]:
    return run("audit", "--endpoint-url", cloud.url, *QUICK, *options)


def test_a_clean_account_exits_with_0_and_tells_how_far_it_is(cloud: Cloud) -> None:
    whole(cloud)
    done = audit(cloud)
    assert done.returncode == 0, done.stderr
    assert "unpinned-key-grant" in done.stdout
    assert f"progress units=1/1 topics=2 calls=13 skipped=0 account={ACCOUNT} region={REGION}" in done.stderr
    assert "1 note; examined 1 topic, 1 key; 1 topic not checked" in done.stderr


def test_findings_exit_with_1_and_what_was_not_read_with_3(cloud: Cloud, tmp_path: Path) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    cloud.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
    )
    assert audit(cloud).returncode == 1
    cloud.fault = refuse("ListInstances")
    done = audit(cloud, "--format", "json", "-o", tmp_path / "report.json")
    assert done.returncode == 3
    assert "connect:ListInstances" in done.stderr
    assert "checker permissions" in done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    validate(report, SCHEMA)
    assert "aws-managed-key" in {one["rule"] for one in report["findings"]}
    assert all(place["line"] is None for one in report["findings"] for place in one["locations"])


@pytest.mark.parametrize("name", ["sarif", "junit", "github", "markdown", "text"])
def test_every_format_takes_findings_without_a_file(cloud: Cloud, name: str) -> None:
    make_topic(
        cloud, "chat", f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    )
    done = audit(cloud, "--format", name)
    assert done.returncode == 1, done.stderr
    assert "no-durable-subscriber" in done.stdout


def test_a_run_that_was_interrupted_goes_on_where_it_was(cloud: Cloud, tmp_path: Path) -> None:
    regions = ["us-east-1", "us-west-2", "eu-west-2", "eu-central-1"]
    for region in regions:
        make_topic(cloud, "chat", make_instance(cloud, region=region), region=region)
    journal, options = tmp_path / "journal.jsonl", ["--region", ",".join(regions), "--threads", "1"]
    hold = True

    def slow(call: Call) -> Answer:
        while hold and call.region == "eu-west-2":
            time.sleep(0.05)
        return None

    cloud.fault = slow
    command = [sys.executable, "-m", "checker", "audit", "--endpoint-url", cloud.url, *QUICK]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    started = subprocess.Popen(
        [*command, *options, "--journal", str(journal)], stderr=subprocess.PIPE, env=environment, text=True
    )
    while not journal.exists() or len(journal.read_text().splitlines()) < 5:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=20)
    assert started.returncode == 130
    resume = shlex.split(said.partition("to resume: ")[2].splitlines()[0])
    assert resume == [
        "checker",
        "audit",
        "--endpoint-url",
        cloud.url,
        *QUICK,
        *options,
        "--resume",
        str(journal),
    ]
    assert "Traceback" not in said
    kinds = [json.loads(line)["kind"] for line in journal.read_text().splitlines()]
    assert kinds == ["audit", "topic", "unit", "topic", "unit"]
    hold = False
    cloud.calls.clear()
    with journal.open("a") as file:
        file.write('{"kind": "unit", "acc')  # what a crash leaves
    done = run(*resume[1:], "--format", "json")
    assert {one.region for one in cloud.calls if one.service != "sts"} == {"eu-west-2", "eu-central-1"}
    cloud.calls.clear()
    again = audit(cloud, *options, "--resume", journal, "--format", "json")
    assert {one.service for one in cloud.calls} == {"sts"}
    fresh = audit(cloud, *options, "--format", "json")
    assert timeless(done.stdout) == timeless(again.stdout) == timeless(fresh.stdout)
    assert done.returncode == again.returncode == fresh.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    ["", "--journal old", "--journal=old", "--resume old", "--resume=old", "--journal 'an old one'"],
)
def test_the_command_that_resumes_has_the_options_of_the_audit_and_one_journal(
    arguments: str, tmp_path: Path
) -> None:
    given = ("audit", *shlex.split(arguments), "--topic-arn", "*")
    command = resume_command(given, tmp_path / "its journal")
    assert command == f"checker audit --topic-arn '*' --resume '{tmp_path}/its journal'"


def test_what_failed_for_a_reason_that_may_pass_is_read_again(cloud: Cloud, tmp_path: Path) -> None:
    whole(cloud)
    journal = tmp_path / "journal.jsonl"
    cloud.fault = lambda call: (403, {"__type": "ExpiredToken"}) if call.service == "sns" else None
    done = audit(cloud, "--journal", journal)
    assert done.returncode == 3
    assert "the credentials expired before `sns:" in done.stderr
    assert "= help: renew the credentials, and run the command again" in done.stderr
    cloud.fault = None
    assert audit(cloud, "--resume", journal).returncode == 0


def test_a_journal_of_another_audit_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    whole(cloud)
    journal = tmp_path / "journal.jsonl"
    assert audit(cloud, "--journal", journal).returncode == 0
    done = audit(cloud, "--resume", journal, "--all-topics")
    assert done.returncode == 2
    assert "--all-topics: contradicts the resumed audit, which has no `--all-topics`" in done.stderr
    assert audit(cloud, "--resume", tmp_path / "missing.jsonl").returncode == 2


def test_a_journal_of_another_account_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    whole(cloud)
    journal = tmp_path / "journal.jsonl"
    assert audit(cloud, "--journal", journal).returncode == 0
    text = journal.read_text()
    journal.write_text(text.replace(f'"account":"{ACCOUNT}"', '"account":"999999999999"', 1))
    done = audit(cloud, "--resume", journal)
    assert (done.returncode, "another account" in done.stderr) == (2, True)


MALFORMED = {
    "no JSON": "x",
    "nested too deep": "[" * 100_000,
    "no object": "[]",
    "another kind": '{"kind":"other"}',
    "a second head": '{"kind":"audit"}',
    "a topic without a name": '{"kind":"topic","account":"1","region":"r","attributes":null}',
    "a topic with a number": '{"kind":"topic","account":"1","region":"r","topic":"t","attributes":{"Policy":5}}',
    "a unit without an account": '{"kind":"unit","region":"r","again":false}',
    "a unit without a report": '{"kind":"unit","account":"1","region":"r","again":false}',
    "a unit that may be read again": '{"kind":"unit","account":"1","region":"r","again":1}',
}


def test_a_journal_with_a_malformed_line_is_refused_with_its_number_and_stays_as_it_is(
    estate: Estate, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    assert checker(*estate.audit, "--journal", journal).code == 1
    *head, unit, _end = journal.read_text().splitlines()
    value = json.loads(unit)
    reports = {
        "findings that are none": json.dumps({**value, "report": {**value["report"], "findings": ["x"]}}),
        "a unit that does not say what it audited": json.dumps({**value, "audited": {}}),
        "help that is a number": json.dumps({**value, "report": {**value["report"], "skipped": [SKIPPED]}}),
        "no summary": json.dumps({**value, "report": {}}),
    }
    for name, line in {**MALFORMED, **reports}.items():
        text = "\n".join([*head, line, unit, '{"kind": "torn'])
        journal.write_text(text)
        done = checker(*estate.audit, "--resume", journal)
        assert (done.code, f"line {len(head) + 1}: " in done.err) == (2, True), (name, done)
        assert journal.read_text() == text
    for text in ("x", "no journal\n", '{"kind":"unit"}\n'):
        journal.write_text(text)
        done = checker(*estate.audit, "--resume", journal)
        assert (done.code, "line 1: " in done.err, journal.read_text()) == (2, True, text)
    for text in ("", '{"kind":"audit","vers'):  # killed before the first line was there
        journal.write_text(text)
        assert checker(*estate.audit, "--resume", journal).code == 1
    journal.write_bytes(b"\xff\n")
    assert checker(*estate.audit, "--resume", journal).code == 2


SKIPPED = {"what": "a", "reason": "b", "help": 5, "error": True, "complete": False}


def test_usage_that_cannot_be_followed_exits_with_2(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert audit(cloud, "--accounts", "999988887777").returncode == 2
    assert audit(cloud, "--profile", "nobody").returncode == 2
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    done = audit(cloud)
    assert done.returncode == 2
    assert "--region" in done.stderr
    monkeypatch.setenv("AWS_REGION", REGION)
    assert audit(cloud).returncode == 0


@pytest.mark.parametrize("misspelled", ["us-esat-1", "us-eest-1", "US-EAST-1", "su-east-1", "us-east1"])
def test_a_misspelled_region_is_refused_before_any_call(cloud: Cloud, misspelled: str) -> None:
    done = audit(cloud, "--region", f"eu-west-1,{misspelled}")
    assert done.returncode == 2
    refused, suggested = done.stderr.splitlines()
    assert refused == f"error: --region: `{misspelled}` is not a known Region"
    assert suggested.startswith("  = help: did you mean `us-east-1`")
    assert not cloud.calls


def test_a_misspelled_default_region_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-eest-1")
    done = audit(cloud)
    assert done.returncode == 2
    assert "error: the default Region: `us-eest-1` is not a known Region" in done.stderr
    assert not cloud.calls


@pytest.mark.parametrize("new", ["us-east-3", "xx-central-1", "us-gov-central-1", "mars-1", "eusc-fr-west-1"])
def test_a_region_that_may_be_new_is_tried(cloud: Cloud, new: str) -> None:
    done = audit(cloud, "--region", new)
    assert f"skipped: {new}: this Region is not known" in done.stderr
    assert cloud.calls


@pytest.mark.parametrize("named", ["exact", "pattern", "other account"])
def test_a_topic_that_does_not_exist_is_a_wrong_value(cloud: Cloud, named: str) -> None:
    make_topic(cloud, "chat")
    topic = {
        "exact": f"arn:aws:sns:{REGION}:{ACCOUNT}:nope",
        "pattern": f"arn:aws:sns:{REGION}:*:nope*",
        "other account": f"arn:aws:sns:{REGION}:999988887777:chat",
    }[named]
    done = audit(cloud, "--topic-arn", topic)
    assert f"error: --topic-arn: `{topic}` matches no topic" in done.stderr
    assert done.returncode == 2


def test_a_topic_that_could_not_be_looked_for_leaves_the_audit_incomplete(cloud: Cloud) -> None:
    cloud.fault = lambda call: (403, {"__type": "AccessDenied"}) if call.service == "sns" else None
    for topic in ("nope", "nope*"):
        done = audit(cloud, "--topic-arn", f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}")
        assert done.returncode == 3
    cloud.fault = refuse("ListInstances")
    assert audit(cloud, "--topic-arn", f"arn:aws:sns:{REGION}:{ACCOUNT}:nope").returncode == 2


def test_an_account_without_an_organization_gets_the_option_for_accounts(cloud: Cloud) -> None:
    cloud.fault = refuse("ListAccounts", "AWSOrganizationsNotInUseException", 400)
    done = audit(cloud, "--organization", "--role-name", "reader")
    assert done.returncode == 2
    refused, suggested = done.stderr.splitlines()
    assert refused == "error: --organization: the account of the credentials is not in an organization"
    assert suggested.startswith("  = help: name the accounts with `--accounts ID,...`")
    assert {call.service for call in cloud.calls} <= {"sts", "organizations"}


def test_a_partition_that_is_not_that_of_the_region_is_refused(cloud: Cloud) -> None:
    topic = f"arn:aws-cn:sns:us-east-1:{ACCOUNT}:chat"
    done = audit(cloud, "--topic-arn", topic)
    assert done.returncode == 2
    assert f"error: --topic-arn: `{topic}`: us-east-1 belongs to aws\n" in done.stderr
    assert not cloud.calls


def test_suppressions_and_choices_count_for_live_findings(cloud: Cloud, tmp_path: Path) -> None:
    make_topic(
        cloud, "chat", f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    )
    file = tmp_path / "checker.yaml"
    entry = {"rule": "no-durable-subscriber", "resource": "arn:aws:sns:*:chat", "reason": "a test"}
    file.write_text(json.dumps({"version": 1, "suppressions": [entry]}))
    options = ("--endpoint-url", cloud.url, "--trail-hours", "0")
    done = run("audit", *options, "--config", file)
    assert (done.returncode, "1 suppressed" in done.stderr) == (0, True), done.stderr
    assert run("audit", *options, "--isolated", "--ignore", "sns").returncode == 0


def test_a_manifest_names_topics_and_their_instances(cloud: Cloud, tmp_path: Path) -> None:
    instance, topic = make_instance(cloud), make_topic(cloud, "chat")
    manifest = tmp_path / "streaming.yaml"
    manifest.write_text(json.dumps({"version": 1, "topics": [{"arn": topic, "instances": [instance]}]}))
    done = audit(cloud, "--manifest", manifest)
    assert done.returncode == 1
    assert "source-owner" in done.stdout
