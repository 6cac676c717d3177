"""Runs the commands one after the other on a local AWS."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending, Exit
from checker.app.options import check_seconds
from checker.app.sandbox import missing_moto
from checker.app.terminal import check_reader, paint_for, tell, write
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.sandbox.running import Sandbox

_RECEIPTS = "checker-receipts"


class DemoStep(NamedTuple):
    """One command of the demo: its heading, its words, and its expected exit code.

    A word that begins with ``$`` stands for an ARN or a path of the demo.
    """

    heading: str
    words: tuple[str, ...]
    exit_code: int


_FLOW = ("--instance-arn", "$INSTANCE", "--contact-flow-id", "chat-flow", "--wait", "2")
_FIX = ("--instance-arn", "$INSTANCE", "--apply", "--yes")

_STEPS = (
    DemoStep(
        "The nightly audit finds the problems: three topics get no message, and one is open to other AWS customers.",
        ("audit", "--instance-arn", "$INSTANCE", "--topic-arn", "*", "--ignore", "no-durable-subscriber"),
        Exit.FINDINGS,
    ),
    DemoStep(
        "Why can Connect not publish to the topic with the default policy? Each link, with proof.",
        ("explain", "$DEFAULT", "--instance-arn", "$INSTANCE"),
        Exit.FINDINGS,
    ),
    DemoStep(
        "A real chat confirms it: AWS returns no error, and no message arrives.",
        ("flow", "--topic-arn", "$DEFAULT", *_FLOW, "--force"),
        Exit.FINDINGS,
    ),
    DemoStep(
        "Apply the smallest safe fix, proven before and after, with a receipt for the rollback.",
        ("fix", "--topic-arn", "$DEFAULT", *_FIX),
        Exit.CLEAN,
    ),
    DemoStep(
        "Send the same chat again: the message arrives.",
        ("flow", "--topic-arn", "$DEFAULT", *_FLOW),
        Exit.CLEAN,
    ),
    DemoStep(
        "The encrypted topic needs a statement in its key policy.",
        ("fix", "--topic-arn", "$SEALED", *_FIX, "--diff"),
        Exit.CLEAN,
    ),
    DemoStep(
        "The open topic works, for every AWS customer. Close it without removing access from the instance.",
        ("fix", "--topic-arn", "$OPEN", *_FIX, "--diff"),
        Exit.CLEAN,
    ),
    DemoStep(
        "A FIFO topic cannot be fixed in place: show the plan for a new one.",
        ("fix", "--topic-arn", "$ORDERED", "--instance-arn", "$INSTANCE"),
        Exit.FINDINGS,
    ),
    DemoStep("Restore the default policy.", ("rollback", "$RECEIPT", "--yes"), Exit.CLEAN),
    DemoStep(
        "The remaining findings: the FIFO topic, and the policy that was rolled back.",
        ("audit", "--instance-arn", "$INSTANCE", "--topic-arn", "*", "--ignore", "no-durable-subscriber"),
        Exit.FINDINGS,
    ),
)


def run_demo(pause: float) -> Ending:
    """Run each command, with a ``pause`` in seconds before it. Raises InputError if moto is missing."""
    check_seconds("--pause", pause)
    try:
        from checker.sandbox.running import running_sandbox
    except ImportError:
        raise missing_moto("checker demo") from None
    os.environ.pop("AWS_PROFILE", None)
    with running_sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        return _run_steps(sandbox, Path(folder), pause)


def _run_steps(sandbox: Sandbox, folder: Path, pause: float) -> Ending:
    names = _resources(sandbox)
    _introduce(names)
    environment = {**_without_aws(os.environ), **sandbox.environment}
    for step in _STEPS:
        ended = _run_step(step, {**names, **_receipt(folder)}, environment, folder, pause)
        if ended == Exit.READER_GONE:
            return Ending(reader_gone=True)
        if ended != step.exit_code:
            tell(f"the demo expected exit code {int(step.exit_code)} and got {ended}")
            return Ending(findings=True)
    write(["", "The demo is complete, and the local AWS is deleted."])
    return Ending()


def _resources(sandbox: Sandbox) -> dict[str, str]:
    """Create the account of the demo, and give the names of its resources."""
    from checker.sandbox import seed

    account = sandbox.account()
    instance = seed.make_instance(account)
    return {
        "$INSTANCE": instance,
        "$DEFAULT": seed.default_topic(account, "default"),
        "$ORDERED": seed.fifo_topic(account, instance),
        "$SEALED": seed.encrypted_topic(account, instance, grant=False).topic,
        "$OPEN": seed.confused_deputy_topic(account),
        "$GOOD": seed.good_topic(account, instance, "good"),
    }


_DESCRIPTIONS = {
    "$INSTANCE": "the Connect instance that streams the chats",
    "$DEFAULT": "a new topic with the default policy of SNS",
    "$ORDERED": "a FIFO topic",
    "$SEALED": "an encrypted topic whose key policy does not name Connect",
    "$OPEN": "a topic with a copied policy that is open to everyone",
    "$GOOD": "a topic with the policy that AWS documents",
}


def _introduce(names: Mapping[str, str]) -> None:
    paint = paint_for(sys.stdout)
    write([paint("bold", "An account with one instance and five topics, on a local AWS:")])
    for name, arn in names.items():
        write([f"  {name:<9} {arn}", f"            {paint('dim', _DESCRIPTIONS[name])}"])


def _run_step(
    step: DemoStep, names: Mapping[str, str], environment: Mapping[str, str], folder: Path, pause: float
) -> int:
    """Print the heading and the command, and run it."""
    paint = paint_for(sys.stdout)
    write(
        [
            "",
            paint("bold", f"== {step.heading}"),
            f"{paint('dim', '$')} checker {' '.join(map(_shown, step.words))}",
        ]
    )
    check_reader()
    time.sleep(pause)
    words = [names.get(word, word) for word in step.words]
    command = [sys.executable, "-m", "checker", *words]
    process = subprocess.run(command, env=environment, cwd=folder, check=False)  # noqa: S603 - this program
    return process.returncode


def _shown(word: str) -> str:
    return word if word.startswith("$") else quote(word)


def _receipt(folder: Path) -> dict[str, str]:
    """The receipt of the first fix, once it exists."""
    receipts = sorted(folder.glob(f"{_RECEIPTS}/checker-default-*.json"))
    return {"$RECEIPT": str(receipts[0])} if receipts else {}


def _without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the user's AWS settings."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}
