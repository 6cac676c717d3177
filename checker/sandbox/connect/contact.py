"""Amazon Connect's side of a chat: start it, stream it, stop it.

https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from checker.sandbox.aws.request import read_topic_arn
from checker.sandbox.connect.contacts import Contact, Instance, new_id
from checker.sandbox.connect.participant import connection
from checker.sandbox.http.call import RefusedError

if TYPE_CHECKING:
    from checker.sandbox.connect.streaming import Chat
    from checker.sandbox.http.call import Call


Parameters = dict[str, Any]
_TOPICS_A_CONTACT = 2
_INSTANCE_ARN = re.compile(r"arn:[^:]+:connect:[^:]+:\d{12}:instance/([^/]+)")


def start_chat_contact(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """Start a chat, and stream it if the call has a streaming configuration.

    Assumed: any contact flow ID is accepted.
    """
    instance = find_instance(chat, call, given["InstanceId"])
    key = (call.account, call.region, call.action, given.get("ClientToken", ""))
    if (earlier := chat.contacts.earlier(key)) is not None:
        return earlier
    contact = Contact(instance, chat.clock.now(), given["ParticipantDetails"]["DisplayName"])
    streaming = given.get("ChatStreamingConfiguration")
    answer = {
        "ContactId": contact.id,
        "ParticipantId": contact.participant,
        "ParticipantToken": contact.participant_token,
        **({"StreamingId": _stream(contact, streaming["StreamingEndpointArn"])} if streaming else {}),
        **connection(chat, contact, given.get("ConnectionTypes", [])),
    }
    chat.contacts.add(contact)
    return chat.contacts.remember(key, answer)


def start_contact_streaming(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """Stream a chat to a topic.

    A policy or key that denies Connect does not cause an error: AWS answers 200, and no message arrives.
    """
    contact = _live(chat, call, given)
    key = (contact.id, call.action, given.get("ClientToken", ""))
    if (earlier := chat.contacts.earlier(key)) is not None:
        return earlier
    streaming_id = _stream(contact, given["ChatStreamingConfiguration"]["StreamingEndpointArn"])
    return chat.contacts.remember(key, {"StreamingId": streaming_id})


def stop_contact_streaming(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """End one stream of a chat. Assumed: an unknown streaming ID is a ResourceNotFoundException."""
    contact = _find(chat, call, given)
    if contact.streams.pop(given["StreamingId"], None) is None:
        raise RefusedError("ResourceNotFoundException", "the contact has no such stream", 404)
    return {}


def stop_contact(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """End a chat. https://docs.aws.amazon.com/connect/latest/APIReference/API_StopContact.html"""
    contact = chat.contacts.find(find_instance(chat, call, given["InstanceId"]), given["ContactId"])
    if contact is None or contact.ended:
        raise RefusedError("ContactNotFoundException", "the contact does not exist or has ended", 410)
    chat.end(contact)
    return {}


def find_instance(chat: Chat, call: Call, name: str) -> Instance:
    """Find an instance by its ID or ARN. Raises RefusedError."""
    arn = _INSTANCE_ARN.fullmatch(unquote(name))
    identity = arn[1] if arn else name
    try:
        answer = chat.upstream.client("connect", call.account, call.region).describe_instance(
            InstanceId=identity
        )
    except ClientError as error:
        raise RefusedError("ResourceNotFoundException", error.response["Error"]["Message"], 404) from None
    return Instance(answer["Instance"]["Arn"], identity, call.account, call.region)


def _find(chat: Chat, call: Call, given: Parameters) -> Contact:
    contact = chat.contacts.find(find_instance(chat, call, given["InstanceId"]), given["ContactId"])
    if contact is None:
        raise RefusedError("ResourceNotFoundException", "the contact does not exist", 404)
    return contact


def _live(chat: Chat, call: Call, given: Parameters) -> Contact:
    contact = _find(chat, call, given)
    if contact.ended:  # assumed: AWS does not document the error code
        raise RefusedError("InvalidRequestException", "the contact has ended")
    return contact


def _stream(contact: Contact, endpoint: str) -> str:
    """Add a stream. Assumed: the choice among the declared errors, and their wording."""
    topic = read_topic_arn(endpoint)
    if topic is None:
        raise RefusedError("InvalidParameterException", "StreamingEndpointArn is not the ARN of an SNS topic")
    # The streaming APIs: "They don't support Amazon SNS FIFO (first in, first out) topics."
    # https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    if topic.is_fifo:
        raise RefusedError("InvalidParameterException", "FIFO topics are not supported, use a standard topic")
    # That page also requires the topic in the Region of the instance; it can be in another account.
    if topic.region != contact.instance.region:
        raise RefusedError("InvalidParameterException", "the topic is not in the Region of the instance")
    # That page also limits a contact to two topics. Assumed: the same topic twice counts once.
    if len({*contact.topics(), endpoint}) > _TOPICS_A_CONTACT:
        raise RefusedError("LimitExceededException", "a contact can be streamed to at most two topics", 429)
    streaming_id = new_id()
    contact.streams[streaming_id] = endpoint
    return streaming_id
