"""Which Connect instance streams to which topic: statements with a source, from the strongest to the weakest.

1. explicit: a manifest's entry, `instances` of the configuration, `--instance-arn`;
2. CloudTrail shows it;
3. the topic's policy names the instance;
4. the instance is declared in the topic's own Terraform root or plan;
5. loose output of the AWS CLI lies in the topic's folder, else in the nearest folder above.

An inferred pairing (2 to 5) stays within the Region and partition of the topic, 4 and 5 within its account too,
and an instance that may belong to one topic or another is paired with neither.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Inventory, Pairing, PolicyText, Source, Topic
from checker.core.arn import Arn, is_account
from checker.core.unknown import Unknown
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, instance_named
from checker.policy.model import Condition
from checker.policy.placeholder import masked
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.analysis.inventory import Instance, Key, Topic
    from checker.policy.model import Statement


class Named(NamedTuple):
    """The instances that any condition names, and the accounts that the statements for Connect name."""

    instances: tuple[Arn, ...] = ()
    accounts: tuple[str, ...] = ()


def named_by(topic: Topic) -> Named:
    """Read them from the topic's policy; a wildcard in place of the Region is read as the topic's."""
    if not isinstance(topic.policy, PolicyText):
        return Named()
    region = topic.arn.region if isinstance(topic.arn, Arn) else None
    statements = masked(topic.policy.policy).known_statements()
    found = (instance_named(value, region) for value in condition_values(statements, SOURCE_ARN))
    instances = tuple(dict.fromkeys(arn for arn in found if arn is not None))
    ours = [one for one in statements if one.names_service(CONNECT)]
    return Named(instances, tuple(dict.fromkeys(_accounts(ours))))


def _accounts(statements: Iterable[Statement]) -> Iterator[str]:
    statements = tuple(statements)
    arns = map(Arn.parse, condition_values(statements, SOURCE_ARN))
    named = (arn.account for arn in arns if arn is not None and arn.service == "connect")
    yield from filter(is_account, (*condition_values(statements, SOURCE_ACCOUNT), *named))


def condition_values(statements: Iterable[Statement], key: str) -> Iterator[str]:
    """The values that statements compare a key with."""
    for statement in statements:
        for condition in statement.conditions:
            if isinstance(condition, Condition) and condition.folded_key == key:
                yield from (value for value in condition.values if isinstance(value, str))


STATED = (Source.OPTION, Source.CONFIGURATION, Source.MANIFEST)
_NEAR = (Source.ROOT, Source.FOLDER)


def pair(
    inventory: Inventory,
    stated: Callable[[Topic], tuple[Instance, ...]] = lambda _: (),
    *,
    of_change: bool = False,
) -> Inventory:
    """Give every topic its pairings; those that have them keep them.

    ``stated`` gives the instances that the configuration lists for the paths of a topic. ``of_change``: the
    run sees some topics of a repository only, so that an option that fits none of them is about others.
    """
    if all(topic.pairings is not None for topic in inventory.topics):
        return inventory
    return inventory._replace(topics=tuple(_Pairs(inventory, stated, of_change=of_change).paired()))


def pairings_of(topic: Topic, inventory: Inventory) -> tuple[Pairing, ...]:
    """The pairings of one topic of an inventory."""
    if topic.pairings is not None:
        return topic.pairings
    topics = inventory.topics if any(one is topic for one in inventory.topics) else (topic,)
    paired = pair(inventory._replace(topics=topics)).topics
    return next(two.pairings or () for one, two in zip(topics, paired, strict=True) if one is topic)


def pairings_of_key(key: Key, inventory: Inventory) -> tuple[Pairing, ...]:
    """The instances that the user names for a key that no topic is known to use."""
    return tuple(
        _pairing(one, explicit=True)
        for one in inventory.instances
        if one.source in STATED and (isinstance(key.arn, Unknown) or is_near(one.arn, key.arn))
    )


def _is_replica(one: Arn, other: Arn) -> bool:
    """True for instances in two Regions that share their ID: streams go to topics of a replica's own Region.

    https://docs.aws.amazon.com/connect/latest/adminguide/setup-connect-global-resiliency.html
    """
    return one != other and one == other._replace(region=one.region)


def fits(instance: Arn, topic: Topic, named: Named) -> bool:
    """True if an instance may stream to a topic by where both are, or because the topic's policy names it."""
    if instance in named.instances or isinstance(topic.arn, Unknown):
        return True
    ours = instance.account in (topic.arn.account, *named.accounts)
    return ours and is_near(instance, topic.arn)


def is_of_another(instance: Arn, named: Named) -> bool:
    """True if a policy names instances or accounts for Connect, and this instance is none of them."""
    if named.instances:
        return instance not in named.instances
    return bool(named.accounts) and instance.account not in named.accounts


class _Entry(NamedTuple):
    """A topic at work: ``paired`` are its pairings by instance, ``taken`` if the user listed them for it alone."""

    topic: Topic
    named: Named
    paired: dict[Arn, Pairing]

    @property
    def taken(self) -> bool:
        return any(one.source in STATED for one in self.paired.values())

    @property
    def speaks(self) -> bool:
        """True if the topic is about Connect: somebody named it, or its policy names Connect."""
        policy = self.topic.policy
        return self.topic.named or (isinstance(policy, PolicyText) and policy.names_connect)

    def may_be_elsewhere(self, instance: Arn) -> bool:
        """True while neither the topic's ARN nor its policy says that the instance can be its own."""
        return isinstance(self.topic.arn, Unknown) and instance not in self.named.instances

    def add(self, instance: Instance, *, explicit: bool = False) -> None:
        self.paired.setdefault(instance.arn, _pairing(instance, explicit=explicit))


class _Pairs:
    """Works out the pairings of all topics of a run, one source after the other."""

    def __init__(
        self, inventory: Inventory, stated: Callable[[Topic], tuple[Instance, ...]], *, of_change: bool
    ) -> None:
        self.inventory = inventory
        self.stated = stated
        self.of_change = of_change
        self.entries = [_Entry(one, named_by(one), {}) for one in inventory.topics]
        self.streams = _streams(inventory)
        self.near = _by_home(inventory.instances)

    def paired(self) -> Iterator[Topic]:
        """Give the topics with their pairings."""
        self._entries_of_manifests()
        self._paths_of_configuration()
        self._manifests()
        self._whole_run()
        for entry in self.entries:
            self._infer(entry)
        for entry in self.entries:
            known = entry.topic.pairings
            yield entry.topic._replace(pairings=tuple(entry.paired.values()) if known is None else known)

    def _entries_of_manifests(self) -> None:
        for entry in self.entries:
            for instance in entry.topic.instances:
                entry.add(instance, explicit=True)

    def _paths_of_configuration(self) -> None:
        lists = [(entry, self.stated(entry.topic)) for entry in self.entries if not entry.taken]
        for instance in dict.fromkeys(one for _, listed in lists for one in listed):
            self._state(instance, [entry for entry, listed in lists if instance in listed])

    def _manifests(self) -> None:
        """Pair the instances of a manifest with its topics and those of its contacts, else with all of its folder."""
        taken = {id(entry) for entry in self.entries if entry.taken}
        for instance in self._of(Source.MANIFEST):
            folder = str(PurePath(instance.home).parent)
            streamed = self._streamed_in(instance)
            own = [
                one
                for one in self.entries
                if one.topic.home == instance.home or str(one.topic.arn) in streamed
            ]
            domain = own or [one for one in self.entries if folder in _upwards(one.topic.home)]
            free = [one for one in domain if id(one) not in taken]
            listed = [one for one in free if own and fits(instance.arn, one.topic, one.named)]
            for entry in listed:  # whatever their policies say: a manifest speaks of each topic that it lists
                entry.add(instance, explicit=True)
            if not listed:
                self._state(instance, free)

    def _streamed_in(self, instance: Instance) -> frozenset[str]:
        """The topics that the contacts of an instance's manifest stream to."""
        name = instance.place.document.name if instance.place is not None else ""
        contacts = (one for one in self.inventory.contacts if one.place.document.name == name)
        return frozenset(text for contact in contacts for text, _ in contact.topics)

    def _whole_run(self) -> None:
        """Pair what is said of the whole run: first where it fits, then an option that fits nowhere."""
        free = [entry for entry in self.entries if not entry.taken]
        stated = [*self._of(Source.OPTION), *self._of(Source.CONFIGURATION)]
        homeless = [one for one in stated if not self._settle(one, free)]
        left = [entry for entry in free if not entry.taken]
        for instance in homeless:
            if instance.source is Source.OPTION and not self.of_change:
                self._settle_anywhere(instance, left)

    def _of(self, source: Source) -> list[Instance]:
        return [one for one in self.inventory.instances if one.source is source]

    def _state(self, instance: Instance, domain: Sequence[_Entry]) -> None:
        if not self._settle(instance, domain):
            self._settle_anywhere(instance, domain)

    def _settle(self, instance: Instance, domain: Iterable[_Entry]) -> bool:
        """Pair an instance with the topics that it fits, less those whose policies or folders are for others.

        If that leaves no topic about Connect, the policies are wrong rather than the user.
        """
        fitting = [one for one in domain if fits(instance.arn, one.topic, one.named)]
        own = [one for one in fitting if not self._is_of_another(instance, one)]
        chosen = own if any(one.speaks for one in own) else fitting
        unsure = {one.topic.home for one in chosen if one.may_be_elsewhere(instance.arn)}
        for entry in chosen:
            entry.add(instance, explicit=len(unsure) < 2 or entry.topic.home not in unsure)
        return bool(chosen)

    def _is_of_another(self, instance: Instance, entry: _Entry) -> bool:
        """True for a topic whose policy or folder names other instances."""
        near = [one.arn for one in self._nearest(entry) if fits(one.arn, entry.topic, entry.named)]
        named = instance.arn in entry.named.instances
        return is_of_another(instance.arn, entry.named) or (
            bool(near) and not named and instance.arn not in near
        )

    def _settle_anywhere(self, instance: Instance, domain: Sequence[_Entry]) -> None:
        """Pair an instance that fits no topic with those of its Region, else with all; fixes need more certainty."""
        near = [one for one in domain if isinstance(arn := one.topic.arn, Arn) and is_near(instance.arn, arn)]
        for entry in near or domain:
            entry.add(instance, explicit=len(domain) == 1)

    def _infer(self, entry: _Entry) -> None:
        topic = entry.topic
        for arn in self.streams.get(str(topic.arn), ()):
            if isinstance(topic.arn, Arn) and is_near(arn, topic.arn):
                entry.paired.setdefault(arn, Pairing(arn, Source.CLOUDTRAIL))
        if not any(one.source in STATED for one in entry.paired.values()):
            for instance in self._nearby(entry):
                entry.add(instance)
        for arn in entry.named.instances:
            if isinstance(topic.arn, Unknown) or is_near(arn, topic.arn):
                where = topic.policy.document.name if isinstance(topic.policy, PolicyText) else ""
                entry.paired.setdefault(arn, Pairing(arn, Source.POLICY, where))

    def _nearby(self, entry: _Entry) -> Iterable[Instance]:
        """The instances of the topic's root or folder: those that its policy names, or their replicas, else the only one."""
        topic = entry.topic
        found = [one for one in self._nearest(entry) if fits(one.arn, topic, entry.named)]
        here = [one for one in found if isinstance(topic.arn, Arn) and is_near(one.arn, topic.arn)]
        named = [
            next((other for other in here if _is_replica(other.arn, one.arn)), one)
            for one in found
            if one.arn in entry.named.instances
        ]
        if named or len({one.arn for one in found}) != 1:
            return named
        if not is_of_another(found[0].arn, entry.named):
            return found
        others = (one for one in self.entries if one is not entry and one.speaks)
        alone = not any(found[0] in self._nearest(one) for one in others)
        return found if alone else ()

    def _nearest(self, entry: _Entry) -> tuple[Instance, ...]:
        """What is declared in the topic's own root, and the loose instances of the nearest folder."""
        home = entry.topic.home
        declared = tuple(one for one in self.near.get(home, ()) if one.source is Source.ROOT)
        loose = (
            tuple(one for one in self.near.get(folder, ()) if one.source is Source.FOLDER)
            for folder in _upwards(home)
        )
        return declared + next(filter(None, loose), ())


_WHY = {
    Source.OPTION: "by --instance-arn",
    Source.CONFIGURATION: "by the configuration",
    Source.MANIFEST: "by {}",
    Source.CLOUDTRAIL: "from CloudTrail",
    Source.POLICY: "from the topic policy",
    Source.ROOT: "from its declaration beside the topic, in {}",
    Source.FOLDER: "from {}",
    Source.ACCOUNT: "as the only instance of the account in this Region",
}


def why(pairing: Pairing) -> str:
    """Say what a pairing rests on, as the end of a sentence about the instance."""
    if pairing.source is Source.ACCOUNT and pairing.where:
        return "as the instance of the account that the topic policy names"
    return _WHY[pairing.source].format(pairing.where or "the files beside the topic")


def _pairing(instance: Instance, *, explicit: bool) -> Pairing:
    where = instance.place.document.name if instance.place is not None else ""
    return Pairing(instance.arn, instance.source, where, explicit)


def is_near(instance: Arn, other: Arn) -> bool:
    """True for ARNs of one Region and partition."""
    return (instance.partition, instance.region) == (other.partition, other.region)


def _streams(inventory: Inventory) -> dict[str, dict[Arn, None]]:
    """The instances that CloudTrail shows to stream, by the ARN of the topic."""
    found: dict[str, dict[Arn, None]] = {}
    for contact in inventory.contacts:
        for text, _ in contact.topics if contact.instance is not None else ():
            found.setdefault(text, {})[contact.instance] = None  # type: ignore[index]
    return found


def _by_home(instances: Iterable[Instance]) -> dict[str, list[Instance]]:
    found: dict[str, list[Instance]] = {}
    for instance in instances:
        if instance.source in _NEAR:
            found.setdefault(instance.home, []).append(instance)
    return found


def _upwards(home: str) -> Iterator[str]:
    """A namespace and the folders above it, the nearest first."""
    while home:
        yield home
        above = str(PurePath(home).parent)
        home = "" if above == home else above
