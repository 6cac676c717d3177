"""How much work a question may take, counted and not timed, so that an answer never depends on the machine."""

from __future__ import annotations

from checker.policy.unknown import Unknown

EXHAUSTED = Unknown("the policy tells more classes of requests apart than are worth trying")
"""The answer to a question whose budget ran out. Rules report it as at least a warning."""

LIMIT = 400_000
"""Units of work for a question. A unit takes 1 to 3 microseconds on a machine of 2026."""


class ExhaustedError(Exception):
    """The budget is spent."""


class Budget:
    """The work that is left for one question, out of what is left for the ``whole`` that it is part of."""

    __slots__ = ("left", "whole")

    def __init__(self, limit: int = LIMIT, whole: Budget | None = None) -> None:
        self.left = limit
        self.whole = whole

    def spend(self, units: int) -> None:
        """Take units of work. Raises ExhaustedError when none are left."""
        self.left -= units
        if self.left < 0:
            raise ExhaustedError
        if self.whole is not None:
            self.whole.spend(units)

    def part(self, number: int) -> Budget:
        """One part in so many of what is left."""
        return Budget(self.left // number, self)
