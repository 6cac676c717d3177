"""When a request is made, and when the credentials that sign it were issued.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from checker.iam.budget import EXHAUSTED, ExhaustedError
from checker.iam.compare import instant, write_instant
from checker.iam.domain import Assignment, Choice, Choices, gap, told_apart
from checker.iam.operators import DATE, NUMBER
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.iam.budget import Budget
    from checker.iam.mention import Mentions

CURRENT, EPOCH, ISSUED = "aws:currenttime", "aws:epochtime", "aws:tokenissuetime"

EARLIEST = 1_767_225_600
"""2026-01-01. No request that this program speaks of is made before: there is no clock, so that an answer about
a file is the same every day, but a permission that ended long ago is not open."""

_PAST = Unknown("it would be allowed only before 2026", "aws:CurrentTime")
_LONGEST_SESSION = 36 * 3600
"""Seconds. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""


class Clock(NamedTuple):
    """Any moment; ``temporary`` credentials were issued at most 36 hours before it."""

    temporary: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The two keys for the moment of the request, which always agree, and that of the credentials."""
        return frozenset((CURRENT, EPOCH, *((ISSUED,) if self.temporary else ())))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Take every moment that a policy names, and a second before and after it; the past comes last."""
        patterns = [one for key in self.keys for one in mentions.get(key, ())]
        missing = gap(patterns, DATE, NUMBER)
        moments = sorted(self._moments(mentions))
        found: list[Choice] = []
        try:
            for now in moments:
                budget.spend((len(moments) if self.temporary else 1) * (2 + len(patterns)))
                found += told_apart(self._at(now, moments), mentions)
        except ExhaustedError:
            missing = EXHAUSTED
        found.sort(key=lambda one: one.doubt is not None)
        return Choices(told_apart(found, mentions), missing, self.keys)

    def _moments(self, mentions: Mentions) -> set[int]:
        """The borders between the moments that patterns tell apart, in seconds."""
        named = set(_seconds(mentions, CURRENT, EPOCH))
        issued = set(_seconds(mentions, ISSUED)) if self.temporary else set()
        named |= issued | {one + _LONGEST_SESSION for one in issued}
        return {EARLIEST, *(one + near for one in named for near in (-1, 0, 1))}

    def _at(self, now: int, moments: Iterable[int]) -> Iterator[Choice]:
        """The requests that are made at a moment."""
        at: Assignment = {CURRENT: _written(now), EPOCH: str(now)}
        doubt = _PAST if now < EARLIEST else None
        if not self.temporary:
            yield Choice(at, doubt=doubt)
            return
        for issued in (now, *(one for one in moments if now - _LONGEST_SESSION <= one < now)):
            yield Choice({**at, ISSUED: _written(issued)}, doubt=doubt)


def _seconds(mentions: Mentions, *keys: str) -> Iterator[int]:
    for key in keys:
        for one in mentions.get(key, ()):
            known = instant(one.text)
            if known is not None and 0 <= known[1] < _LATEST:
                yield int(known[1])


_LATEST = 253_402_300_000
"""The last seconds of the year 9999, as far as ISO 8601 goes in four digits."""


def _written(seconds: int) -> str:
    return write_instant(is_epoch=False, seconds=Decimal(seconds))
