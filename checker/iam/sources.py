"""For whom Connect asks: one instance, or requests that do not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.iam.domain import Assignment, Choice, Choices
from checker.iam.identity import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_KEYS

if TYPE_CHECKING:
    from checker.iam.budget import Budget
    from checker.iam.identity import Instances
    from checker.iam.mention import Mentions


class Unsourced(NamedTuple):
    """Requests of Connect that have none, or one, of the two source keys."""

    instances: Instances
    number: int

    @property
    def keys(self) -> frozenset[str]:
        """The two source keys."""
        return frozenset(SOURCE_KEYS)

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Take keys away from an instance of every class."""
        found = self.instances._replace(or_absent=True).choices(mentions, budget)
        missing = len(SOURCE_KEYS) - self.number
        fitting = tuple(one for one in found.choices if list(one.values.values()).count(None) == missing)
        # Where the policies do not tell such requests from others, one of them stands for all.
        account = self.instances.choices({}, budget).choices[0].values[SOURCE_ACCOUNT]
        some: Assignment = {SOURCE_ARN: None, SOURCE_ACCOUNT: account}
        return found._replace(choices=fitting or (Choice(some),))
