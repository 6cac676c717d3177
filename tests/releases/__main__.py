"""Writes one of each file that `checker` keeps, for the release of this code: `python -m tests.releases`.

The files are those of real commands on a sandbox, in `tests/fixtures/releases/VERSION`. They are written once, when the
release is made, and never again: `test_releases.py` reads those of all releases.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from checker import __version__
from checker.app.terminal import ended
from checker.cli.app import run
from checker.sandbox import seed
from checker.sandbox.running import running_sandbox
from tests.live.repair.replacement import stage
from tests.samples import TESTS

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

RELEASES = TESTS / "fixtures" / "releases"
ACCOUNT, REGION, OTHER = "111122223333", "us-west-2", "us-east-1"
NOWHERE = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/nowhere")
EXPECTATIONS = """\
version: 1
expectations:
  - name: only this account publishes
    only:
      actions: ["sns:Publish"]
      principals: [{account: "111122223333"}]
  - name: Connect publishes
    allowed:
      actions: ["sns:Publish"]
      principals: [{connect: "arn:aws:connect:us-west-2:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"}]
"""


def environment(sandbox: Sandbox) -> dict[str, str]:
    here = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    return {**sandbox.environment, **NOWHERE, **here}


def checker(*words: str | Path) -> None:
    """Run a command, which may have findings."""
    code = ended(lambda: run([str(word) for word in words]))
    assert code in (0, 1), (words, code)


def open_topic(account: Account) -> tuple[str, str]:
    """An instance, and a topic that has no statement for it yet."""
    return seed.make_instance(account), seed.default_topic(account, "chat")


def write_audit(account: Account, folder: Path) -> None:
    """An audit of two Regions: its journal, also as an interrupt leaves it, reports, a baseline and saved answers."""
    seed.confused_deputy_topic(account, "open")
    seed.confused_deputy_topic(account._replace(region=OTHER), "open")
    words = ("audit", "--region", f"{REGION},{OTHER}", "--isolated")
    report = ("--format", f"json={folder / 'audit.json'}")
    checker(*words, *report, "--journal", folder / "journal.jsonl", "--save", folder / "saved")
    checker(
        *words, "--format", f"json={folder / 'new.json'}", "--write-baseline", folder / "audit-baseline.json"
    )
    (folder / "new.json").unlink()
    lines = (folder / "journal.jsonl").read_text().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith('{"kind":"unit"'))
    (folder / "unfinished.jsonl").write_text("".join(lines[: first + 1]))


def write_receipts(sandbox: Sandbox, account: Account, folder: Path) -> None:
    """A receipt of each kind, and the reports of the commands that write them."""
    instance, topic = open_topic(account)
    named = ("--topic-arn", topic, "--instance-arn", instance)
    report = ("--format", "json", "--output")
    with _receipt(folder, "topic") as receipts:
        checker(
            "fix",
            *named,
            "--apply",
            "--yes",
            "--receipts",
            receipts,
            "--isolated",
            *report,
            folder / "fix.json",
        )
    for name, scene in (("replacement", stage.far(sandbox, account)), ("encryption", _sealed(account))):
        with _receipt(folder, name) as receipts:
            checker("fix", *stage.options(scene, receipts), "--apply", "--yes")
    chat = ("--instance-arn", instance, "--contact-flow-id", "flow", "--wait", "5")
    with _receipt(folder, "retention") as receipts:
        create = ("--retain", "sqs", "--create", "--yes", "--receipts", receipts)
        checker("flow", "--topic-arn", topic, *chat, *create, *report, folder / "flow.json")
    with _receipt(folder, "trial") as receipts:
        words = ("--apply", "--yes", "--receipts", receipts, "--evidence-out", folder / "evidence.json")
        checker("flow", "--try-conditions", *chat, *words, *report, folder / "trial.json")


def _sealed(account: Account) -> stage.Scene:
    """A topic with an AWS managed key."""
    instance = seed.make_instance(account, "sealed")
    topic = seed.good_topic(account, instance, "sealed")
    seed.encrypt(account, topic, "alias/aws/sns")
    return stage.Scene(account, instance, topic, "")


class _receipt:  # noqa: N801 - a context
    """Gives a folder for the receipt of a command, and keeps the receipt under a name."""

    def __init__(self, folder: Path, name: str) -> None:
        self._to, self._temporary = folder / f"receipt-{name}.json", tempfile.TemporaryDirectory()

    def __enter__(self) -> Path:
        return Path(self._temporary.name)

    def __exit__(self, *_: object) -> None:
        (receipt,) = Path(self._temporary.name).glob("*.json")
        shutil.copyfile(receipt, self._to)
        self._temporary.cleanup()


def write_checks(folder: Path) -> None:
    """A file with findings, its report, its baseline, and expectations about it."""
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:open"
    policy = {"Version": "2012-10-17", "Statement": [seed.publish_statement(topic)]}
    code = folder / "code"
    code.mkdir()
    (code / "topic.json").write_text(json.dumps(policy, indent=2) + "\n")
    (folder / "expectations.yaml").write_text(EXPECTATIONS)
    here = ("code", "--isolated")
    checker("check", *here, "--expect", "expectations.yaml", "--format", "json", "-o", folder / "check.json")
    checker("baseline", "write", *here, "-o", folder / "baseline.json")
    checker("diff", code / "topic.json", code / "topic.json", "--format", "json", "-o", folder / "diff.json")


def write_all(folder: Path) -> None:
    """Write all files of a release to a new folder."""
    folder.mkdir(parents=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_sandbox(throttles=False) as sandbox, patch.dict(os.environ, environment(sandbox)):
        account = sandbox.account(ACCOUNT, REGION)
        before = Path.cwd()
        os.chdir(folder)
        steps: list[Callable[[], None]] = [
            lambda: write_checks(folder),
            lambda: write_audit(account, folder),
            lambda: write_receipts(sandbox, account, folder),
        ]
        try:
            for step in steps:
                step()
        finally:
            os.chdir(before)


def main() -> int:
    folder = RELEASES / __version__
    if folder.exists():
        print(f"{folder}: exists; the files of a release are written once", file=sys.stderr)  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        write_all(Path(temporary) / __version__)
        shutil.copytree(Path(temporary) / __version__, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
