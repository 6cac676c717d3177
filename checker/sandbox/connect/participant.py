"""The customer's side of a chat: the Amazon Connect participant service.

https://docs.aws.amazon.com/connect-participant/latest/APIReference/API_CreateParticipantConnection.html
Its calls have a token instead of a signature.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from checker.sandbox.connect.contacts import new_id
from checker.sandbox.connect.streaming import EVENT, JOINED, MESSAGE, Item
from checker.sandbox.http.call import RefusedError

if TYPE_CHECKING:
    from checker.sandbox.connect.contacts import Contact
    from checker.sandbox.connect.streaming import Chat
    from checker.sandbox.http.call import Call


Parameters = dict[str, Any]
_FIVE_MINUTES = 300
_DAY = 86_400
_WEBSOCKET_SECONDS = 100
_RETIRED = "application/vnd.amazonaws.connect.event.connection.acknowledged"


def create_participant_connection(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """Connect the customer. With ConnectParticipant, also mark the customer as connected."""
    del call
    contact = chat.contacts.by_participant_token(given["ParticipantToken"])
    if contact is None:
        raise _denied()
    # "clients must subscribe to the participant's connection for the created chat within 5 minutes"; assumed: 403,
    # as after the end. https://docs.aws.amazon.com/connect/latest/APIReference/API_StartChatContact.html
    if not contact.connection_tokens and chat.clock.now() - contact.started > _FIVE_MINUTES:
        chat.end(contact)
        raise _denied()
    types = given.get("Type", [])
    answer = connection(chat, contact, types)
    if _marks_connected(contact, given, types) and not contact.connected:
        contact.connected = True
        chat.streaming.publish(contact, Item(EVENT, JOINED))
    return answer


def _marks_connected(contact: Contact, given: Parameters, types: list[str]) -> bool:
    """Return whether a call marks the customer as connected, which starts the contact flow.

    AWS documents that ConnectParticipant works only after StartContactStreaming. Assumed: before, it has no effect
    and causes no error. A websocket connection also marks the customer as connected; assumed: at once.
    """
    return "WEBSOCKET" in types or (bool(given.get("ConnectParticipant")) and bool(contact.streams))


def connection(chat: Chat, contact: Contact, types: list[str]) -> dict[str, Any]:
    """Create the requested connection data of a chat; other connection types are ignored."""
    made: dict[str, Any] = {}
    if "CONNECTION_CREDENTIALS" in types:
        token = new_id()
        contact.connection_tokens.add(token)
        made["ConnectionCredentials"] = {"ConnectionToken": token, "Expiry": _later(chat, _DAY)}
    if "WEBSOCKET" in types:
        url = f"wss://sandbox.invalid/{new_id()}"  # not a real endpoint
        made["Websocket"] = {"Url": url, "ConnectionExpiry": _later(chat, _WEBSOCKET_SECONDS)}
    return made


def _later(chat: Chat, seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(chat.clock.now() + seconds))


def send_message(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """Send a message as the customer."""
    del call
    item = Item(MESSAGE, given["ContentType"], given["Content"])
    return _publish(chat, _connected(chat, given), item)


def send_event(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """Send an event as the customer: typing, delivered, read."""
    del call
    if given["ContentType"] == _RETIRED:  # retired in December 2024; assumed: a validation error
        raise RefusedError("ValidationException", "connection.acknowledged is no longer supported")
    return _publish(
        chat, _connected(chat, given), Item(EVENT, given["ContentType"], given.get("Content", ""))
    )


def disconnect_participant(chat: Chat, call: Call, given: Parameters) -> dict[str, Any]:
    """Disconnect the customer, who is the only participant, and so end the chat."""
    del call
    chat.end(_connected(chat, given))
    return {}


def _publish(chat: Chat, contact: Contact, item: Item) -> dict[str, Any]:
    identity = chat.streaming.publish(contact, item)
    return {"Id": identity, "AbsoluteTime": chat.clock.text()}


def _connected(chat: Chat, given: Parameters) -> Contact:
    contact = chat.contacts.by_connection_token(given["ConnectionToken"])
    if contact is None:
        raise _denied()
    return contact


def _denied() -> RefusedError:
    return RefusedError("AccessDeniedException", "Access denied", 403)
