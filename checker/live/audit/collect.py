"""Read the topics of one unit and everything that affects them, each once, as inventories."""

from __future__ import annotations

from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, Key
from checker.analysis.key_names import is_managed_key
from checker.analysis.observation import Evidence
from checker.core.arn import Arn, topic_arn
from checker.core.errors import Skipped
from checker.core.unknown import Unknown
from checker.lint.audited import ORGANIZATION, TRAIL, AuditedUnit
from checker.lint.scope import FOLLOWED, KEY_ALLOWS, is_certain, is_granted, shares_key
from checker.live.audit.topics import (
    ReadTopic,
    Subscriptions,
    TopicReads,
    ahead,
    candidate,
    encrypted_with,
    list_tagged,
    list_topics,
    read_topics,
)
from checker.live.audit.unit_context import UnitContext
from checker.live.aws.errors import CallError
from checker.live.aws.facts import topic_of
from checker.live.aws.key_evidence import with_key_evidence
from checker.live.aws.keys import Keys
from checker.live.aws.subscribers import SubscriberReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from checker.analysis.inventory import Topic
    from checker.live.audit.follow_up import FollowUp
    from checker.live.audit.plan import Plan
    from checker.live.audit.topics import Tags
    from checker.live.aws.calls import Calls


_TOGETHER = 16
"""Number of topics to check at once. Each check has a fixed cost."""


class Collector:
    """Reads one unit. ``pool`` runs many short calls, ``slow_pool`` runs slow reads.

    ``followed`` is what to judge again because of earlier findings, also about topics that are out of scope now.
    """

    def __init__(
        self,
        calls: Calls,
        plan: Plan,
        pool: Executor,
        slow_pool: Executor,
        reads: TopicReads = TopicReads(),  # noqa: B008 - frozen
        followed: Mapping[str, FollowUp] = MappingProxyType({}),
    ) -> None:
        self.calls = calls
        self.plan = plan
        self.pool = pool
        self.subscriptions = Subscriptions(calls, pool)
        self.passed_over: set[str] = set()
        """The ARNs of the topics that are out of scope."""
        self.reasons: dict[str, str] = {}
        """Why each topic is in scope."""
        self._context = UnitContext(calls, plan, slow_pool)
        self._evidence = Evidence(plan.observations) if plan.observations else None
        self._reads = reads
        self._followed = followed
        self._listed_keys: dict[str, str | None] = {}
        """The customer managed key of each listed topic, ``None`` if that is not known, empty if it has none."""
        self._skipped_before: set[str] = set()
        self._all_listed = False
        self._certain: list[Topic] = []
        self._keys = Keys(calls)
        self._subscribers = SubscriberReader(calls)
        self._reading: dict[str, Future[Key | None]] = {}
        self._unpaired: list[Topic] = []
        self._plain: list[Topic] = []
        self._encrypted: list[Topic] = []

    def inventories(self) -> Iterator[Inventory]:
        """Yield everything that can be checked as soon as it is read. Contacts come last.

        Reads that fail are recorded in ``calls.skipped``.
        """
        for topic in self._topics():
            self._read_key(topic)
            self._queue_topics([topic])
            if len(self._plain) >= _TOGETHER and self.subscriptions.ready():
                yield self._unencrypted()
        contacts = self._context.contacts()
        self._queue_topics([])
        yield self._unencrypted()
        yield from self._by_key(self._whole(self._encrypted))
        yield Inventory(contacts=contacts)

    def replicas(self) -> dict[str, tuple[str, ...]]:
        """Wait for the other Regions of the unit's instances, by ARN, and return them."""
        return self._context.replicas()

    def audited(self) -> AuditedUnit:
        """Return what was looked at, once all inventories are read."""
        unit, instances = self.calls.unit, self._context.instances()
        left = [arn for arn in self._listed_keys if arn not in self.reasons]
        keys = {self._listed_keys[arn] for arn in left}
        known = None if instances is None else tuple(sorted(str(one.arn) for one in instances))
        return AuditedUnit(
            unit.account,
            unit.region,
            complete=self._all_listed,
            topics=tuple(sorted(arn.rpartition(":")[2] for arn in left)),
            instances=known,
            sources=tuple(self._sources()),
            keys=None if None in keys else tuple(sorted(key for key in keys if key)),
        )

    def _sources(self) -> Iterator[str]:
        """Yield what was read besides resources. Organization policies and events count only if all were read."""
        yield from self.plan.files
        organization = self.plan.organization
        if organization is not None and organization.attached is not None and not organization.unread:
            yield ORGANIZATION
        if self.plan.hours and not any(map(self._concerns_trail, self.calls.skipped)):
            yield TRAIL

    def _concerns_trail(self, skipped: Skipped) -> bool:
        """True if events of CloudTrail were not read, or the whole unit was not, as when credentials expire."""
        return (
            skipped.what == self.calls.unit.name or "cloudtrail" in f"{skipped.what} {skipped.reason}".lower()
        )

    def _queue_topics(self, topics: Iterable[Topic]) -> None:
        """Queue topics for the next check, or until it is known which instances stream to them."""
        waiting, self._unpaired = (self._unpaired, []) if self._context.is_known() else ([], self._unpaired)
        for topic in (*waiting, *topics):
            paired = self._context.pair(topic)
            if paired is None:
                self._unpaired.append(topic)
            else:
                (self._encrypted if topic.name in self._reading else self._plain).append(paired)

    def _read_key(self, topic: Topic) -> None:
        if isinstance(topic.key, str) and isinstance(topic.arn, Arn):
            self._begin_reading(topic.arn, topic.key)

    def _begin_reading(self, topic: Arn, key: str) -> None:
        if str(topic) not in self._reading and not is_managed_key(key):
            self._reading[str(topic)] = self.pool.submit(self._keys.key_of, topic, key)

    def _unencrypted(self) -> Inventory:
        """Return the queued topics that do not depend on a key."""
        topics, self._plain = self._plain, []
        return self._with_subscribers(list(self._whole(topics)))

    def _whole(self, topics: Sequence[Topic]) -> Iterator[Topic]:
        """Add the subscriptions to topics. What is behind them is read concurrently."""
        listed = [(topic, self.subscriptions.of(topic.name)) for topic in topics]
        every = (subscription for _, subscriptions in listed for subscription in subscriptions or ())
        completed = ahead(self.pool, self._subscribers.complete, every, _TOGETHER * self.calls.threads)
        for topic, subscriptions in listed:
            if subscriptions is None:
                yield topic._replace(subscriptions=self.subscriptions.why_unknown(topic))
            else:
                yield topic._replace(subscriptions=tuple(islice(completed, len(subscriptions))))

    def _with_subscribers(self, topics: Sequence[Topic], keys: tuple[Key, ...] = ()) -> Inventory:
        """Return topics with the endpoints behind their subscriptions."""
        listed = (topic.subscriptions for topic in topics)
        subscriptions = (one for of in listed if not isinstance(of, Unknown) for one in of)
        behind = self._subscribers.behind(subscriptions)
        return Inventory(tuple(topics), keys, endpoints=behind.endpoints, queue_keys=behind.keys)

    def _topics(self) -> Iterator[Topic]:
        """Yield the topics in scope. Some can only be decided once it is known which topics contacts stream to.

        Topics with a customer managed key come last, because the key policy may grant access to Connect.
        """
        tags = list_tagged(self.calls, self.plan.scope.tags)
        undecided: list[ReadTopic] = []
        encrypted: list[ReadTopic] = []
        seen: set[str] = set()
        for read in self._read(self._listed(tags)):
            seen.add(read.arn)
            is_read = read.attributes is not None
            self._listed_keys[read.arn] = encrypted_with(read.attributes) if is_read else None
            self.subscriptions.count(read)
            topic = self._in_scope(read, tags, frozenset())
            if topic is not None:
                yield topic
            elif self._reads_key_of(read):
                encrypted.append(read)
            elif read.attributes is not None:
                undecided.append(read)
            if self._context.is_known():
                yield from self._streamed(undecided, tags)
                undecided.clear()
        yield from self._streamed([*undecided, *encrypted], tags)
        streamed = self._context.streamed()
        self.passed_over |= self._skipped_before - streamed
        unlisted = {*self._here(streamed), *self._asked_for(), *self._followed_elsewhere()} - seen
        for read in self._read(sorted(unlisted)):
            topic = self._in_scope(read, tags, streamed) or self._follow(read, tags)
            if topic is not None:
                yield topic

    def _read(self, arns: Iterable[str]) -> Iterator[ReadTopic]:
        return read_topics(self.calls, arns, self.pool, self._reads, self.plan.scope)

    def _listed(self, tags: Tags) -> Iterator[str]:
        """List the topics, except those that an earlier run skipped."""
        try:
            for arn in islice(list_topics(self.calls), self.plan.sample or None):
                if self._reads.was_skipped(arn) and arn not in tags and arn not in self._followed:
                    self._skipped_before.add(arn)
                    self._listed_keys[arn] = ""  # one with a key is kept, see `TopicReads`
                else:
                    yield arn
            self._all_listed = not self.plan.sample
        except CallError as error:
            self.calls.note(error)

    def _streamed(self, reads: Iterable[ReadTopic], tags: Tags) -> Iterator[Topic]:
        """Yield topics in scope only because contacts stream to them or their key allows Connect. Count the rest."""
        streamed = self._context.streamed()
        for read in reads:
            by_key = self._is_shown_by_key(read, streamed)
            connected = streamed | {read.arn} if by_key else streamed
            topic = self._in_scope(read, tags, connected) if read.arn in connected else None
            if topic is not None and by_key:
                self.reasons[read.arn] = KEY_ALLOWS
            topic = topic or self._follow(read, tags)
            if topic is None:
                self.passed_over.add(read.arn)
            else:
                yield topic

    def _reads_key_of(self, read: ReadTopic) -> bool:
        """Start to read the key of a topic. Return False if there is no key whose policy the account can read."""
        arn, key = Arn.parse(read.arn), encrypted_with(read.attributes)
        if arn is None or not key:
            return False
        owner = Arn.parse(key)
        if owner is not None and owner.account != arn.account:
            reason = f"not checked: only account {owner.account} can read whether its key allows Connect"
            self.calls.skip(Skipped(read.arn, reason, help=f"use `--topic-arn {arn}` to check it"))
            return False
        self._begin_reading(arn, key)
        return True

    def _is_shown_by_key(self, read: ReadTopic, streamed: frozenset[str]) -> bool:
        """Return True if the topic's key allows Connect and no other topic explains why. Record it otherwise."""
        key = self._key_of(read.arn)
        if key is None or read.attributes is None or read.arn in streamed:
            return False
        topic = topic_of(read.arn, read.attributes)
        if not is_granted(key, topic):
            return False
        others = [
            other
            for other in self._certain
            if (other_key := self._key_of(other.name)) and other_key.arn == key.arn
        ]
        explained = any(is_granted(key, other) for other in others)
        if explained and read.arn not in self._followed:
            self.calls.skip(shares_key(topic))
        return not explained

    def _key_of(self, topic: str) -> Key | None:
        """Wait for the key of a topic, and return it. None if it is not being read."""
        reading = self._reading.get(topic)
        return reading.result() if reading else None

    def _in_scope(self, read: ReadTopic, tags: Tags, streamed: frozenset[str]) -> Topic | None:
        topic = candidate(read, self.plan, tags, streamed, self.calls)
        reason = self.plan.scope.reason(topic, streamed) if topic is not None else ""
        if topic is None or not reason:
            return None
        self.subscriptions.want(read)
        self.reasons[read.arn] = reason
        self._certain += [topic] * (is_certain(topic) or read.arn in streamed)
        return topic

    def _follow(self, read: ReadTopic, tags: Tags) -> Topic | None:
        """Return a topic that is out of scope if an earlier audit reported it."""
        if read.arn not in self._followed:
            return None
        topic = candidate(read, self.plan, tags, frozenset((read.arn,)), self.calls)
        if topic is not None:
            self.subscriptions.want(read)
            self.reasons[read.arn] = FOLLOWED
        return topic

    def _here(self, streamed: frozenset[str]) -> Iterator[str]:
        """Return the topics of the Region that contacts stream to, including those of other accounts."""
        return (topic for topic in streamed if _is_in(topic, self.calls.unit.region))

    def _asked_for(self) -> Iterator[str]:
        here = self.calls.unit
        for name in self.plan.scope.topics:
            arn = topic_arn(name) if not set(name) & {"*", "?"} else None
            if arn is not None and (arn.account, arn.region) == (here.account, here.region):
                yield name

    def _followed_elsewhere(self) -> Iterator[str]:
        """Yield the topics of other accounts that an earlier audit reported for an instance of this account."""
        here = self.calls.unit
        for name, again in self._followed.items():
            arn = topic_arn(name)
            is_other = arn is not None and arn.account != here.account and arn.region == here.region
            if is_other and here.account in again.accounts:
                yield name

    def _by_key(self, topics: Iterable[Topic]) -> Iterator[Inventory]:
        """Group topics by key, so that every key is checked once."""
        groups: dict[Arn | None, tuple[list[Key], list[Topic]]] = {}
        for topic in topics:
            reading = self._reading.get(topic.name)
            key = reading.result() if reading else None
            arn = key.arn if key and isinstance(key.arn, Arn) else None
            keys, topics_of_key = groups.setdefault(arn, ([], []))
            keys += [key] if key else []
            topics_of_key.append(topic)
        for keys, topics_of_key in groups.values():
            inventory = self._with_subscribers(topics_of_key, tuple(_merged(keys)))
            inventory = inventory._replace(evidence=self._evidence)
            yield with_key_evidence(self.calls, inventory) if self.plan.hours else inventory


def _merged(keys: list[Key]) -> Iterator[Key]:
    """Merge the keys that topics refer to by different names."""
    if keys:
        yield keys[0]._replace(aliases=tuple({alias: None for key in keys for alias in key.aliases}))


def _is_in(topic: str, region: str) -> bool:
    arn = topic_arn(topic)
    return arn is not None and arn.region == region
