"""Amazon Connect and its participant service: calls are routed and validated by botocore's own models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from checker.sandbox.connect import contact, participant
from checker.sandbox.http.call import Answer, RefusedError, json_answer
from checker.sandbox.http.models import ServiceModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.sandbox.connect.streaming import Chat
    from checker.sandbox.http.call import Call, Next

    Operation = Callable[["Chat", Call, dict[str, Any]], dict[str, Any]]


_OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "connect": {
        "StartChatContact": contact.start_chat_contact,
        "StartContactStreaming": contact.start_contact_streaming,
        "StopContactStreaming": contact.stop_contact_streaming,
        "StopContact": contact.stop_contact,
    },
    "connectparticipant": {
        "CreateParticipantConnection": participant.create_participant_connection,
        "SendMessage": participant.send_message,
        "SendEvent": participant.send_event,
        "DisconnectParticipant": participant.disconnect_participant,
    },
}
_INVALID = {"connect": "InvalidParameterException", "connectparticipant": "ValidationException"}


class ChatService:
    """The stage that answers for the two services; what it does not know goes on to moto."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        operation = _OPERATIONS.get(call.service, {}).get(call.action)
        if operation is None:
            return proceed(call)
        with self._chat.contacts.lock:
            return json_answer(operation(self._chat, call, dict(call.parameters)))


class Reader:
    """The stage that names the operation of a call to the two services, and validates its parameters."""

    def __init__(self) -> None:
        self._models = {service: ServiceModel(service) for service in _OPERATIONS}

    def read(self, call: Call) -> Call:
        """Give the call under its operation's name, its parameters as the model has them."""
        model = self._models.get(call.service)
        if model is None:
            return call
        found = model.operation(call.environ["REQUEST_METHOD"], call.environ["PATH_INFO"])
        if found is None:
            return call
        return replace(call, action=found[0], parameters=model.parameters(call, *found))

    def validate(self, call: Call, proceed: Next) -> Answer:
        """Refuse what the model does not allow, and what nobody has built. Raises RefusedError."""
        model = self._models.get(call.service)
        if model is not None and (fault := model.faults(call.action, dict(call.parameters))):
            raise RefusedError(_INVALID[call.service], fault)
        return proceed(call)
