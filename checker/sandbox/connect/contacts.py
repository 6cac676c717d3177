"""The chats of the sandbox: contacts, their participants and their streams."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def new_id() -> str:
    """Create a random ID."""
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Instance:
    """An instance of Amazon Connect."""

    arn: str
    id: str
    account: str
    region: str


@dataclass
class Contact:
    """One chat. ``streams`` maps streaming IDs to topics."""

    instance: Instance
    started: float
    display_name: str
    id: str = field(default_factory=new_id)
    participant: str = field(default_factory=new_id)
    participant_token: str = field(default_factory=new_id)
    streams: dict[str, str] = field(default_factory=dict)
    connection_tokens: set[str] = field(default_factory=set)
    connected: bool = False
    ended: bool = False

    def topics(self) -> tuple[str, ...]:
        """Return the topics that the chat is streamed to, each once."""
        return tuple(dict.fromkeys(self.streams.values()))


class Contacts:
    """All chats, and the recorded answers to calls with a ClientToken."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._contacts: dict[str, Contact] = {}
        self._answers: dict[tuple[str, ...], dict[str, object]] = {}

    def add(self, contact: Contact) -> None:
        """Add a chat."""
        self._contacts[contact.id] = contact

    def find(self, instance: Instance, contact: str) -> Contact | None:
        """Find a chat of an instance, including ended chats."""
        found = self._contacts.get(contact)
        return found if found is not None and found.instance.arn == instance.arn else None

    def live(self, account: str) -> list[str]:
        """Return the IDs of an account's chats that have not ended."""
        return [contact.id for contact in self._active() if contact.instance.account == account]

    def by_participant_token(self, token: str) -> Contact | None:
        """Find a chat that has not ended by the token of its customer."""
        return next((contact for contact in self._active() if contact.participant_token == token), None)

    def by_connection_token(self, token: str) -> Contact | None:
        """Find a chat that has not ended by the token of a connection to it."""
        return next((contact for contact in self._active() if token in contact.connection_tokens), None)

    def _active(self) -> Iterator[Contact]:
        return (contact for contact in list(self._contacts.values()) if not contact.ended)

    def recorded_answer(self, key: tuple[str, ...]) -> dict[str, object] | None:
        """Return the recorded answer to a call with this ClientToken."""
        return self._answers.get(key) if key[-1] else None

    def record_answer(self, key: tuple[str, ...], answer: dict[str, object]) -> dict[str, object]:
        """Record and return the answer to a call with a ClientToken."""
        if key[-1]:
            self._answers[key] = answer
        return answer
