"""The rule `too-many-topics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Location, Role, Severity
from checker.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Finding
    from checker.inventory import Contact, Place
    from checker.policy.unknown import Unknown

LIMIT = 2


class TooManyTopics(Rule):
    """A chat contact streams to more than two topics.

    ## What it finds

    Contacts that name more than two different topics at the same time. The same topic twice counts once.

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
        yield self.finding(
            contact.id,
            f"contact `{contact.id}` streams to {len(first)} topics, AWS documents up to {LIMIT}",
            [*too_many, *within],
            help="stream to two topics at most and subscribe several queues to them",
        )
