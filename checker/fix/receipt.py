"""The receipt of a live repair: what was there, what was to come, and who wrote it. Made before anything is written."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.inputs.text import InputError, read_text
from checker.output_file import real_path

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
    """Write a receipt to a new file, and be sure that it is there. Raises InputError.

    The folder may not lead through a link out of the current one, as a repository could hold such a link.
    """
    name = receipt.changes[0].resource.rpartition(":")[2].replace("/", "-")
    stamp = receipt.time.replace(":", "").replace("-", "").partition(".")[0]
    value = {"version": VERSION, **receipt._asdict(), "changes": [one._asdict() for one in receipt.changes]}
    text = json.dumps(value, indent=2) + "\n"
    real_path(folder)
    path = folder / f"checker-{name}-{stamp}.json"
    number = 1
    while os.path.lexists(path):  # two runs in one second
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
        os.fsync(file.fileno())


def read_receipt(path: Path) -> Receipt:
    """Read a receipt back. Raises InputError for what is none."""
    try:
        value = json.loads(read_text(path, pipes=True))
        return _receipt(value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(str(path), f"this is no receipt of `checker fix`: {error}") from None


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
