"""What `checker fix --topic-arn` does: plans on what AWS has, shows it, and with --apply carries it out with a way back."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.cli.run import Options, decide, prepare
from checker.cli.terminal import tell
from checker.engine import Scope, judge
from checker.finding import Severity, Verdict
from checker.fix.outcome import Outcome, policy_changes
from checker.fix.reading import Reading
from checker.fix.receipt import KEY, TOPIC, Change, Receipt, write_receipt
from checker.fix.rounds import Repair, repair
from checker.inputs.text import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.cli.run import Ground
    from checker.live.access import Access
    from checker.live.calls import Calls
    from checker.live.mending import Undone
    from checker.live.resource import Found

_LOCKOUT = "key-lockout"


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
    """A repair that is planned: how to reach AWS, what was found there, and the outcome as reports show it."""

    calls: Calls
    found: Found
    ground: Ground
    repair: Repair
    outcome: Outcome

    @property
    def changes(self) -> tuple[Change, ...]:
        """The policies to write, the key's first: the topic's opens nothing that the key would still refuse."""
        kinds = {str(self.found.topic.arn): TOPIC}
        old = self.found.texts()
        changes = [
            Change(name, kinds.get(name, KEY), old[name], text) for name, text in self.repair.texts.items()
        ]
        return tuple(sorted(changes, key=lambda one: one.kind != KEY))


def plan(asked: LiveOptions) -> LiveMending:
    """Read the topic and its key, and work out what to change. Raises InputError."""
    arn = Arn.parse(asked.topic)
    if arn is None or not arn.is_topic:
        raise InputError("--topic-arn", f"`{asked.topic}` is no ARN of a topic")
    ground = prepare(asked.options)
    from checker.live.resource import reach, read_topic  # boto3 takes a fifth of a second to import

    calls = reach(asked.access, arn)
    found = read_topic(calls, arn)

    def read(texts: Mapping[str, str]) -> Reading:
        return _judged(found, texts, ground, asked.options)

    done = repair(read, unsafe=asked.unsafe, kms_condition=asked.kms_condition)
    outcome = _shown(done, found)
    return LiveMending(calls, found, ground, done, outcome)


def _judged(found: Found, texts: Mapping[str, str], ground: Ground, options: Options) -> Reading:
    """Judge what was found as options and configuration say, with other policies in its place."""
    inventory = found.inventory(ground.instances, texts)
    run = decide(judge(inventory, ground.rules, Scope(all_topics=True)), ground, options, inventory)
    return Reading(run.inventory, run.report)


def _shown(done: Repair, found: Found) -> Outcome:
    """The outcome with every policy laid out, so that the diff has a line for each change."""
    pretty = {name: _laid_out(text) for name, text in done.texts.items()}
    originals = {name: _laid_out(text) for name, text in found.texts().items()}
    names = {name: name for name in pretty}
    return Outcome(done._replace(texts=pretty), originals, names, policy_changes(done))


def _laid_out(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def apply(mending: LiveMending, asked: LiveOptions, *, yes: bool) -> Outcome:
    """Carry the plan out. Raises InputError for what stands against it, and for what went wrong with what was done."""
    if not mending.changes:
        return mending.outcome
    _refuse(mending, force_managed=asked.force_managed)
    if not yes and not _agreed(len(mending.changes)):
        raise InputError("--apply", "nothing was changed: nobody said yes", help_text="`--yes` asks nothing")
    receipt = Receipt(
        datetime.now(UTC).isoformat(timespec="seconds"), _caller(mending.calls), mending.changes
    )
    path = write_receipt(receipt, asked.receipts)
    tell(f"receipt: {path} (`checker rollback {path}` takes it back)")
    _carry_out(mending, asked.options, path)
    return mending.outcome._replace(applied=True)


def _refuse(mending: LiveMending, *, force_managed: bool) -> None:
    if mending.found.managed and not force_managed:
        help_text = (
            "mend its source, or the next deployment undoes this; `--force-managed` writes all the same"
        )
        raise InputError(str(mending.found.topic.arn), "; ".join(mending.found.managed), help_text=help_text)
    for finding in mending.repair.after.report.findings:
        grave = finding.severity is Severity.ERROR and finding.verdict is Verdict.FAIL
        if finding.rule == _LOCKOUT and grave:
            raise InputError(
                finding.resource, f"nothing was written: {finding.message}", help_text=finding.help
            )


def _agreed(count: int) -> bool:
    """Ask on a terminal; where nobody can answer, the answer is no."""
    if not sys.stdin.isatty():
        return False
    what = "this policy" if count == 1 else f"these {count} policies"
    sys.stderr.write(f"write {what}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _caller(calls: Calls) -> str:
    answer = calls.read("sts", "get_caller_identity", "the caller")
    return str((answer or {}).get("Arn", "unknown"))


def _carry_out(mending: LiveMending, options: Options, path: Path) -> None:
    """Write, and prove on what AWS says then; take everything back if either fails."""
    from checker.live.mending import carry_out, take_back

    carried = carry_out(mending.calls, mending.changes)
    reason = carried.fault.reason if carried.fault else _unproven(mending, options)
    if not reason:
        return
    undone = take_back(mending.calls, carried.written)
    raise InputError(
        carried.fault.what if carried.fault else str(mending.found.topic.arn),
        f"{reason}; {_told(undone)}",
        help_text=f"the receipt is `{path}`",
    )


def _unproven(mending: LiveMending, options: Options) -> str:
    """Read everything again, and say what is not as it was planned."""
    from checker.live.resource import read_topic

    arn = mending.found.topic.arn
    assert isinstance(arn, Arn)  # noqa: S101 - it was asked for by its ARN
    report = _judged(read_topic(mending.calls, arn), {}, mending.ground, options).report
    said = {(one.rule, one.severity, one.message) for one in report.findings}
    planned = {(one.rule, one.severity, one.message) for one in mending.repair.after.report.findings}
    if said - planned:
        return f"the proof failed after the write: {min(message for _, _, message in said - planned)}"
    return ""


def _told(undone: Undone) -> str:
    parts = []
    if undone.back:
        parts.append(f"taken back: {', '.join(one.resource for one in undone.back)}")
    if undone.drifted:
        parts.append(
            f"left as somebody else has written it: {', '.join(one.resource for one in undone.drifted)}"
        )
    return "; ".join(parts) or "nothing was changed"
