"""The instances of one unit and the contacts that stream, read once, and what they tell about each topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance
from checker.analysis.pairing import named_by
from checker.live.audit.instances import (
    contacts_of,
    describe_replicas,
    list_instances,
    names_only_missing,
    pair_streaming,
    pair_topic,
    pair_without_trail,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from checker.analysis.inventory import Contact, Pairing, Topic
    from checker.analysis.pairing import Named
    from checker.live.audit.plan import Plan
    from checker.live.aws.calls import Calls


class UnitContext:
    """Reads instances and contacts in background threads. CloudTrail allows only two calls per second."""

    def __init__(self, calls: Calls, plan: Plan, slow_pool: Executor) -> None:
        self._plan = plan
        self._instances = slow_pool.submit(list_instances, calls)
        self._contacts = slow_pool.submit(self._read_contacts, calls)
        self._replicas = slow_pool.submit(self._describe, calls)

    def _describe(self, calls: Calls) -> dict[str, tuple[str, ...]]:
        return describe_replicas(calls, self._instances.result() or (), self._plan.named)

    def replicas(self) -> dict[str, tuple[str, ...]]:
        """Wait for the other Regions of the unit's instances, and return them."""
        return self._replicas.result()

    def _read_contacts(self, calls: Calls) -> tuple[Contact, ...]:
        """Return the contacts, or none if the unit has no instances."""
        return contacts_of(calls, self._plan.hours) if self._instances.result() != () else ()

    def instances(self) -> tuple[Instance, ...] | None:
        """Wait for the instances of the unit, and return them; ``None`` if they could not be listed."""
        return self._instances.result()

    def is_known(self) -> bool:
        """Return True once all background reads are done."""
        return self._contacts.done()

    def contacts(self) -> tuple[Contact, ...]:
        """Wait for the contacts that stream, and return them."""
        return self._contacts.result()

    def streamed(self) -> frozenset[str]:
        """Wait for the topics that contacts stream to, and return them."""
        return frozenset(text for contact in self.contacts() for text, _ in contact.topics)

    def pair(self, topic: Topic) -> Topic | None:
        """Pair a topic with the instances given for it and with those that CloudTrail shows.

        Return None while the result depends on a read that is not done.
        """
        if not self._instances.done():
            return None
        named, listed = named_by(topic), self._instances.result()
        given = self._plan.stated_for(topic, named) or self._given_instead(topic, named, listed)
        if given:
            return self._with_streaming(topic, given, listed)
        if self.is_known():
            return pair_topic(topic, named, self._existing(), self.contacts(), complete=listed is not None)
        # If the instances could not be listed, only CloudTrail shows which instances exist.
        return None if listed is None else pair_without_trail(topic, named, listed)

    def _given_instead(
        self, topic: Topic, named: Named, listed: Sequence[Instance] | None
    ) -> tuple[Pairing, ...]:
        """Return the given instances if the topic's policy names only instances that do not exist."""
        fitting = self._plan.fitting(topic, named)
        return fitting if fitting and listed is not None and names_only_missing(listed, topic, named) else ()

    def _with_streaming(
        self, topic: Topic, given: tuple[Pairing, ...], listed: Sequence[Instance] | None
    ) -> Topic | None:
        """Add instances that CloudTrail shows: other instances may stream besides the given one."""
        stated = {pairing.instance for pairing in given}
        if listed is not None and {instance.arn for instance in listed} <= stated:
            return topic._replace(pairings=given)
        if not self.is_known():
            return None
        streaming = pair_streaming(topic, self._existing(), self.contacts())
        others = (pairing for pairing in streaming if pairing.instance not in stated)
        return topic._replace(pairings=(*given, *others))

    def _existing(self) -> tuple[Instance, ...]:
        """Return the instances of the unit, or those that CloudTrail shows if they could not be listed."""
        listed = self._instances.result()
        if listed is not None:
            return listed
        shown = dict.fromkeys(contact.instance for contact in self.contacts() if contact.instance is not None)
        return tuple(map(Instance, shown))
