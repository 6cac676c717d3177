"""The test chat of a flow, in the order that AWS documents: start, stream, connect, send, end.

https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from checker.live.aws.errors import CallError, Fault

if TYPE_CHECKING:
    from checker.core.arn import Arn
    from checker.live.flow.steps import Cleanup, FlowCalls

_DISPLAY_NAME = "checker"
_ENDED = ("ContactNotFoundException", "ResourceNotFoundException")
MARKED = "ConnectParticipant=true"
_PLAIN = "text/plain"


class Chat:
    """A customer's chat with an instance."""

    def __init__(self, calls: FlowCalls, instance: Arn, contact_flow: str) -> None:
        self.contact = ""
        self._calls = calls
        self._instance = instance
        self._start_parameters: dict[str, Any] = {
            "InstanceId": instance.instance_id,
            "ContactFlowId": contact_flow,
            "ParticipantDetails": {"DisplayName": _DISPLAY_NAME},
            "DisconnectOnCustomerExit": ["AGENT"],  # otherwise the agent stays in the empty chat
            "ClientToken": str(uuid.uuid4()),
        }
        self._participant_token = ""
        self._connection_token = ""

    def start(self, cleanup: Cleanup, topic: Arn | None = None) -> None:
        """Start the chat, with streaming to a topic if one is given. Raises CallError, StoppedError.

        https://docs.aws.amazon.com/connect/latest/APIReference/API_StartChatContact.html
        """
        if topic is not None:
            self._start_parameters["ChatStreamingConfiguration"] = {"StreamingEndpointArn": str(topic)}
        streamed = "ChatStreamingConfiguration" if topic else ""
        try:
            started = self._calls.make(
                "connect",
                "start_chat_contact",
                str(topic or self._instance),
                streamed,
                **self._start_parameters,
            )
        except CallError as error:
            if error.fault in (Fault.NO_ANSWER, Fault.INVALID):  # the chat may have started anyway
                cleanup.add("the chat", self._end_lost)
            raise
        self.contact, self._participant_token = started["ContactId"], started["ParticipantToken"]
        cleanup.add(f"the chat `{self.contact}`", self._end)
        if topic is not None and "StreamingId" in started:  # without an ID, the stream ends with the chat
            self._add_stream(cleanup, topic, started["StreamingId"])

    def stream(self, cleanup: Cleanup, topic: Arn) -> None:
        """Stream the chat to a topic. Raises CallError, StoppedError.

        https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
        """
        started = self._calls.make(
            "connect",
            "start_contact_streaming",
            str(topic),
            InstanceId=self._instance.instance_id,
            ContactId=self.contact,
            ChatStreamingConfiguration={"StreamingEndpointArn": str(topic)},
            ClientToken=str(uuid.uuid4()),
        )
        self._add_stream(cleanup, topic, started["StreamingId"])

    def connect(self, *, mark: bool, websocket: bool = False) -> None:
        """Connect the customer. The contact flow starts only once a mark or a websocket shows them as connected.

        Raises CallError, StoppedError.
        https://docs.aws.amazon.com/connect-participant/latest/APIReference/API_CreateParticipantConnection.html
        """
        connection = self._calls.make(
            "connectparticipant",
            "create_participant_connection",
            self.contact,
            MARKED if mark else "",
            ParticipantToken=self._participant_token,
            Type=["CONNECTION_CREDENTIALS", *(["WEBSOCKET"] if websocket else [])],
            **({"ConnectParticipant": True} if mark else {}),
        )
        self._connection_token = connection["ConnectionCredentials"]["ConnectionToken"]

    def send(self, content: str) -> None:
        """Send a message as the customer. Raises CallError, StoppedError."""
        self._calls.make(
            "connectparticipant",
            "send_message",
            self.contact,
            ContentType=_PLAIN,
            Content=content,
            ConnectionToken=self._connection_token,
        )

    def _add_stream(self, cleanup: Cleanup, topic: Arn, streaming: str) -> None:
        def stop() -> None:
            with suppress(CallError):  # the step records the failure, and the stream ends with the chat
                self._calls.clean_up(
                    "connect",
                    "stop_contact_streaming",
                    str(topic),
                    InstanceId=self._instance.instance_id,
                    ContactId=self.contact,
                    StreamingId=streaming,
                )

        cleanup.add(f"the stream of the chat to `{topic}`", stop)

    def _end(self) -> None:
        """Disconnect the customer, which ends the chat. Stop the chat if that fails or the customer never connected."""
        if self._connection_token:
            try:
                self._calls.clean_up(
                    "connectparticipant",
                    "disconnect_participant",
                    self.contact,
                    ConnectionToken=self._connection_token,
                )
            except CallError:
                self._stop()
        else:
            self._stop()

    def _stop(self) -> None:
        try:
            self._calls.clean_up(
                "connect",
                "stop_contact",
                self.contact,
                ContactId=self.contact,
                InstanceId=self._instance.instance_id,
            )
        except CallError as error:
            if error.refusal.code not in _ENDED:
                raise

    def _end_lost(self) -> None:
        """Repeat the start to learn the chat's ID, and stop it. The same token prevents a second chat."""
        started = self._calls.clean_up(
            "connect", "start_chat_contact", str(self._instance), **self._start_parameters
        )
        self.contact = started["ContactId"]
        self._stop()
