"""A few kills of each test run; `make kills` is the long job, and `runs.jsonl` has its results."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.kills.rounds import placed, round_of, start
from tests.kills.scenes import Undisturbed, check_aws, check_files
from tests.kills.state import alike
from tests.live.estate import checker

if TYPE_CHECKING:
    from checker.sandbox.running import Sandbox

FEW = {
    "audit": 1.4,
    "saved": 1.4,
    "policies": 1.2,
    "topic elsewhere": 1.2,
    "rollback: policies": 1.1,
    "retention": 1.5,
}
"""Commands, and how long they take in seconds, about: where the kills hit differs from run to run."""


@pytest.mark.parametrize("kind", FEW)
def test_a_killed_command_leaves_nothing_half_written_and_can_be_run_again(
    sandbox: Sandbox, kind: str
) -> None:
    with placed(sandbox, kind) as scene:
        code = checker(*scene.command).code
        whole = Undisturbed(code, FEW[kind], alike(scene.now, scene.account))
    round_of(sandbox, kind, whole, random.Random(kind))  # noqa: S311 - a time, not a secret


def test_two_fixes_of_one_topic_at_once_are_one_fix(sandbox: Sandbox) -> None:
    """Whichever reads first: the second finds the same fix made, or that the policy was changed."""
    with placed(sandbox, "policies") as scene:
        running = [start(scene), start(scene)]
        codes = {process.wait(60) for process in running}
        assert 0 in codes
        assert codes <= {0, 3}
        fixed = scene.now.lasting
        assert checker(*scene.command).code == 0
        assert scene.now.lasting == fixed != scene.before.lasting
        check_files(scene)
        check_aws(scene)
        assert len(scene.receipts) in (1, 2)
        for receipt in reversed(scene.receipts):
            assert checker("rollback", receipt, "--yes").code == 0
        assert scene.now.lasting == scene.before.lasting


def test_a_fix_and_a_rollback_at_once_leave_what_receipts_describe(sandbox: Sandbox) -> None:
    with placed(sandbox, "policies") as scene:
        assert checker(*scene.command).code == 0
        (first,) = scene.receipts
        running = [start(scene._replace(command=("rollback", first, "--yes"))), start(scene)]
        codes = [process.wait(60) for process in running]
        assert set(codes) <= {0, 1, 3}, codes
        check_files(scene)
        check_aws(scene)
        for receipt in reversed(scene.receipts):
            assert checker("rollback", receipt, "--yes").code == 0
        assert scene.now.lasting == scene.before.lasting
