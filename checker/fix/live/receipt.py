"""The receipt of a live repair: the previous state, the planned changes and the caller. Written before any change.

Every topic and key that the repair creates is tagged with the receipt's ID. A rollback uses the tag to find the
resources that the repair created, and deletes only those.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


VERSION = 2
"""Version 1 had no ID and no account."""
TOPIC, KEY = "topic", "key"
"""Kinds of change to a topic policy and a key policy. Old and new value are JSON texts."""
NEW_KEY, NEW_TOPIC, SUBSCRIPTION = "new key", "new topic", "subscription"
"""Kinds of creation. The old value is empty, the new value is the specification as JSON.
The resource is the alias for a key, and the topic for a topic and a subscription.
"""
ENCRYPTION = "encryption"
"""A change of a topic's KmsMasterKeyId. Old and new value are key IDs."""
CREATED = (NEW_KEY, NEW_TOPIC, SUBSCRIPTION)
TAGGED = (NEW_KEY, NEW_TOPIC)
KINDS = (TOPIC, KEY, *CREATED, ENCRYPTION)
RECEIPT = "checker:receipt"
"""Tag of every topic and key that a repair creates. Its value is the receipt ID."""


class Change(NamedTuple):
    """A change of one resource: its kind, the old value and the new value."""

    resource: str
    kind: str
    old: str
    new: str

    @property
    def made_of(self) -> dict[str, Any]:
        """Return the specification of the created resource, as sent to AWS."""
        made: dict[str, Any] = json.loads(self.new)
        return made

    @property
    def receipt(self) -> str:
        """Return the receipt ID in the tags of a created topic or key. Raises KeyError if there is none."""
        return str(self.made_of["Tags"][RECEIPT])


def name_of(change: Change) -> str:
    """Return the resource of a change as reports name it."""
    if change.kind == SUBSCRIPTION:
        made = change.made_of
        return f"{change.resource}: subscription {made['Protocol']} `{made['Endpoint']}`"
    return f"{change.resource}: its KmsMasterKeyId" if change.kind == ENCRYPTION else change.resource


class Receipt(NamedTuple):
    """The plan of a repair: ID, start time, account of all resources, caller, and changes."""

    id: str
    time: datetime
    account: str
    caller: str
    changes: tuple[Change, ...]


def new_id() -> str:
    """Return a new, unique receipt ID."""
    return str(uuid.uuid4())


def stamped(change: Change, receipt: str) -> Change:
    """Add the receipt ID to the tags of a created resource, if the resource has tags."""
    if change.kind not in TAGGED:
        return change
    made = change.made_of
    return change._replace(new=json.dumps({**made, "Tags": {**made["Tags"], RECEIPT: receipt}}))
