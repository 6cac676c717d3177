"""One unit to inventories: everything that bears on its topics is read, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance, Inventory, Key, is_managed_key
from checker.analysis.pairing import named_by
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.lint.scope import is_certain, is_granted, shares_key
from checker.live.audit.instances import (
    contacts_of,
    list_instances,
    names_none_of,
    seen_to_stream,
    tied,
    tied_whatever_streams,
)
from checker.live.audit.topics import (
    Read,
    Reads,
    Subscriptions,
    candidate,
    encrypted_with,
    list_tagged,
    list_topics,
    read_topics,
    with_delivery,
)
from checker.live.aws.facts import topic_of
from checker.live.aws.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor, Future

    from checker.analysis.inventory import Contact, Pairing, Topic
    from checker.analysis.pairing import Named
    from checker.live.audit.plan import Plan
    from checker.live.audit.topics import Tags
    from checker.live.aws.calls import Calls


class Around:
    """Reads instances and contacts in threads that wait much; CloudTrail answers two calls a second."""

    def __init__(self, calls: Calls, plan: Plan, aside: Executor) -> None:
        self._plan = plan
        self._instances = aside.submit(list_instances, calls)
        self._contacts = aside.submit(self._read_contacts, calls)

    def _read_contacts(self, calls: Calls) -> tuple[Contact, ...]:
        """Where there are no instances nothing streams."""
        return contacts_of(calls, self._plan.hours) if self._instances.result() != () else ()

    def is_known(self) -> bool:
        """True once all is read."""
        return self._contacts.done()

    def contacts(self) -> tuple[Contact, ...]:
        """The contacts that stream; waits for them."""
        return self._contacts.result()

    def streamed(self) -> frozenset[str]:
        """The topics that contacts stream to; waits for them."""
        return frozenset(text for contact in self.contacts() for text, _ in contact.topics)

    def tied(self, topic: Topic) -> Topic | None:
        """Pair a topic with the instances that were given for it, and those that are seen to stream to it.

        ``None`` as long as that hangs on what is not read yet.
        """
        if not self._instances.done():
            return None
        named, listed = named_by(topic), self._instances.result()
        given = self._plan.stated_for(topic, named) or self._given_instead(topic, named, listed)
        if given:
            return self._with_streaming(topic, given, listed)
        if self.is_known():
            return tied(topic, self._there(), self.contacts(), complete=listed is not None)
        # where the instances could not be listed, those that CloudTrail shows stand for them
        return None if listed is None else tied_whatever_streams(topic, listed)

    def _given_instead(
        self, topic: Topic, named: Named, listed: Sequence[Instance] | None
    ) -> tuple[Pairing, ...]:
        """The instances that were given, for a topic whose policy names only instances that do not exist."""
        fitting = self._plan.fitting(topic, named)
        return fitting if fitting and listed is not None and names_none_of(listed, topic, named) else ()

    def _with_streaming(
        self, topic: Topic, given: tuple[Pairing, ...], listed: Sequence[Instance] | None
    ) -> Topic | None:
        """Add what CloudTrail shows: naming one instance does not stop another that streams."""
        stated = {one.instance for one in given}
        if listed is not None and {one.arn for one in listed} <= stated:
            return topic._replace(pairings=given)
        if not self.is_known():
            return None
        streaming = seen_to_stream(topic, self._there(), self.contacts())
        others = (one for one in streaming if one.instance not in stated)
        return topic._replace(pairings=(*given, *others))

    def _there(self) -> tuple[Instance, ...]:
        """The instances of the unit; those that CloudTrail shows where they could not be listed."""
        listed = self._instances.result()
        if listed is not None:
            return listed
        shown = dict.fromkeys(one.instance for one in self.contacts() if one.instance is not None)
        return tuple(map(Instance, shown))


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
