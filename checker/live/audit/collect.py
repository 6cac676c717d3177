"""One unit to inventories: everything that bears on its topics is read, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.inventory import Inventory, Key, Skipped, is_managed_key
from checker.live.audit.around import Around
from checker.live.audit.queues import with_delivery
from checker.live.audit.reads import Reads, encrypted_with
from checker.live.audit.subscriptions import Subscriptions
from checker.live.audit.topics import Read, candidate, list_tagged, list_topics, read_topics
from checker.live.facts import topic_of
from checker.live.keys import Keys
from checker.relevance import is_certain, is_granted, shares_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor, Future

    from checker.inventory import Topic
    from checker.live.audit.plan import Plan
    from checker.live.audit.topics import Tags
    from checker.live.calls import Calls

_TOGETHER = 16
"""So many topics are judged at once; there is some work for each time."""


class Collector:
    """Reads one unit. ``pool`` is for many short calls, ``aside`` for what waits much."""

    def __init__(
        self,
        calls: Calls,
        plan: Plan,
        pool: Executor,
        aside: Executor,
        reads: Reads = Reads(),  # noqa: B008 - frozen
    ) -> None:
        self.calls = calls
        self.plan = plan
        self.pool = pool
        self.subscriptions = Subscriptions(calls, pool)
        self.not_judged = 0
        self._around = Around(calls, plan, aside)
        self._reads = reads
        self._passed: set[str] = set()
        self._certain: list[Topic] = []
        self._keys = Keys(calls)
        self._reading: dict[str, Future[Key | None]] = {}
        self._untied: list[Topic] = []
        self._plain: list[Topic] = []
        self._encrypted: list[Topic] = []

    def inventories(self) -> Iterator[Inventory]:
        """Read everything, and give what can be judged as soon as it is there; the contacts come last.

        What cannot be read is noted with the calls.
        """
        for topic in self._topics():
            self._read_key(topic)
            self._tie([topic])
            if len(self._plain) >= _TOGETHER and self.subscriptions.ready():
                yield self._unencrypted()
        contacts = self._around.contacts()
        self._tie([])
        yield self._unencrypted()
        yield from self._by_key(self._whole(self._encrypted))
        yield Inventory(contacts=contacts)

    def _tie(self, topics: Iterable[Topic]) -> None:
        """Put topics where they wait for others like them, or until it is known what streams to them."""
        waiting, self._untied = (self._untied, []) if self._around.is_known() else ([], self._untied)
        for topic in (*waiting, *topics):
            tied = self._around.tied(topic)
            if tied is None:
                self._untied.append(topic)
            else:
                (self._encrypted if topic.name in self._reading else self._plain).append(tied)

    def _read_key(self, topic: Topic) -> None:
        if isinstance(topic.key, str) and isinstance(topic.arn, Arn):
            self._begin_reading(topic.arn, topic.key)

    def _begin_reading(self, topic: Arn, key: str) -> None:
        if str(topic) not in self._reading and not is_managed_key(key):
            self._reading[str(topic)] = self.pool.submit(self._keys.key_of, topic, key)

    def _unencrypted(self) -> Inventory:
        """Give the topics that no key is to be waited for."""
        topics, self._plain = self._plain, []
        return Inventory(tuple(self._whole(topics)))

    def _whole(self, topics: Iterable[Topic]) -> Iterator[Topic]:
        """Give topics their subscriptions."""
        for topic in topics:
            listed = self.subscriptions.of(topic.name)
            if listed is not None and isinstance(topic.arn, Arn):
                listed = with_delivery(self.calls, topic.arn, listed)
            yield topic if listed is None else topic._replace(subscriptions=listed)

    def _topics(self) -> Iterator[Topic]:
        """Read the topics and give those in scope; of some it has to be known first what streams to them.

        Those that are encrypted with a key of the account's own come last: the key may grant Connect something.
        """
        tags = list_tagged(self.calls, self.plan.scope.tags)
        others: list[Read] = []
        encrypted: list[Read] = []
        seen: set[str] = set()
        for read in self._read(self._listed(tags)):
            seen.add(read.arn)
            self.subscriptions.count(read)
            topic = self._in_scope(read, tags, frozenset())
            if topic is not None:
                yield topic
            elif self._reads_key_of(read):
                encrypted.append(read)
            elif read.attributes is not None:
                others.append(read)
            if self._around.is_known():
                yield from self._streamed(others, tags)
                others.clear()
        yield from self._streamed([*others, *encrypted], tags)
        streamed = self._around.streamed()
        self.not_judged += len(self._passed - streamed)
        unlisted = {*self._here(streamed), *self._asked_for()} - seen
        for read in self._read(sorted(unlisted)):
            topic = self._in_scope(read, tags, streamed)
            if topic is not None:
                yield topic

    def _read(self, arns: Iterable[str]) -> Iterator[Read]:
        return read_topics(self.calls, arns, self.pool, self._reads, self.plan.scope)

    def _listed(self, tags: Tags) -> Iterator[str]:
        """List the topics, but for those that an earlier run has passed over."""
        for arn in list_topics(self.calls):
            if self._reads.passed(arn) and arn not in tags:
                self._passed.add(arn)
            else:
                yield arn

    def _streamed(self, reads: Iterable[Read], tags: Tags) -> Iterator[Topic]:
        """Give those in scope only because something streams to them or their key lets it; count the others."""
        streamed = self._around.streamed()
        for read in reads:
            connected = streamed | {read.arn} if self._is_shown_by_key(read, streamed) else streamed
            topic = self._in_scope(read, tags, connected) if read.arn in connected else None
            self.not_judged += topic is None
            if topic is not None:
                yield topic

    def _reads_key_of(self, read: Read) -> bool:
        """Begin to read the key of a topic; false without one whose policy the account can read."""
        arn, key = Arn.parse(read.arn), encrypted_with(read.attributes)
        if arn is None or not key:
            return False
        owner = Arn.parse(key)
        if owner is not None and owner.account != arn.account:
            reason = f"not judged: only account {owner.account} can read whether its key lets Connect in"
            self.calls.skip(Skipped(read.arn, reason, help=f"`--topic-arn {arn}` judges it"))
            return False
        self._begin_reading(arn, key)
        return True

    def _is_shown_by_key(self, read: Read, streamed: frozenset[str]) -> bool:
        """True for a topic whose key grants Connect something, which no other topic explains; else it is noted."""
        key = self._key_of(read.arn)
        if key is None or read.attributes is None or read.arn in streamed:
            return False
        topic = topic_of(read.arn, read.attributes)
        if not is_granted(key, topic):
            return False
        others = [one for one in self._certain if (used := self._key_of(one.name)) and used.arn == key.arn]
        if explained := any(is_granted(key, one) for one in others):
            self.calls.skip(shares_key(topic))
        return not explained

    def _key_of(self, topic: str) -> Key | None:
        """The key of a topic, if it is being read; waits for it."""
        reading = self._reading.get(topic)
        return reading.result() if reading else None

    def _in_scope(self, read: Read, tags: Tags, streamed: frozenset[str]) -> Topic | None:
        topic = candidate(read, self.plan, tags, streamed, self.calls)
        if topic is not None:
            self.subscriptions.want(read)
            self._certain += [topic] * (is_certain(topic) or read.arn in streamed)
        return topic

    def _here(self, streamed: frozenset[str]) -> Iterator[str]:
        """The topics of the Region that are streamed to: those of other accounts, too."""
        return (one for one in streamed if _is_in(one, self.calls.unit.region))

    def _asked_for(self) -> Iterator[str]:
        here = self.calls.unit
        for name in self.plan.scope.topics:
            arn = Arn.parse(name)
            whole = arn is not None and arn.is_topic and not set(name) & {"*", "?"}
            if arn and whole and (arn.account, arn.region) == (here.account, here.region):
                yield name

    def _by_key(self, topics: Iterable[Topic]) -> Iterator[Inventory]:
        """Put the topics of each key together, so that every key is judged once."""
        groups: dict[Arn | None, tuple[list[Key], list[Topic]]] = {}
        for topic in topics:
            later = self._reading.get(topic.name)
            key = later.result() if later else None
            arn = key.arn if key and isinstance(key.arn, Arn) else None
            keys, some = groups.setdefault(arn, ([], []))
            keys += [key] if key else []
            some.append(topic)
        for keys, some in groups.values():
            yield Inventory(tuple(some), tuple(_merged(keys)))


def _merged(keys: list[Key]) -> Iterator[Key]:
    """Make one key of what topics call by several names."""
    if keys:
        yield keys[0]._replace(aliases=tuple({alias: None for key in keys for alias in key.aliases}))


def _is_in(topic: str, region: str) -> bool:
    arn = Arn.parse(topic)
    return arn is not None and arn.is_topic and arn.region == region
