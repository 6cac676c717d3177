"""The chat of a flow, in the order that AWS documents: started, streamed, connected, said, ended.

https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from checker.live.aws.errors import Fault, UnreadError

if TYPE_CHECKING:
    from checker.core.arn import Arn
    from checker.live.flow.steps import Cleanup, Steps
    from checker.live.flow.watch import ScopedCalls

_DISPLAY_NAME = "checker"
_ENDED = ("ContactNotFoundException", "ResourceNotFoundException")
MARKED = "ConnectParticipant=true"
_PLAIN = "text/plain"


class Chat:
    """One customer's chat with an instance."""

    def __init__(self, hand: ScopedCalls, steps: Steps, instance: Arn, contact_flow: str) -> None:
        self.contact = ""
        self._hand = hand
        self._steps = steps
        self._instance = instance
        self._asked: dict[str, Any] = {
            "InstanceId": instance.instance_id,
            "ContactFlowId": contact_flow,
            "ParticipantDetails": {"DisplayName": _DISPLAY_NAME},
            "DisconnectOnCustomerExit": ["AGENT"],  # or an agent would stay in a chat that nobody is in
            "ClientToken": str(uuid.uuid4()),
        }
        self._participant_token = ""
        self._connection_token = ""

    def start(self, cleanup: Cleanup, topic: Arn | None = None) -> None:
        """Start the chat, streamed at once if a topic is given. Raises UnreadError, StoppedError.

        https://docs.aws.amazon.com/connect/latest/APIReference/API_StartChatContact.html
        """
        if topic is not None:
            self._asked["ChatStreamingConfiguration"] = {"StreamingEndpointArn": str(topic)}
        streamed = "ChatStreamingConfiguration" if topic else ""
        try:
            started = self._call(
                "connect", "start_chat_contact", str(topic or self._instance), streamed, **self._asked
            )
        except UnreadError as error:
            if error.fault in (Fault.LOST, Fault.ODD):  # it may have been started all the same
                cleanup.add("the chat", self._end_lost)
            raise
        self.contact, self._participant_token = started["ContactId"], started["ParticipantToken"]
        cleanup.add(f"the chat `{self.contact}`", self._end)
        if topic is not None and "StreamingId" in started:  # without it the stream ends with the chat
            self._owe_stream(cleanup, topic, started["StreamingId"])

    def stream(self, cleanup: Cleanup, topic: Arn) -> None:
        """Stream the chat to a topic. Raises UnreadError, StoppedError.

        https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
        """
        started = self._call(
            "connect",
            "start_contact_streaming",
            str(topic),
            InstanceId=self._instance.instance_id,
            ContactId=self.contact,
            ChatStreamingConfiguration={"StreamingEndpointArn": str(topic)},
            ClientToken=str(uuid.uuid4()),
        )
        self._owe_stream(cleanup, topic, started["StreamingId"])

    def connect(self, *, mark: bool, websocket: bool = False) -> None:
        """Connect the customer; unless marked as connected, here or by a websocket, the contact flow does not start.

        Raises UnreadError, StoppedError.
        https://docs.aws.amazon.com/connect-participant/latest/APIReference/API_CreateParticipantConnection.html
        """
        made = self._call(
            "connectparticipant",
            "create_participant_connection",
            self.contact,
            MARKED if mark else "",
            ParticipantToken=self._participant_token,
            Type=["CONNECTION_CREDENTIALS", *(["WEBSOCKET"] if websocket else [])],
            **({"ConnectParticipant": True} if mark else {}),
        )
        self._connection_token = made["ConnectionCredentials"]["ConnectionToken"]

    def say(self, content: str) -> None:
        """Say something as the customer. Raises UnreadError, StoppedError."""
        self._call(
            "connectparticipant",
            "send_message",
            self.contact,
            ContentType=_PLAIN,
            Content=content,
            ConnectionToken=self._connection_token,
        )

    def _call(
        self, service: str, operation: str, what: str, said: str = "", **sent: object
    ) -> dict[str, Any]:
        return self._steps.call(self._hand.calls, service, operation, what, said, **sent)

    def _owe_stream(self, cleanup: Cleanup, topic: Arn, streaming: str) -> None:
        def stop() -> None:
            with suppress(UnreadError):  # the step says so, and a chat that ends streams no more
                self._steps.call(
                    self._hand.after,
                    "connect",
                    "stop_contact_streaming",
                    str(topic),
                    InstanceId=self._instance.instance_id,
                    ContactId=self.contact,
                    StreamingId=streaming,
                )

        cleanup.add(f"the stream of the chat to `{topic}`", stop)

    def _end(self) -> None:
        """Leave the chat, which ends it; stop it where the customer never came or cannot leave."""
        if self._connection_token:
            try:
                self._steps.call(
                    self._hand.after,
                    "connectparticipant",
                    "disconnect_participant",
                    self.contact,
                    ConnectionToken=self._connection_token,
                )
            except UnreadError:
                self._stop()
        else:
            self._stop()

    def _stop(self) -> None:
        try:
            self._steps.call(
                self._hand.after,
                "connect",
                "stop_contact",
                self.contact,
                ContactId=self.contact,
                InstanceId=self._instance.instance_id,
            )
        except UnreadError as error:
            if error.refusal.code not in _ENDED:
                raise

    def _end_lost(self) -> None:
        """Ask again with the same token, which starts no second chat, to learn which one to stop."""
        after = self._hand.after
        started = self._steps.call(after, "connect", "start_chat_contact", str(self._instance), **self._asked)
        self.contact = started["ContactId"]
        self._stop()
