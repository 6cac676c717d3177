"""The topics of one unit: all are listed and read once, and those in scope are kept."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.analysis.inventory import Subscription, Topic, is_managed_key
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.unknown import Unknown
from checker.lint.explain import BROKEN, UNKNOWN
from checker.lint.retention.model import SQS
from checker.lint.retention.queue import queue_steps
from checker.live.aws.calls import BY_TOPIC, Calls, Listing
from checker.live.aws.errors import StoppedError
from checker.live.aws.facts import counted, subscription_of, topic_of
from checker.live.retention.read_targets import read_queue
from checker.policy.vocabulary import mentions_connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from checker.lint.engine import Scope
    from checker.live.audit.plan import Plan
    from checker.live.aws.calls import Calls


Attributes = dict[str, str]
_OF_USE = (
    "TopicArn",
    "Policy",
    "KmsMasterKeyId",
    "FifoTopic",
    "SubscriptionsConfirmed",
    "SubscriptionsPending",
)


class Reads(NamedTuple):
    """What an earlier run read, by ARN, and what takes that which this one reads.

    ``None`` stands for a topic that only its tags or what streams to it could bring into scope; one with a key
    of the account's own is kept, as the key may.
    """

    known: Mapping[str, Attributes | None] = {}
    keep: Callable[[str, Attributes | None], None] = lambda *_: None

    def knows(self, arn: str) -> bool:
        """True for a topic of which everything is known."""
        return self.known.get(arn) is not None

    def passed(self, arn: str) -> bool:
        """True for a topic that was passed over."""
        return arn in self.known and self.known[arn] is None

    def add(self, arn: str, attributes: Attributes, scope: Scope) -> None:
        """Keep what was read of a topic, as far as it will be of use."""
        passed = is_passed_over(attributes.get("Policy"), scope) and not encrypted_with(attributes)
        self.keep(arn, None if passed else {name: attributes[name] for name in _OF_USE if name in attributes})


def is_passed_over(policy: str | None, scope: Scope) -> bool:
    """True for a policy that cannot name Connect, which most do not, and so need not be parsed."""
    asked_for = scope.all_topics or bool(scope.topics)
    return policy is not None and not asked_for and not mentions_connect(policy) and "\\" not in policy


def encrypted_with(attributes: Attributes | None) -> str:
    """The KmsMasterKeyId of a topic whose key is not managed by AWS; empty for any other topic."""
    key = (attributes or {}).get("KmsMasterKeyId", "")
    return "" if is_managed_key(key) else key


_TOPICS = Listing("sns", "list_topics", "Topics")
_TAGGED = Listing(
    "resourcegroupstaggingapi",
    "get_resources",
    "ResourceTagMappingList",
    "PaginationToken",
    "PaginationToken",
)
_AHEAD = 8
"""So many reads a thread are asked for ahead of the one that is waited for."""

Tags = dict[str, tuple[tuple[str, str], ...]]


class Read(NamedTuple):
    """A topic and its attributes, ``None`` if they could not be read."""

    arn: str
    attributes: Attributes | None


def read_topics(
    calls: Calls, arns: Iterable[str], pool: Executor, reads: Reads, scope: Scope
) -> Iterator[Read]:
    """Read the attributes of topics, in their order and each once, some at a time."""

    def read(arn: str) -> Read:
        if reads.knows(arn):
            return Read(arn, reads.known[arn])
        answer = calls.read("sns", "get_topic_attributes", arn, TopicArn=arn)
        if answer is None:
            return Read(arn, None)
        attributes = answer.get("Attributes") or {}
        reads.add(arn, attributes, scope)
        return Read(arn, attributes)

    yield from ahead(pool, read, arns, _AHEAD * calls.threads)


def list_topics(calls: Calls) -> Iterator[str]:
    """Give the ARN of every topic of the unit."""
    listed = calls.listed(_TOPICS, f"the topics of {calls.unit.name}")
    return (one["TopicArn"] for one in listed)


def list_tagged(calls: Calls, wanted: Iterable[str]) -> Tags:
    """Give the topics that have one of the tags, `KEY` or `KEY=VALUE`, each with those that it was found by."""
    found: Tags = {}
    for tag in wanted:
        key, equals, value = tag.partition("=")
        filters = [{"Key": key, "Values": [value]} if equals else {"Key": key}]
        asked: dict[str, Any] = {"TagFilters": filters, "ResourceTypeFilters": ["sns"]}
        for one in calls.listed(_TAGGED, f"the tagged topics of {calls.unit.name}", **asked):
            arn = one["ResourceARN"]
            found[arn] = (*found.get(arn, ()), (key, value))
    return found


def candidate(read: Read, plan: Plan, tags: Tags, streamed: frozenset[str], calls: Calls) -> Topic | None:
    """Make a topic of what was read if it is in scope; what cannot be told of it is noted."""
    arn, attributes = read
    if attributes is None:
        return None
    policy = attributes.get("Policy")
    if arn not in tags and arn not in streamed and is_passed_over(policy, plan.scope):
        return None
    topic = topic_of(arn, attributes, tags.get(arn, ()))
    if isinstance(topic.policy, Unknown):
        calls.skip(Skipped(arn, topic.policy.reason, error=True))
        topic = topic._replace(named=mentions_connect(policy or ""))
    return topic if plan.scope.includes(topic, streamed) else None


def ahead(pool: Executor, work: Callable[[Any], Any], items: Iterable[Any], most: int) -> Iterator[Any]:
    """Work on items in a pool and give what comes of them in their order, with no more under way than ``most``."""
    under_way: deque[Future[Any]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(work, item))
            if len(under_way) >= most:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except RuntimeError as error:
        raise StoppedError from error  # the pool is closed, as the run was interrupted
    finally:
        for left in under_way:
            left.cancel()


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


def with_delivery(
    calls: Calls, topic: Arn, subscriptions: tuple[Subscription, ...]
) -> tuple[Subscription, ...]:
    """Say of confirmed queues whether SNS can deliver to them, up to the first that it can, as one is enough."""
    looked_at: list[Subscription] = []
    for number, one in enumerate(subscriptions):
        if one.protocol == SQS and one.confirmed:
            one = one._replace(undelivered=_undelivered(calls, topic, one.endpoint))  # noqa: PLW2901
            if one.undelivered == "":
                return (*looked_at, one, *subscriptions[number + 1 :])
        looked_at.append(one)
    return tuple(looked_at)


def _undelivered(calls: Calls, topic: Arn, endpoint: str) -> str | Unknown:
    """The reason why SNS cannot deliver to a queue; empty if it can. What should be readable is noted."""
    queue = read_queue(calls, endpoint)
    arn = Arn.parse(endpoint)
    if isinstance(queue, Unknown) and arn is not None and arn.account == calls.unit.account:
        calls.skip(Skipped(endpoint, queue.reason, error=True, help="grant it to the caller"))
    steps = queue_steps(queue, topic)
    broken = next((one.reason for one in steps if one.status == BROKEN), "")
    unknown = next((one.reason for one in steps if one.status == UNKNOWN), "")
    return Unknown(unknown) if unknown and not broken else broken
