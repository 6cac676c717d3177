"""How much work one question may take, counted and not timed, so that an answer never depends on the machine."""

from __future__ import annotations

from checker.policy.unknown import Unknown

EXHAUSTED = Unknown("the policy tells more classes of requests apart than are worth trying")
"""The answer to a question whose budget ran out. Rules report it as at least a warning."""

LIMIT = 400_000
"""Units of work a question. A unit takes 1 to 4 microseconds on a machine of 2026."""


class ExhaustedError(Exception):
    """The budget is spent."""


class Budget:
    """The work that is left for one question."""

    __slots__ = ("left",)

    def __init__(self, limit: int = LIMIT) -> None:
        self.left = limit

    def spend(self, units: int) -> None:
        """Take units of work. Raises ExhaustedError when none are left."""
        self.left -= units
        if self.left < 0:
            raise ExhaustedError

    def share(self, part: int) -> Budget:
        """A budget of its own of one part in so many of what is left; what it uses is not taken here."""
        return Budget(self.left // part)
