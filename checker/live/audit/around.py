"""What is known of a unit beside its topics: its instances soon, what streams once CloudTrail has been asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.live.audit.instances import list_instances, names_none_of, tied, tied_whatever_streams
from checker.live.audit.trail import contacts_of
from checker.naming import named_by

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from checker.inventory import Contact, Topic
    from checker.live.audit.plan import Plan
    from checker.live.calls import Calls


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
        """Pair a topic with the instances that were given for it, else with those that are seen to stream to it.

        ``None`` as long as that hangs on what is not read yet.
        """
        named = named_by(topic)
        given = self._plan.stated_for(topic, named)
        if given:
            return topic._replace(pairings=given)
        if not self._instances.done():
            return None
        listed = self._instances.result()
        fitting = self._plan.fitting(topic, named)
        if fitting and listed is not None and names_none_of(listed, topic, named):
            return topic._replace(pairings=fitting)
        if self.is_known():
            return tied(topic, listed or (), self.contacts())
        return tied_whatever_streams(topic, listed or ())
