"""Every report ends with the command to run next, and that command works as it is printed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from checker.app.next_step import after_flow
from checker.core.shell import with_options
from checker.fix.live.flow_result import Arrival, End, FlowResult, TopicResult
from tests.cli.process import CHECKER, run, save
from tests.samples import INSTANCE_ARN, TESTS, TOPIC_ARN, document, statement

EXAMPLES = TESTS.parent / "examples"
TOPIC = ("topic.json", "--instance-arn", INSTANCE_ARN)
KEY = ("--key-policy", "key-policy.json", "--key", "key.json")
CHAIN = (*TOPIC, *KEY)
BOTH = {
    "StringEquals": {"aws:SourceAccount": TOPIC_ARN.split(":")[4]},
    "ArnEquals": {"aws:SourceArn": INSTANCE_ARN},
}


def next_of(stderr: str) -> list[str]:
    lines = [line.removeprefix("next: ") for line in stderr.splitlines() if line.startswith("next: ")]
    return shlex.split(lines[0]) if lines else []


@pytest.mark.parametrize(
    ("folder", "command", "expected"),
    [
        ("broken", ["check"], ["checker", "fix"]),
        ("broken", ["check", ".", "--ignore", "sns"], ["checker", "fix", ".", "--ignore", "sns"]),
        ("broken", ["check", ".", "--select", "too-many-topics"], ["checker", "rules", "too-many-topics"]),
        ("broken", ["fix", "."], ["checker", "fix", ".", "--apply"]),
        ("broken", ["fix", ".", "--apply"], ["checker", "flow", "--topic-arn"]),
        ("broken", ["explain", *CHAIN], ["checker", "fix", "topic.json", "key-policy.json", "key.json"]),
        ("fixed", ["explain", *CHAIN], ["checker", "flow", "--topic-arn"]),
        ("fixed", ["fix", "."], []),
        ("fixed", ["explain", *TOPIC], ["checker", "explain", *CHAIN]),
        (
            "fixed",
            ["baseline", "write", "."],
            ["checker", "check", ".", "--baseline", "checker-baseline.json"],
        ),
        ("fixed", ["rules", "source-owner"], ["checker", "check", "--select", "source-owner"]),
        ("fixed", ["check", "topic.json"], []),
        ("fixed", ["diff", "../broken/topic.json", "topic.json"], ["checker", "check", "topic.json"]),
        ("fixed", ["diff", "topic.json", "topic.json"], []),
    ],
)
def test_a_report_ends_with_a_command_that_works(
    folder: str, command: list[str], expected: list[str], tmp_path: Path
) -> None:
    for name in ("broken", "fixed"):
        shutil.copytree(EXAMPLES / name, tmp_path / name)
    following = next_of(run(*command, cwd=tmp_path / folder).stderr)
    assert following[: len(expected)] == expected
    assert bool(following) is bool(expected)
    if following and following[1] != "flow":  # needs AWS
        assert run(*following[1:], cwd=tmp_path / folder).returncode in (0, 1)


def test_an_instance_that_only_the_user_knows_is_left_to_fill_in(tmp_path: Path) -> None:
    save(tmp_path / "it is.json", document(statement()))
    following = next_of(run("check", "it is.json", "--topic-arn", TOPIC_ARN, cwd=tmp_path).stderr)
    assert following == [
        *("checker", "fix", "it is.json", "--topic-arn", TOPIC_ARN, "--instance-arn", "INSTANCE_ARN")
    ]
    filled_in = [INSTANCE_ARN if word == "INSTANCE_ARN" else word for word in following[1:]]
    assert next_of(run(*filled_in, cwd=tmp_path).stderr) == ["checker", *filled_in, "--apply"]


FIFO = """
resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}
variable "fifo" { default = true }
resource "aws_sns_topic" "chat" {
  name       = "chat.fifo"
  fifo_topic = var.fifo
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.chat.arn
      CONDITION
    }]
  })
}
"""
PINNED = 'Condition = { ArnEquals = { "aws:SourceArn" = aws_connect_instance.this.arn } }'


def test_an_explanation_suggests_a_fix_only_if_there_is_one_for_the_files(tmp_path: Path) -> None:
    save(tmp_path / "main.tf", FIFO.replace("CONDITION", PINNED))
    fixed = next_of(run("explain", ".", "--var", "fifo=true", cwd=tmp_path).stderr)
    assert fixed == ["checker", "fix", ".", "--var", "fifo=true"]
    account = 'Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }'
    save(tmp_path / "main.tf", FIFO.replace("CONDITION", account))
    assert next_of(run("explain", ".", cwd=tmp_path).stderr) == ["checker", "fix", "."]


def test_an_explanation_without_a_fix_for_the_files_suggests_the_page_of_the_rule(tmp_path: Path) -> None:
    far = document(statement(Condition=BOTH, Resource=TOPIC_ARN.replace("us-east-1", "eu-west-1")))
    save(tmp_path / "far.json", far)
    following = next_of(run("explain", "far.json", cwd=tmp_path).stderr)
    assert following == ["checker", "rules", "cross-region"]


@pytest.mark.parametrize(
    "option",
    [("--topic-arn", f"{TOPIC_ARN}x"), ("--topic-tag", "a=b"), ("--var", "foo=1"), ("--parameter", "foo=1")],
    ids=lambda one: one[0],
)
def test_a_wrong_option_is_not_repeated(option: tuple[str, str], tmp_path: Path) -> None:
    save(tmp_path / "open.json", document(statement()))
    checked = run("check", "open.json", *option, cwd=tmp_path)
    assert (checked.returncode, next_of(checked.stderr)) == (2, [])
    if option[0] in ("--var", "--parameter"):
        explained = run("explain", "open.json", "--instance-arn", INSTANCE_ARN, *option, cwd=tmp_path)
        assert (explained.returncode, next_of(explained.stderr)) == (2, [])


def test_standard_input_cannot_be_fixed(tmp_path: Path) -> None:
    done = run("check", "-", stdin=b'{"Version": "2012-10-17", "Statement": []}', cwd=tmp_path)
    assert next_of(done.stderr) == []


def test_a_topic_on_standard_input_cannot_be_fixed() -> None:
    topic = (EXAMPLES / "broken" / "topic.json").read_bytes()
    done = run("explain", "-", "--instance-arn", INSTANCE_ARN, stdin=topic)
    assert (done.returncode, next_of(done.stderr)) == (1, [])


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (End.SILENT, ["checker", "explain", TOPIC_ARN, "--instance-arn", INSTANCE_ARN]),
        (End.BLOCKED, ["checker", "explain", TOPIC_ARN, "--instance-arn", INSTANCE_ARN]),
        (End.INTERRUPTED, []),
        (End.ARRIVED, []),
    ],
)
def test_a_flow_without_a_message_is_explained(end: End, expected: list[str]) -> None:
    arrival = Arrival(0.1, "id", ()) if end is End.ARRIVED else None
    result = FlowResult(INSTANCE_ARN, end, topics=(TopicResult(TOPIC_ARN, arrival=arrival),))
    assert next_of("\n".join(after_flow(result, ()))) == expected


@pytest.mark.parametrize(
    "name",
    [
        b"-rf.json",
        b"a b.json",
        b"it's.json",
        b"caf\xe9.json",
        "café\N{RIGHT-TO-LEFT OVERRIDE}'1.json".encode(),
        b"##[group]\x1b[31m\n2.json",
        b"--",
    ],
    ids=repr,
)
def test_a_command_that_is_pasted_reads_the_same_file(name: bytes, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "broken" / "topic.json", tmp_path / os.fsdecode(name))
    for command in ("check", "fix"):
        done = started(command, "--instance-arn", INSTANCE_ARN, "--", os.fsdecode(name), folder=tmp_path)
        following = pasted(*(one for one in done.stderr.splitlines() if one.startswith("next: ")))
        assert following[0] == "fix"
        again = started(*with_options(following, "--format", "json"), folder=tmp_path)
        assert json.loads(again.stdout)["version"] == 1, again.stderr


def started(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CHECKER, *words], cwd=folder, capture_output=True, text=True, check=False)


def pasted(line: str) -> list[str]:
    """The words of a suggested command, as a shell splits them."""
    script = f"checker() {{ printf '%s\\0' \"$@\"; }}; {line.removeprefix('next: ')}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]
