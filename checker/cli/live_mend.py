"""What `checker fix --topic-arn` asks and says; `checker.live.repair` does it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.cli.run import Options, decide, prepare
from checker.cli.terminal import tell
from checker.engine import Scope, judge
from checker.fix.reading import Reading
from checker.inputs.text import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.cli.run import Ground
    from checker.finding import Severity
    from checker.fix.outcome import Outcome
    from checker.inventory import Inventory
    from checker.live.access import Access
    from checker.live.repair import Plan


class LiveOptions(NamedTuple):
    """What the command line says of a live repair."""

    options: Options
    access: Access
    topic: str
    unsafe: bool = False
    kms_condition: bool = False
    force_managed: bool = False
    receipts: Path = Path("checker-receipts")


class LiveMending(NamedTuple):
    """A repair that is planned, and the severity from which a finding that is left counts."""

    plan: Plan
    fail_on: Severity


def planned(asked: LiveOptions) -> LiveMending:
    """Work out what to change. Raises InputError."""
    arn = Arn.parse(asked.topic)
    if arn is None or not arn.is_topic:
        raise InputError("--topic-arn", f"`{asked.topic}` is no ARN of a topic")
    ground = prepare(asked.options)
    from checker.live.repair import Wish, plan  # boto3 takes a fifth of a second to import
    from checker.live.resource import reach

    wish = Wish(arn, ground.instances, _judge(ground, asked.options), asked.unsafe, asked.kms_condition)
    return LiveMending(plan(reach(asked.access, arn), wish), ground.fail_on(asked.options))


def _judge(ground: Ground, options: Options) -> Callable[[Inventory], Reading]:
    """Judge as options and configuration say."""

    def read(inventory: Inventory) -> Reading:
        run = decide(judge(inventory, ground.rules, Scope(all_topics=True)), ground, options, inventory)
        return Reading(run.inventory, run.report)

    return read


def apply(mending: LiveMending, asked: LiveOptions, *, yes: bool) -> Outcome:
    """Carry the plan out. Raises InputError for what stands against it, and for what went wrong with what was done."""
    from checker.live.repair import check, execute, record

    plan = mending.plan
    if not plan.changes:
        return plan.outcome
    check(plan, force_managed=asked.force_managed)
    if not yes and not _agreed(len(plan.changes)):
        raise InputError("--apply", "nothing was changed: nobody said yes", help_text="`--yes` asks nothing")
    path = record(plan, asked.receipts)
    tell(f"receipt: {path} (`checker rollback {path}` takes it back)")
    execute(plan)
    return plan.outcome._replace(applied=True)


def _agreed(count: int) -> bool:
    """Ask on a terminal; where nobody can answer, the answer is no."""
    if not sys.stdin.isatty():
        return False
    what = "this policy" if count == 1 else f"these {count} policies"
    sys.stderr.write(f"write {what}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
