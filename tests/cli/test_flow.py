"""`checker flow` and `checker explain ARN` as people and machines call them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.cli.process import CHECKER, as_caller, run

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def flow(
    sandbox: Sandbox, account: Account, instance: str, *options: str
) -> subprocess.CompletedProcess[str]:
    given = ("--instance-arn", instance, "--contact-flow-id", "flow", "--wait", "1")
    return run("flow", *given, *options, env=as_caller(sandbox, account))


def topics(*arns: str) -> tuple[str, ...]:
    return tuple(word for arn in arns for word in ("--topic-arn", arn))


def test_the_report_reads_step_by_step(sandbox: Sandbox, account: Account, instance: str) -> None:
    topic = seed.good_topic(account, instance)
    done = flow(sandbox, account, instance, *topics(topic))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[2] for line in lines[:3]] == ["preflight", "GetCallerIdentity", "CreateQueue"]
    assert lines[-1] == "The message arrived."
    assert "CloudWatch counts: 2 published, 2 delivered, 0 filtered out, 0 failed" in done.stdout
    assert not done.stderr


def test_json_keeps_to_its_schema_and_the_steps_go_to_standard_error(
    sandbox: Sandbox, account: Account, instance: str
) -> None:
    good, bad = seed.good_topic(account, instance), seed.default_topic(account)
    validator = Draft202012Validator(
        json.loads(files("checker.schemas").joinpath("flow.v1.json").read_text("utf-8"))
    )
    runs = {
        "arrived": topics(good),
        "silent": (*topics(good, bad), "--force"),
        "not_started": topics(bad),
        "refused": (*topics(seed.fifo_topic(account, instance)), "--force"),
    }
    for end, options in runs.items():
        done = flow(sandbox, account, instance, *options, "--format", "json")
        report = json.loads(done.stdout)
        validator.validate(report)
        assert report["end"] == end
        assert done.returncode == (end != "arrived")
        assert "preflight" in done.stderr
        assert "Token" not in done.stdout  # who has a token of the chat can speak in it


def test_junit_has_a_case_a_step_and_one_for_each_message(
    sandbox: Sandbox, account: Account, instance: str, tmp_path: Path
) -> None:
    good, bad = seed.good_topic(account, instance), seed.default_topic(account)
    written = tmp_path / "flow.xml"
    options = (*topics(good, bad), "--force", "--format", "junit", "-o", str(written))
    assert flow(sandbox, account, instance, *options).returncode == 1
    root = ET.fromstring(written.read_text())  # noqa: S314 - our own
    cases = {one.get("name"): one for one in root.iter("testcase")}
    assert len(cases) == int(str(root.get("tests")))
    assert cases[f"message {good}"].find("failure") is None
    failure = cases[f"message {bad}"].find("failure")
    assert failure is not None
    assert "SourceOwner" in str(failure.get("message"))
    assert root.get("failures") == "2"  # the proof said so before
    flow(sandbox, account, instance, *options)
    again = ET.fromstring(written.read_text())  # noqa: S314
    assert [one.get("name") for one in again.iter("testcase")] == list(cases)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (topics(*(f"arn:aws:sns:us-east-1:777700001111:t{n}" for n in range(3))), "a maximum of 2"),
        (topics("arn:aws:sqs:us-east-1:777700001111:queue"), "its service is `sqs`, not `sns`"),
        ((), "--topic-arn"),
    ],
    ids=["a third topic", "a queue", "no topic"],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_is_made(
    sandbox: Sandbox, account: Account, instance: str, options: tuple[str, ...], said: str
) -> None:
    sandbox.clear_calls()
    done = flow(sandbox, account, instance, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert not sandbox.calls()


def test_a_flow_that_could_not_be_carried_through_is_incomplete_and_says_what_is_missing(
    sandbox: Sandbox, account: Account, instance: str
) -> None:
    topic = seed.good_topic(account, instance)
    sandbox.fault(faults.denied("connect", "StartChatContact"))
    done = flow(sandbox, account, instance, *topics(topic))
    assert done.returncode == 3
    assert "`connect:StartChatContact` is missing" in done.stdout
    assert "`checker permissions" in done.stdout


@pytest.mark.parametrize(
    ("service", "action"),
    [("sns", "GetTopicAttributes"), ("kms", "GetKeyPolicy"), ("connect", "DescribeInstance")],
)
def test_a_message_that_arrives_on_an_unread_chain_is_incomplete(
    sandbox: Sandbox, account: Account, instance: str, service: str, action: str
) -> None:
    topic = seed.encrypted_topic(account, instance, grant=True).topic
    sandbox.fault(faults.denied(service, action, account=account.id))
    done = flow(sandbox, account, instance, *topics(topic))
    sandbox.clear_faults()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (3, "The message arrived.")
    assert f"`{service}:{action}` is missing" in done.stderr


def test_explain_reads_a_topic_and_its_key_from_aws(
    sandbox: Sandbox, account: Account, instance: str
) -> None:

    def explain(topic: str) -> subprocess.CompletedProcess[str]:
        return run(
            "explain", topic, "--instance-arn", instance, "--format", "json", env=as_caller(sandbox, account)
        )

    good = explain(seed.encrypted_topic(account, instance, "sealed", grant=True).topic)
    assert good.returncode == 0
    assert json.loads(good.stdout)["kms"] == "ok"
    locked = seed.encrypted_topic(account, instance, "locked", grant=False).topic
    broken = explain(locked)
    assert broken.returncode == 1
    rules = {link["link"]: link["rule"] for link in json.loads(broken.stdout)["links"]}
    assert rules["key_policy"] == "connect-cannot-use-key"
    sandbox.fault(faults.denied("kms", "GetKeyPolicy"))
    unread = explain(locked)
    assert unread.returncode == 3
    assert "`kms:GetKeyPolicy` is missing" in unread.stderr
    gone = explain(f"arn:aws:sns:us-east-1:{account.id}:nowhere")
    assert gone.returncode == 2
    assert "not found" in gone.stderr


def test_without_credentials_nothing_is_tried_and_help_is_given(instance: str) -> None:
    nobody = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    topic = "arn:aws:sns:us-east-1:777700001111:chat"
    about = ("--instance-arn", instance)
    for command in (
        ("flow", *about, "--topic-arn", topic, "--contact-flow-id", "flow"),
        ("explain", topic, *about),
        ("fix", *about, "--topic-arn", topic),
        ("audit",),
    ):
        done = run(*command, env=nobody)
        assert done.returncode == 2
        assert done.stderr.startswith("error: credentials: ")
        assert "--profile" in done.stderr
    chat = ("flow", *about, "--topic-arn", topic, "--contact-flow-id", "flow")
    unknown = run(*chat, "--profile", "missing", env=nobody)
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("error: --profile: no profile `missing`\n")


def test_retain_is_part_of_the_report_and_of_the_exit_code(
    sandbox: Sandbox, account: Account, instance: str, tmp_path: Path
) -> None:
    topic = seed.good_topic(account, instance, "kept")
    create = ("--create", "--yes", "--receipts", str(tmp_path))
    schema = json.loads(files("checker.schemas").joinpath("flow.v1.json").read_text("utf-8"))
    for options, code, status in (
        ((), 1, "broken"),
        (create, 0, "ok"),
        ((), 0, "ok"),
    ):
        done = flow(
            sandbox, account, instance, *topics(topic), "--retain", "sqs", *options, "--format", "json"
        )
        report = json.loads(done.stdout)
        Draft202012Validator(schema).validate(report)
        assert report["end"] == "arrived"
        assert report["topics"][0]["retention"]["status"] == status
        assert done.returncode == code
    text = flow(sandbox, account, instance, *topics(topic), "--retain", "sqs").stdout
    assert "A queue keeps the messages of the topic." in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--create",), "requires --retain"),
        (("--retain", "firehose", "--create"), "--stream-arn"),
        (("--retain", "firehose", "--stream-arn", "stream"), "is not the ARN of a delivery stream"),
    ],
)
def test_options_of_retention_that_do_not_go_together(
    sandbox: Sandbox, account: Account, instance: str, options: tuple[str, ...], said: str
) -> None:
    done = flow(sandbox, account, instance, *topics("arn:aws:sns:us-east-1:777700001111:chat"), *options)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_flow_cleans_up_without_a_reader_and_with_closed_streams(
    sandbox: Sandbox, account: Account, instance: str
) -> None:
    topic = seed.good_topic(account, instance, "quiet")
    words = ("flow", "--instance-arn", instance, "--contact-flow-id", "flow", "--topic-arn", topic)
    command = shlex.join([*CHECKER, *words])
    for shell, code in (
        (f"{command} | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}", 141),
        (f"{command} >&-", 0),
        (f"{command} --format json >/dev/full", 2),
    ):
        done = subprocess.run(
            ["bash", "-c", shell],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **as_caller(sandbox, account)},
        )
        assert done.returncode == code, done.stderr
        assert "internal error" not in done.stderr
        assert not sandbox.chats(account.id)
        assert not account.client("sns").list_subscriptions()["Subscriptions"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--wait", "nan"), "is not a valid number of seconds"),
        (("-o", "/nowhere/report"), "cannot be written"),
        (("--endpoint-url", "nope"), "--endpoint-url"),
        (("--contact-flow-id", ""), "is empty"),
        (("--at-start", "--mistake", "late-streaming"), "contradicts --at-start"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_done(
    sandbox: Sandbox, account: Account, instance: str, options: tuple[str, ...], said: str
) -> None:
    sandbox.clear_calls()
    topic = f"arn:aws:sns:us-east-1:{account.id}:chat"
    done = flow(sandbox, account, instance, *topics(topic), *options)
    assert done.returncode == 2, done
    assert said in done.stderr
    assert not sandbox.calls()
