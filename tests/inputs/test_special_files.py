"""A pipe, a device or a link to standard input stalls no run: it is listed as skipped, unless the user names it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.configuration.load import read_configuration
from checker.core.errors import InputError
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.inputs.repository import find_configuration
from checker.live.audit.journal import Journal
from tests.cli.process import CHECKER, save
from tests.samples import ACCOUNT, INSTANCE_ARN, document, statement

OPEN = document(statement())
MODULE = """
variable "name" {}
module "inner" { source = "./inner" }
resource "aws_sns_topic" "chat" {
  name   = var.name
  policy = file("policy.json")
}
resource "aws_kms_key" "chat" {
  policy = templatefile("policy.tftpl", {})
}
"""
MANIFEST = """
topics: [{policy: named.json}, {policy: "-"}, {attributes: input.json, subscriptions: named.yaml}]
keys: [{description: zero.json, policy: loop.json, grants: named.json}]
"""


@pytest.fixture(autouse=True)
def no_wait() -> Iterator[None]:
    """End a test that waits for a pipe."""

    def stalled(*_: object) -> None:
        raise TimeoutError("the read waits")

    before = signal.signal(signal.SIGALRM, stalled)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy, and with everything in it that a read could wait for."""
    monkeypatch.chdir(tmp_path)
    endings = ("json", "yaml", "yml", "template", "gz", "jsonl", "ndjson")
    pipes = [f"named.{ending}" for ending in endings]
    pipes += [
        f"module/{name}" for name in ("policy.json", "policy.tftpl", "terraform.tfvars", "inner/main.tf")
    ]
    pipes += ["pack.dist-info/entry_points.txt"]
    save(tmp_path / "open.json", OPEN)
    save(tmp_path / "manifest.yaml", MANIFEST)
    save(tmp_path / "module" / "main.tf", MODULE)
    (tmp_path / "module" / "inner").mkdir()
    (tmp_path / "pack.dist-info").mkdir()
    for name in pipes:
        os.mkfifo(tmp_path / name)
    for name, to in {
        "input": "/dev/stdin",
        "zero": "/dev/zero",
        "tty": "/dev/tty",
        "loop": "loop.json",
    }.items():
        (tmp_path / f"{name}.json").symlink_to(to)
    return tmp_path


def run(*words: str, cwd: Path) -> tuple[int, str]:
    """Run a command with a standard input that never ends."""
    silent, _writer = os.pipe()
    done = subprocess.run(
        [*CHECKER, *words], stdin=silent, capture_output=True, text=True, timeout=60, check=False, cwd=cwd
    )  # fmt: skip
    os.close(silent)
    os.close(_writer)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("check", "."),
        ("check", "--changed", "open.json", "named.json", "input.json", "named.gz"),
        ("fix", "--apply", ".", "--instance-arn", INSTANCE_ARN),
        ("fix", "--apply", "--changed", "open.json", "named.json", "input.json"),
        ("baseline", "write", "."),
        ("diff", "module/main.tf", "open.json"),
    ],
    ids=" ".join,
)
def test_no_command_waits_for_what_lies_in_a_folder(words: tuple[str, ...], folder: Path) -> None:
    code, said = run(*words, cwd=folder)
    assert code == 2
    assert "a named pipe, not a regular file" in said


def test_every_one_of_them_is_listed_with_the_reason(folder: Path) -> None:
    """What a module or a manifest needs is an error; what merely lies in a folder is skipped."""
    skipped = {one.what: one for one in load([Path()]).skipped}
    for path in folder.iterdir():
        if path.name.startswith(("named", "input", "zero", "tty", "loop")):
            assert path.name in skipped, path.name
    pipe = skipped["named.gz"]
    assert (pipe.reason, pipe.error) == ("a named pipe, not a regular file", False)
    assert pipe.help == "name it on the command line to read a pipe or device"
    assert skipped["zero.json"].reason == f"it leads to `/dev/zero`, outside of the folder `{folder}`"
    allowed = {one.what: one for one in load([Path()], given=Given(allow_outside=True)).skipped}
    assert allowed["zero.json"].reason == "a character device, not a regular file"
    assert skipped["-"].reason == "no such file or folder"
    assert skipped["module/terraform.tfvars"].error
    assert skipped["module/inner/main.tf"].error


def writer(path: Path, data: str) -> None:
    threading.Thread(target=path.write_text, args=(data,), daemon=True).start()


def test_a_pipe_that_the_user_names_is_read(folder: Path) -> None:
    writer(folder / "named.json", json.dumps(OPEN))
    inventory = load([Path("named.json")])
    assert inventory.skipped == ()
    assert len(inventory.topics) == 1


def test_a_large_file_that_may_hold_a_policy_is_an_error(folder: Path) -> None:
    (folder / "large.json").write_text(json.dumps(OPEN) + " " * 6_000_000)
    (folder / "other.json").write_text("[1]" + " " * 6_000_000)
    large = [(one.what, one.error) for one in load([Path()]).skipped if "5 MB" in one.reason]
    assert large == [("large.json", True)]


def test_a_file_without_an_end_is_searched_up_to_a_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checker.inputs.mentions.MOST_SEARCHED", 10_000_000)
    for name in ("sparse.json", "sparse.tf", "sparse.py", "sparse.yaml"):
        (folder / name).write_text("# sns:")
        os.truncate(folder / name, 10**13)
    found = {one.what: (one.reason.partition(" limit")[0], one.error) for one in load([Path()]).skipped}
    assert found["sparse.json"] == found["sparse.yaml"] == ("searched for policies only up to the", False)
    assert found["sparse.tf"] == ("larger than the 5 MB", True)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("/dev/zero", "", "larger than the 5 MB limit"),
        ("named.json", '{"format_version": "1", "terraform_version": "1"}', "cannot be read from a pipe"),
        ("named.gz", '{"eventSource": "x", "eventName": "y"}', "cannot be read from a pipe"),
        ("loop.json", "", "symbolic links"),
        ("x" * 300, "", "file name too long"),
    ],
)
def test_what_the_user_names_is_bounded(name: str, data: str, reason: str, folder: Path) -> None:
    if data:
        writer(folder / name, data)
    (skipped,) = load([Path(name)]).skipped
    assert skipped.error
    assert reason in skipped.reason


def test_a_configuration_that_is_a_pipe_is_not_left_out_in_silence(folder: Path) -> None:
    for name in ("checker.yaml", "pyproject.toml"):
        os.mkfifo(folder / name)
        with pytest.raises(InputError, match="a named pipe, not a regular file"):
            read_configuration(find_configuration(folder) or Path(), ())
        (folder / name).unlink()
    writer(folder / "named.yaml", "fail-on: error\n")
    assert read_configuration(folder / "named.yaml", (), pipes=True).fail_on is not None


def journal(path: Path) -> Journal:
    return Journal(path, ACCOUNT, {})


@pytest.mark.parametrize("use", [Journal.begin, Journal.resume, lambda one: one.write({})])
def test_a_journal_is_a_regular_file(use: Callable[[Journal], Any], folder: Path) -> None:
    for name in (folder / "named.json", "/dev/null"):
        with pytest.raises(InputError, match="not a regular file"):
            use(journal(Path(name)))
