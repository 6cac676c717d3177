"""Where the commands of a page run: a copy of the examples, a Git repository with a change, or an account of a sandbox."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from checker.sandbox import seed
from tests.docs.blocks import ROOT, blocks, name_of

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

FILES = Path(__file__).parent / "files"
TOPIC = "arn:aws:sns:us-east-1:111122223333:connect-chat-stream"
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
OF_SANDBOX = re.compile(r"arn:aws:connect:us-east-1:123456789012:instance/[0-9a-f-]{36}")
WORDS: Mapping[str, str] = {
    "TOPIC_ARN": TOPIC,
    "INSTANCE_ARN": INSTANCE,
    "KEY_ARN": "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000",
    "CONTACT_FLOW_ID": "chat-flow",
}
"""What the words in capitals stand for."""


class Scene(NamedTuple):
    """Variables of the shell, and what words of the page stand for."""

    environment: Mapping[str, str] = MappingProxyType({})
    words: Mapping[str, str] = WORDS

    def filled(self, command: str) -> str:
        """Give a command as it can be run."""
        for word, value in self.words.items():
            command = re.sub(rf"\b{re.escape(word)}\b", value, command)
        hurried = command.replace("--try-conditions", "--try-conditions --wait 1")  # AWS needs minutes
        return OF_SANDBOX.sub(self.words["INSTANCE_ARN"], hurried)


@contextmanager
def set_up(page: Path, folder: Path) -> Iterator[Scene]:
    """Prepare a folder for the commands of a page, with the files that the page shows."""
    shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True)
    for block in blocks(page):
        if block.file_name:
            (folder / block.file_name).write_text(block.text)
    in_git = IN_GIT.get(name_of(page), ())
    for name in in_git or (page.stem,):
        if (FILES / name).is_dir():
            shutil.copytree(FILES / name, folder, dirs_exist_ok=True)
    if in_git:
        _commit_and_change(folder)
    prepare = IN_SANDBOX.get(name_of(page))
    if prepare is None:
        yield Scene()
        return
    with own_sandbox() as sandbox:
        yield _in_account(sandbox, prepare)


@contextmanager
def own_sandbox() -> Iterator[Sandbox]:
    """A local AWS that no other test uses: pages have one account, and show all that is in it."""
    pytest.importorskip("moto")
    from checker.sandbox.aws.upstream import Clients
    from checker.sandbox.running import Sandbox

    command = [sys.executable, "-m", "checker", "sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        settings = dict(
            line.removeprefix("export ").strip().split("=", 1) for line in islice(process.stdout, 5)
        )
        yield Sandbox(settings["AWS_ENDPOINT_URL"], Clients(), settings["CHECKER_SANDBOX_TOKEN"])
        process.terminate()


def _in_account(sandbox: Sandbox, prepare: Callable[[Account, str], Any]) -> Scene:
    """The account of the pages, which has one instance."""
    account = sandbox.account()
    instance = seed.make_instance(account)
    prepared = prepare(account, instance)
    topic = prepared if isinstance(prepared, str) else ""
    return Scene(sandbox.environment, {**WORDS, "INSTANCE_ARN": instance, "TOPIC_ARN": topic})


def _commit_and_change(folder: Path) -> None:
    """Make a repository whose working tree differs from its branch `main` by the files in `after`."""
    after = folder / "after"
    moved = shutil.move(after, folder.parent / "after")
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "before"),
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    shutil.copytree(moved, folder, dirs_exist_ok=True)


def _of_the_audit(account: Account, instance: str) -> None:
    """Topics like those of the demo: one is encrypted and silent, one is open, one is as AWS documents."""
    seed.good_topic(account, instance, "good")
    seed.confused_deputy_topic(account)
    seed.encrypted_topic(account, instance, grant=False)
    seed.default_topic(account, "invoices")


def _of_the_evidence(account: Account, instance: str) -> str:
    """A topic whose key policy has a condition that AWS does not document for Connect."""
    topic, key = seed.encrypted_topic(account, instance, grant=True)
    condition = {"Condition": {"StringEquals": {"aws:SourceAccount": account.id}}}
    statements = [seed.root_statement(account.id), {**seed.key_statement(), **condition}]
    policy = seed.policy_text(*statements)
    account.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    return topic


IN_GIT = {"docs/diff.md": ("repository", "diff"), "docs/reviews.md": ("repository",)}
"""The folders with the files of a repository, by the page whose commands run in it."""
IN_SANDBOX: dict[str, Callable[[Account, str], Any]] = {
    "docs/audit.md": _of_the_audit,
    "docs/evidence.md": _of_the_evidence,
    "docs/how-to/nightly-audit.md": _of_the_audit,
    "docs/flow.md": lambda account, instance: seed.good_topic(account, instance, "default"),
    "docs/live-repair.md": lambda account, _: seed.default_topic(account),
}
