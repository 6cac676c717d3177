"""The receipt of a live repair: what was there, what was to come, and who wrote it. Made before anything is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.inputs.text import InputError, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1
TOPIC, KEY = "topic", "key"
"""The policy of a topic, the policy of a key: texts of JSON."""
NEW_KEY, NEW_TOPIC, SUBSCRIPTION = "new key", "new topic", "subscription"
"""What is created: nothing, then what it is made of as JSON; the resource is the alias, the topic, the topic."""
ENCRYPTION = "encryption"
"""The KmsMasterKeyId of a topic: what it is."""
CREATED = (NEW_KEY, NEW_TOPIC, SUBSCRIPTION)
_MADE_OF = {
    NEW_KEY: {"Description", "Policy", "Tags"},
    NEW_TOPIC: {"Attributes", "Tags"},
    SUBSCRIPTION: {"Protocol", "Endpoint", "Attributes"},
}
KINDS = (TOPIC, KEY, *CREATED, ENCRYPTION)


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


def name_of(change: Change) -> str:
    """How reports call what a change is about."""
    if change.kind == SUBSCRIPTION:
        made = change.made_of
        return f"{change.resource}: subscription {made['Protocol']} `{made['Endpoint']}`"
    return f"{change.resource}: its KmsMasterKeyId" if change.kind == ENCRYPTION else change.resource


class Receipt(NamedTuple):
    """What a repair is about to do: when (UTC, ISO 8601), on whose behalf, and every change in its order."""

    time: str
    caller: str
    changes: tuple[Change, ...]


def write_receipt(receipt: Receipt, folder: Path) -> Path:
    """Write a receipt to a file of its own, and be sure that it is there. Raises InputError."""
    name = receipt.changes[0].resource.rpartition(":")[2].replace("/", "-")
    stamp = receipt.time.replace(":", "").replace("-", "").partition(".")[0]
    value = {"version": VERSION, **receipt._asdict(), "changes": [one._asdict() for one in receipt.changes]}
    text = json.dumps(value, indent=2) + "\n"
    path = folder / f"checker-{name}-{stamp}.json"
    number = 1
    while path.exists():  # two runs in one second
        number += 1
        path = path.with_name(f"checker-{name}-{stamp}-{number}.json")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, text)
    except OSError as error:
        reason = f"the receipt cannot be written: {(error.strerror or str(error)).lower()}"
        help_text = "nothing was changed; choose with --receipts"
        raise InputError(str(path), reason, help_text=help_text) from None
    return path


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        _sync(file.fileno())


def _sync(descriptor: int) -> None:
    import os

    os.fsync(descriptor)


def read_receipt(path: Path) -> Receipt:
    """Read a receipt back. Raises InputError for what is none."""
    try:
        value = json.loads(read_text(path))
        return _receipt(value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(str(path), f"not a receipt of `checker fix`: {_fault(error)}") from None


def _fault(error: Exception) -> str:
    """Say what is wrong in words, for Python's own are about programs."""
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    return str(error) if isinstance(error, ValueError) else "a value is of another type than in a receipt"


def _receipt(value: Mapping[str, Any]) -> Receipt:
    if value["version"] != VERSION:
        raise ValueError(f"version {value['version']} is not known")
    changes = tuple(
        Change(str(one["resource"]), str(one["kind"]), str(one["old"]), str(one["new"]))
        for one in value["changes"]
    )
    if not changes or any(one.kind not in KINDS for one in changes):
        raise ValueError("it names no change of a topic or key")
    if any(one.kind in CREATED and not _MADE_OF[one.kind] <= one.made_of.keys() for one in changes):
        raise ValueError("it does not say what was to be created")
    return Receipt(str(value["time"]), str(value["caller"]), changes)
