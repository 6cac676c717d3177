"""The time of a request that is not made yet: any time from EARLIEST on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-currenttime
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.iam.decide.operators import instant, number, write_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.iam.decide.request import ContextValue
    from checker.policy.model import Value


EARLIEST = 1_767_225_600
"""2026-01-01, the earliest time of a request. The current time is not used, so that the result for a file does not
change from day to day. A permission that ended before this time is not granted."""

LATEST = 253_402_300_000
"""Minutes before the end of the year 9999, the last year that ISO 8601 writes with four digits."""

CURRENT, EPOCH = "aws:currenttime", "aws:epochtime"
_REASON = "the result depends on the time of the request"
OPEN_TIMES = {CURRENT: Unknown(_REASON, "aws:CurrentTime"), EPOCH: Unknown(_REASON, "aws:EpochTime")}
"""The two keys for the time of a request, which may be any time from EARLIEST on."""


def is_open_time(value: ContextValue | None) -> bool:
    """True for the time of a request that may be made at any time from EARLIEST on."""
    return isinstance(value, Unknown) and value.reason == _REASON


def written(key: str, seconds: int) -> str:
    """Write a time as one of the two keys has it."""
    return write_instant(is_epoch=key == EPOCH, seconds=seconds)


def at_some_time(context: Mapping[str, ContextValue], keys: Iterable[str]) -> dict[str, ContextValue]:
    """Return a context in which an open time that one of ``keys`` names is the earliest one."""
    open_keys = (key for key in keys if is_open_time(context.get(key)))
    return {**context, **{key: written(key, EARLIEST) for key in open_keys}}


def distinct_times(key: str, expected: Iterable[Value]) -> set[str]:
    """Return times from EARLIEST on, one for each possible result of a comparison with the expected values."""
    texts = [value for value in expected if isinstance(value, str)]
    moments = [time[1] for time in map(instant, texts) if time is not None]
    moments += [epoch for epoch in map(number, texts) if epoch is not None]
    near = (int(moment) + step for moment in moments for step in (-1, 0, 1) if moment <= LATEST)
    inside = (moment for moment in near if EARLIEST <= moment <= LATEST)
    return {written(key, moment) for moment in (EARLIEST, LATEST, *inside)}
