"""The command that a live command ends with is not refused when it is pasted."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from checker.sandbox import seed
from tests.cli.process import as_caller, run

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from checker.sandbox.running import Account, Sandbox


class Shell:
    """Runs commands with the credentials of an account, in an empty folder."""

    def __init__(self, sandbox: Sandbox, account: Account, folder: Path) -> None:
        self.environment, self.folder = as_caller(sandbox, account), folder

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run(*words, env=self.environment, cwd=self.folder)

    def paste(self, done: subprocess.CompletedProcess[str], *more: str) -> subprocess.CompletedProcess[str]:
        (command,) = following(done)
        return self.run(*shlex.split(command)[1:], *more)


def shared_topic(account: Account) -> tuple[str, str, str]:
    """An open topic to which two instances stream; give it with the instances."""
    first, second = seed.make_instance(account, "first"), seed.make_instance(account, "second")
    topic = seed.confused_deputy_topic(account)
    for instance in (first, second):
        seed.start_chat(account, instance, topic)
    return topic, first, second


def following(done: subprocess.CompletedProcess[str]) -> list[str]:
    lines = done.stderr.splitlines()
    return [line.removeprefix("next: ") for line in lines if line.startswith("next: ")]


def test_a_topic_that_a_tool_manages_needs_force(sandbox: Sandbox, account: Account, tmp_path: Path) -> None:
    shell, instance = Shell(sandbox, account, tmp_path), seed.make_instance(account)
    topic = seed.default_topic(account)
    tags = [{"Key": "ManagedBy", "Value": "Terraform"}]
    account.client("sns").tag_resource(ResourceArn=topic, Tags=tags)
    planned = shell.run("fix", "--topic-arn", topic, "--instance-arn", instance)
    assert f"note: `{topic}` is managed by terraform" in planned.stderr
    assert following(planned)[0].endswith(" --apply --force-managed")
    assert shell.paste(planned, "--yes").returncode == 0


def test_another_instance_that_streams_is_named_too(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    shell = Shell(sandbox, account, tmp_path)
    topic, first, second = shared_topic(account)
    both = f"--instance-arn {first} --instance-arn {second}"
    planned = shell.run("fix", "--topic-arn", topic, "--instance-arn", first)
    assert "the fix would cut it off" in planned.stderr
    assert following(planned) == [f"checker fix --topic-arn {topic} {both}"]
    explained = shell.run("explain", topic, "--instance-arn", first)
    assert following(explained) == following(planned)
    applied = shell.paste(shell.paste(explained), "--yes")
    assert applied.returncode == 0, applied.stderr


def test_an_instance_of_the_configuration_stays_named(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    shell = Shell(sandbox, account, tmp_path)
    topic, first, second = shared_topic(account)
    (tmp_path / "checker.yaml").write_text(f"instances: ['{first}']\n")
    planned = shell.run("fix", "--topic-arn", topic)
    assert following(planned) == [
        f"checker fix --topic-arn {topic} --instance-arn {first} --instance-arn {second}"
    ]


def test_a_doubt_that_no_option_removes_leaves_no_command_to_apply(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    shell, topic = Shell(sandbox, account, tmp_path), seed.default_topic(account)
    foreign = seed.make_instance(sandbox.account("777766665555", account.region))
    options = ("--topic-arn", topic, "--instance-arn", foreign)
    planned = shell.run("fix", *options)
    assert "it belongs to account 777766665555" in planned.stderr
    assert following(planned) == []
    refused = shell.run("fix", *options, "--apply", "--yes")
    assert refused.returncode == 3
    accepted = shell.run("fix", *options, "--unsafe-fixes")
    assert following(accepted)[0].endswith(" --unsafe-fixes --apply")


def test_an_explanation_of_a_fifo_topic_suggests_its_replacement(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    shell, instance = Shell(sandbox, account, tmp_path), seed.make_instance(account)
    topic = seed.fifo_topic(account, instance)
    explained = shell.run("explain", topic, "--instance-arn", instance)
    assert following(explained)[0].endswith(" --create-replacement")
    planned = shell.paste(explained)
    assert "replacement: 1 step planned" in planned.stderr
    assert shell.paste(planned, "--yes").returncode == 0


def test_no_policy_is_suggested_that_a_fifo_topic_cannot_have(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    shell, instance = Shell(sandbox, account, tmp_path), seed.make_instance(account)
    seed.make_replica(account, instance, "us-west-2")
    fifo = seed.fifo_topic(account, instance)
    policy = f"`checker policy --topic-arn {fifo}"
    assert policy not in shell.run("explain", fifo, "--instance-arn", instance).stderr
    audited = shell.run("audit", "--region", "us-east-1,us-west-2")
    assert "create a topic in us-west-2 with subscribers of its own\n" in audited.stdout
    assert policy not in audited.stdout
    standard = seed.good_topic(account, instance)
    explained = shell.run("explain", standard, "--instance-arn", instance).stderr
    (line,) = (line for line in explained.splitlines() if "`checker policy" in line)
    command = line.partition("`")[2].partition("`")[0]
    assert shell.run(*shlex.split(command)[1:]).returncode == 0


def test_an_instance_that_does_not_exist_is_left_to_fill_in(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    shell, instance = Shell(sandbox, account, tmp_path), seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    wrong = f"{instance[:-4]}0000"
    explained = shell.run("explain", topic, "--instance-arn", wrong)
    assert following(explained) == [f"checker fix --topic-arn {topic} --instance-arn INSTANCE_ARN"]


UNDETERMINED = "` shows the undetermined results"


@pytest.mark.parametrize("role", [(), ("--role-name", "reader")], ids=["no role", "role"])
def test_the_audit_that_a_fix_names_shows_the_undetermined_results(
    sandbox: Sandbox, account: Account, tmp_path: Path, role: tuple[str, ...]
) -> None:
    shell, instance = Shell(sandbox, account, tmp_path), seed.make_instance(account)
    replica = seed.make_replica(account, instance, "us-west-2")
    topic = seed.good_topic(account, instance)
    planned = shell.run("fix", "--topic-arn", topic, "--instance-arn", instance, *role)
    other = shlex.join(["checker", "fix", "--topic-arn", "TOPIC_ARN", "--instance-arn", replica, *role])
    assert f"fix the topic in us-west-2 too: `{other}`" in planned.stderr
    assert "nothing to fix, 1 undetermined\n" in planned.stderr
    (line,) = (line for line in planned.stderr.splitlines() if line.endswith(UNDETERMINED))
    audit = shlex.split(line.removeprefix("  = help: `").removesuffix(UNDETERMINED))
    assert audit[1] == "audit"
    shown = shell.run(*audit[1:])
    assert shown.returncode == 1, shown.stderr
    assert "note[replica-not-streaming]" in shown.stdout


def test_an_explanation_takes_the_role_that_an_audit_does_not(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    shell, instance = Shell(sandbox, account, tmp_path), seed.make_instance(account)
    seed.make_replica(account, instance, "us-west-2")
    topic = seed.good_topic(account, instance)
    role = f"arn:aws:iam::{account.id}:role/reader"
    planned = shell.run("fix", "--topic-arn", topic, "--instance-arn", instance, "--role-arn", role)
    command = f"checker explain {topic} --instance-arn {instance} --role-arn {role}"
    assert f"  = help: `{command}{UNDETERMINED}" in planned.stderr
    assert "Replica in us-west-2: not known" in shell.run(*command.split()[1:]).stdout
