"""The receipt of a live repair: the state before it, the planned changes and the caller. Written before any change.

A receipt has an id, which every topic and key that the repair creates carries as a tag. By it a rollback knows what
the repair has created, and deletes nothing else.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


VERSION = 2
"""Version 1 had no id and no account."""
TOPIC, KEY = "topic", "key"
"""The policy of a topic, the policy of a key: texts of JSON."""
NEW_KEY, NEW_TOPIC, SUBSCRIPTION = "new key", "new topic", "subscription"
"""What is created: nothing, then what it is made of as JSON; the resource is the alias, the topic, the topic."""
ENCRYPTION = "encryption"
"""The KmsMasterKeyId of a topic: what it is."""
CREATED = (NEW_KEY, NEW_TOPIC, SUBSCRIPTION)
TAGGED = (NEW_KEY, NEW_TOPIC)
KINDS = (TOPIC, KEY, *CREATED, ENCRYPTION)
RECEIPT = "checker:receipt"
"""The tag of every topic and key that a repair creates: the id of its receipt."""


class Change(NamedTuple):
    """Something that is changed: which resource, in which way, what it said and what it says then."""

    resource: str
    kind: str
    old: str
    new: str

    @property
    def made_of(self) -> dict[str, Any]:
        """What is created, as it is asked of AWS."""
        made: dict[str, Any] = json.loads(self.new)
        return made

    @property
    def receipt(self) -> str:
        """The id of the receipt that a created topic or key carries. Raises KeyError where there is none."""
        return str(self.made_of["Tags"][RECEIPT])


def name_of(change: Change) -> str:
    """How reports call what a change is about."""
    if change.kind == SUBSCRIPTION:
        made = change.made_of
        return f"{change.resource}: subscription {made['Protocol']} `{made['Endpoint']}`"
    return f"{change.resource}: its KmsMasterKeyId" if change.kind == ENCRYPTION else change.resource


class Receipt(NamedTuple):
    """The plan of a repair: its id, the time when it began, the account of all resources, the caller, every change."""

    id: str
    time: datetime
    account: str
    caller: str
    changes: tuple[Change, ...]


def new_id() -> str:
    """Make the id of a receipt, which no other receipt has."""
    return str(uuid.uuid4())


def stamped(change: Change, receipt: str) -> Change:
    """The change with the id of the receipt among the tags, where it creates something that has tags."""
    if change.kind not in TAGGED:
        return change
    made = change.made_of
    return change._replace(new=json.dumps({**made, "Tags": {**made["Tags"], RECEIPT: receipt}}))
