"""Apply a live repair, verify it by reading AWS again, and roll it back if that fails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checker.core.errors import CheckerError, RefusedError
from checker.core.finding import Severity, Verdict
from checker.core.record import NamedTuple
from checker.fix.live.receipt import Change, Receipt, name_of, write_receipt
from checker.fix.live.replacement import State, Step
from checker.live.aws.errors import faults_about
from checker.live.aws.lookup import caller_of
from checker.live.aws.topic import MANAGED_HELP, read_topic
from checker.live.aws.wait import Clock
from checker.live.repair.change_handler import ChangeState, unit_of
from checker.live.repair.rollback import HANDLERS, FailedChange, roll_back

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from checker.core.finding import Finding
    from checker.fix.result import Outcome
    from checker.live.aws.calls import Calls
    from checker.live.repair.change_handler import ChangeHandler, Reached
    from checker.live.repair.joint import JointPlan
    from checker.live.repair.planning import Plan
    from checker.live.repair.rollback import RollbackResult

_LOCKOUT = "key-lockout"


def check(plan: Plan, *, force_managed: bool) -> None:
    """Check that nothing prevents a plan. Raises RefusedError."""
    if plan.state.managed and not force_managed:
        raise RefusedError(str(plan.wanted.topic), "; ".join(plan.state.managed), help_text=MANAGED_HELP)
    finding = blocking_error(plan)
    if finding is not None:
        raise RefusedError(
            finding.resource, f"nothing was written: {finding.message}", help_text=finding.help
        )


def blocking_error(plan: Plan) -> Finding | None:
    """Return an error after the plan that no option permits. A replacement must be free of errors when it is created."""
    errors = (
        finding
        for finding in plan.repair.after.report.findings
        if finding.severity is Severity.ERROR and finding.verdict is Verdict.FAIL
    )
    return next((one for one in errors if one.rule == _LOCKOUT or plan.outcome.replacement), None)


def record(plan: JointPlan, folder: Path) -> Path:
    """Write the receipt of all changes before they are applied, and return its path. Raises CheckerError."""
    now, unit = datetime.now(UTC).replace(microsecond=0), unit_of(plan.changes[0])
    caller = caller_of(plan.reached[unit])
    return write_receipt(Receipt(plan.receipt, now, unit.account, caller.arn, plan.changes), folder)


class Progress(NamedTuple):
    """The progress of a repair: applied changes, optional changes that failed, and the error that stopped it."""

    written: tuple[Change, ...]
    missed: tuple[FailedChange, ...] = ()
    fault: CheckerError | None = None


def carry_out(
    reached: Reached,
    changes: Sequence[Change],
    clock: Clock = Clock(),  # noqa: B008 - frozen
) -> Progress:
    """Apply changes in order, each only to the expected state. The first error of a required change stops.

    Every exception counts as an error, because the changes so far must be rolled back.
    """
    written: list[Change] = []
    missed: list[FailedChange] = []
    for change in changes:
        handler, calls = HANDLERS[change.kind], reached[unit_of(change)]
        try:
            with faults_about(change.resource):
                if _is_made(calls, handler, change):
                    continue
                written.append(change)  # from here on the change may be applied, even if the call fails
                handler.do(calls, change, clock)
        except CheckerError as fault:
            if not handler.optional:
                return Progress(tuple(written), tuple(missed), fault)
            missed.append(FailedChange(change, fault))
    return Progress(tuple(written), tuple(missed))


def _is_made(calls: Calls, handler: ChangeHandler, change: Change) -> bool:
    """Return True for a change that is applied already. Raises RefusedError if others changed the resource."""
    state = handler.state_of(calls, change)
    if state in (ChangeState.OTHER, ChangeState.FOREIGN):
        help_text = "nothing was written to it; run the command again"
        raise RefusedError(change.resource, handler.drifted, help_text=help_text)
    return state is ChangeState.AFTER


class Done(NamedTuple):
    """The result of a plan for reports, and the error if there was one.

    After a ``fault``, all changes are rolled back, unless some are ``left``. ``missed`` lists optional changes that
    failed. ``refused`` is True if no change was started.
    """

    outcome: Outcome
    fault: CheckerError | None = None
    missed: tuple[FailedChange, ...] = ()
    left: bool = False
    refused: bool = False


def execute(plan: JointPlan) -> Done:
    """Apply the plans and verify every topic. If anything fails, roll back all changes of all topics."""
    progress = carry_out(plan.reached, plan.changes)
    fault = progress.fault or next(filter(None, map(_unproven, plan.plans)), None)
    if fault is None:
        outcome = _with_states(plan.outcome, _as_planned(plan, progress))
        return Done(outcome._replace(applied=True), missed=progress.missed)
    undone = roll_back(plan.reached, progress.written)
    reason = f"{fault.reason}; {_summary(undone)}"
    outcome = _with_states(plan.outcome, _as_undone(progress, undone))
    return Done(outcome, fault.reworded(reason, fault.help), left=not undone.is_whole)


def undo(plan: JointPlan, outcome: Outcome) -> Done:
    """Roll back a repair if no message arrived. The error reports the result for each change."""
    undone = roll_back(plan.reached, plan.changes)
    states = _as_undone(Progress(plan.changes), undone)
    fault = RefusedError(str(plan.plans[0].topic), f"no message arrived; {_summary(undone)}")
    return Done(_with_states(outcome._replace(applied=False), states), fault, left=not undone.is_whole)


def _unproven(plan: Plan) -> CheckerError | None:
    """Read everything again, and return an error if the result differs from the plan."""
    wanted = plan.wanted
    try:
        with faults_about(str(plan.topic)):
            state = read_topic(plan.calls, plan.topic)
            findings = wanted.judge(state.inventory(wanted.instances, {})).report.findings
    except CheckerError as fault:
        return fault
    current = set(map(_identity, findings))
    new = current - set(map(_identity, plan.repair.after.report.findings))
    if not new:
        return None
    message = min(message for _, _, message in new)
    return RefusedError(str(plan.topic), f"the check after the write failed: {message}")


def _identity(finding: Finding) -> tuple[str, Severity, str]:
    return finding.rule, finding.severity, finding.message


_States = dict[Change, tuple[State, str]]


def _as_planned(plan: JointPlan, progress: Progress) -> _States:
    missed: _States = {failed.change: (State.FAILED, failed.fault.reason) for failed in progress.missed}
    return {**dict.fromkeys(plan.changes, (State.DONE, "")), **missed}


def _as_undone(progress: Progress, undone: RollbackResult) -> _States:
    """Return the state of each change. Changes that the rollback does not mention precede one that failed."""
    states: _States = dict.fromkeys(progress.written, (State.LEFT, ""))
    states |= dict.fromkeys((*undone.untouched, *undone.foreign), (State.NOT_DONE, ""))
    states |= dict.fromkeys(undone.back, (State.ROLLED_BACK, ""))
    states |= dict.fromkeys(undone.drifted, (State.LEFT, "changed by others since"))
    states |= {failed.change: (State.LEFT, failed.fault.reason) for failed in undone.stuck}
    return states


def _with_states(outcome: Outcome, states: _States) -> Outcome:
    """Add the state of each step to the outcome of a replacement."""
    replacement = outcome.replacement
    if replacement is None:
        return outcome
    steps = tuple(
        Step(step.change, *states.get(step.change, (State.NOT_DONE, ""))) for step in replacement.steps
    )
    return outcome._replace(replacement=replacement._replace(steps=steps))


def _summary(undone: RollbackResult) -> str:
    parts = []
    if undone.back:
        parts.append(f"rolled back: {', '.join(map(name_of, undone.back))}")
    if undone.drifted:
        parts.append(f"not rolled back, changed by others since: {', '.join(map(name_of, undone.drifted))}")
    parts += (f"not rolled back: {name_of(failed.change)}: {failed.fault.reason}" for failed in undone.stuck)
    return "; ".join(parts) or "nothing was changed"
