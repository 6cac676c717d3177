"""`checker fix` as people and machines run it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from checker.app.terminal import finished
from checker.cli.app import run as in_process
from tests.cli.process import run, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, TOPIC_ARN, document, statement

SCHEMAS = TESTS.parent / "schemas"
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
OPEN, GOOD = document(statement(Sid="Chat")), document(statement(Sid="Chat", Condition=PINNED))
WIDE = document(statement(Sid="Chat", Action=["sns:Publish", "sns:Subscribe"], Condition=PINNED))
FOR_INSTANCE = ("--isolated", "--instance-arn", INSTANCE_ARN)


def test_a_file_that_is_well_needs_nothing(tmp_path: Path) -> None:
    path = save(tmp_path / "good.json", GOOD)
    done = run("fix", path, *FOR_INSTANCE)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "nothing to fix\n"


def test_without_apply_the_changes_are_shown_and_nothing_is_written(tmp_path: Path) -> None:
    path = save(tmp_path / "open.json", OPEN)
    before = path.read_bytes()
    done = run("fix", "open.json", *FOR_INSTANCE, cwd=tmp_path)
    assert done.returncode == 1
    assert "--- a/open.json\n+++ b/open.json\n" in done.stdout
    assert "can be fixed (safe): pin statement `Chat`" in done.stdout
    assert "no longer allowed: sns:Publish by any other AWS customer's Connect instance" in done.stdout
    assert "newly allowed" not in done.stdout
    assert path.read_bytes() == before


def test_the_diff_is_one_that_patch_understands(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    path = save(tmp_path / "open.json", json.dumps(OPEN))  # in one line without an end
    diff = run("fix", "--diff", "open.json", *FOR_INSTANCE, cwd=tmp_path)
    assert diff.returncode == 1
    subprocess.run(["git", "apply", "-p1", "-"], input=diff.stdout.encode(), cwd=tmp_path, check=True)
    assert json.loads(path.read_text())["Statement"][0]["Condition"] == PINNED
    assert not path.read_text().endswith("\n")


def test_apply_writes_and_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    path = save(tmp_path / "open.json", OPEN)
    done = run("fix", "--apply", path, *FOR_INSTANCE)
    assert done.returncode == 0
    assert done.stderr.startswith("1 finding fixed in 1 file\nnext: checker flow ")
    assert json.loads(path.read_text()) == GOOD
    again = run("fix", "--apply", path, *FOR_INSTANCE)
    assert (again.returncode, again.stdout) == (0, "")
    assert run("check", path, *FOR_INSTANCE).returncode == 0


def test_each_document_of_a_file_is_fixed_in_the_encoding_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "open.yaml"
    path.write_bytes(f"{json.dumps(OPEN)}\n---\n# é\n{json.dumps(OPEN)}\n".encode("utf-16"))
    assert run("fix", "--apply", path, *FOR_INSTANCE).returncode == 0
    assert list(yaml.safe_load_all(path.read_bytes().decode("utf-16"))) == [GOOD, GOOD]


def test_what_may_take_something_from_somebody_needs_leave(tmp_path: Path) -> None:
    path = save(tmp_path / "wide.json", WIDE)
    done = run("fix", "--apply", path, *FOR_INSTANCE)
    assert done.returncode == 1
    assert "fix (unsafe): reduce statement `Chat` to the actions that Connect needs" in done.stdout
    assert "would lose sns:Subscribe" in done.stdout
    assert json.loads(path.read_text()) == WIDE
    assert run("fix", "--apply", "--unsafe-fixes", path, *FOR_INSTANCE).returncode == 0
    assert json.loads(path.read_text())["Statement"][0]["Action"] == ["sns:Publish"]


def test_a_topic_that_cannot_be_mended_gets_a_plan(tmp_path: Path) -> None:
    fifo = json.loads(json.dumps(GOOD).replace(TOPIC_ARN, f"{TOPIC_ARN}.fifo"))
    done = run("fix", save(tmp_path / "fifo.json", fifo), *FOR_INSTANCE)
    assert done.returncode == 1
    assert "= plan: replace the FIFO topic with a standard topic" in done.stdout
    assert "aws sns create-topic --region us-east-1 --name chat\n" in done.stdout


def test_what_cannot_be_read_weighs_more_than_what_is_found(tmp_path: Path) -> None:
    save(tmp_path / "open.json", OPEN)
    broken = save(tmp_path / "broken.json", '{"Statement": [{"Action": "sns:Publish"')
    done = run("fix", tmp_path / "open.json", broken, *FOR_INSTANCE)
    assert done.returncode == 2
    assert "broken.json" in done.stderr
    assert "can be fixed (safe)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-"], "standard input cannot be fixed in place"),
        (["nowhere.json"], "no such file or folder"),
        (["--select", "source-ownr", "."], "did you mean `source-owner`"),
        (["--instance-arn", "arn:aws:connect:x", "."], "arn:aws:connect:x"),
    ],
)
def test_options_that_cannot_be_followed_are_refused(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = run("fix", *arguments, "--isolated", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_file_that_may_not_be_written_is_left_whole(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    path = save(folder / "open.json", OPEN)
    before = path.read_bytes()
    folder.chmod(0o555)
    try:
        done = run("fix", "--apply", path, *FOR_INSTANCE)
    finally:
        folder.chmod(0o755)
    if done.returncode == 0:
        pytest.skip("this user may write anywhere")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert path.read_bytes() == before


def test_a_read_only_file_gets_the_command_that_makes_it_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "an open.json", OPEN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_, dir_fd=None, **__: dir_fd is None)  # root may
    words = ["fix", "an open.json", *FOR_INSTANCE, "--apply"]
    monkeypatch.setattr(sys, "argv", ["checker", *words])
    assert finished(lambda: in_process(words)).code == 2
    again = f"run again: {shlex.join(['checker', *words])}"
    assert f"= help: make it writable: chmod u+w 'an open.json'; then {again}\n" in capsys.readouterr().err


@pytest.mark.parametrize("policy", [OPEN, WIDE, GOOD], ids=["open", "wide", "good"])
def test_json_is_what_its_schema_says(policy: dict[str, Any], tmp_path: Path) -> None:
    path = save(tmp_path / "policy.json", policy)
    done = run("fix", path, "--format", "json", *FOR_INSTANCE)
    schemas = {name: json.loads((SCHEMAS / f"{name}.v1.json").read_text()) for name in ("fix", "report")}
    registry: Registry[Any] = Registry().with_resources(
        (one["$id"], Resource.from_contents(one)) for one in schemas.values()
    )
    Draft202012Validator(schemas["fix"], registry=registry).validate(json.loads(done.stdout))


def test_reports_for_programs_carry_the_edit_and_what_it_is_worth(tmp_path: Path) -> None:
    path = save(tmp_path / "open.json", OPEN)
    done = run("check", path, "--format", "json", *FOR_INSTANCE)
    finding = json.loads(done.stdout)["findings"][0]
    (fix,) = finding["fixes"]
    assert fix["applicability"] == "safe"
    (edit,) = fix["edits"]
    lines = path.read_text().splitlines()
    line = lines[edit["line"] - 1]
    lines[edit["line"] - 1] = line[: edit["column"] - 1] + edit["text"] + line[edit["end_column"] - 1 :]
    assert json.loads("\n".join(lines)) == GOOD


def test_key_grants_have_no_condition_unless_one_is_asked_for(tmp_path: Path) -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    described = {
        "KeyMetadata": {"Arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0a1b2c3d", "KeyManager": "CUSTOMER"}
    }
    save(tmp_path / "key.json", described)
    save(
        tmp_path / "topic.json",
        {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(GOOD), "KmsMasterKeyId": "0a1b2c3d"}},
    )
    for option, condition in ((), None), (("--kms-condition", "instance"), PINNED):
        policy = save(tmp_path / "policy.json", document(root))
        done = run("fix", "--apply", tmp_path, *option, *FOR_INSTANCE)
        assert done.returncode == 0, done.stderr
        added = json.loads(policy.read_text())["Statement"][1]
        assert added["Action"] == ["kms:GenerateDataKey*", "kms:Decrypt"]
        assert added.get("Condition") == condition


def test_a_statement_to_be_copied_by_hand_may_say_true_or_a_number(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "statements" {\n  default = [{ Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }, '
        f'Action = "sns:Publish", Resource = "{TOPIC_ARN}", '
        'Condition = { Bool = { "aws:SecureTransport" = true } } }]\n}\n'
        'resource "aws_sns_topic" "chat" {\n  name = "chat"\n'
        '  policy = jsonencode({ Version = "2012-10-17", Statement = concat(var.statements, []) })\n}\n'
    )
    done = run("fix", tmp_path, *FOR_INSTANCE)
    assert done.returncode == 1, done.stderr
    assert '"aws:SecureTransport" = true' in done.stdout
