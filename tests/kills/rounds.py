"""One round: start a command as a process, kill it at a random moment, and hold what is left to what must be."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from botocore.loaders import create_loader

from tests.cli.process import CHECKER
from tests.kills.scenes import (
    ACCOUNTS,
    REGION,
    SCENES,
    Scene,
    Undisturbed,
    check_alike,
    check_aws,
    check_files,
    check_saved,
    roll_back,
    undated,
)
from tests.kills.state import alike, files_of
from tests.live.estate import checker

if TYPE_CHECKING:
    from checker.sandbox.running import Sandbox

LOADER = create_loader()
_STEP = 0.01
WRITES = ("Create", "Delete", "Put", "Set", "Subscribe", "Unsubscribe", "Tag", "Schedule", "Start", "Stop")


class Killed(NamedTuple):
    """Where a kill hit: the calls that AWS had got, and how many of them were writes."""

    calls: int
    writes: int


@contextmanager
def placed(sandbox: Sandbox, kind: str) -> Iterator[Scene]:
    """Make a scene, in an account that the environment has credentials of."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kill-")))
        account = sandbox.account(str(next(ACCOUNTS)), REGION)
        stack.enter_context(patch.dict(os.environ, _environment(sandbox, account.id)))
        # Sessions share botocore's files, and retries do not wait: neither is what a kill is about.
        stack.enter_context(patch("botocore.session.create_loader", lambda *_: LOADER))
        stack.enter_context(patch("checker.live.aws.calls.RATES", {}))
        yield SCENES[kind](sandbox, account, folder)


def _environment(sandbox: Sandbox, account: str) -> dict[str, str]:
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/nowhere")
    here = {"AWS_ACCESS_KEY_ID": account, "AWS_DEFAULT_REGION": REGION}
    return {**sandbox.environment, **nowhere, **here, "AWS_EC2_METADATA_DISABLED": "true"}


def start(scene: Scene) -> subprocess.Popen[bytes]:
    """Start the command of a scene as a process."""
    command = [*CHECKER, *map(str, scene.command)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def undisturbed(sandbox: Sandbox, kind: str) -> Undisturbed:
    """Run the command of a scene to its end."""
    with placed(sandbox, kind) as scene:
        began = time.monotonic()
        code = start(scene).wait(120)
        seconds = time.monotonic() - began
        assert code in (0, 1), (kind, code)
        assert not scene.now.temporary
        return Undisturbed(code, seconds, alike(scene.now, scene.account))


def round_of(sandbox: Sandbox, kind: str, whole: Undisturbed, chance: random.Random) -> Killed:
    """Kill the command of a scene, and check what is left. Raises AssertionError."""
    early, share = chance.random() < 0.5 or kind == "files", chance.random()
    while True:
        with placed(sandbox, kind) as scene:
            killed = _kill(scene, whole.seconds * share, early=early)
            if killed is not None:
                check_files(scene)
                check_aws(scene)
                RECOVER[kind.partition(":")[0]](scene, whole, chance)
                return killed
        share *= 0.8  # the process was faster than the one that was measured


def _kill(scene: Scene, seconds: float, *, early: bool) -> Killed | None:
    """Kill a process after a time, counted from its start or from its first call. None if it ended before."""
    scene.sandbox.clear_calls()
    process = start(scene)
    if not early:  # most of the time passes before the first call, in which nothing can be left behind
        while process.poll() is None and not scene.sandbox.calls():
            time.sleep(_STEP)
        seconds *= 0.6
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        return None
    time.sleep(0.1)  # the last call may still be carried out
    made = [one.action for one in scene.sandbox.calls()]
    return Killed(len(made), sum(action.startswith(WRITES) for action in made))


Recover = Callable[[Scene, Undisturbed, random.Random], None]


def _again(scene: Scene, whole: Undisturbed) -> None:
    done = checker(*scene.command)
    assert done.code == whole.code, done


def _audit(scene: Scene, whole: Undisturbed, _: random.Random) -> None:
    """The journal is resumed, or the audit is run again; it reports as if it had never been killed."""
    journal = scene.folder / "journal.jsonl"
    again = checker(*scene.command)
    if again.code == 2:
        assert f"checker audit --resume {journal}" in again.err, again
        words = [word for word in scene.command if word not in ("--journal", journal)]
        again = checker(*words, "--resume", journal)
    assert again.code == whole.code, again
    files = files_of(scene.folder)
    assert {name: undated(files[name].decode()) for name in scene.expected} == scene.expected


def _saved(scene: Scene, whole: Undisturbed, _: random.Random) -> None:
    """A folder that is not complete is never clean, and another is as a whole one."""
    folder = scene.folder / "saved"
    check_saved(scene, folder)
    shutil.rmtree(folder, ignore_errors=True)
    _again(scene, whole)
    check_saved(scene, folder, complete=True)


def _fix(scene: Scene, whole: Undisturbed, chance: random.Random) -> None:
    """The receipt rolls the fix back, or a second run finishes it and both receipts roll it back."""
    if chance.random() < 0.5:
        _again(scene, whole)
        check_alike(scene, whole)
    roll_back(scene, scene.receipts)


def _rollback(scene: Scene, whole: Undisturbed, _: random.Random) -> None:
    _again(scene, whole)
    assert scene.now.lasting == scene.before.lasting


def _flow(scene: Scene, whole: Undisturbed, _: random.Random) -> None:
    """A second run arrives, and leaves nothing of its own behind."""
    left = scene.now.temporary
    _again(scene, whole)
    check_alike(scene, whole)
    assert scene.now.temporary == left
    check_files(scene)


def _trial(scene: Scene, whole: Undisturbed, _: random.Random) -> None:
    left = scene.now
    _again(scene, whole)
    assert scene.now == left
    check_files(scene)


def _files(scene: Scene, whole: Undisturbed, _: random.Random) -> None:
    _again(scene, whole)
    assert checker("check", scene.folder, "--isolated").code == 0


RECOVER: dict[str, Recover] = {
    "audit": _audit,
    "saved": _saved,
    "policies": _fix,
    "FIFO topic": _fix,
    "topic elsewhere": _fix,
    "AWS managed key": _fix,
    "rollback": _rollback,
    "flow": _flow,
    "retention": _flow,
    "trial": _trial,
    "files": _files,
}
