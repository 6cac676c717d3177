"""The hook as pre-commit runs it: on a real repository, from a real clone of this one."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.process import run, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, document, statement

ROOT = TESTS.parent
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
GOOD, OPEN = document(statement(Condition=PINNED)), document(statement())
KEY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
TOPIC: dict[str, Any] = {
    "Attributes": {
        "TopicArn": GOOD["Statement"][0]["Resource"],
        "Policy": json.dumps(GOOD),
        "KmsMasterKeyId": "alias/chat",
    }
}


def hooks() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return loaded


def hook(folder: Path, *names: str, name: str = "checker") -> subprocess.CompletedProcess[str]:
    """Run a hook's entry on files, as pre-commit does once it has installed it."""
    (entry,) = (one["entry"] for one in hooks() if one["id"] == name)
    return run(*entry.split()[1:], *names, cwd=folder)


def test_no_hook_talks_to_aws_and_all_are_serial() -> None:
    assert [one["id"] for one in hooks()] == ["checker", "checker-fix"]
    for one in hooks():
        assert one["language"] == "python"
        assert one["require_serial"]
        assert not {"audit", "flow", "--topic-arn"} & set(one["entry"].split())


@pytest.mark.parametrize("hook", hooks(), ids=lambda one: str(one["id"]))
def test_hooks_are_handed_every_file_that_a_policy_may_come_from(hook: dict[str, Any]) -> None:
    names = "a.json a.yml a.yaml a.template a.tf a.tf.json a.tofu a.tfvars a.tfvars.json a.tftpl a.json.tpl terragrunt.hcl"
    assert all(re.search(hook["files"], name) for name in names.split())
    assert not re.search(hook["files"], "a.py")


def test_files_about_something_else_are_passed_over_in_silence(tmp_path: Path) -> None:
    save(tmp_path / "package.json", {"name": "x", "topics": ["a", "b"]})
    save(tmp_path / "tsconfig.json", '{\n  // topics\n  "strict": true,\n}')
    save(tmp_path / "two.yaml", "topics: [kafka]\n---\na: 1\n")
    save(tmp_path / "chart.yaml", "topics: {{ .Values.topics }}\nsns: {{ x }}\n")
    save(tmp_path / "good.json", GOOD)
    names = ("package.json", "tsconfig.json", "two.yaml", "chart.yaml", "good.json")
    done = hook(tmp_path, *names)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "package.json" not in done.stderr


def test_a_policy_with_a_fault_in_its_syntax_stops_the_commit(tmp_path: Path) -> None:
    save(tmp_path / "broken.json", json.dumps(OPEN, indent=1)[:-3])
    done = hook(tmp_path, "broken.json")
    assert done.returncode == 2
    assert "error: broken.json:" in done.stderr


def test_what_lies_beside_a_file_is_read_and_not_reported_on(tmp_path: Path) -> None:
    save(tmp_path / "topic.json", TOPIC)
    save(tmp_path / "key-policy.json", KEY)
    save(tmp_path / "unchanged.json", OPEN)
    save(tmp_path / "elsewhere" / "open.json", OPEN)
    topic = hook(tmp_path, "topic.json")
    assert topic.stdout == ""
    assert topic.returncode == 0
    assert "examined 1 topic, 1 key; 0 topics not checked" in topic.stderr
    key = hook(tmp_path, "key-policy.json")
    assert "error[connect-cannot-use-key]" in key.stdout
    assert "unchanged.json" not in key.stdout
    assert key.returncode == 1


def test_a_manifest_beside_a_file_says_which_instance_streams(tmp_path: Path) -> None:
    save(tmp_path / "topic.json", GOOD)
    save(tmp_path / "other.json", OPEN)
    other = INSTANCE_ARN.replace("3f6c", "f6c3")
    save(
        tmp_path / "streaming.yaml",
        f"instances: [{other}]\ntopics:\n  - policy: topic.json\n  - policy: other.json\n",
    )
    done = hook(tmp_path, "topic.json")
    assert f"does not let Connect publish for instance `{other}`" in done.stdout
    assert "other.json" not in done.stdout
    assert "examined 1 topic; 0 topics not checked" in done.stderr


def test_a_change_of_nothing_is_clean_and_a_folder_is_no_change(tmp_path: Path) -> None:
    save(tmp_path / "open.json", OPEN)
    nothing = hook(tmp_path)
    assert (nothing.returncode, nothing.stdout) == (0, "")
    folder = hook(tmp_path, ".")
    assert folder.returncode == 2
    assert "name the changed files" in folder.stderr


def test_a_fault_in_a_file_beside_it_is_said_and_no_error(tmp_path: Path) -> None:
    save(tmp_path / "good.json", GOOD)
    save(tmp_path / "key.json", '{"KeyMetadata": {')
    done = hook(tmp_path, "good.json")
    assert done.returncode == 0
    assert "skipped: key.json:1:" in done.stderr


pre_commit = pytest.mark.skipif(
    shutil.which("git") is None
    or importlib.util.find_spec("pre_commit") is None
    or not (ROOT / ".git").exists(),
    reason="needs git, pre-commit and a clone of this repository",
)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def clone(folder: Path) -> Path:
    """Make a repository of what this one holds now, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "as it is")
    return folder


@pre_commit
def test_pre_commit_try_repo_on_a_real_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    save(repository / "policies" / "good.json", GOOD)
    save(repository / "policies" / "open.json", OPEN)
    save(repository / "package.json", {"name": "x"})
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    hooks_of = clone(tmp_path / "checker")
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PRE_COMMIT_COLOR": "never"}
    environment.pop("PYTHONPATH", None)

    def tried(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "pre_commit",
            "try-repo",
            str(hooks_of),
            "checker",
            "--verbose",
            *arguments,
        ]

        return subprocess.run(
            command, cwd=repository, env=environment, check=False, capture_output=True, text=True
        )

    bad = tried("--all-files")
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "error[missing-source-account]" in bad.stdout
    assert "policies/open.json:" in bad.stdout
    good = tried("--files", "policies/good.json", "package.json")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "Passed" in good.stdout


def test_ten_changed_files_among_ten_thousand_cost_as_much_as_ten(tmp_path: Path) -> None:
    """Not a stopwatch: the policies beside the changed ones are neither parsed nor judged."""
    text = json.dumps(OPEN)
    for number in range(10_000):
        (tmp_path / f"policy-{number}.json").write_text(text)
    started = time.monotonic()
    done = hook(tmp_path, *(f"policy-{number}.json" for number in range(10)))
    assert time.monotonic() - started < 60
    assert "examined 10 topics; 0 topics not checked" in done.stderr
    assert done.stdout.count("error[missing-source-account]") == 10


def test_the_other_hook_fixes_what_is_safe_and_leaves_it_to_git_to_tell(tmp_path: Path) -> None:
    save(tmp_path / "open.json", OPEN)
    save(tmp_path / "unchanged.json", OPEN)
    save(tmp_path / "instances.json", {"InstanceSummaryList": [{"Id": "3f6c1b52", "Arn": INSTANCE_ARN}]})
    inferred = hook(tmp_path, "open.json", name="checker-fix")
    assert "fixable once you name the instance with --instance-arn" in inferred.stdout
    assert json.loads((tmp_path / "open.json").read_text()) == OPEN
    named = ("--instance-arn", INSTANCE_ARN)
    done = hook(tmp_path, "open.json", *named, name="checker-fix")
    assert done.returncode == 0  # pre-commit itself fails a hook that rewrote a file
    assert json.loads((tmp_path / "open.json").read_text()) == GOOD
    assert json.loads((tmp_path / "unchanged.json").read_text()) == OPEN
    again = hook(tmp_path, "open.json", *named, name="checker-fix")
    assert (again.returncode, again.stdout) == (0, "")
