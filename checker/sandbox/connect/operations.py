"""The operations of Amazon Connect and of its participant service that a chat uses."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from checker.sandbox.aws.service_requests import read_topic_arn
from checker.sandbox.connect.contacts import Contact, Instance, new_id
from checker.sandbox.connect.streaming import EVENT, JOINED, MESSAGE, Item
from checker.sandbox.http.call import RefusedError

if TYPE_CHECKING:
    from checker.sandbox.connect.streaming import Chat
    from checker.sandbox.http.call import Call


Parameters = dict[str, Any]
_TOPICS_A_CONTACT = 2
_INSTANCE_ARN = re.compile(r"arn:[^:]+:connect:[^:]+:\d{12}:instance/([^/]+)")


def start_chat_contact(chat: Chat, call: Call, parameters: Parameters) -> dict[str, Any]:
    """Start a chat, and stream it if the call has a streaming configuration.

    Assumed: any contact flow ID is accepted.
    """
    instance = find_instance(chat, call, parameters["InstanceId"])
    key = (call.account, call.region, call.action, parameters.get("ClientToken", ""))
    if (recorded_answer := chat.contacts.recorded_answer(key)) is not None:
        return recorded_answer
    contact = Contact(instance, chat.clock.now(), parameters["ParticipantDetails"]["DisplayName"])
    streaming = parameters.get("ChatStreamingConfiguration")
    answer = {
        "ContactId": contact.id,
        "ParticipantId": contact.participant,
        "ParticipantToken": contact.participant_token,
        **({"StreamingId": _stream(contact, streaming["StreamingEndpointArn"])} if streaming else {}),
        **connection(chat, contact, parameters.get("ConnectionTypes", [])),
    }
    chat.contacts.add(contact)
    return chat.contacts.record_answer(key, answer)


def start_contact_streaming(chat: Chat, call: Call, parameters: Parameters) -> dict[str, Any]:
    """Stream a chat to a topic.

    A policy or key that denies Connect does not cause an error: AWS answers 200, and no message arrives.
    """
    contact = _active(chat, call, parameters)
    key = (contact.id, call.action, parameters.get("ClientToken", ""))
    if (recorded_answer := chat.contacts.recorded_answer(key)) is not None:
        return recorded_answer
    streaming_id = _stream(contact, parameters["ChatStreamingConfiguration"]["StreamingEndpointArn"])
    return chat.contacts.record_answer(key, {"StreamingId": streaming_id})


def stop_contact_streaming(chat: Chat, call: Call, parameters: Parameters) -> dict[str, Any]:
    """End one stream of a chat. Assumed: an unknown streaming ID is a ResourceNotFoundException."""
    contact = _find(chat, call, parameters)
    if contact.streams.pop(parameters["StreamingId"], None) is None:
        raise RefusedError("ResourceNotFoundException", "the contact has no such stream", 404)
    return {}


def stop_contact(chat: Chat, call: Call, parameters: Parameters) -> dict[str, Any]:
    """End a chat. https://docs.aws.amazon.com/connect/latest/APIReference/API_StopContact.html"""
    contact = chat.contacts.find(find_instance(chat, call, parameters["InstanceId"]), parameters["ContactId"])
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


def _find(chat: Chat, call: Call, parameters: Parameters) -> Contact:
    contact = chat.contacts.find(find_instance(chat, call, parameters["InstanceId"]), parameters["ContactId"])
    if contact is None:
        raise RefusedError("ResourceNotFoundException", "the contact does not exist", 404)
    return contact


def _active(chat: Chat, call: Call, parameters: Parameters) -> Contact:
    contact = _find(chat, call, parameters)
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


_FIVE_MINUTES = 300
_DAY = 86_400
_WEBSOCKET_SECONDS = 100
_RETIRED = "application/vnd.amazonaws.connect.event.connection.acknowledged"


def create_participant_connection(chat: Chat, _: Call, parameters: Parameters) -> dict[str, Any]:
    """Connect the customer. With ConnectParticipant, also mark the customer as connected."""
    contact = chat.contacts.by_participant_token(parameters["ParticipantToken"])
    if contact is None:
        raise _denied()
    # "clients must subscribe to the participant's connection for the created chat within 5 minutes"; assumed: 403,
    # as after the end. https://docs.aws.amazon.com/connect/latest/APIReference/API_StartChatContact.html
    if not contact.connection_tokens and chat.clock.now() - contact.started > _FIVE_MINUTES:
        chat.end(contact)
        raise _denied()
    types = parameters.get("Type", [])
    answer = connection(chat, contact, types)
    if _marks_connected(contact, parameters, types) and not contact.connected:
        contact.connected = True
        chat.streaming.publish(contact, Item(EVENT, JOINED))
    return answer


def _marks_connected(contact: Contact, parameters: Parameters, types: list[str]) -> bool:
    """Return whether a call marks the customer as connected, which starts the contact flow.

    AWS documents that ConnectParticipant works only after StartContactStreaming. Assumed: before, it has no effect
    and causes no error. A websocket connection also marks the customer as connected; assumed: at once.
    """
    return "WEBSOCKET" in types or (bool(parameters.get("ConnectParticipant")) and bool(contact.streams))


def connection(chat: Chat, contact: Contact, types: list[str]) -> dict[str, Any]:
    """Create the requested connection data of a chat; other connection types are ignored."""
    data: dict[str, Any] = {}
    if "CONNECTION_CREDENTIALS" in types:
        token = new_id()
        contact.connection_tokens.add(token)
        data["ConnectionCredentials"] = {"ConnectionToken": token, "Expiry": _later(chat, _DAY)}
    if "WEBSOCKET" in types:
        url = f"wss://sandbox.invalid/{new_id()}"  # not a real endpoint
        data["Websocket"] = {"Url": url, "ConnectionExpiry": _later(chat, _WEBSOCKET_SECONDS)}
    return data


def _later(chat: Chat, seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(chat.clock.now() + seconds))


def send_message(chat: Chat, _: Call, parameters: Parameters) -> dict[str, Any]:
    """Send a message as the customer."""
    item = Item(MESSAGE, parameters["ContentType"], parameters["Content"])
    return _publish(chat, _connected(chat, parameters), item)


def send_event(chat: Chat, _: Call, parameters: Parameters) -> dict[str, Any]:
    """Send an event as the customer: typing, delivered, read."""
    if parameters["ContentType"] == _RETIRED:  # retired in December 2024; assumed: a validation error
        raise RefusedError("ValidationException", "connection.acknowledged is no longer supported")
    return _publish(
        chat,
        _connected(chat, parameters),
        Item(EVENT, parameters["ContentType"], parameters.get("Content", "")),
    )


def disconnect_participant(chat: Chat, _: Call, parameters: Parameters) -> dict[str, Any]:
    """Disconnect the customer, who is the only participant, and so end the chat."""
    chat.end(_connected(chat, parameters))
    return {}


def _publish(chat: Chat, contact: Contact, item: Item) -> dict[str, Any]:
    identity = chat.streaming.publish(contact, item)
    return {"Id": identity, "AbsoluteTime": chat.clock.text()}


def _connected(chat: Chat, parameters: Parameters) -> Contact:
    contact = chat.contacts.by_connection_token(parameters["ConnectionToken"])
    if contact is None:
        raise _denied()
    return contact


def _denied() -> RefusedError:
    return RefusedError("AccessDeniedException", "Access denied", 403)
