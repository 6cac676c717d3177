"""The subscriptions of the topics in scope, listed in whichever way takes fewer calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inventory import Subscription
from checker.live.calls import Calls, Listing
from checker.live.facts import counted, subscription_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from checker.live.topics import Read

_ALL = Listing("sns", "list_subscriptions", "Subscriptions")
_BY_TOPIC = Listing("sns", "list_subscriptions_by_topic", "Subscriptions")
_PAGE = 100
"""https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""

Listed = dict[str, tuple[Subscription, ...]]


class Subscriptions:
    """Topics count their subscriptions, so it is known beforehand how many pages each way takes, or nearly so."""

    def __init__(self, calls: Calls, pool: Executor) -> None:
        self._calls = calls
        self._pool = pool
        self._everything = 0
        self._counts: dict[str, int] = {}

    def count(self, read: Read) -> None:
        """Take note of what a topic of the account counts."""
        self._everything += counted(read.attributes or {})

    def want(self, read: Read) -> None:
        """Take note of a topic in scope; its count lags behind, so that one of none is no answer."""
        self._counts[read.arn] = counted(read.attributes or {})

    def listed(self) -> Listed:
        """List them; a topic that is missing from the answer could not be listed."""
        wanted = list(self._counts)
        if wanted and sum(map(_pages, self._counts.values())) <= _pages(self._everything):
            some = zip(wanted, self._pool.map(self._of, wanted), strict=True)
            return {arn: found for arn, found in some if found is not None}
        return self._of_all(wanted) if wanted else {}

    def _of(self, arn: str) -> tuple[Subscription, ...] | None:
        listed = self._calls.all(_BY_TOPIC, arn, TopicArn=arn)
        return None if listed is None else tuple(map(subscription_of, listed))

    def _of_all(self, wanted: Sequence[str]) -> Listed:
        found: dict[str, list[Subscription]] = {arn: [] for arn in wanted}
        listed = self._calls.all(_ALL, f"the subscriptions of {self._calls.unit.name}")
        for one in listed or ():
            if one.get("TopicArn") in found:
                found[one["TopicArn"]].append(subscription_of(one))
        return {} if listed is None else {arn: tuple(some) for arn, some in found.items()}


def _pages(count: int) -> int:
    return max(1, -(-count // _PAGE))
