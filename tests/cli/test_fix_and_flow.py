"""`checker fix --test-flow`: a repair, and then the chat that shows that it worked."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.cli.process import as_caller, run

if TYPE_CHECKING:
    import subprocess

    from checker.sandbox.running import Account, Sandbox


@pytest.fixture
def topic(account: Account) -> str:
    return seed.default_topic(account)


def policy(account: Account, topic: str) -> str:
    return str(account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])


def fix(
    sandbox: Sandbox, account: Account, folder: Path, instance: str, topic: str, *options: str
) -> subprocess.CompletedProcess[str]:
    given = ("--topic-arn", topic, "--instance-arn", instance, "--wait", "1", "--test-flow")
    return run("fix", *given, *options, env=as_caller(sandbox, account), cwd=folder)


APPLY = ("--apply", "--yes", "--contact-flow-id", "flow")


def test_a_repair_is_tried_at_once(
    sandbox: Sandbox, account: Account, tmp_path: Path, instance: str, topic: str
) -> None:
    done = fix(sandbox, account, tmp_path, instance, topic, *APPLY)
    assert done.returncode == 0, done.stderr
    diff, arrived = done.stdout.index("+++ b/"), done.stdout.index("The message arrived.")
    assert diff < arrived
    assert "AllowConnectChatStreaming" in policy(account, topic)
    again = fix(sandbox, account, tmp_path, instance, topic, *APPLY)
    assert again.returncode == 0
    assert "The message arrived." in again.stdout


@pytest.mark.parametrize("rollback", [False, True])
def test_a_flow_that_fails_takes_the_repair_back_only_if_asked_to(
    sandbox: Sandbox, account: Account, tmp_path: Path, instance: str, topic: str, rollback: bool
) -> None:
    before = policy(account, topic)
    sandbox.fault(faults.denied("connect", "StartContactStreaming"))
    options = (*APPLY, "--format", "json", *(["--rollback-on-failure"] * rollback))
    done = fix(sandbox, account, tmp_path, instance, topic, *options)
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert report["flow"]["end"] == "refused"
    assert report["applied"] is not rollback
    assert ("no message arrived; rolled back" in done.stderr) is rollback
    assert (json.loads(policy(account, topic)) == json.loads(before)) is rollback
    assert not sandbox.chats(account.id)


def test_the_report_has_both_and_keeps_to_the_schemas(
    sandbox: Sandbox, account: Account, tmp_path: Path, instance: str, topic: str
) -> None:
    report = json.loads(fix(sandbox, account, tmp_path, instance, topic, *APPLY, "--format", "json").stdout)
    schema = json.loads(files("checker.schemas").joinpath("flow.v1.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(report["flow"])
    assert report["applied"]
    assert report["flow"]["end"] == "arrived"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--contact-flow-id", "flow"), "requires --apply"),
        (("--apply", "--yes"), "add `--contact-flow-id ID`"),
        (
            (*APPLY, "--instance-arn", "arn:aws:connect:us-east-1:777700002222:instance/other"),
            "requires one instance",
        ),
    ],
    ids=["no apply", "no contact flow", "two instances"],
)
def test_nothing_is_written_where_no_chat_can_be_tried(
    sandbox: Sandbox,
    account: Account,
    tmp_path: Path,
    instance: str,
    topic: str,
    options: tuple[str, ...],
    said: str,
) -> None:
    before = policy(account, topic)
    done = fix(sandbox, account, tmp_path, instance, topic, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert policy(account, topic) == before
