"""One unit to inventories: everything that bears on its topics is read, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.inventory import Inventory, Key, is_managed_key
from checker.live.instances import list_instances, tied
from checker.live.keys import Keys
from checker.live.subscriptions import Subscriptions
from checker.live.topics import Read, candidate, list_tagged, list_topics, read_topics
from checker.live.trail import contacts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor, Future

    from checker.inventory import Contact, Instance, Topic
    from checker.live.calls import Calls
    from checker.live.plan import Plan
    from checker.live.topics import Tags

_TOGETHER = 16
"""So many topics are judged at once; there is some work for each time."""


class Around(NamedTuple):
    """What is known of a unit beside its topics."""

    instances: tuple[Instance, ...]
    contacts: tuple[Contact, ...]

    @property
    def streamed(self) -> frozenset[str]:
        """The topics that contacts stream to."""
        return frozenset(text for contact in self.contacts for text, _ in contact.topics)


class Collector:
    """Reads one unit. ``pool`` is for many short calls, ``aside`` for what waits much."""

    def __init__(self, calls: Calls, plan: Plan, pool: Executor, aside: Executor) -> None:
        self.calls = calls
        self.plan = plan
        self.pool = pool
        self.aside = aside
        self.subscriptions = Subscriptions(calls, pool)
        self._keys = Keys(calls)
        self._reading: dict[str, Future[Key | None]] = {}
        self._later: list[Topic] = []
        self.not_judged = 0

    def inventories(self) -> Iterator[Inventory]:
        """Read everything, and give what can be judged as soon as it is there; the contacts come last.

        What cannot be read is noted with the calls.
        """
        around = self.aside.submit(self._around)
        for topics in self._topics(around):
            self._later += topics
            if self.subscriptions.ready():
                yield from self._unencrypted(around.result())
        yield from self._by_key(self._whole(self._later, around.result()))
        yield Inventory(contacts=around.result().contacts)

    def _unencrypted(self, around: Around) -> Iterator[Inventory]:
        """Give the topics that no key is to be waited for."""
        plain = [topic for topic in self._later if topic.name not in self._reading]
        if len(plain) >= _TOGETHER:
            self._later = [topic for topic in self._later if topic.name in self._reading]
            yield Inventory(tuple(self._whole(plain, around)), (), self.plan.known_instances())

    def _whole(self, topics: Iterable[Topic], around: Around) -> Iterator[Topic]:
        """Give topics their subscriptions and instances."""
        for topic in topics:
            listed = self.subscriptions.of(topic.name)
            known = topic if listed is None else topic._replace(subscriptions=listed)
            yield self._tied(known, around)

    def _tied(self, topic: Topic, around: Around) -> Topic:
        """Tie a topic to the instances that were given for it, else to those that are seen to stream to it."""
        given = self.plan.streaming_to(topic.name)
        if given or self.plan.instances:
            return topic._replace(instances=given)
        return tied(topic, *around)

    def _around(self) -> Around:
        """List instances and streams; where there are no instances nothing streams."""
        instances = list_instances(self.calls)
        contacts = contacts_of(self.calls, self.plan.hours) if instances != () else ()
        return Around(instances or (), contacts)

    def _topics(self, around: Future[Around]) -> Iterator[list[Topic]]:
        """Read the topics and give those in scope, which is not known before the streams are."""
        tags = list_tagged(self.calls, self.plan.scope.tags)
        waiting: list[Read] = []
        seen: set[str] = set()
        for read in read_topics(self.calls, list_topics(self.calls), self.pool):
            seen.add(read.arn)
            self.subscriptions.count(read)
            waiting.append(read)
            if around.done():
                yield list(self._in_scope(waiting, around.result(), tags))
                waiting.clear()
        waiting += read_topics(self.calls, sorted(self._unlisted(around.result(), seen)), self.pool)
        yield list(self._in_scope(waiting, around.result(), tags))

    def _unlisted(self, around: Around, seen: set[str]) -> set[str]:
        """The topics that were asked for or are streamed to, and were not listed: those of other accounts, too."""
        streamed = {one for one in around.streamed if _is_in(one, self.calls.unit.region)}
        return {*streamed, *self._asked_for()} - seen

    def _asked_for(self) -> Iterator[str]:
        here = self.calls.unit
        for name in self.plan.scope.topics:
            arn = Arn.parse(name)
            whole = arn is not None and arn.is_topic and not set(name) & {"*", "?"}
            if arn and whole and (arn.account, arn.region) == (here.account, here.region):
                yield name

    def _in_scope(self, reads: Iterable[Read], around: Around, tags: Tags) -> Iterator[Topic]:
        for read in reads:
            topic = candidate(read, self.plan, tags, around.streamed, self.calls)
            if topic is None:
                self.not_judged += read.attributes is not None
                continue
            self.subscriptions.want(read)
            self._read_key(topic)
            yield topic

    def _read_key(self, topic: Topic) -> None:
        if isinstance(topic.key, str) and isinstance(topic.arn, Arn) and not is_managed_key(topic.key):
            self._reading[topic.name] = self.pool.submit(self._keys.key_of, topic.arn, topic.key)

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
            yield Inventory(tuple(some), tuple(_merged(keys)), self.plan.known_instances())


def _merged(keys: list[Key]) -> Iterator[Key]:
    """Make one key of what topics call by several names."""
    if keys:
        yield keys[0]._replace(aliases=tuple({alias: None for key in keys for alias in key.aliases}))


def _is_in(topic: str, region: str) -> bool:
    arn = Arn.parse(topic)
    return arn is not None and arn.is_topic and arn.region == region
