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
    """The work that is left for one question, out of what is left for the ``whole`` that it is part of.

    ``results`` are those of work that was done already, for all parts of a whole.
    """

    __slots__ = ("left", "results", "whole")

    def __init__(self, limit: int = LIMIT, whole: Budget | None = None) -> None:
        self.left = limit
        self.whole = whole
        self.results: dict[object, object] = {} if whole is None else whole.results

    def spend(self, units: int) -> None:
        """Take units of work. Raises ExhaustedError when none are left."""
        self.left -= units
        if self.left < 0:
            raise ExhaustedError
        if self.whole is not None:
            self.whole.spend(units)

    def part(self, share: float) -> Budget:
        """A share of what is left."""
        return Budget(int(self.left * share), self)
