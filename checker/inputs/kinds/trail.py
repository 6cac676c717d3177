"""CloudTrail events: S3 log files, `lookup-events` output, or JSON Lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.inputs.kinds.kind import LargeKind

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.collect import Facts

_HEAD = 64 * 1024
_OTHER = pattern(r'"AWSTemplateFormatVersion"|"Type"\s*:\s*"AWS::|"QueryResultRows"\s*:|"ResultSet"\s*:')
"""Marks of a template with an EventBridge pattern, and of the results of a query, which are a kind of their own."""


def _match(text: str) -> bool:
    head = text[:_HEAD]
    if _OTHER.search(head):
        return False
    return ('"eventSource"' in head and '"eventName"' in head) or '"CloudTrailEvent"' in head


def _read(facts: Facts, path: Path, _named: bool) -> bool:  # noqa: FBT001 - as LargeKind calls it
    from checker.inputs.cloudtrail.trail import read_trail  # policies do not need it

    return read_trail(path, facts)


KINDS = (
    LargeKind("CloudTrail events", _match, _read, "no event is about chat streaming or the key of a topic"),
)
