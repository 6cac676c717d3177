"""Changes in AWS: the steps of a replacement, and the preview of a rollback, as text and as JSON."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.terminal_text import inert
from checker.fix.live.receipt import (
    CREATED,
    ENCRYPTION,
    KEY,
    NEW_KEY,
    NEW_TOPIC,
    SUBSCRIPTION,
    TOPIC,
    name_of,
)
from checker.fix.live.replacement import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from checker.fix.live.receipt import Change, Receipt
    from checker.fix.live.replacement import Replacement, Step
    from checker.report.context import Paint


_CALLS = {
    TOPIC: ["sns:SetTopicAttributes"],
    KEY: ["kms:PutKeyPolicy"],
    NEW_KEY: ["kms:CreateKey", "kms:CreateAlias"],
    NEW_TOPIC: ["sns:CreateTopic"],
    SUBSCRIPTION: ["sns:Subscribe"],
    ENCRYPTION: ["sns:SetTopicAttributes"],
}
_TITLES = {
    TOPIC: "write the policy of `{resource}`, as the diff shows",
    KEY: "write the policy of `{resource}`, as the diff shows",
    NEW_KEY: "create a symmetric customer managed key with the alias `{resource}`",
    NEW_TOPIC: "create the standard topic `{resource}`",
    ENCRYPTION: "encrypt `{resource}` with `{new}` in place of `{old}`",
}
_UNDO_TITLES = {
    TOPIC: "restore the previous policy of `{resource}`",
    KEY: "restore the previous policy of `{resource}`",
    NEW_KEY: "delete the alias `{resource}`, and its key after seven days (kms:ScheduleKeyDeletion)",
    NEW_TOPIC: "delete the topic `{resource}` (sns:DeleteTopic)",
    ENCRYPTION: "encrypt `{resource}` with `{old}` in place of `{new}`",
}
_IN_TITLE = ("Attributes", "Protocol", "Endpoint")
_STATES = {State.ROLLED_BACK: "rolled back"}
"""The states whose name in JSON differs from their name in text."""
_STYLES = {State.DONE: "ok", State.FAILED: "error", State.LEFT: "error"}


def replacement_text(replacement: Replacement, paint: Paint) -> Iterator[str]:
    """Yield every step with its AWS calls, the attributes that are not copied, and the manual steps."""
    yield paint("bold", inert(f"replacement for {replacement.replaces}"))
    yield from (f"  {paint('dim', '=')} {inert(reason)}" for reason in replacement.reasons)
    if not replacement.steps:
        yield f"  {paint('ok', 'done')}: `{inert(replacement.topic)}` exists, and no step remains"
    yield from steps_text(replacement, paint)
    yield from _bullets(
        "not copied", (f"{remark.what}: {remark.reason}" for remark in replacement.left_out), paint
    )
    yield from _bullets("manual steps", replacement.switch, paint)


def steps_text(replacement: Replacement, paint: Paint) -> Iterator[str]:
    """Yield the steps: the AWS calls of planned ones, the state of the others."""
    for number, step in enumerate(replacement.steps, 1):
        yield from _step(number, step, paint)


def _step(number: int, step: Step, paint: Paint) -> Iterator[str]:
    name = _STATES.get(step.state, step.state.value)
    state = "" if step.state is State.PLANNED else f"{paint(_STYLES.get(step.state, 'note'), name)}: "
    calls = ", ".join(_CALLS[step.change.kind])
    yield f"{number}. {state}{inert(_title(step.change))} ({calls})"
    if step.reason:
        yield f"     {paint('dim', '=')} {inert(step.reason)}"
    if step.state is State.PLANNED:
        yield from (f"     {inert(line)}" for line in _details(_request(step.change)))


def _title(change: Change) -> str:
    if change.kind == SUBSCRIPTION:
        specification = change.specification
        return f"subscribe {specification['Protocol']} `{specification['Endpoint']}`"
    return _TITLES[change.kind].format(resource=change.resource, old=change.old, new=change.new)


def _request(change: Change) -> dict[str, Any]:
    """Return the parameters of a resource to create, except those in the title. Empty for other changes."""
    if change.kind not in CREATED:
        return {}
    specification = change.specification
    parameters = {**specification, **specification.get("Attributes", {})}
    return {name: value for name, value in parameters.items() if name not in _IN_TITLE}


def _details(parameters: dict[str, Any]) -> Iterator[str]:
    """Yield the parameters as lines; JSON in a string is indented."""
    for name, value in parameters.items():
        if name == "Tags":
            yield from (f"tag {key}: {tag}" for key, tag in value.items())
        else:
            yield from f"{name}: {_indented(value)}".split("\n")


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text.startswith("{") else text
    except (ValueError, RecursionError):
        return text  # a text that starts with a brace need not be JSON


def _bullets(title: str, lines: Iterator[str] | tuple[str, ...], paint: Paint) -> Iterator[str]:
    for index, line in enumerate(lines):
        if not index:
            yield paint("bold", f"{title}:")
        yield f"  - {inert(line)}"


def replacement_line(replacement: Replacement) -> str:
    """Return one line with the number of steps by state."""
    states = [step.state for step in replacement.steps]
    counts = ((states.count(state), _STATES.get(state, state.value)) for state in State if state in states)
    counted = [f"{count} step{'s' * (count != 1)} {state}" for count, state in counts]
    return f"replacement: {', '.join(counted)}" if counted else "the replacement already exists"


def replacement_json(replacement: Replacement) -> dict[str, Any]:
    """Convert a replacement to JSON values, as `schemas/fix.v1.json` describes them."""
    return {
        "replaces": replacement.replaces,
        "topic": replacement.topic,
        "reasons": list(replacement.reasons),
        "steps": [_step_json(step) for step in replacement.steps],
        "left_out": [remark._asdict() for remark in replacement.left_out],
        "switch": list(replacement.switch),
    }


def _step_json(step: Step) -> dict[str, Any]:
    change = step.change
    return {
        "kind": change.kind,
        "resource": change.resource,
        "calls": _CALLS[change.kind],
        "old": change.old,
        "new": change.new,
        "state": step.state.value,
        "reason": step.reason,
    }


_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def age(seconds: float) -> str:
    """Format an age in seconds, such as `3 hours ago`."""
    for unit, name in _UNITS:
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' * (count != 1)} ago"
    return "less than a minute ago"


def receipt_text(receipt: Receipt, caller: str, now: datetime) -> Iterator[str]:
    """Yield the ID, account, age and author of a receipt, and the caller of the rollback."""
    yield f"receipt {receipt.id}"
    yield f"  account  {', '.join(_accounts(receipt))}"
    yield f"  written  {receipt.time.isoformat()}, {age((now - receipt.time).total_seconds())}"
    yield f"  by       {inert(receipt.caller)}"
    yield f"  caller   {inert(caller)}"


def _accounts(receipt: Receipt) -> Iterator[str]:
    """Yield the account of the receipt, and the other accounts of its changes."""
    arns = (Arn.parse(change.resource) for change in receipt.changes)
    yield from dict.fromkeys((receipt.account, *(arn.account for arn in arns if arn is not None)))


def rollback_text(number: int, change: Change, now: str, paint: Paint) -> Iterator[str]:
    """Yield a planned write or deletion, with a diff if it changes a policy."""
    yield f"{number}. {inert(_undo_title(change))}"
    if change.kind not in (*CREATED, ENCRYPTION):
        yield from (f"     {_painted(line, paint)}" for line in _diff(now, change.old))


def _undo_title(change: Change) -> str:
    if change.kind == SUBSCRIPTION:
        return f"unsubscribe {name_of(change)} (sns:Unsubscribe)"
    return _UNDO_TITLES[change.kind].format(resource=change.resource, old=change.old, new=change.new)


def _diff(now: str, old: str) -> Iterator[str]:
    before, after = _indented(now).splitlines(), _indented(old).splitlines()
    lines = difflib.unified_diff(before, after, "now", "after the rollback", lineterm="", n=2)
    return (inert(line) for line in lines)


def _painted(line: str, paint: Paint) -> str:
    style = {"+": "ok", "-": "error"}.get(line[:1])
    return paint(style, line) if style else line
