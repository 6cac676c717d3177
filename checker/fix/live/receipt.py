"""The receipt of a live repair: the previous state, the planned changes and the caller.

It is written before any change. Every topic and key that the repair creates is tagged with the receipt's ID. A rollback
uses the tag to find the resources that the repair created, and deletes only those. A receipt may be forged, so all of
it is validated when it is read. Its format is `schemas/receipt.v2.json`.
"""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.shell import path_word, shell_word
from checker.inputs.output_file import real_path
from checker.inputs.schema import plain, reading_as, validate
from checker.inputs.text import parse_text, read_text
from checker.inputs.whole_file import write_new

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
REPLACES = "checker:replaces"
"""Tag of a replacement. A second run uses it to find the replacement again."""


class Change(NamedTuple):
    """A change of one resource: its kind, the old value and the new value."""

    resource: str
    kind: str
    old: str
    new: str

    @property
    def specification(self) -> dict[str, Any]:
        """Return the specification of the created resource, as sent to AWS."""
        parameters: dict[str, Any] = json.loads(self.new)
        return parameters

    @property
    def receipt(self) -> str:
        """Return the receipt ID in the tags of a created topic or key. Raises KeyError if there is none."""
        return str(self.specification["Tags"][RECEIPT])


def name_of(change: Change) -> str:
    """Return the resource of a change as reports name it."""
    if change.kind == SUBSCRIPTION:
        parameters = change.specification
        return f"{change.resource}: subscription {parameters['Protocol']} `{parameters['Endpoint']}`"
    return f"{change.resource}: its KmsMasterKeyId" if change.kind == ENCRYPTION else change.resource


class Receipt(NamedTuple):
    """The plan of a repair: ID, start time, account, caller, and changes.

    The account is that of all created resources. Policies of several accounts may be written, if nothing is created;
    then it is the account of the first change.
    """

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
    parameters = change.specification
    return change._replace(new=json.dumps({**parameters, "Tags": {**parameters["Tags"], RECEIPT: receipt}}))


SCHEMA = "receipt.v2.json"
RETENTION = "retention"
"""The kind of receipts that `checker flow --create` writes."""
TRIAL = "trial"
"""The kind of receipts that `checker flow --try-conditions` writes."""
_MEMBERS: dict[str, dict[str, type]] = {
    NEW_KEY: {"Description": str, "Policy": str, "Tags": dict},
    NEW_TOPIC: {"Attributes": dict, "Tags": dict},
    SUBSCRIPTION: {"Protocol": str, "Endpoint": str, "Attributes": dict},
}
CLOCK_SKEW = timedelta(minutes=5)
"""Tolerated difference between two clocks. AWS rejects calls from callers whose clock differs by more."""


def write_receipt(receipt: Receipt, folder: Path) -> Path:
    """Write a receipt to a new file and sync it to disk. Raises CheckerError.

    The folder must not lead through a link out of the current folder: a repository could contain such a link.
    """
    real_path(folder)
    name = receipt.changes[0].resource.rpartition(":")[2].replace("/", "-")
    stamp = receipt.time.strftime("%Y%m%dT%H%M%S")
    value = {
        "version": VERSION,
        **receipt._asdict(),
        "time": receipt.time.isoformat(timespec="seconds"),
        "changes": [change._asdict() for change in receipt.changes],
    }
    path = folder / f"checker-{name}-{stamp}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _written(path, json.dumps(value, indent=2) + "\n")
    except OSError as error:
        reason = f"cannot write the receipt: {(error.strerror or str(error)).lower()}"
        help_text = "nothing was changed; choose another folder with --receipts"
        raise InputError(str(path), reason, help_text=help_text) from None


def _written(path: Path, text: str) -> Path:
    """Write a receipt under its name, or under a numbered one if the name is taken. Raises OSError."""
    for number in count(1):  # runs of one topic within one second
        numbered = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        with suppress(FileExistsError):
            write_new(numbered, text)
            return numbered
    raise AssertionError  # count never ends


def read_receipt(path: Path) -> Receipt:
    """Read a receipt. Raises InputError for a file that is not a valid receipt of `checker fix`."""
    text = read_text(path, pipes=True)
    with reading_as(_KIND, _RECEIPT_HELP):
        document = parse_text(path.as_posix(), text)
    value: dict[str, Any] = plain(document.root)
    _check_kind(value, path)
    _check_version(value, path)
    with reading_as(_KIND, _RECEIPT_HELP):
        validate(document, SCHEMA)
    try:
        return _receipt(value)
    except (ValueError, RecursionError) as error:
        raise InputError(str(path), f"not a valid {_KIND}: {error}") from None


_RESTORE = {
    TOPIC: "aws sns set-topic-attributes --topic-arn {} --attribute-name Policy --attribute-value",
    KEY: "aws kms put-key-policy --policy-name default --key-id {} --policy",
    ENCRYPTION: "aws sns set-topic-attributes --topic-arn {} --attribute-name KmsMasterKeyId --attribute-value",
}
"""Commands that restore the old value of a change."""


def _check_kind(value: object, path: Path) -> None:
    """Refuse the receipt of a flow, whose queue may hold chats by now, and list the undo steps. Raises InputError.

    A trial deletes its resources itself; its receipt names them for a run that was killed.
    """
    options = {RETENTION: "--create", TRIAL: "--try-conditions"}
    if isinstance(value, dict) and (option := options.get(str(value.get("kind")))):
        undo = value.get("undo")
        steps = [str(step) for step in undo] if isinstance(undo, list) else []
        reason = f"a receipt of `checker flow {option}`; no command rolls it back"
        raise InputError(str(path), reason, help_text="; ".join(("to undo it manually", *steps)))


_KIND = "receipt of `checker fix`"
_OF_VERSION_1 = {"time", "caller", "changes"}
_RECEIPT_HELP = "`checker fix --apply` prints the name of its receipt"


def _check_version(value: object, path: Path) -> None:
    """Refuse receipts of other versions. Version 1 does not record the account. Raises InputError."""
    version = value.get("version") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(version, int) or version == VERSION:
        return
    if version != 1:
        reason = f"receipt version {version} is not supported, only version {VERSION}"
        raise InputError(str(path), reason, help_text="use the release of checker that wrote it")
    if not value.keys() >= _OF_VERSION_1:  # reports and baselines have versions, too
        raise InputError(str(path), f"not a {_KIND}", help_text=_RECEIPT_HELP)
    reason = "receipts of version 1 cannot be rolled back: they do not record the account"
    commands = "; ".join(_restore_commands(value.get("changes"), path))
    by_hand = f"to restore the old values by hand, review the receipt and run: {commands}"
    raise InputError(str(path), reason, help_text=by_hand if commands else "restore its `old` values by hand")


def _restore_commands(changes: object, path: Path) -> Iterator[str]:
    """Yield a command for each change of a resource that existed before, last change first."""
    numbered = list(enumerate(changes)) if isinstance(changes, list) else []
    for number, change in reversed(numbered):
        arn = Arn.parse(str(change.get("resource"))) if isinstance(change, dict) else None
        if arn is not None and change.get("kind") in _RESTORE:
            old = f"jq -r '.changes[{number}].old' {path_word(path)}"
            yield f'{_RESTORE[change["kind"]].format(shell_word(str(arn)))} "$({old})"'


def _receipt(value: dict[str, Any]) -> Receipt:
    changes = tuple(
        Change(entry["resource"], entry["kind"], entry["old"], entry["new"]) for entry in value["changes"]
    )
    receipt = Receipt(value["id"], _time(value["time"]), value["account"], value["caller"], changes)
    _check_places(receipt)
    for change in changes:
        _check(change, receipt)
    return receipt


def _check_places(receipt: Receipt) -> None:
    """Check where the changes are: a replacement is in one account and Region, policies may be in several.

    Raises ValueError.
    """
    places = [_place(change) for change in receipt.changes]
    if places[0].account != receipt.account:
        raise ValueError(f"its first change is not in its account {receipt.account}")
    if all(change.kind in (TOPIC, KEY) for change in receipt.changes):
        return
    if {account for _, _, account in places} != {receipt.account}:
        raise ValueError(f"it changes resources outside its account {receipt.account}")
    if len(set(places)) > 1:
        raise ValueError("it creates or encrypts resources in several Regions")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"`{text}` is not a time with an offset from UTC")
    if time > datetime.now(UTC) + CLOCK_SKEW:
        raise ValueError(f"its time, {text}, is in the future")
    return time


class _Place(NamedTuple):
    partition: str
    region: str
    account: str


def _place(change: Change) -> _Place:
    """Return partition, Region and account of a change. Raises ValueError if the resource does not fit its kind."""
    arn = Arn.parse(change.resource)
    if arn is None or not _fits(arn, change.kind):
        raise ValueError(f"`{change.resource}` is not a valid resource of a change `{change.kind}`")
    return _Place(arn.partition, arn.region, arn.account)


def _fits(arn: Arn, kind: str) -> bool:
    if kind == KEY:
        return arn.service == "kms" and arn.resource.startswith("key/")
    if kind == NEW_KEY:
        return arn.service == "kms" and arn.resource.startswith("alias/") and not is_managed_key(arn.resource)
    return arn.is_topic


def _check(change: Change, receipt: Receipt) -> None:
    """Validate the values of a change against its kind and receipt. Raises ValueError."""
    if change.kind in (TOPIC, KEY):
        _object(change.old, f"the old policy of `{change.resource}`")
        _object(change.new, f"the new policy of `{change.resource}`")
    elif change.kind == ENCRYPTION:
        if not change.old or not change.new:
            raise ValueError(f"it would leave `{change.resource}` without a key")
    elif change.kind in CREATED:
        _check_created(change, receipt)


def _check_created(change: Change, receipt: Receipt) -> None:
    parameters = _object(change.new, f"the specification of `{change.resource}`")
    members = _MEMBERS[change.kind]
    if change.old or parameters.keys() != members.keys():
        raise ValueError(f"it does not contain the specification of `{change.resource}`")
    for name, kind in members.items():
        texts = parameters[name].values() if isinstance(parameters[name], dict) else (parameters[name],)
        if not isinstance(parameters[name], kind) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{name} of `{change.resource}` is not valid")
    if change.kind in TAGGED and (
        parameters["Tags"].get(RECEIPT) != receipt.id or not parameters["Tags"].get(REPLACES)
    ):
        raise ValueError(f"the tags of `{change.resource}` were not written by this repair")
    policy = parameters.get("Policy", parameters.get("Attributes", {}).get("Policy"))
    if change.kind in TAGGED:
        _object(policy or "", f"the policy of `{change.resource}`")


def _object(text: str, what: str) -> dict[str, Any]:
    """Parse a JSON object. Raises ValueError."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not a JSON object")  # noqa: TRY004 - all invalid receipts raise ValueError
    return value
