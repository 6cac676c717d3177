"""Pairs Connect instances with the topics that they stream to.

The sources of a pairing, from the strongest to the weakest:

1. explicit: an entry of a manifest, `instances` of the configuration, `--instance-arn`
2. CloudTrail
3. the topic's policy, which names the instance
4. the topic's own Terraform root or plan, which declares the instance
5. output of the AWS CLI in the topic's folder or else in the nearest folder above it

An inferred pairing (2 to 5) requires the same Region and partition. Sources 4 and 5 also require the same account.
An instance that may belong to one of several topics is paired with none of them.

An instance and its replica in another Region are one instance: each pairs with the topics of its own Region, and
naming one of them names both.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, Pairing, PolicyText, Source, Topic
from checker.analysis.replicas import anywhere, is_replica, with_replicas
from checker.core.arn import Arn, is_account
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown, literal, part_of
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, instance_named
from checker.policy.model import Condition
from checker.policy.placeholder import masked
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.analysis.inventory import Instance, Key, Topic
    from checker.policy.model import Statement


class Named(NamedTuple):
    """The instances that the conditions name, and the accounts that the statements for Connect name."""

    instances: tuple[Arn, ...] = ()
    accounts: tuple[str, ...] = ()


def named_by(topic: Topic) -> Named:
    """Return the instances and accounts in the topic's policy; a wildcard Region stands for the topic's Region."""
    if not isinstance(topic.policy, PolicyText):
        return Named()
    region = topic.arn.region if isinstance(topic.arn, Arn) else None
    statements = masked(topic.policy.policy).known_statements()
    arns = (instance_named(value, region) for value in condition_values(statements, SOURCE_ARN))
    instances = tuple(dict.fromkeys(arn for arn in arns if arn is not None))
    for_connect = [statement for statement in statements if statement.names_service(CONNECT)]
    return Named(instances, tuple(dict.fromkeys(_accounts(for_connect))))


def _accounts(statements: Iterable[Statement]) -> Iterator[str]:
    statements = tuple(statements)
    arns = map(Arn.parse, condition_values(statements, SOURCE_ARN))
    named = (arn.account for arn in arns if arn is not None and arn.service == "connect")
    yield from filter(is_account, (*condition_values(statements, SOURCE_ACCOUNT), *named))


def condition_values(statements: Iterable[Statement], key: str) -> Iterator[str]:
    """Yield the values that statements compare a key with."""
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
    """Return the inventory with pairings for each topic; existing pairings stay.

    ``stated`` returns the instances that the configuration lists for the paths of a topic. ``of_change`` is true
    if the run reads only some topics of a repository. An option that fits none of them then belongs to others.
    """
    if all(topic.pairings is not None for topic in inventory.topics):
        return inventory
    instances = (*inventory.instances, *_replicas_listed(inventory.topics))
    inventory = inventory._replace(instances=with_replicas(instances))
    return inventory._replace(topics=tuple(_Pairs(inventory, stated, of_change=of_change).paired()))


def _replicas_listed(topics: Iterable[Topic]) -> Iterator[Instance]:
    """Yield the replicas of the instances that a manifest lists for single topics."""
    for topic in topics:
        for instance in topic.instances:
            if not isinstance(instance.replicas, Unknown):
                yield from instance._replace(home=topic.home).with_replicas(instance.replicas)[1:]


def pairings_of(topic: Topic, inventory: Inventory) -> tuple[Pairing, ...]:
    """Return the pairings of one topic."""
    if topic.pairings is not None:
        return topic.pairings
    topics = inventory.topics if any(one is topic for one in inventory.topics) else (topic,)
    paired = pair(inventory._replace(topics=topics)).topics
    return next(two.pairings or () for one, two in zip(topics, paired, strict=True) if one is topic)


def pairings_of_key(key: Key, inventory: Inventory) -> tuple[Pairing, ...]:
    """Return the instances that the user names, for a key without a known topic."""
    return tuple(
        _pairing(one, explicit=True)
        for one in inventory.instances
        if one.source in STATED and (isinstance(key.arn, Unknown) or is_near(one.arn, key.arn))
    )


def fits(instance: Arn, topic: Topic, named: Named) -> bool:
    """True if the topic's policy names an instance, or if their Region and account let it stream to the topic."""
    if instance in named.instances:
        return True
    if isinstance(topic.arn, Unknown):
        return _region(topic.arn) in ("", instance.region)
    has_account = instance.account in (topic.arn.account, *named.accounts)
    return has_account and is_near(instance, topic.arn)


def _region(arn: Unknown) -> str:
    """Return the Region in an ARN that is known in part; empty if the deployment decides it."""
    return literal(part_of(arn, ":", 3)) or ""


def is_of_another(instance: Arn, named: Named) -> bool:
    """True if a policy names instances or accounts for Connect, but not this instance or its account."""
    if named.instances:
        return instance not in named.instances
    return bool(named.accounts) and instance.account not in named.accounts


class _Entry(NamedTuple):
    """A topic during pairing, with its pairings by instance.

    ``is_stated`` is true once the user has listed an instance for the topic.
    """

    topic: Topic
    named: Named
    paired: dict[Arn, Pairing]

    @property
    def is_stated(self) -> bool:
        return any(pairing.source in STATED for pairing in self.paired.values())

    @property
    def is_about_connect(self) -> bool:
        """True if the user named the topic or its policy names Connect."""
        policy = self.topic.policy
        return self.topic.named or (isinstance(policy, PolicyText) and policy.names_connect)

    def may_be_elsewhere(self, instance: Arn) -> bool:
        """True if neither the topic's ARN nor its policy shows that the instance can stream to it."""
        return isinstance(self.topic.arn, Unknown) and instance not in self.named.instances

    def add(self, instance: Instance, *, explicit: bool = False) -> None:
        self.paired.setdefault(instance.arn, _pairing(instance, explicit=explicit))


class _Pairs:
    """Determines the pairings of all topics of a run, one source after the other."""

    def __init__(
        self, inventory: Inventory, stated: Callable[[Topic], tuple[Instance, ...]], *, of_change: bool
    ) -> None:
        self.inventory = inventory
        self.stated = stated
        self.of_change = of_change
        self.entries = [_Entry(one, named_by(one), {}) for one in inventory.topics]
        self.streams = _streams(inventory)
        self.near = _by_home(inventory.instances)
        self.replicated = _by_id(inventory.instances)

    def paired(self) -> Iterator[Topic]:
        """Yield the topics with their pairings."""
        self._add_manifest_entries()
        self._add_configured_paths()
        self._add_manifests()
        self._add_whole_run()
        for entry in self.entries:
            self._infer(entry)
        for entry in self.entries:
            known = entry.topic.pairings
            yield entry.topic._replace(pairings=self._described(entry) if known is None else known)

    def _described(self, entry: _Entry) -> tuple[Pairing, ...]:
        """Return the pairings of a topic, with the Regions of the replicas as far as they are known."""
        return tuple(
            pairing._replace(replicas=tuple(arn.region for arn in everywhere if arn != pairing.instance))
            if pairing.instance in (everywhere := self.replicated.get(anywhere(pairing.instance), ()))
            else pairing
            for pairing in entry.paired.values()
        )

    def _add_manifest_entries(self) -> None:
        for entry in self.entries:
            for instance in entry.topic.instances:
                self._add(entry, instance, explicit=True)

    def _add_configured_paths(self) -> None:
        lists = [(entry, self.stated(entry.topic)) for entry in self.entries if not entry.is_stated]
        for instance in dict.fromkeys(one for _, listed in lists for one in listed):
            self._settle_or_force(instance, [entry for entry, listed in lists if instance in listed])

    def _add_manifests(self) -> None:
        """Pair the instances of a manifest with its topics and those of its contacts, else with all in its folder."""
        stated = {id(entry) for entry in self.entries if entry.is_stated}
        for instance in self._of(Source.MANIFEST):
            folder = str(PurePath(instance.home).parent)
            streamed = self._streamed_in(instance)
            own = [
                entry
                for entry in self.entries
                if entry.topic.home == instance.home or str(entry.topic.arn) in streamed
            ]
            candidates = own or [entry for entry in self.entries if folder in _upwards(entry.topic.home)]
            free = [entry for entry in candidates if id(entry) not in stated]
            listed = [entry for entry in free if own and fits(instance.arn, entry.topic, entry.named)]
            for (
                entry
            ) in listed:  # a manifest is explicit about each topic that it lists, so policies do not matter
                self._add(entry, instance, explicit=True)
            if not listed:
                self._settle_or_force(instance, free)

    def _streamed_in(self, instance: Instance) -> frozenset[str]:
        """Return the topics that the contacts of an instance's manifest stream to."""
        name = instance.place.document.name if instance.place is not None else ""
        contacts = (one for one in self.inventory.contacts if one.place.document.name == name)
        return frozenset(text for contact in contacts for text, _ in contact.topics)

    def _add_whole_run(self) -> None:
        """Pair the instances that apply to the whole run where they fit; then force options that fit no topic."""
        free = [entry for entry in self.entries if not entry.is_stated]
        stated = [*self._of(Source.OPTION), *self._of(Source.CONFIGURATION)]
        unsettled = [instance for instance in stated if not self._settle(instance, free)]
        remaining = [entry for entry in free if not entry.is_stated]
        for instance in unsettled:
            if instance.source is Source.OPTION and not self.of_change:
                self._force(instance, remaining)

    def _add(self, entry: _Entry, instance: Instance, *, explicit: bool = False) -> None:
        """Pair the instance, or its replica in the topic's Region; where that is not known, what the policy names."""
        topic, everywhere = entry.topic.arn, self._everywhere(instance)
        if isinstance(topic, Unknown):
            here = [arn for arn in everywhere if arn.region == _region(topic)]
            fitting = [*(arn for arn in everywhere if arn in entry.named.instances), *here, *everywhere]
        else:
            fitting = [*(arn for arn in everywhere if is_near(arn, topic)), instance.arn]
        entry.add(instance._replace(arn=fitting[0]), explicit=explicit)

    def _everywhere(self, instance: Instance) -> tuple[Arn, ...]:
        """Return an instance and its replicas, first the one that is named first."""
        known = self.replicated.get(anywhere(instance.arn), ())
        return known if instance.arn in known else (instance.arn,)

    def _of(self, source: Source) -> list[Instance]:
        return [one for one in self.inventory.instances if one.source is source]

    def _settle_or_force(self, instance: Instance, candidates: Sequence[_Entry]) -> None:
        if not self._settle(instance, candidates):
            self._force(instance, candidates)

    def _settle(self, instance: Instance, candidates: Iterable[_Entry]) -> bool:
        """Pair an instance with the topics that it fits, except those whose policies or folders name others.

        If no topic about Connect remains, the policies are assumed to be wrong, and the instance is paired with
        all topics that it fits.
        """
        fitting = [entry for entry in candidates if fits(instance.arn, entry.topic, entry.named)]
        own = [entry for entry in fitting if not self._is_of_another(instance, entry)]
        chosen = own if any(entry.is_about_connect for entry in own) else fitting
        unsure = {entry.topic.home for entry in chosen if entry.may_be_elsewhere(instance.arn)}
        for entry in chosen:
            self._add(entry, instance, explicit=len(unsure) < 2 or entry.topic.home not in unsure)
        return bool(chosen)

    def _is_of_another(self, instance: Instance, entry: _Entry) -> bool:
        """True if the policy or the folder of a topic names only other instances."""
        near = [one.arn for one in self._nearest(entry) if fits(one.arn, entry.topic, entry.named)]
        named = instance.arn in entry.named.instances
        return is_of_another(instance.arn, entry.named) or (
            bool(near) and not named and instance.arn not in near
        )

    def _force(self, instance: Instance, candidates: Sequence[_Entry]) -> None:
        """Pair an instance that fits no topic with the topics of its Region, else with all topics.

        A topic whose own root declares an instance in another Region is not forced. The pairing is explicit only if
        there is one topic, because a fix grants access to explicit instances. A replica is not forced, and neither is an
        instance of which a replica fits a topic: it may have none yet.
        """
        everywhere = self._everywhere(instance)
        if instance.arn != everywhere[0] or any(
            fits(arn, entry.topic, entry.named) for arn in everywhere[1:] for entry in self.entries
        ):
            return
        homes = {one.home for one in self.inventory.open_instances}
        candidates = [
            entry
            for entry in candidates
            if entry.topic.home not in homes or not isinstance(entry.topic.arn, Unknown)
        ]
        near = [
            entry
            for entry in candidates
            if isinstance(arn := entry.topic.arn, Arn) and is_near(instance.arn, arn)
        ]
        for entry in near or candidates:
            self._add(entry, instance, explicit=len(candidates) == 1)

    def _infer(self, entry: _Entry) -> None:
        topic = entry.topic
        for arn in self.streams.get(str(topic.arn), ()):
            if isinstance(topic.arn, Arn) and is_near(arn, topic.arn):
                entry.paired.setdefault(arn, Pairing(arn, Source.CLOUDTRAIL))
        if not any(one.source in STATED for one in entry.paired.values()):
            for instance in self._nearby(entry):
                self._add(entry, instance)
        for arn in entry.named.instances:
            if isinstance(topic.arn, Unknown) or is_near(arn, topic.arn):
                where = topic.policy.document.name if isinstance(topic.policy, PolicyText) else ""
                entry.paired.setdefault(arn, Pairing(arn, Source.POLICY, where))

    def _nearby(self, entry: _Entry) -> Iterable[Instance]:
        """Return the instances in the topic's root or folder that may stream to it.

        These are the instances that its policy names and their replicas; otherwise the only instance there.
        """
        topic = entry.topic
        found = [one for one in self._nearest(entry) if fits(one.arn, topic, entry.named)]
        here = [one for one in found if isinstance(topic.arn, Arn) and is_near(one.arn, topic.arn)]
        named = [
            next((other for other in here if is_replica(other.arn, one.arn)), one)
            for one in found
            if one.arn in entry.named.instances
        ]
        if named or len({anywhere(one.arn) for one in found}) != 1:
            return named
        if not is_of_another(found[0].arn, entry.named):
            return found
        others = (one for one in self.entries if one is not entry and one.is_about_connect)
        alone = not any(found[0] in self._nearest(one) for one in others)
        return found if alone else ()

    def _nearest(self, entry: _Entry) -> tuple[Instance, ...]:
        """Return the instances declared in the topic's root, and those in AWS CLI output of the nearest folder."""
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
    Source.ROOT: "from its declaration in {}, in the same root as the topic",
    Source.FOLDER: "from {}",
    Source.ACCOUNT: "as the only instance of the account in this Region",
}


def why(pairing: Pairing) -> str:
    """Describe the source of a pairing, as the end of a sentence about the instance."""
    if pairing.source is Source.ACCOUNT and pairing.where:
        return "as the instance of the account that the topic policy names"
    return _WHY[pairing.source].format(pairing.where or "the files next to the topic")


def _pairing(instance: Instance, *, explicit: bool) -> Pairing:
    where = instance.place.document.name if instance.place is not None else ""
    return Pairing(instance.arn, instance.source, where, explicit)


def is_near(instance: Arn, other: Arn) -> bool:
    """True for ARNs in the same Region and partition."""
    return (instance.partition, instance.region) == (other.partition, other.region)


def _streams(inventory: Inventory) -> dict[str, dict[Arn, None]]:
    """Map the ARN of each topic to the instances that CloudTrail shows to stream to it."""
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


def _by_id(instances: Iterable[Instance]) -> dict[Arn, tuple[Arn, ...]]:
    """Map each described instance without its Region to its ARNs in all Regions, the first named one first."""
    found: dict[Arn, tuple[Arn, ...]] = {}
    for instance in instances:
        if not isinstance(instance.replicas, Unknown):
            others = (instance.arn._replace(region=region) for region in instance.replicas)
            found.setdefault(anywhere(instance.arn), (instance.arn, *others))
    return found


def _upwards(home: str) -> Iterator[str]:
    """Yield a namespace and the folders above it, the nearest first."""
    while home:
        yield home
        above = str(PurePath(home).parent)
        home = "" if above == home else above
