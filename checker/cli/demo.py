"""`checker demo`: the whole story on a local AWS, told by the commands themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from checker.app.exit_codes import Ending, Exit
from checker.app.terminal import paint_for, tell, write
from checker.cli.options import check_seconds
from checker.cli.sandbox import missing_moto

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.sandbox.running import Sandbox

_RECEIPTS = "checker-receipts"


class Act(NamedTuple):
    """One command of the story: what is said before, its words, and the exit code that it has to end with.

    A word that begins with ``$`` stands for an ARN or a path of the demo.
    """

    said: str
    words: tuple[str, ...]
    ends: int


_FLOW = ("--instance-arn", "$INSTANCE", "--contact-flow-id", "chat-flow", "--wait", "2")
_FIX = ("--instance-arn", "$INSTANCE", "--apply", "--yes")

_STORY = (
    Act(
        "The nightly audit finds what is wrong with them: nothing arrives at three, and strangers get into one.",
        ("audit", "--instance-arn", "$INSTANCE", "--topic-arn", "*", "--ignore", "no-durable-subscriber"),
        Exit.FINDINGS,
    ),
    Act(
        "Why can Connect not publish to the topic with the default policy? Link by link, with proof.",
        ("explain", "$DEFAULT", "--instance-arn", "$INSTANCE"),
        Exit.FINDINGS,
    ),
    Act(
        "And so it is: AWS takes the chat, answers without any error, and nothing arrives.",
        ("flow", "--topic-arn", "$DEFAULT", *_FLOW, "--force"),
        Exit.FINDINGS,
    ),
    Act(
        "The smallest safe repair, proven before and after it is written, with a receipt to roll it back.",
        ("fix", "--topic-arn", "$DEFAULT", *_FIX),
        Exit.CLEAN,
    ),
    Act(
        "The same chat once more: the message arrives.",
        ("flow", "--topic-arn", "$DEFAULT", *_FLOW),
        Exit.CLEAN,
    ),
    Act(
        "The encrypted topic wants a statement in the policy of its key.",
        ("fix", "--topic-arn", "$SEALED", *_FIX, "--diff"),
        Exit.CLEAN,
    ),
    Act(
        "The open topic works, for every AWS customer. Closing it takes nothing from the instance.",
        ("fix", "--topic-arn", "$OPEN", *_FIX, "--diff"),
        Exit.CLEAN,
    ),
    Act(
        "A FIFO topic cannot be mended in place: here is the plan for another.",
        ("fix", "--topic-arn", "$ORDERED", "--instance-arn", "$INSTANCE"),
        Exit.FINDINGS,
    ),
    Act("Restore the default policy.", ("rollback", "$RECEIPT", "--yes"), Exit.CLEAN),
    Act(
        "What is left tonight: the FIFO topic, and the policy that was rolled back.",
        ("audit", "--instance-arn", "$INSTANCE", "--topic-arn", "*", "--ignore", "no-durable-subscriber"),
        Exit.FINDINGS,
    ),
)


def demo(
    pause: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Wait so long before each command.")
    ] = 0.0,
) -> int:
    """Tell the whole story on a local AWS: audit, explain, silence, repair, the message arrives, and back again.

    Needs no AWS account and leaves nothing behind. Exit codes: 0 everything went as told, 1 a command ended
    otherwise, 2 the extra `sandbox` is not installed, 4 internal error.
    """
    check_seconds("--pause", pause)
    try:
        from checker.sandbox.running import running_sandbox
    except ImportError:
        raise missing_moto("checker demo") from None
    os.environ.pop("AWS_PROFILE", None)
    with running_sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        return _tell_story(sandbox, Path(folder), pause)


def _tell_story(sandbox: Sandbox, folder: Path, pause: float) -> Exit:
    names = _people(sandbox)
    _introduce(names)
    environment = {**_without_aws(os.environ), **sandbox.environment}
    for act in _STORY:
        ended = _play(act, {**names, **_receipt(folder)}, environment, folder, pause)
        if ended != act.ends:
            tell(f"the demo expected exit code {int(act.ends)} and got {ended}")
            return Ending(findings=True).code
    write(["", "Everything went as told; the local AWS and all that was in it are gone."])
    return Exit.CLEAN


def _people(sandbox: Sandbox) -> dict[str, str]:
    """Make the account of the story, and name what is in it."""
    from checker.sandbox import seed

    account = sandbox.account()
    instance = seed.make_instance(account)
    return {
        "$INSTANCE": instance,
        "$DEFAULT": seed.default_topic(account, "default"),
        "$ORDERED": seed.fifo_topic(account, instance),
        "$SEALED": seed.encrypted_topic(account, instance, grant=False).topic,
        "$OPEN": seed.open_deputy(account),
        "$GOOD": seed.good_topic(account, instance, "good"),
    }


_ABOUT = {
    "$INSTANCE": "the instance of Amazon Connect whose chats are to be streamed",
    "$DEFAULT": "a topic as SNS makes it",
    "$ORDERED": "a FIFO topic",
    "$SEALED": "an encrypted topic, whose key knows nothing of Connect",
    "$OPEN": "a topic with the wide-open policy that people paste to make it work",
    "$GOOD": "a topic with the policy that AWS documents",
}


def _introduce(names: Mapping[str, str]) -> None:
    paint = paint_for(sys.stdout)
    write([paint("bold", "An account with an instance and five topics, on a local AWS:")])
    for name, arn in names.items():
        write([f"  {name:<9} {arn}", f"            {paint('dim', _ABOUT[name])}"])


def _play(
    act: Act, names: Mapping[str, str], environment: Mapping[str, str], folder: Path, pause: float
) -> int:
    """Say what comes, show the command as one would type it, and run it."""
    paint = paint_for(sys.stdout)
    write(["", paint("bold", f"== {act.said}"), f"{paint('dim', '$')} checker {' '.join(act.words)}"])
    time.sleep(pause)
    words = [names.get(word, word) for word in act.words]
    done = subprocess.run([sys.executable, "-m", "checker", *words], env=environment, cwd=folder, check=False)  # noqa: S603
    return done.returncode


def _receipt(folder: Path) -> dict[str, str]:
    """The receipt of the first repair, once there is one."""
    found = sorted(folder.glob(f"{_RECEIPTS}/checker-default-*.json"))
    return {"$RECEIPT": str(found[0])} if found else {}


def _without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead to an AWS of the user's."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}
