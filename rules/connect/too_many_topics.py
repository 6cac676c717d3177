"""The rule `too-many-topics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import MOST_TOPICS
from checker.core.finding import Location, Role, Severity
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Contact, Place
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown


class TooManyTopics(Rule):
    """A chat contact streams to more than two topics.

    ## What it finds

    Contacts that stream to more than two different topics at the same time. A topic that is named twice counts
    once. In CloudTrail events, streams count that ran at the same time. A stream may end without an event, so
    the number is an upper bound.

    ## What it proves

    PASS means that the manifest, or the events that were read, show at most two
    topics at the same time. Streams without an event among the files are not
    counted. A finding from events is an upper bound, because a stream may end
    without an event, so it does not prove that a call failed.

    ## Why it matters

    AWS documents up to two SNS topics per contact. The third StartContactStreaming call fails.

    ## Example

        contacts:
          - id: web-chat
            topics: [arn:...:agents, arn:...:archive, arn:...:analytics]

    ## Use instead

    At most two topics, with several subscriptions each. One topic can deliver to any number of queues.

    ## Fix safety

    There is no fix. The owner decides which topic to remove.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """

    id = "too-many-topics"
    family = "connect"
    summary = "a chat contact streams to more than two topics"
    severity = Severity.ERROR
    link = Link.INSTANCE
    needs_policy = False

    def check_contact(self, contact: Contact) -> Iterator[Finding | Unknown]:
        """Count the different topics."""
        first: dict[str, Place] = {}
        for topic, place in contact.topics:
            first.setdefault(topic, place)
        if len(first) <= MOST_TOPICS:
            return
        places = list(first.values())
        too_many = [Location(place.document, place.route) for place in places[MOST_TOPICS:]]
        within = [Location(place.document, place.route, role=Role.RELATED) for place in places[:MOST_TOPICS]]
        observed = _is_observed(contact)
        at_once, at_most = (" at the same time", _at_most(len(first))) if observed else ("", "")
        yield self.finding(
            contact.id,
            f"{_contacts_stream(contact)} to {len(first)} topics{at_once}; AWS documents up to {MOST_TOPICS}",
            [*too_many, *within],
            help=f"{at_most}stream to at most two topics, and subscribe several queues to them",
        )


def _contacts_stream(contact: Contact) -> str:
    """Name the contact and the number of similar ones, with the verb."""
    others = contact.alike - 1
    name = f"contact `{contact.id}`"
    return f"{name} and {others} similar contacts stream" if others else f"{name} streams"


def _is_observed(contact: Contact) -> bool:
    """True for a contact from CloudTrail events, false for one from a manifest."""
    return bool(contact.region) or contact.instance is not None


def _at_most(count: int) -> str:
    return f"{count} is an upper bound, because a stream may end without an event; "
