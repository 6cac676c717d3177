"""Fixes topics in AWS: plan, confirmation and messages; `checker.live.repair.execution` makes the changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from checker.analysis.inventory import Source
from checker.app.chain import InstanceName
from checker.app.chat import ending_of_flow, try_chat
from checker.app.exit_codes import Ending, ending_of_error, ending_of_fix
from checker.app.fix_request import FixRequest, write_report
from checker.app.next_step import Consent, after_live_fix, to_audit
from checker.app.run import decide, organization_of, prepare
from checker.app.signals import finishing, interruptible
from checker.app.terminal import check_output, complain, confirm, paint_for, plan_reader, tell
from checker.core.errors import CheckerError
from checker.core.shell import path_argument, shell_command
from checker.fix.live.flow_result import End
from checker.fix.reading import Reading
from checker.inputs.arn_options import topic_option
from checker.lint.engine import Scope, judge
from checker.report.brief import skipped_text
from checker.report.changes import steps_text
from checker.report.context import Paint
from checker.report.repair import summary_line, undetermined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.analysis.inventory import Instance, Inventory
    from checker.app.run import CheckContext, Options
    from checker.core.arn import Arn
    from checker.core.finding import Severity
    from checker.fix.result import Outcome
    from checker.live.aws.access import Access
    from checker.live.aws.calls import Calls
    from checker.live.repair.execution import Done
    from checker.live.repair.joint import JointPlan
    from checker.live.repair.planning import Plan
    from checker.live.repair.replica_topics import OtherRegion


def fix_live(request: FixRequest) -> Ending:
    """Plan and show the fix, and apply it if that is requested.

    Text output shows the plan before the confirmation; JSON output has the result, also after an error.
    Raises CheckerError.
    """
    topics = dict.fromkeys(topic_option("--topic-arn", text) for text in request.options.topics)
    with interruptible():
        return _fix(request, tuple(topics))


def _fix(request: FixRequest, topics: Sequence[Arn]) -> Ending:
    request = _with_instance(request, topics[0])
    context = prepare(request.options)
    planned = _plan(request, topics, context)
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
    ending = _finish(planned, done, request, context.fail_on(request.options), interrupted=bool(late))
    return ending._replace(interrupted=ending.interrupted or bool(late))


def _with_instance(request: FixRequest, topic: Arn) -> FixRequest:
    """Replace the alias or ID of an instance by its ARN. Raises CheckerError."""
    if not request.instance_name:
        return request
    found = InstanceName(name=request.instance_name).find(topic, request.access)
    instances = (*request.options.instances, str(found))
    return request._replace(options=request.options._replace(instances=instances), instance_name="")


def _show(planned: JointPlan, request: FixRequest) -> None:
    """Show the plan of each topic. Raises RefusedError if the output is closed before the plan was read."""
    command = ("checker", *sys.argv[1:])
    outcomes = {str(plan.wanted.topic): plan.outcome._replace(command=command) for plan in planned.plans}
    with plan_reader(required=request.apply and bool(planned.changes)):
        write_report(request, planned.outcome._replace(command=command), outcomes)


def _as_planned(planned: JointPlan) -> Done:
    from checker.live.repair.execution import Done

    return Done(planned.outcome)


def _apply_and_test(planned: JointPlan, request: FixRequest, late: list[int]) -> Done:
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


def _test_with_chat(planned: JointPlan, done: Done, request: FixRequest, late: list[int]) -> Done:
    """Test a fix with a chat, and roll it back if the message does not arrive and that is requested."""
    may_undo = request.rollback and bool(planned.changes)
    try:
        result = try_chat(planned.plans[0], request, as_report=request.is_text and not request.output)
    except BaseException:
        if may_undo:
            _undo(planned, done, late)
        raise
    done = done._replace(outcome=done.outcome._replace(flow=result))
    return _undo(planned, done, late) if may_undo and result.end is not End.ARRIVED else done


def _undo(planned: JointPlan, done: Done, late: list[int]) -> Done:
    """Roll back a fix after a failed test."""
    from checker.live.repair.execution import undo

    with finishing(
        "finishing the rollback; press Ctrl-C again to stop now, the receipt rolls back the rest", late
    ):
        undone = undo(planned, done.outcome)
    _tell_steps(undone.outcome)
    return undone


def _finish(
    planned: JointPlan, done: Done, request: FixRequest, fail_on: Severity, *, interrupted: bool
) -> Ending:
    """Print the summary, and return how the fix ended."""
    if done.fault is not None:
        complain(done.fault)
        if done.refused:
            unread = any(entry.error for entry in planned.skipped)
            return Ending(incomplete=True) if unread else ending_of_error(done.fault)
    _tell_result(planned, done.outcome, request, interrupted=interrupted)
    return _ending(planned, done, fail_on)


def _tell_result(planned: JointPlan, outcome: Outcome, request: FixRequest, *, interrupted: bool) -> None:
    """Print what could not be read, the summary, and the next command."""
    for skipped in (*(doubt.skipped() for doubt in planned.doubts), *planned.skipped):
        tell(*skipped_text(skipped, Paint()))
    tell(summary_line(outcome, live=True))
    if undetermined(outcome) and outcome.replacement is None:
        tell(to_audit([plan.wanted for plan in planned.plans], request.access))
    if any(plan.replaceable for plan in planned.plans):
        tell("  = help: `--create-replacement` plans a new topic or key, which --apply creates")
    others = () if interrupted else tuple(_other_regions(planned))
    tell(*(line for other in others for line in _other_region_text(other, request.access)))
    if outcome.is_pending and not request.force_managed:
        tell(*_managers_text(planned))
    consent = _consent(planned, request)
    tell(*after_live_fix(planned, outcome, others, request.access.words, consent))


def _managers_text(planned: JointPlan) -> Iterator[str]:
    """Name the tools that manage the resources of the plan."""
    from checker.live.aws.topic import MANAGED_HELP

    managers = dict.fromkeys(manager for plan in planned.plans for manager in plan.state.managed)
    yield from (f"note: {manager}" for manager in managers)
    if managers:
        yield f"  = help: {MANAGED_HELP}"


def _consent(planned: JointPlan, request: FixRequest) -> Consent:
    """Find out what --apply would refuse, as `_apply` does."""
    from checker.live.repair.execution import blocking_error
    from checker.live.repair.planning import CutOffError

    doubts = () if request.unsafe else planned.doubts
    cut_off = tuple(doubt.what for doubt in doubts if isinstance(doubt, CutOffError))
    configured = (
        str(instance.arn)
        for plan in planned.plans
        for instance in plan.wanted.instances
        if instance.source is not Source.OPTION  # an option replaces all of them
    )
    is_refused = len(cut_off) < len(doubts) or any(map(blocking_error, planned.plans))
    is_managed = any(plan.state.managed for plan in planned.plans) and not request.force_managed
    return Consent(
        ("--force-managed",) if is_managed else (),
        (*configured, *cut_off) if cut_off else (),
        is_refused,
    )


def _other_regions(planned: JointPlan) -> Iterator[OtherRegion]:
    """Find the replicas whose topics this plan does not include."""
    from checker.live.repair.replica_topics import other_regions

    return other_regions(planned)


def _other_region_text(other: OtherRegion, access: Access) -> Iterator[str]:
    region = other.replica.region
    yield f"note: the instance has a replica in {region}, which streams to a topic there; it is not in this plan"
    yield from (f"  = streams to {topic}, according to CloudTrail" for topic in other.topics)
    known = "other topics" if other.topics else "topics"
    yield from (f"  = not known to which {known} it streams: {reason}" for reason in other.unread)
    if not other.topics:
        named = ("--topic-arn", "TOPIC_ARN", "--instance-arn", str(other.replica))
        command = shell_command(("checker", "fix", *named, *access.words))
        yield f"  = help: fix the topic in {region} too: `{command}`"


def _ending(planned: JointPlan, done: Done, fail_on: Severity) -> Ending:
    """Return how a fix ended that was not refused, with its test chat if there was one."""
    flow = done.outcome.flow
    fixed = ending_of_fix(done.outcome, fail_on, live=True)
    tested = Ending() if flow is None else ending_of_flow(flow)
    failed = done.fault is not None and flow is None
    unread = bool(planned.skipped or done.missed)
    doubtful = any(ending_of_error(doubt).incomplete for doubt in planned.doubts)
    return fixed._replace(
        interrupted=tested.interrupted,
        incomplete=fixed.incomplete or tested.incomplete or failed or unread or doubtful,
        findings=fixed.findings or tested.findings,
        undetermined=tested.undetermined,
    )


def _plan(request: FixRequest, topics: Sequence[Arn], context: CheckContext) -> JointPlan:
    """Plan the fix of each topic in its own account and Region. Raises CheckerError."""
    from checker.live.aws.topic import reach
    from checker.live.repair.joint import join  # boto3 takes a fifth of a second

    calls = reach(request.access, topics[0])
    judged = _judge(context, request.options)
    return join([_plan_topic(calls.at(topic), topic, request, context, judged) for topic in topics])


def _plan_topic(
    calls: Calls,
    topic: Arn,
    request: FixRequest,
    context: CheckContext,
    judged: Callable[[Inventory], Reading],
) -> Plan:
    from checker.live.repair.planning import RepairRequest, cut_off, doubted, look_up_instances, plan

    instances, unknown = look_up_instances(calls, topic, _instances_of(topic, context))
    wanted = RepairRequest(topic, instances, judged, request.unsafe, request.kms_condition, request.replace)
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


def _apply(planned: JointPlan, request: FixRequest, late: list[int]) -> Done:
    """Apply the plan of every topic. Raises CheckerError if a precondition of any of them fails."""
    from checker.live.repair.execution import check, execute, record
    from checker.live.repair.planning import check_doubts

    for plan in planned.plans:
        check(plan, force_managed=request.force_managed)
        check_doubts(plan)
    confirm("--apply", _question(planned), yes=request.yes)
    path = record(planned, request.receipts)
    undo = f"`{shell_command(('checker', 'rollback', path_argument(path), *request.access.words))}`"
    tell(f"receipt: {path} ({undo} rolls the fix back)")
    with finishing(f"finishing the current change; press Ctrl-C again to stop now, then use {undo}", late):
        try:
            done = execute(planned)
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


def _question(plan: JointPlan) -> str:
    count = len(plan.changes)
    regions = sorted({unit.region for unit in plan.reached})
    where = f" in {' and '.join(regions)}" if len(regions) > 1 else ""
    question = "write this policy" if count == 1 else f"write these {count} policies{where}"
    return "make these changes" if plan.outcome.replacement else question
