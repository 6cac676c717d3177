"""The preview of a rollback: the origin of the receipt, and for each resource the write or deletion."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

from checker.core.terminal_text import inert
from checker.fix.live.receipt import CREATED, ENCRYPTION, NEW_KEY, NEW_TOPIC, SUBSCRIPTION, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from checker.fix.live.receipt import Change, Receipt
    from checker.report.style import Paint


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
    yield f"  account  {receipt.account}"
    yield f"  written  {receipt.time.isoformat()}, {age((now - receipt.time).total_seconds())}"
    yield f"  by       {inert(receipt.caller)}"
    yield f"  caller   {inert(caller)}"


def rollback_text(number: int, change: Change, now: str, paint: Paint) -> Iterator[str]:
    """Yield a planned write or deletion, with a diff if it changes a policy."""
    yield f"{number}. {inert(_undo_title(change))}"
    if change.kind not in (*CREATED, ENCRYPTION):
        yield from (f"     {_painted(line, paint)}" for line in _diff(now, change.old))


def _undo_title(change: Change) -> str:
    if change.kind == NEW_TOPIC:
        return f"delete the topic `{change.resource}` (sns:DeleteTopic)"
    if change.kind == NEW_KEY:
        return f"delete the alias `{change.resource}`, and its key after seven days (kms:ScheduleKeyDeletion)"
    if change.kind == SUBSCRIPTION:
        return f"unsubscribe {name_of(change)} (sns:Unsubscribe)"
    if change.kind == ENCRYPTION:
        return f"encrypt `{change.resource}` with `{change.old}` in place of `{change.new}`"
    return f"restore the previous policy of `{change.resource}`"


def _diff(now: str, old: str) -> Iterator[str]:
    lines = difflib.unified_diff(
        _laid_out(now), _laid_out(old), "now", "after the rollback", lineterm="", n=2
    )
    return (inert(line) for line in lines)


def _painted(line: str, paint: Paint) -> str:
    style = {"+": "ok", "-": "error"}.get(line[:1])
    return paint(style, line) if style else line


def _laid_out(text: str) -> list[str]:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False).splitlines()
    except (ValueError, RecursionError):
        return text.splitlines()
