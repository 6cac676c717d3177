"""What `checker fix --topic-arn` asks and says; `checker.live.repair` does it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.cli.run import Options, decide, prepare
from checker.cli.terminal import Exit, paint_for, tell
from checker.engine import Scope, judge
from checker.fix.reading import Reading
from checker.inputs.text import InputError
from checker.report.paint import Paint
from checker.report.repair import summary_line
from checker.report.replacement import steps_text
from checker.report.text import skipped_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.cli.run import Ground
    from checker.cli.shown import Shown
    from checker.fix.outcome import Outcome
    from checker.inventory import Inventory
    from checker.live.access import Access
    from checker.live.planning import Plan
    from checker.live.repair import Done


class LiveOptions(NamedTuple):
    """What the command line says of a live repair."""

    options: Options
    access: Access
    topic: str
    unsafe: bool = False
    kms_condition: bool = False
    force_managed: bool = False
    receipts: Path = Path("checker-receipts")
    replace: bool = False


def fix_live(asked: LiveOptions, shown: Shown, *, apply: bool, yes: bool) -> Exit:
    """Plan, show, and with ``apply`` carry out.

    People see the plan before they are asked; programs get what came of it, also where something went wrong.
    Raises InputError.
    """
    arn = Arn.parse(asked.topic)
    if arn is None or not arn.is_topic:
        raise InputError("--topic-arn", f"`{asked.topic}` is no ARN of a topic")
    ground = prepare(asked.options)
    planned = _plan(asked, arn, ground)
    outcome, missed = planned.outcome, 0
    if shown.for_people:
        shown.write(outcome)
    try:
        if apply and planned.changes:
            done = _apply(planned, asked, yes=yes)
            outcome, missed = done.outcome, len(done.missed)
            _tell_steps(outcome)
            if done.fault is not None:
                raise done.fault
    finally:
        if not shown.for_people:
            shown.write(outcome)
    tell(summary_line(outcome))
    if planned.replaceable:
        tell("  = help: `--create-replacement` plans what takes its place, and with --apply creates it")
    for skipped in planned.calls.skipped:
        tell(*skipped_text(skipped, Paint()))
    if planned.calls.skipped or missed:
        return Exit.INCOMPLETE
    return Exit.CLEAN if outcome.is_done(ground.fail_on(asked.options)) else Exit.FINDINGS


def _plan(asked: LiveOptions, arn: Arn, ground: Ground) -> Plan:
    from checker.live.planning import Wish, plan  # boto3 takes a fifth of a second to import
    from checker.live.resource import reach

    judged = _judge(ground, asked.options)
    wish = Wish(arn, ground.instances, judged, asked.unsafe, asked.kms_condition, asked.replace)
    return plan(reach(asked.access, arn), wish)


def _tell_steps(outcome: Outcome) -> None:
    if outcome.replacement is not None:
        tell(*steps_text(outcome.replacement, paint_for(sys.stderr)))


def _judge(ground: Ground, options: Options) -> Callable[[Inventory], Reading]:
    """Judge as options and configuration say."""

    def read(inventory: Inventory) -> Reading:
        run = decide(judge(inventory, ground.rules, Scope(all_topics=True)), ground, options, inventory)
        return Reading(run.inventory, run.report)

    return read


def _apply(plan: Plan, asked: LiveOptions, *, yes: bool) -> Done:
    """Carry the plan out. Raises InputError for what stands against it."""
    from checker.live.repair import check, execute, record

    check(plan, force_managed=asked.force_managed)
    if not yes and not _agreed(plan):
        raise InputError("--apply", "nothing was changed: nobody said yes", help_text="`--yes` asks nothing")
    path = record(plan, asked.receipts)
    tell(f"receipt: {path} (`checker rollback {path}` takes it back)")
    return execute(plan)


def _agreed(plan: Plan) -> bool:
    """Ask on a terminal; where nobody can answer, the answer is no."""
    if not sys.stdin.isatty():
        return False
    count = len(plan.changes)
    what = "write this policy" if count == 1 else f"write these {count} policies"
    what = "do all this" if plan.outcome.replacement else what
    sys.stderr.write(f"{what}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
