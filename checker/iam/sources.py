"""For whom Connect asks: one instance, or nobody that it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.iam.domain import Assignment, Choices
from checker.iam.identity import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_KEYS

if TYPE_CHECKING:
    from checker.iam.identity import Instances
    from checker.iam.mention import Mentions


class Chosen(NamedTuple):
    """Keys with one value each."""

    keys: tuple[str, ...]
    assignment: Assignment

    def choices(self, mentions: Mentions) -> Choices:  # noqa: ARG002 - whatever is asked of them
        """That one."""
        return Choices([self.assignment])


class Unsourced(NamedTuple):
    """Requests of Connect that have none, or one, of the two source keys."""

    instances: Instances
    number: int

    @property
    def keys(self) -> tuple[str, ...]:
        """The two source keys."""
        return SOURCE_KEYS

    def choices(self, mentions: Mentions) -> Choices:
        """Take keys away from an instance of every class."""
        found = self.instances._replace(or_absent=True).choices(mentions)
        missing = len(SOURCE_KEYS) - self.number
        fitting = [one for one in found.assignments if list(one.values()).count(None) == missing]
        # Where the policies do not tell such requests from others, one of them stands for all.
        some: Assignment = {
            SOURCE_ARN: None,
            SOURCE_ACCOUNT: self.instances.choices({}).assignments[0][SOURCE_ACCOUNT],
        }
        return found._replace(assignments=fitting or [some])
