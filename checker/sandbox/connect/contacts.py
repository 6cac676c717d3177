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
        known = self._contacts.get(contact)
        return known if known is not None and known.instance.arn == instance.arn else None

    def live(self, account: str) -> list[str]:
        """Return the IDs of an account's chats that have not ended."""
        return [one.id for one in self._active() if one.instance.account == account]

    def by_participant_token(self, token: str) -> Contact | None:
        """Find a chat that has not ended by the token of its customer."""
        return next((one for one in self._active() if one.participant_token == token), None)

    def by_connection_token(self, token: str) -> Contact | None:
        """Find a chat that has not ended by the token of a connection to it."""
        return next((one for one in self._active() if token in one.connection_tokens), None)

    def _active(self) -> Iterator[Contact]:
        return (one for one in list(self._contacts.values()) if not one.ended)

    def recorded_answer(self, key: tuple[str, ...]) -> dict[str, object] | None:
        """Return the recorded answer to a call with this ClientToken."""
        return self._answers.get(key) if key[-1] else None

    def record_answer(self, key: tuple[str, ...], answer: dict[str, object]) -> dict[str, object]:
        """Record and return the answer to a call with a ClientToken."""
        if key[-1]:
            self._answers[key] = answer
        return answer
