"""The record in a folder of `checker audit --save`: what the audit could not read, so that it is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.discover import name_of
from checker.inputs.kinds.kind import Kind
from checker.policy.node import Object, items, text_of

if TYPE_CHECKING:
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match

NAME, MEMBER = "audit.json", "checker_audit"
_HELP = "save the answers of a new audit with `checker audit --save DIR`"
_NOT_ENDED = "the audit that saved these files did not end, so that files may be missing"


def _match(root: Object) -> Match | None:
    value = root.get(MEMBER)
    return (value, (MEMBER,)) if isinstance(value, Object) else None


def _read(facts: Facts, found: Found) -> None:
    """Add what the audit could not read. A record without a list is that of an audit that did not end."""
    unread = found.node.get("unread") if isinstance(found.node, Object) else None
    if unread is None:
        facts.skipped.append(Skipped(name_of(found.path), _NOT_ENDED, error=True, help=_HELP))
        return
    for one in items(unread):
        if isinstance(one, Object):
            what, reason = (text_of(one.get(name)) or "" for name in ("what", "reason"))
            facts.skipped.append(Skipped(what, f"not saved: {reason}", error=True, help=_HELP))


KINDS = (Kind("the record of a saved audit", _match, _read),)
