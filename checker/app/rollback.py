"""Rolls back a fix that was applied in AWS: plan, confirmation and messages."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.signals import finishing, interruptible
from checker.app.terminal import complain, confirm, paint_for, plan_reader, tell, write
from checker.core.arn import Arn
from checker.fix.live.receipt import CREATED, NEW_KEY, name_of, read_receipt
from checker.report.changes import receipt_text, rollback_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from checker.fix.live.receipt import Receipt
    from checker.live.aws.access import Access
    from checker.live.repair.change_handler import Reached
    from checker.live.repair.rollback import ExpectedRollback, RollbackResult
    from checker.report.context import Paint

_RUN_AGAIN = "run the same command again to continue"


def roll_back_fix(path: Path, access: Access, *, force: bool, yes: bool) -> Ending:
    """Show what a receipt rolls back, ask unless ``yes``, and do it. Raises CheckerError."""
    with interruptible():
        return _roll_back(read_receipt(path), access, force=force, yes=yes)


def _roll_back(receipt: Receipt, access: Access, *, force: bool, yes: bool) -> Ending:
    from checker.live.aws.lookup import caller_of  # boto3 takes a fifth of a second to import
    from checker.live.aws.topic import reach
    from checker.live.repair.change_handler import reach_all
    from checker.live.repair.rollback import RollbackOutcome, check_caller, prospects

    arn = Arn.parse(receipt.changes[0].resource)
    assert arn is not None  # noqa: S101 - read_receipt has looked
    calls = reach(access, arn)
    caller = caller_of(calls)
    check_caller(receipt, caller)
    reached = reach_all(calls, receipt.changes)
    planned = prospects(reached, receipt, force=force)
    with plan_reader():
        write(receipt_text(receipt, caller.arn, datetime.now(UTC)))
        write(_plan_text(planned, paint_for(sys.stdout)))
    todo = [expected for expected in planned if expected.outcome is RollbackOutcome.ROLL_BACK]
    left = len(todo) < len(
        [expected for expected in planned if expected.outcome is not RollbackOutcome.AS_BEFORE]
    )
    unread = any(expected.outcome is RollbackOutcome.UNREAD for expected in planned)
    if not todo:
        return Ending(findings=left, incomplete=unread)
    count = "this change" if len(todo) == 1 else f"these {len(todo)} changes"
    confirm("rollback", f"roll {count} back", yes=yes)
    ending = _carry_out(reached, todo, force=force, left=left)
    return ending._replace(incomplete=ending.incomplete or unread)


def _carry_out(reached: Reached, todo: Sequence[ExpectedRollback], *, force: bool, left: bool) -> Ending:
    """Roll back the changes of the plan; a signal does not stop it halfway."""
    from checker.live.repair.rollback import roll_back

    changes, late = [expected.change for expected in reversed(todo)], list[int]()
    with finishing(f"finishing the rollback; press Ctrl-C again to stop now, then {_RUN_AGAIN}", late):
        undone = roll_back(reached, changes, force=force)
    tell(*_results_text(undone))
    for fault in (failed.fault for failed in undone.stuck):
        reason, help_text = (
            f"not rolled back: {fault.reason}",
            "; ".join(filter(None, (fault.help, _RUN_AGAIN))),
        )
        complain(fault.reworded(reason, help_text))
    return Ending(
        interrupted=bool(late),
        incomplete=bool(undone.stuck),
        findings=left or bool(undone.drifted or undone.foreign),
    )


def _plan_text(planned: Sequence[ExpectedRollback], paint: Paint) -> Iterator[str]:
    """List the changes: a number for each rollback, or the reason to skip it."""
    from checker.live.repair.rollback import RollbackOutcome

    number = 0
    for expected in planned:
        if expected.outcome is RollbackOutcome.ROLL_BACK:
            number += 1
            yield from rollback_text(number, expected.change, expected.now, paint)
        elif expected.outcome is RollbackOutcome.AS_BEFORE:
            yield f"{name_of(expected.change)}: {_AS_BEFORE[expected.change.kind in CREATED]}"
        elif expected.outcome is RollbackOutcome.UNREAD:
            yield f"{name_of(expected.change)}: not rolled back, its account and Region could not be read: {expected.reason}"
            yield f"  = help: {_RUN_AGAIN}"
        else:
            yield f"{name_of(expected.change)}: left alone: {expected.reason}"
            yield from ["  = help: add `--force` to roll it back anyway"] if expected.forcible else []


def _results_text(undone: RollbackResult) -> Iterator[str]:
    """Describe the result of each change."""
    for change in undone.back:
        yield f"{name_of(change)}: rolled back{_KEY_DELETION if change.kind == NEW_KEY else ''}"
    yield from (f"{name_of(change)}: {_AS_BEFORE[change.kind in CREATED]}" for change in undone.untouched)
    yield from (f"{name_of(change)}: left alone: changed just now" for change in undone.drifted)
    yield from (f"{name_of(change)}: left alone: not created by this repair" for change in undone.foreign)


_KEY_DELETION = "; KMS deletes the key in seven days, until then `aws kms cancel-key-deletion` keeps it"
_AS_BEFORE = {False: "already as it was, nothing to roll back", True: "not found"}
