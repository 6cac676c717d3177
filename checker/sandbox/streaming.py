"""Messages on their way from a chat into Amazon SNS.

https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.sandbox.contacts import new_id
from checker.sandbox.journal import Delivery
from checker.sandbox.publisher import refusal
from checker.sandbox.request import Cause, read_topic_arn

if TYPE_CHECKING:
    from checker.sandbox.clock import Clock
    from checker.sandbox.contacts import Contact
    from checker.sandbox.journal import Journal
    from checker.sandbox.metrics import Metrics
    from checker.sandbox.trail import TrailService
    from checker.sandbox.upstream import Upstream

MESSAGE, EVENT = "MESSAGE", "EVENT"
_EVENTS = "application/vnd.amazonaws.connect.event."
JOINED, LEFT, ENDED = (_EVENTS + name for name in ("participant.joined", "participant.left", "chat.ended"))

# https://docs.aws.amazon.com/connect/latest/adminguide/troubleshoot-message-streaming.html
_NOT_CONNECTED = Cause(
    "the customer is not connected: no CreateParticipantConnection with ConnectParticipant after the stream",
    "AWS documents that the flow does not start until the customer is marked as connected",
)


class Item(NamedTuple):
    """One message or event of a chat."""

    kind: str
    content_type: str
    content: str = ""
    role: str = "CUSTOMER"


class Streaming:
    """Publishes what is said in a chat to the topics that it is streamed to."""

    def __init__(
        self, upstream: Upstream, clock: Clock, journal: Journal, metrics: Metrics, trail: TrailService
    ) -> None:
        self._upstream = upstream
        self._trail = trail
        self._clock = clock
        self._journal = journal
        self._metrics = metrics

    def publish(self, contact: Contact, item: Item) -> str:
        """Send an item to every topic of the chat, and note what became of it; gives the item's id."""
        identity = new_id()
        for topic in contact.topics():
            cause = self._send(contact, item, topic, identity)
            said = cause or Cause("", "")
            self._journal.delivered(Delivery(contact.id, topic, item.kind, said.reason, said.source))
        return identity

    def _send(self, contact: Contact, item: Item, text: str, identity: str) -> Cause | None:
        topic = read_topic_arn(text)
        if not contact.connected:
            return _NOT_CONNECTED
        if topic is None:
            return Cause(
                "the endpoint is no topic", "assumed: nothing says what Connect does without the topic"
            )
        cause = refusal(self._upstream, contact.instance, topic)
        if cause is not None and cause.denied:
            self._trail.key_refused(cause.denied, topic)
        if cause is None:
            message = json.dumps(_payload(contact, item, identity, self._clock.text()))
            sns = self._upstream.client("sns", topic.account, topic.region)
            sns.publish(TopicArn=text, Message=message, MessageAttributes=_attributes(contact, item))
            self._metrics.published(topic, len(message))
        return cause


def _payload(contact: Contact, item: Item, identity: str, moment: str) -> dict[str, str]:
    """The message itself, a JSON text."""
    return {
        "AbsoluteTime": moment,
        "Content": item.content,
        "ContentType": item.content_type,
        "Id": identity,
        "Type": item.kind,
        "ParticipantId": contact.participant,
        "DisplayName": contact.display_name,
        "ParticipantRole": item.role,
        "InitialContactId": contact.id,
        "ContactId": contact.id,
    }


def _attributes(contact: Contact, item: Item) -> dict[str, Any]:
    """What subscriptions can filter on: all of them texts, the account that of the instance.

    Events about participants carry no ContactId; that is what users of the API have seen.
    """
    texts = {
        "InitialContactId": contact.id,
        "ContactId": "" if item.content_type in (JOINED, ENDED) else contact.id,
        "ParticipantRole": item.role,
        "InstanceId": contact.instance.id,
        "AccountId": contact.instance.account,
        "Type": item.kind,
        "ContentType": item.content_type,
        "MessageVisibility": "ALL",
    }
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}
