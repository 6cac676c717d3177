"""A live repair: planned on what AWS has now, proven on what AWS shows afterwards, and taken back where that fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from checker.finding import Severity, Verdict
from checker.fix.outcome import Outcome, policy_changes
from checker.fix.receipt import KEY, TOPIC, Change, Receipt, write_receipt
from checker.fix.rounds import Repair, repair
from checker.inputs.text import InputError
from checker.live.mending import Undone, carry_out, take_back
from checker.live.resource import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from checker.arn import Arn
    from checker.fix.reading import Reading
    from checker.inventory import Instance, Inventory
    from checker.live.calls import Calls
    from checker.live.resource import Found

_LOCKOUT = "key-lockout"


class Wish(NamedTuple):
    """What is asked of a repair: the topic, the instances that stream to it, and how far it may go.

    ``judge`` says what the rules have to say of an inventory, as options and configuration choose them.
    """

    topic: Arn
    instances: tuple[Instance, ...]
    judge: Callable[[Inventory], Reading]
    unsafe: bool = False
    kms_condition: bool = False


class Plan(NamedTuple):
    """A repair that is planned: what was found, what is to be written, and the outcome as reports show it."""

    calls: Calls
    wish: Wish
    found: Found
    repair: Repair
    outcome: Outcome

    @property
    def changes(self) -> tuple[Change, ...]:
        """The policies to write, the key's first: the topic's opens nothing that the key would still refuse."""
        kinds = {str(self.wish.topic): TOPIC}
        old = self.found.texts()
        changes = [
            Change(name, kinds.get(name, KEY), old[name], text) for name, text in self.repair.texts.items()
        ]
        return tuple(sorted(changes, key=lambda one: one.kind != KEY))


def plan(calls: Calls, wish: Wish) -> Plan:
    """Read the topic and its key, and work out what to change. Raises InputError."""
    found = read_topic(calls, wish.topic)

    def read(texts: Mapping[str, str]) -> Reading:
        return wish.judge(found.inventory(wish.instances, texts))

    done = repair(read, unsafe=wish.unsafe, kms_condition=wish.kms_condition)
    return Plan(calls, wish, found, done, _shown(done, found))


def _shown(done: Repair, found: Found) -> Outcome:
    """The outcome with every policy laid out, so that the diff has a line for each change."""
    pretty = {name: _laid_out(text) for name, text in done.texts.items()}
    originals = {name: _laid_out(text) for name, text in found.texts().items()}
    names = {name: name for name in pretty}
    return Outcome(done._replace(texts=pretty), originals, names, policy_changes(done))


def _laid_out(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def check(planned: Plan, *, force_managed: bool) -> None:
    """See that nothing stands against a plan. Raises InputError."""
    if planned.found.managed and not force_managed:
        help_text = (
            "mend its source, or the next deployment undoes this; `--force-managed` writes all the same"
        )
        reason = "; ".join(planned.found.managed)
        raise InputError(str(planned.wish.topic), reason, help_text=help_text)
    for finding in planned.repair.after.report.findings:
        grave = finding.severity is Severity.ERROR and finding.verdict is Verdict.FAIL
        if finding.rule == _LOCKOUT and grave:
            raise InputError(
                finding.resource, f"nothing was written: {finding.message}", help_text=finding.help
            )


def record(planned: Plan, folder: Path) -> Path:
    """Write the receipt of what is about to be done, and give its path. Raises InputError."""
    answer = planned.calls.read("sts", "get_caller_identity", "the caller")
    caller = str((answer or {}).get("Arn", "unknown"))
    return write_receipt(
        Receipt(datetime.now(UTC).isoformat(timespec="seconds"), caller, planned.changes), folder
    )


def execute(planned: Plan) -> None:
    """Write what is planned, and prove it on what AWS shows then; take everything back if either fails.

    Raises InputError, which says what was taken back.
    """
    carried = carry_out(planned.calls, planned.changes)
    reason = carried.fault.reason if carried.fault else _unproven(planned)
    if not reason:
        return
    undone = take_back(planned.calls, carried.written)
    what = carried.fault.what if carried.fault else str(planned.wish.topic)
    raise InputError(what, f"{reason}; {_told(undone)}")


def _unproven(planned: Plan) -> str:
    """Read everything again, and say what is not as it was planned."""
    wish = planned.wish
    report = wish.judge(read_topic(planned.calls, wish.topic).inventory(wish.instances, {})).report
    said = {(one.rule, one.severity, one.message) for one in report.findings}
    meant = {(one.rule, one.severity, one.message) for one in planned.repair.after.report.findings}
    if said - meant:
        return f"the proof failed after the write: {min(message for _, _, message in said - meant)}"
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
