"""A run reads only the repository of what the user names, whatever the files in it name."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from checker.core.errors import InputError
from checker.inputs.collect import Given
from checker.inputs.confinement import Boundary, within
from checker.inputs.load import load
from checker.inputs.opening import open_regular
from checker.inputs.repository import confined_to
from checker.inputs.text import read_text
from tests.cli.process import run, save
from tests.samples import document, statement

POLICY = document(statement(Sid="Outside"))
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "Outside"}}
STACK = {"Resources": {"Outside": TOPIC}}
MODULE = f'resource "aws_sns_topic" "outside" {{\n  name = "Outside"\n  policy = jsonencode({json.dumps(POLICY)})\n}}\n'
CALL = 'module "chat" {\n  source = "SOURCE"\n}\n'
READER = 'resource "aws_sns_topic" "chat" {\n  name   = "chat"\n  policy = CALL\n}\n'
NESTING = {
    "Resources": {"Chat": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "NAME"}}}
}
INCLUDING = {
    "Resources": {
        "Chat": {"Type": "AWS::SNS::Topic"},
        "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "NAME"}},
    }
}
SERVERLESS = "service: chat\nprovider: {name: aws}\nresources: ${file(NAME)}\n# sns:\n"
UNIT = 'terraform {\n  source = "NAME"\n}\n# aws_sns_topic sns:\n'
READS_UNIT = 'locals {\n  a = read_terragrunt_config("NAME")\n}\nterraform {\n  source = local.a.locals.source\n}\n# connect.amazonaws.com sns:\n'
LINK = object()
"""Stands for a link to the file or folder of the same name outside of the repository."""

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "link to a policy": ({"open.json": LINK}, {"open.json": POLICY}),
    "link to a folder": ({"chat": LINK}, {"chat/open.json": POLICY}),
    "Terraform file": ({"main.tf": LINK}, {"main.tf": MODULE}),
    "module": ({"main.tf": CALL.replace("SOURCE", "../outside")}, {"main.tf": MODULE}),
    "module in a linked folder": (
        {"main.tf": CALL.replace("SOURCE", "./chat"), "chat": LINK},
        {"chat/main.tf": MODULE},
    ),
    "linked file of a module": (
        {"main.tf": CALL.replace("SOURCE", "./chat"), "chat/main.tf": LINK},
        {"chat/main.tf": MODULE},
    ),
    "downloaded module": (
        {
            "main.tf": CALL.replace("SOURCE", "acme/chat/aws"),
            ".terraform/modules/modules.json": {
                "Modules": [{"Key": "chat", "Source": "acme/chat/aws", "Dir": ".terraform/modules/chat"}]
            },
            ".terraform/modules/chat": LINK,
        },
        {".terraform/modules/chat/main.tf": MODULE},
    ),
    "values file": (
        {
            "main.tf": 'variable "policy" {}\n' + READER.replace("CALL", "var.policy"),
            "terraform.tfvars": LINK,
        },
        {"terraform.tfvars": f"policy = {json.dumps(json.dumps(POLICY))}\n"},
    ),
    "file()": (
        {"main.tf": READER.replace("CALL", 'file("../outside/open.json")')},
        {"open.json": POLICY},
    ),
    "file() of a link": (
        {"main.tf": READER.replace("CALL", 'file("policies/open.json")'), "policies/open.json": LINK},
        {"policies/open.json": POLICY},
    ),
    "templatefile()": (
        {
            "main.tf": READER.replace("CALL", 'templatefile("policies/open.tftpl", {})'),
            "policies/open.tftpl": LINK,
        },
        {"policies/open.tftpl": POLICY},
    ),
    "nested stack": (
        {"main.json": json.dumps(NESTING).replace("NAME", "../outside/stack.json")},
        {"stack.json": STACK},
    ),
    "linked nested stack": (
        {"main.json": json.dumps(NESTING).replace("NAME", "stack.template"), "stack.template": LINK},
        {"stack.template": STACK},
    ),
    "included template": (
        {"main.json": json.dumps(INCLUDING).replace("NAME", "../outside/stack.json")},
        {"stack.json": STACK["Resources"]},
    ),
    "file of the Serverless Framework": (
        {"serverless.yml": SERVERLESS.replace("NAME", "../outside/stack.yml")},
        {"stack.yml": STACK},
    ),
    "file of a manifest": (
        {"streaming.yaml": {"topics": [{"policy": "../outside/open.json"}]}},
        {"open.json": POLICY},
    ),
    "module of Terragrunt": ({"terragrunt.hcl": UNIT.replace("NAME", "../outside")}, {"main.tf": MODULE}),
    "configuration of Terragrunt": (
        {"terragrunt.hcl": READS_UNIT.replace("NAME", "../outside/source.hcl")},
        {"source.hcl": 'locals {\n  source = "./chat"\n}\n'},
    ),
    "plain file of code": ({"run.py": LINK}, {"run.py": f"policy = {POLICY}\n"}),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    return tmp_path / "repo"


def lay_out(name: str, repository: Path) -> None:
    inside, outside = CASES[name]
    for path, content in outside.items():
        save(repository.parent / "outside" / path, content)
    for path, content in inside.items():
        if content is LINK:
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).symlink_to(repository.parent / "outside" / path)
        else:
            save(repository / path, content)


@pytest.mark.parametrize("name", CASES)
def test_nothing_outside_of_the_repository_is_read(name: str, repository: Path) -> None:
    lay_out(name, repository)
    found = load([repository])
    assert "Outside" not in repr(found.topics)
    listed = [one for one in found.skipped if "outside of the repository" in one.reason]
    unknown = [one for one in found.topics if "outside" in repr(one.policy)]
    assert listed or unknown or name == "link to a folder"
    assert found.skipped or unknown


@pytest.mark.parametrize(
    "name", [one for one in CASES if one not in ("link to a folder", "plain file of code")]
)
def test_the_option_reads_it(name: str, repository: Path) -> None:
    lay_out(name, repository)
    found = load([repository], given=Given(allow_outside=True))
    assert not [one for one in found.skipped if "outside of the" in one.reason]
    assert "Outside" in repr(found.topics) or name == "configuration of Terragrunt"


def test_a_linked_folder_is_listed_unless_it_is_read_elsewhere(repository: Path) -> None:
    save(repository / "policies" / "open.json", POLICY)
    (repository / "prod").mkdir()
    for name in ("prod/policies", "again"):
        (repository / name).symlink_to(repository / "policies")
    (listed,) = (one for one in load([repository / "prod"]).skipped if one.what.endswith("prod/policies"))
    assert (listed.reason, listed.help) == (
        "a link to a folder that is not named, which is not followed",
        "name the folder, too",
    )
    assert not [one for one in load([repository]).skipped if "link" in one.reason]
    save(repository / "modules" / "chat" / "main.tf", MODULE)
    (repository / "prod" / "modules").symlink_to(repository / "modules")
    save(repository / "prod" / "main.tf", CALL.replace("SOURCE", "./modules/chat"))
    assert not [one for one in load([repository / "prod"]).skipped if "modules" in one.what]
    assert not [
        one for one in load([repository / "prod", repository / "policies"]).skipped if "link" in one.reason
    ]


def test_a_file_of_code_that_may_not_be_read_is_listed(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(repository / "run.py", POLICY)

    def denied(_path: Path, **_: object) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("checker.inputs.mentions.open_regular", denied)
    assert [one.reason for one in load([repository]).skipped] == ["permission denied"]


NAMED: dict[str, tuple[str, str, bool]] = {
    "folder of a Git repository": ("repo/prod", "repo/modules", True),
    "file of a Git repository": ("repo/prod/main.tf", "repo/modules", True),
    "submodule": ("repo/sub/prod", "repo/modules", False),
    "worktree": ("tree/prod", "tree/modules", True),
    "folder with a configuration above": ("plain/prod", "plain/modules", True),
    "folder without a repository": ("loose/prod", "loose/modules", False),
    "file without a repository": ("loose/prod/main.tf", "loose/prod/modules", True),
    "link to a repository": ("link/prod", "repo/modules", True),
    "link to a file of another repository": ("linked.tf", "repo/modules", True),
    "whole folder without a repository": ("loose", "loose/modules", True),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_may_be_read_depends_on_what_the_user_names(name: str, tmp_path: Path) -> None:
    for folder in ("repo/.git", "repo/sub/prod", "tree/prod", "plain/prod", "loose/prod"):
        (tmp_path / folder).mkdir(parents=True)
    for folder in ("repo/prod", "repo/sub/prod", "tree/prod", "plain/prod", "loose/prod"):
        save(tmp_path / folder / "main.tf", "")
    save(tmp_path / "repo" / "sub" / ".git", "gitdir: ../.git/modules/sub\n")
    save(tmp_path / "tree" / ".git", "gitdir: ../repo/.git/worktrees/tree\n")
    save(tmp_path / "plain" / "pyproject.toml", "[tool.checker]\n")
    (tmp_path / "link").symlink_to(tmp_path / "repo")
    (tmp_path / "linked.tf").symlink_to(tmp_path / "repo" / "prod" / "main.tf")
    named, other, is_read = NAMED[name]
    save(tmp_path / other / "open.json", POLICY)
    with confined_to([tmp_path / named]):
        if is_read:
            assert "Outside" in read_text(tmp_path / other / "open.json")
        else:
            with pytest.raises(InputError, match=r"outside of the (folder|repository) `"):
                read_text(tmp_path / other / "open.json")


def test_a_changed_link_leads_nowhere(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a change are named by its author."""
    monkeypatch.chdir(repository)
    lay_out("link to a policy", repository)
    assert load([Path("open.json")]).topics
    found = load([Path("open.json")], changed=True)
    assert not found.topics
    assert "outside of the repository" in found.skipped[0].reason


CONFIGURED: dict[str, dict[str, Any]] = {
    "baseline": {"checker.yaml": {"baseline": "../outside/secret.json"}},
    "linked baseline": {"checker.yaml": {"baseline": "secret.json"}, "secret.json": LINK},
    "expectations": {"checker.yaml": {"expect": "../outside/secret.json"}},
    "policy of an expectation": {
        "checker.yaml": {"expect": "expect.yaml"},
        "expect.yaml": {
            "version": 1,
            "expectations": [
                {"name": "same", "topics": ["*"], "no-more-than": {"policy": "../outside/secret.json"}}
            ],
        },
    },
    "linked configuration": {"checker.yaml": LINK},
}


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_configuration_names_no_file_outside(name: str, repository: Path) -> None:
    save(repository / "open.json", POLICY)
    for path, content in CONFIGURED[name].items():
        save(repository.parent / "outside" / Path(path).name, '{"Secret": 1}')
        if content is LINK:
            (repository / path).symlink_to(repository.parent / "outside" / path)
        else:
            save(repository / path, content)
    save(repository.parent / "outside" / "secret.json", '{"Secret": 1}')
    done = run("check", ".", cwd=repository)
    assert done.returncode == 2
    assert "outside of the repository" in done.stderr
    assert "Secret" not in done.stdout + done.stderr
    allowed = run("check", ".", "--allow-outside", cwd=repository)
    assert "outside of the repository" not in allowed.stderr


def test_the_command_that_reads_it_is_printed_whole(repository: Path) -> None:
    lay_out("module", repository)
    done = run("check", ".", "--format", "json", cwd=repository)
    assert done.returncode == 2
    assert done.stderr.endswith(
        "read the others that they name: checker check . --format json --allow-outside\n"
    )


@pytest.mark.parametrize("part", ["file", "folder"])
def test_a_link_that_is_made_between_listing_and_reading_leads_nowhere(part: str, repository: Path) -> None:
    """One thread swaps a file, or the folder above it, for a link out of the repository, and back."""
    outside = repository.parent / "outside"
    save(outside / "open.json", "Outside")
    folder = repository / "policies"
    save(folder / "open.json", "inside")
    victim, target = (folder, outside) if part == "folder" else (folder / "open.json", outside / "open.json")
    link, kept = repository / "link", repository / "kept"
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            link.symlink_to(target)
            victim.rename(kept)
            link.rename(victim)
            victim.unlink()
            kept.rename(victim)

    thread = threading.Thread(target=swap)
    seen: Counter[bytes] = Counter()
    with within(Boundary((os.path.realpath(repository),))):
        thread.start()
        while seen.total() < 3000 or (b"inside" not in seen and seen.total() < 100_000):
            try:
                with open_regular(folder / "open.json") as file:
                    seen[file.read()] += 1
            except OSError:
                seen[b""] += 1
        done.set()
        thread.join()
    assert b"inside" in seen
    assert b"Outside" not in seen


def test_nothing_is_read_below_a_folder_that_was_replaced_by_a_link(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is resolved before the swap, and opened after it."""
    outside = repository.parent / "outside"
    save(outside / "open.json", "Outside")
    save(repository / "policies" / "open.json", "inside")
    resolve = os.path.realpath

    def swapped(path: Any, **options: Any) -> Any:
        real = resolve(path, **options)
        (repository / "policies").rename(repository / "kept")
        (repository / "policies").symlink_to(outside)
        return real

    with within(Boundary((resolve(repository),))):
        monkeypatch.setattr(os.path, "realpath", swapped)
        with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
            open_regular(repository / "policies" / "open.json")


def test_a_comparison_with_a_revision_names_no_folder_of_its_own(repository: Path) -> None:
    (repository / ".git").rmdir()
    save(repository / "main.tf", CALL.replace("SOURCE", "./chat"))
    save(repository / "chat" / "main.tf", MODULE)
    git = ("git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "one")):
        subprocess.run([*git, *words], check=True)
    (repository / "chat").rename(repository.parent / "chat")
    (repository / "chat").symlink_to(repository.parent / "chat")
    for words in (("--base", "HEAD"), ("HEAD:.", ".")):
        done = run("diff", *words, "--format", "json", cwd=repository)
        assert done.returncode == 3
        assert f"outside of the repository `{repository}`" in done.stdout
        assert "checker-" not in done.stdout
        assert run("diff", *words, "--allow-outside", cwd=repository).returncode == 0
