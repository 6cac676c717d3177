"""List and read all topics of one unit once, and keep those in scope."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from checker.analysis.inventory import Subscription, Topic
from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.live.aws.calls import BY_TOPIC, Calls, Listing
from checker.live.aws.errors import StoppedError
from checker.live.aws.facts import counted, subscription_of, topic_of
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


class TopicReads(NamedTuple):
    """Topic attributes that an earlier run read, by ARN, and a function that records those of this run.

    ``None`` marks a topic that is in scope only if its tags match or a contact streams to it. A topic with a customer
    managed key is kept, because the key may bring it into scope.
    """

    known: Mapping[str, Attributes | None] = {}
    keep: Callable[[str, Attributes | None], None] = lambda *_: None

    def knows(self, arn: str) -> bool:
        """Return True if the attributes of a topic are known."""
        return self.known.get(arn) is not None

    def was_skipped(self, arn: str) -> bool:
        """Return True if an earlier run skipped the topic."""
        return arn in self.known and self.known[arn] is None

    def add(self, arn: str, attributes: Attributes, scope: Scope) -> None:
        """Record the useful attributes of a topic."""
        skippable = is_skippable(attributes.get("Policy"), scope) and not encrypted_with(attributes)
        self.keep(
            arn, None if skippable else {name: attributes[name] for name in _OF_USE if name in attributes}
        )


def is_skippable(policy: str | None, scope: Scope) -> bool:
    """Return True for a policy that cannot name Connect and need not be read. Most policies cannot.

    If a text is not JSON, nothing is known of the topic.
    """
    asked_for = scope.all_topics or bool(scope.topics or scope.expected)
    if policy is None or asked_for or mentions_connect(policy) or "\\" in policy:
        return False
    try:
        json.loads(policy)
    except (ValueError, RecursionError):
        return False
    return True


def encrypted_with(attributes: Attributes | None) -> str:
    """Return a topic's KmsMasterKeyId. Empty if the key is managed by AWS or the topic has none."""
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
"""Number of reads per thread to start in advance."""

Tags = dict[str, tuple[tuple[str, str], ...]]


class ReadTopic(NamedTuple):
    """A topic and its attributes. ``None`` if they could not be read."""

    arn: str
    attributes: Attributes | None


def read_topics(
    calls: Calls, arns: Iterable[str], pool: Executor, reads: TopicReads, scope: Scope
) -> Iterator[ReadTopic]:
    """Read the attributes of topics concurrently, each once, and yield them in order."""

    def read(arn: str) -> ReadTopic:
        if reads.knows(arn):
            return ReadTopic(arn, reads.known[arn])
        answer = calls.read("sns", "get_topic_attributes", arn, TopicArn=arn)
        if answer is None:
            return ReadTopic(arn, None)
        attributes = answer.get("Attributes") or {}
        reads.add(arn, attributes, scope)
        return ReadTopic(arn, attributes)

    yield from ahead(pool, read, arns, _AHEAD * calls.threads)


def list_topics(calls: Calls) -> Iterator[str]:
    """Yield the ARN of every topic of the unit. Raises CallError if they cannot be listed to the end."""
    pages = calls.pages(_TOPICS, f"the topics of {calls.unit.name}")
    return (topic["TopicArn"] for page in pages for topic in page)


def list_tagged(calls: Calls, selectors: Iterable[str]) -> Tags:
    """Return the topics that have one of the tags, `KEY` or `KEY=VALUE`, with the tags that matched."""
    tags: Tags = {}
    for selector in selectors:
        key, equals, value = selector.partition("=")
        filters = [{"Key": key, "Values": [value]} if equals else {"Key": key}]
        parameters: dict[str, Any] = {"TagFilters": filters, "ResourceTypeFilters": ["sns"]}
        for resource in calls.listed(_TAGGED, f"the tagged topics of {calls.unit.name}", **parameters):
            arn = resource["ResourceARN"]
            tags[arn] = (*tags.get(arn, ()), (key, value))
    return tags


def candidate(
    read: ReadTopic, plan: Plan, tags: Tags, streamed: frozenset[str], calls: Calls
) -> Topic | None:
    """Return the topic, unless its policy shows at once that it is out of scope. Record an invalid policy."""
    arn, attributes = read
    if attributes is None:
        return None
    policy = attributes.get("Policy")
    if arn not in tags and arn not in streamed and is_skippable(policy, plan.scope):
        return None
    topic = topic_of(arn, attributes, tags.get(arn, ()))
    if isinstance(topic.policy, Unknown):
        calls.skip(Skipped(arn, topic.policy.reason, error=True))
        topic = topic._replace(named=mentions_connect(policy or ""))
    return topic


def ahead(pool: Executor, work: Callable[[Any], Any], items: Iterable[Any], most: int) -> Iterator[Any]:
    """Run work items in a pool with at most ``most`` in progress, and yield the results in order."""
    pending: deque[Future[Any]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) >= most:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except RuntimeError as error:
        raise StoppedError from error  # the pool is closed because the run was interrupted
    finally:
        for future in pending:
            future.cancel()


_ALL = Listing("sns", "list_subscriptions", "Subscriptions")
_PAGE = 100
"""https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""

Listed = dict[str, tuple[Subscription, ...]]


class Subscriptions:
    """Lists subscriptions by topic or all at once, whichever needs fewer pages according to the topics' counts.

    The first page of all subscriptions is requested as soon as any topic is in scope. In most accounts it is the only
    page, so topics can be checked while others are still being read.
    """

    def __init__(self, calls: Calls, pool: Executor) -> None:
        self._calls = calls
        self._pool = pool
        self._everything = 0
        self._counts: dict[str, int] = {}
        self._first: Future[_Page | None] | None = None
        self._listed: Listed | None = None
        self._whole = False

    def count(self, read: ReadTopic) -> None:
        """Add the subscription count of a topic of the account."""
        self._everything += counted(read.attributes or {})

    def want(self, read: ReadTopic) -> None:
        """Record a topic in scope. Its count may be outdated, so a count of zero does not mean that it has none."""
        self._counts[read.arn] = counted(read.attributes or {})
        self._first = self._first or self._pool.submit(self._page)

    def ready(self) -> bool:
        """Return True once the first page is read and is the only one."""
        if self._first is None or not self._first.done():
            return False
        page = self._first.result()
        return page is not None and not page.following

    def of(self, topic: str) -> tuple[Subscription, ...] | None:
        """Return the subscriptions of a topic in scope. None if they could not be listed. Lists only once.

        An account lists only its own subscriptions, which are not all of a topic in another account.
        """
        if not self._is_own(topic):
            return None
        if self._listed is None:
            self._listed = self._list()
        subscriptions = self._listed.get(topic)
        return () if subscriptions is None and self._whole else subscriptions

    def _is_own(self, topic: str) -> bool:
        arn = Arn.parse(topic)
        return arn is None or arn.account == self._calls.unit.account

    def why_unknown(self, topic: Topic) -> Unknown:
        """Return why the subscriptions of a topic are not known."""
        if self._is_own(topic.name):
            return Unknown("the subscriptions could not be listed")
        return Unknown("only the account of the topic can list its subscriptions")

    def _list(self) -> Listed:
        page = self._first.result() if self._first else None
        if page is None:
            return {}
        topics = list(self._counts)
        if page.following and sum(map(_pages, self._counts.values())) < _pages(self._everything):
            by_topic = zip(topics, self._pool.map(self._of, topics), strict=True)
            return {arn: subscriptions for arn, subscriptions in by_topic if subscriptions is not None}
        others = self._calls.all(_ALL, self._what, NextToken=page.following) if page.following else []
        self._whole = others is not None
        return _by_topic([*page.entries, *(others or ())]) if self._whole else {}

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
    """The first page, and the token for the next one if there is one."""

    entries: list[dict[str, Any]]
    following: str | None


def _by_topic(entries: list[dict[str, Any]]) -> Listed:
    by_topic: dict[str, list[Subscription]] = defaultdict(list)
    for entry in entries:
        by_topic[str(entry.get("TopicArn"))].append(subscription_of(entry))
    return {arn: tuple(subscriptions) for arn, subscriptions in by_topic.items()}


def _pages(count: int) -> int:
    return max(1, -(-count // _PAGE))
