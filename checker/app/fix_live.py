"""Fixes a topic in AWS: plan, confirmation and messages; `checker.live.repair.execution` makes the changes."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from checker.analysis.inventory import Source
from checker.app.chat import ending_of_flow, try_chat
from checker.app.exit_codes import Ending, ending_of_error
from checker.app.fix_files import ending_of_fix
from checker.app.next_step import after_fix
from checker.app.run import decide, prepare
from checker.app.signals import finishing, interruptible
from checker.app.terminal import check_output, complain, is_confirmed, paint_for, tell
from checker.core.errors import CheckerError, RefusedError
from checker.fix.live.flow_result import End
from checker.fix.snapshot import Reading
from checker.inputs.typed_files import topic_option
from checker.lint.engine import Scope, judge
from checker.report.repair import summary_line
from checker.report.replacement import steps_text
from checker.report.style import Paint
from checker.report.text import skipped_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.analysis.inventory import Instance, Inventory
    from checker.app.fix_output import Shown
    from checker.app.fix_request import FixRequest
    from checker.app.run import Ground, Options
    from checker.core.arn import Arn
    from checker.core.finding import Severity
    from checker.fix.result import Outcome
    from checker.live.repair.execution import Done
    from checker.live.repair.planning import Plan


def fix_live(request: FixRequest, shown: Shown) -> Ending:
    """Plan and show the fix, and apply it if that is requested.

    Text output shows the plan before the confirmation; JSON output has the result, also after an error.
    Raises CheckerError.
    """
    arn = topic_option("--topic-arn", request.options.topics[0])
    with interruptible():
        return _fix(request, arn, shown)


def _fix(request: FixRequest, arn: Arn, shown: Shown) -> Ending:
    ground = prepare(request.options)
    planned = _plan(request, arn, ground)
    check_output(shown.output)
    if shown.for_people:
        _show(planned, shown, apply=request.apply)
    late: list[int] = []
    done = _carried_out(planned, request, shown, late) if request.apply else _as_planned(planned)
    if not shown.for_people:
        shown.write(done.outcome)
    if late and done.fault is not None:
        complain(done.fault)
        return Ending(interrupted=True)
    ending = _ended(planned, done, ground.fail_on(request.options))
    return ending._replace(interrupted=ending.interrupted or bool(late))


def _show(planned: Plan, shown: Shown, *, apply: bool) -> None:
    """Show the plan. Raises RefusedError if the output is closed before the plan was read."""
    try:
        shown.write(planned.outcome._replace(command=("checker", *sys.argv[1:])))
    except BrokenPipeError:
        if not apply or not planned.changes:
            raise
        reason = "closed before the plan was read; nothing was changed"
        raise RefusedError("standard output", reason) from None


def _as_planned(planned: Plan) -> Done:
    from checker.live.repair.execution import Done

    return Done(planned.outcome)


def _carried_out(planned: Plan, request: FixRequest, shown: Shown, late: list[int]) -> Done:
    """Apply a plan, and test it with a chat if requested.

    The current change is finished before a signal counts; signals are added to ``late``.
    """
    done = _as_planned(planned)
    if planned.changes:
        try:
            done = _apply(planned, request, late)
        except CheckerError as fault:
            return done._replace(fault=fault, refused=True)
        _tell_steps(done.outcome)
    if done.fault is not None or not request.test_flow or late:
        return done
    return _tried(planned, done, request, shown, late)


def _tried(planned: Plan, done: Done, request: FixRequest, shown: Shown, late: list[int]) -> Done:
    """Test a fix with a chat, and roll it back if the message does not arrive and that is requested."""
    may_undo = request.rollback and bool(planned.changes)
    try:
        result = try_chat(planned, request, as_report=shown.for_people and not shown.output)
    except BaseException:
        if may_undo:
            _undone(planned, done, late)
        raise
    done = done._replace(outcome=done.outcome._replace(flow=result))
    return _undone(planned, done, late) if may_undo and result.end is not End.ARRIVED else done


def _undone(planned: Plan, done: Done, late: list[int]) -> Done:
    """Roll back a fix after a failed test."""
    from checker.live.repair.execution import undo

    with finishing(
        "finishing the rollback; press Ctrl-C again to stop now, the receipt rolls back the rest", late
    ):
        undone = undo(planned, done.outcome)
    _tell_steps(undone.outcome)
    return undone


def _ended(planned: Plan, done: Done, fail_on: Severity) -> Ending:
    """Print the summary, and return how the fix ended."""
    outcome = done.outcome
    if done.fault is not None and done.refused:
        complain(done.fault)
        unread = any(one.error for one in planned.calls.skipped)
        return Ending(incomplete=True) if unread else ending_of_error(done.fault)
    if done.fault is not None:
        complain(done.fault)
    tell(summary_line(outcome), *after_fix(outcome, [str(one.arn) for one in planned.wish.instances]))
    if planned.replaceable:
        tell("  = help: `--create-replacement` plans what takes its place, and with --apply creates it")
    for doubt in planned.doubts:
        tell(*skipped_text(doubt.skipped(), Paint()))
    for skipped in planned.calls.skipped:
        tell(*skipped_text(skipped, Paint()))
    fixed = ending_of_fix(outcome, fail_on, live=True)
    flow = Ending() if outcome.flow is None else ending_of_flow(outcome.flow)
    failed = done.fault is not None and outcome.flow is None
    return fixed._replace(
        interrupted=flow.interrupted,
        incomplete=fixed.incomplete
        or flow.incomplete
        or failed
        or bool(planned.calls.skipped or done.missed)
        or any(ending_of_error(doubt).incomplete for doubt in planned.doubts),
        findings=fixed.findings or flow.findings,
        undetermined=flow.undetermined,
    )


def _plan(request: FixRequest, arn: Arn, ground: Ground) -> Plan:
    from checker.live.aws.topic import reach
    from checker.live.repair.planning import (  # boto3 takes a fifth of a second
        Wish,
        cut_off,
        doubted,
        plan,
        unverified,
    )

    judged = _judge(ground, request.options)
    instances = _streaming_to(arn, ground)
    wish = Wish(arn, instances, judged, request.unsafe, request.kms_condition, request.replace)
    calls = reach(request.access, arn)
    unknown = list(unverified(calls, arn, instances))
    planned = plan(calls, wish)
    return doubted(planned, [*unknown, *cut_off(planned)])


def _streaming_to(topic: Arn, ground: Ground) -> tuple[Instance, ...]:
    """Return the instances of the options, else those of the configuration in the topic's account and Region."""
    named = tuple(one for one in ground.instances if one.source is Source.OPTION)
    here = (topic.partition, topic.region, topic.account)
    ours = (one for one in ground.instances if (one.arn.partition, one.arn.region, one.arn.account) == here)
    return named or tuple(ours)


def _tell_steps(outcome: Outcome) -> None:
    if outcome.replacement is not None:
        tell(*steps_text(outcome.replacement, paint_for(sys.stderr)))


def _judge(ground: Ground, options: Options) -> Callable[[Inventory], Reading]:
    """Return a function that checks an inventory as options and configuration demand."""

    def read(inventory: Inventory) -> Reading:
        run = decide(judge(inventory, ground.rules, Scope(all_topics=True)), ground, options, inventory)
        return Reading(run.inventory, run.report)

    return read


def _apply(plan: Plan, request: FixRequest, late: list[int]) -> Done:
    """Apply the plan. Raises CheckerError if a precondition fails."""
    from checker.live.repair.execution import check, execute, record
    from checker.live.repair.planning import check_doubts

    check(plan, force_managed=request.force_managed)
    check_doubts(plan)
    if not request.yes and not is_confirmed(_question(plan)):
        raise RefusedError(
            "--apply", "not confirmed, nothing was changed", help_text="add `--yes` to skip confirmation"
        )
    path = record(plan, request.receipts)
    undo = f"`checker rollback {shlex.quote(str(path))}`"
    tell(f"receipt: {path} ({undo} rolls the repair back)")
    with finishing(f"finishing the current change; press Ctrl-C again to stop now, then use {undo}", late):
        try:
            done = execute(plan)
        except BaseException:
            tell(f"stopped halfway: {undo} looks up every change, and rolls it back")
            raise
    return _with_help(done, f"{undo} rolls back the rest") if done.left else done


def _with_help(done: Done, help_text: str) -> Done:
    """Add the rollback command to an error."""
    fault = done.fault
    if fault is None:
        return done
    told = "; ".join(filter(None, (fault.help, help_text)))
    return done._replace(fault=fault.reworded(fault.reason, told))


def _question(plan: Plan) -> str:
    count = len(plan.changes)
    what = "write this policy" if count == 1 else f"write these {count} policies"
    return "do all this" if plan.outcome.replacement else what
