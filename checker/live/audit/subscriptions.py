"""The subscriptions of the topics in scope, listed in whichever way takes fewer calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.inventory import Subscription
from checker.live.calls import Calls, Listing
from checker.live.facts import counted, subscription_of
from checker.live.listings import BY_TOPIC

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from checker.live.audit.topics import Read

_ALL = Listing("sns", "list_subscriptions", "Subscriptions")
_PAGE = 100
"""https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""

Listed = dict[str, tuple[Subscription, ...]]


class Subscriptions:
    """Topics count their subscriptions, so it is known beforehand how many pages each way takes, or nearly so.

    The first page of all is asked for as soon as any topic is in scope: in most accounts it is the only one,
    and topics can be judged while others are still being read.
    """

    def __init__(self, calls: Calls, pool: Executor) -> None:
        self._calls = calls
        self._pool = pool
        self._everything = 0
        self._counts: dict[str, int] = {}
        self._first: Future[_Page | None] | None = None
        self._listed: Listed | None = None
        self._whole = False

    def count(self, read: Read) -> None:
        """Take note of what a topic of the account counts."""
        self._everything += counted(read.attributes or {})

    def want(self, read: Read) -> None:
        """Take note of a topic in scope; its count lags behind, so that one of none is no answer."""
        self._counts[read.arn] = counted(read.attributes or {})
        self._first = self._first or self._pool.submit(self._page)

    def ready(self) -> bool:
        """True once the first page is there, and shows all that there are."""
        if self._first is None or not self._first.done():
            return False
        page = self._first.result()
        return page is not None and not page.following

    def of(self, topic: str) -> tuple[Subscription, ...] | None:
        """The subscriptions of a topic in scope, ``None`` if they could not be listed; all are, once and for all."""
        if self._listed is None:
            self._listed = self._list()
        found = self._listed.get(topic)
        return () if found is None and self._whole else found

    def _list(self) -> Listed:
        page = self._first.result() if self._first else None
        if page is None:
            return {}
        wanted = list(self._counts)
        if page.following and sum(map(_pages, self._counts.values())) < _pages(self._everything):
            some = zip(wanted, self._pool.map(self._of, wanted), strict=True)
            return {arn: found for arn, found in some if found is not None}
        more = self._calls.all(_ALL, self._what, NextToken=page.following) if page.following else []
        self._whole = more is not None
        return _by_topic([*page.entries, *(more or ())]) if self._whole else {}

    def _page(self) -> _Page | None:
        answer = self._calls.read("sns", "list_subscriptions", self._what)
        return None if answer is None else _Page(answer.get("Subscriptions") or [], answer.get("NextToken"))

    @property
    def _what(self) -> str:
        return f"the subscriptions of {self._calls.unit.name}"

    def _of(self, arn: str) -> tuple[Subscription, ...] | None:
        listed = self._calls.all(BY_TOPIC, arn, TopicArn=arn)
        return None if listed is None else tuple(map(subscription_of, listed))


class _Page(NamedTuple):
    """The first page, and what asks for the next one if there is any."""

    entries: list[dict[str, Any]]
    following: str | None


def _by_topic(entries: list[dict[str, Any]]) -> Listed:
    found: dict[str, list[Subscription]] = defaultdict(list)
    for one in entries:
        found[str(one.get("TopicArn"))].append(subscription_of(one))
    return {arn: tuple(some) for arn, some in found.items()}


def _pages(count: int) -> int:
    return max(1, -(-count // _PAGE))
