"""What is known of a unit beside its topics: its instances soon, what streams once CloudTrail has been asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inventory import Instance
from checker.live.audit.instances import (
    list_instances,
    names_none_of,
    seen_to_stream,
    tied,
    tied_whatever_streams,
)
from checker.live.audit.trail import contacts_of
from checker.naming import named_by

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from checker.inventory import Contact, Pairing, Topic
    from checker.live.audit.plan import Plan
    from checker.live.calls import Calls
    from checker.naming import Named


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
