"""Streaming of chat messages to Amazon SNS.

https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from checker.sandbox.aws.key_use import KeyUse, key_refusal
from checker.sandbox.aws.service_requests import (
    CONNECT,
    Cause,
    connect_source,
    read_topic_arn,
    service_context,
)
from checker.sandbox.connect.contacts import new_id
from checker.sandbox.http.journal import Delivery
from checker.sandbox.policy.decide import ALLOWED, PolicyRequest, Principal, decide

if TYPE_CHECKING:
    from checker.sandbox.aws.metrics import Metrics
    from checker.sandbox.aws.service_requests import TopicArn
    from checker.sandbox.aws.trail import TrailService
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.connect.contacts import Contact, Contacts, Instance
    from checker.sandbox.http.journal import Clock, Journal


_STANDARD = "They don't support Amazon SNS FIFO (first in, first out) topics."
_REGION = "AWS documents that topic and instance are in the same Region"
_POLICY = "AWS documents that the topic policy must let connect.amazonaws.com publish"


def refusal(upstream: Upstream, instance: Instance, topic: TopicArn, trail: TrailService) -> Cause | None:
    """Return the first cause that prevents messages of an instance from reaching a topic, ``None`` if there is none."""
    try:
        answer = upstream.client("sns", topic.account, topic.region).get_topic_attributes(TopicArn=topic.text)
    except ClientError:
        return Cause("the topic does not exist", "assumed: AWS does not document this case")
    attributes = answer["Attributes"]
    encrypted = {"aws:sns:topicArn": topic.text}
    use = KeyUse(connect_source(instance), topic.account, topic.region, encrypted, trail.record_key_use)
    return (
        _type_refusal(topic, instance)
        or _policy_refusal(upstream, attributes, topic, instance)
        or key_refusal(upstream, attributes.get("KmsMasterKeyId", ""), use)
    )


def _type_refusal(topic: TopicArn, instance: Instance) -> Cause | None:
    if topic.is_fifo:
        return Cause("the topic is a FIFO topic", _STANDARD)
    if topic.region != instance.region:
        return Cause("the topic is in another Region", _REGION)
    return None


def _policy_refusal(
    upstream: Upstream, attributes: dict[str, str], topic: TopicArn, instance: Instance
) -> Cause | None:
    """Check the topic policy. It decides alone, because a service principal has no identity policy.

    https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
    """
    context = service_context(upstream, connect_source(instance), topic.account, topic.region)
    request = PolicyRequest(Principal(service=CONNECT), "sns:Publish", topic.text, context)
    decision = decide(json.loads(attributes.get("Policy") or "{}"), request)
    if decision == ALLOWED:
        return None
    return Cause(f"the topic policy: {decision}", _POLICY)


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
    """Publishes the messages and events of a chat to its topics."""

    def __init__(
        self, upstream: Upstream, clock: Clock, journal: Journal, metrics: Metrics, trail: TrailService
    ) -> None:
        self._upstream = upstream
        self._trail = trail
        self._clock = clock
        self._journal = journal
        self._metrics = metrics

    def publish(self, contact: Contact, item: Item) -> str:
        """Send an item to every topic of the chat, record the deliveries, and return the item's ID."""
        identity = new_id()
        for topic in contact.topics():
            cause = self._send(contact, item, topic, identity)
            recorded = cause or Cause("", "")
            self._journal.add(Delivery(contact.id, topic, item.kind, recorded.reason, recorded.source))
        return identity

    def _send(self, contact: Contact, item: Item, text: str, identity: str) -> Cause | None:
        topic = read_topic_arn(text)
        if not contact.connected:
            return _NOT_CONNECTED
        if topic is None:
            return Cause("the endpoint is not a topic", "assumed: AWS does not document this case")
        cause = refusal(self._upstream, contact.instance, topic, self._trail)
        if cause is None:
            message = json.dumps(_payload(contact, item, identity, self._clock.text()))
            sns = self._upstream.client("sns", topic.account, topic.region)
            sns.publish(TopicArn=text, Message=message, MessageAttributes=_attributes(contact, item))
            self._metrics.published(topic, len(message))
        return cause


def _payload(contact: Contact, item: Item, identity: str, moment: str) -> dict[str, str]:
    """Return the message payload."""
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
    """Return the message attributes, on which subscriptions can filter. The account is that of the instance.

    Events about participants have no ContactId, as users of the API have reported.
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


@dataclass(frozen=True)
class Chat:
    """The state that chat operations use."""

    upstream: Upstream
    clock: Clock
    contacts: Contacts
    streaming: Streaming

    def end(self, contact: Contact) -> None:
        """End a chat: publish the event to its streams and invalidate its tokens."""
        contact.ended = True
        self.streaming.publish(contact, Item(EVENT, ENDED, role="SYSTEM"))
        contact.streams.clear()
