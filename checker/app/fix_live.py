"""Fixes a topic in AWS: plan, confirmation and messages; `checker.live.repair.execution` makes the changes."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from checker.analysis.inventory import Source
from checker.app.chat import ending_of_flow, try_chat
from checker.app.exit_codes import Ending, ending_of_error, ending_of_fix
from checker.app.fix_request import FixRequest, write_report
from checker.app.next_step import after_fix, this_command
from checker.app.run import decide, organization_of, prepare
from checker.app.signals import finishing, interruptible
from checker.app.terminal import check_output, complain, confirm, paint_for, plan_reader, tell
from checker.core.errors import CheckerError
from checker.core.unknown import Unknown
from checker.fix.live.flow_result import End
from checker.fix.snapshot import Reading
from checker.inputs.typed_files import topic_option
from checker.lint.engine import Scope, judge
from checker.report.brief import skipped_text
from checker.report.changes import steps_text
from checker.report.context import Paint
from checker.report.repair import summary_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.analysis.inventory import Instance, Inventory
    from checker.app.run import CheckContext, Options
    from checker.core.arn import Arn
    from checker.core.finding import Severity
    from checker.fix.result import Outcome
    from checker.live.aws.access import Access
    from checker.live.repair.execution import Done
    from checker.live.repair.planning import Plan


def fix_live(request: FixRequest) -> Ending:
    """Plan and show the fix, and apply it if that is requested.

    Text output shows the plan before the confirmation; JSON output has the result, also after an error.
    Raises CheckerError.
    """
    arn = topic_option("--topic-arn", request.options.topics[0])
    with interruptible():
        return _fix(request, arn)


def _fix(request: FixRequest, arn: Arn) -> Ending:
    request = _with_instance(request, arn)
    context = prepare(request.options)
    planned = _plan(request, arn, context)
    check_output(request.output)
    if request.is_text:
        _show(planned, request)
    late: list[int] = []
    done = _apply_and_test(planned, request, late) if request.apply else _as_planned(planned)
    if not request.is_text:
        write_report(request, done.outcome)
    if late and done.fault is not None:
        complain(done.fault)
        return Ending(interrupted=True)
    ending = _finish(planned, done, request, context.fail_on(request.options))
    return ending._replace(interrupted=ending.interrupted or bool(late))


def _with_instance(request: FixRequest, topic: Arn) -> FixRequest:
    """Replace the alias or ID of an instance by its ARN. Raises CheckerError."""
    if not request.instance_name:
        return request
    from checker.live.aws.lookup import find_instance  # boto3 takes a fifth of a second to import
    from checker.live.aws.topic import reach

    found = find_instance(reach(request.access, topic), request.instance_name)
    instances = (*request.options.instances, str(found))
    return request._replace(options=request.options._replace(instances=instances), instance_name="")


def _show(planned: Plan, request: FixRequest) -> None:
    """Show the plan. Raises RefusedError if the output is closed before the plan was read."""
    with plan_reader(required=request.apply and bool(planned.changes)):
        write_report(request, planned.outcome._replace(command=("checker", *sys.argv[1:])))


def _as_planned(planned: Plan) -> Done:
    from checker.live.repair.execution import Done

    return Done(planned.outcome)


def _apply_and_test(planned: Plan, request: FixRequest, late: list[int]) -> Done:
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
    return _test_with_chat(planned, done, request, late)


def _test_with_chat(planned: Plan, done: Done, request: FixRequest, late: list[int]) -> Done:
    """Test a fix with a chat, and roll it back if the message does not arrive and that is requested."""
    may_undo = request.rollback and bool(planned.changes)
    try:
        result = try_chat(planned, request, as_report=request.is_text and not request.output)
    except BaseException:
        if may_undo:
            _undo(planned, done, late)
        raise
    done = done._replace(outcome=done.outcome._replace(flow=result))
    return _undo(planned, done, late) if may_undo and result.end is not End.ARRIVED else done


def _undo(planned: Plan, done: Done, late: list[int]) -> Done:
    """Roll back a fix after a failed test."""
    from checker.live.repair.execution import undo

    with finishing(
        "finishing the rollback; press Ctrl-C again to stop now, the receipt rolls back the rest", late
    ):
        undone = undo(planned, done.outcome)
    _tell_steps(undone.outcome)
    return undone


def _finish(planned: Plan, done: Done, request: FixRequest, fail_on: Severity) -> Ending:
    """Print the summary, and return how the fix ended."""
    if done.fault is not None:
        complain(done.fault)
        if done.refused:
            unread = any(entry.error for entry in planned.calls.skipped)
            return Ending(incomplete=True) if unread else ending_of_error(done.fault)
    _tell_result(planned, done.outcome, request.access)
    return _ending(planned, done, fail_on)


def _tell_result(planned: Plan, outcome: Outcome, access: Access) -> None:
    """Print what could not be read, the summary, and the next command."""
    for skipped in (*(doubt.skipped() for doubt in planned.doubts), *planned.calls.skipped):
        tell(*skipped_text(skipped, Paint()))
    tell(summary_line(outcome))
    if planned.replaceable:
        tell("  = help: `--create-replacement` plans a new topic or key, which --apply creates")
    instances = [str(instance.arn) for instance in planned.wanted.instances]
    following = list(after_fix(outcome, instances, [str(planned.topic)], access))
    if planned.replaceable and not following:
        following.append(f"next: {this_command('--create-replacement')}")
    tell(*following, *_commands_for_replicas(planned))


def _commands_for_replicas(planned: Plan) -> Iterator[str]:
    """Print the command that fixes the topic of each replica, which this plan does not change."""
    for instance in planned.wanted.instances:
        for region in () if isinstance(instance.replicas, Unknown) else instance.replicas:
            replica = instance.arn._replace(region=region)
            command = shlex.join(
                ("checker", "fix", "--topic-arn", "TOPIC_ARN", "--instance-arn", str(replica))
            )
            yield f"note: the instance has a replica in {region}, which streams to a topic there; it is not in this plan"
            yield f"  = help: fix the topic in {region} too: `{command}`"


def _ending(planned: Plan, done: Done, fail_on: Severity) -> Ending:
    """Return how a fix ended that was not refused, with its test chat if there was one."""
    flow = done.outcome.flow
    fixed = ending_of_fix(done.outcome, fail_on, live=True)
    tested = Ending() if flow is None else ending_of_flow(flow)
    failed = done.fault is not None and flow is None
    unread = bool(planned.calls.skipped or done.missed)
    doubtful = any(ending_of_error(doubt).incomplete for doubt in planned.doubts)
    return fixed._replace(
        interrupted=tested.interrupted,
        incomplete=fixed.incomplete or tested.incomplete or failed or unread or doubtful,
        findings=fixed.findings or tested.findings,
        undetermined=tested.undetermined,
    )


def _plan(request: FixRequest, arn: Arn, context: CheckContext) -> Plan:
    from checker.live.aws.topic import reach
    from checker.live.repair.planning import (  # boto3 takes a fifth of a second
        RepairRequest,
        cut_off,
        doubted,
        look_up_instances,
        plan,
    )

    judged = _judge(context, request.options)
    calls = reach(request.access, arn)
    instances, unknown = look_up_instances(calls, arn, _instances_of(arn, context))
    wanted = RepairRequest(arn, instances, judged, request.unsafe, request.kms_condition, request.replace)
    planned = plan(calls, wanted)
    return doubted(planned, [*unknown, *cut_off(planned)])


def _instances_of(topic: Arn, context: CheckContext) -> tuple[Instance, ...]:
    """Return the instances of the options, else those of the configuration in the topic's account and Region."""
    named = tuple(instance for instance in context.instances if instance.source is Source.OPTION)
    here = (topic.partition, topic.region, topic.account)
    ours = (
        instance
        for instance in context.instances
        if (instance.arn.partition, instance.arn.region, instance.arn.account) == here
    )
    return named or tuple(ours)


def _tell_steps(outcome: Outcome) -> None:
    if outcome.replacement is not None:
        tell(*steps_text(outcome.replacement, paint_for(sys.stderr)))


def _judge(context: CheckContext, options: Options) -> Callable[[Inventory], Reading]:
    """Return a function that checks an inventory as options and configuration demand."""
    organization = organization_of(options)

    def read(inventory: Inventory) -> Reading:
        inventory = inventory._replace(organization=organization)
        run = decide(judge(inventory, context.rules, Scope(all_topics=True)), context, options, inventory)
        return Reading(run.inventory, run.report)

    return read


def _apply(plan: Plan, request: FixRequest, late: list[int]) -> Done:
    """Apply the plan. Raises CheckerError if a precondition fails."""
    from checker.live.repair.execution import check, execute, record
    from checker.live.repair.planning import check_doubts

    check(plan, force_managed=request.force_managed)
    check_doubts(plan)
    confirm("--apply", _question(plan), yes=request.yes)
    path = record(plan, request.receipts)
    undo = f"`{shlex.join(('checker', 'rollback', str(path), *request.access.words))}`"
    tell(f"receipt: {path} ({undo} rolls the fix back)")
    with finishing(f"finishing the current change; press Ctrl-C again to stop now, then use {undo}", late):
        try:
            done = execute(plan)
        except BaseException:
            tell(f"stopped before all changes were made: {undo} rolls them back")
            raise
    return _with_help(done, f"{undo} rolls back the rest") if done.left else done


def _with_help(done: Done, help_text: str) -> Done:
    """Add the rollback command to an error."""
    fault = done.fault
    if fault is None:
        return done
    help_texts = "; ".join(filter(None, (fault.help, help_text)))
    return done._replace(fault=fault.reworded(fault.reason, help_texts))


def _question(plan: Plan) -> str:
    count = len(plan.changes)
    question = "write this policy" if count == 1 else f"write these {count} policies"
    return "make these changes" if plan.outcome.replacement else question
