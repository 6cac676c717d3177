"""The rule `too-many-topics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Location, Role, Severity
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Contact, Place
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown

LIMIT = 2


class TooManyTopics(Rule):
    """A chat contact streams to more than two topics.

    ## What it finds

    Contacts that name more than two different topics at the same time. The same topic twice counts once. Of
    the events of CloudTrail those streams count that ran at once; as a stream may end without an event, that is
    how many there were at most.

    ## Why it matters

    AWS documents up to two SNS topics per contact. The third StartContactStreaming is refused.

    ## Example

        contacts:
          - id: web-chat
            topics: [arn:...:agents, arn:...:archive, arn:...:analytics]

    ## Use instead

    Two topics at most, with several subscriptions each: one topic fans out to any number of queues.

    ## Fix safety

    No fix: which topic to drop is for the owner to say.

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
        if len(first) <= LIMIT:
            return
        places = list(first.values())
        too_many = [Location(place.document, place.route) for place in places[LIMIT:]]
        within = [Location(place.document, place.route, role=Role.RELATED) for place in places[:LIMIT]]
        seen = _is_seen(contact)
        at_once, at_most = (" at once", _at_most(len(first))) if seen else ("", "")
        yield self.finding(
            contact.id,
            f"{_who(contact)} to {len(first)} topics{at_once}, AWS documents up to {LIMIT}",
            [*too_many, *within],
            help=f"{at_most}stream to two topics at most and subscribe several queues to them",
        )


def _who(contact: Contact) -> str:
    """Name the contact, and how many others there are like it."""
    others = contact.alike - 1
    name = f"contact `{contact.id}`"
    return f"{name} and {others} more like it stream" if others else f"{name} streams"


def _is_seen(contact: Contact) -> bool:
    """True for a contact that was seen to stream, false for one that somebody has described."""
    return bool(contact.region) or contact.instance is not None


def _at_most(count: int) -> str:
    return f"{count} is the most there can have been, as a stream may end without an event; "
