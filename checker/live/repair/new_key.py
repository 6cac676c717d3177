"""Create a key with its alias, and roll both back. Keys are deleted after seven days, the minimum of KMS.

KMS assigns key IDs, so the key of a repair is found by the receipt ID in its tags. It is the target of the alias, or
a key without an alias if the run was killed before it created one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.core.errors import AwsError, RefusedError
from checker.core.record import NamedTuple
from checker.fix.live.receipt import RECEIPT, REPLACES
from checker.live.aws.calls import ALIASES, Listing
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.keys import targets_of
from checker.live.aws.wait import until
from checker.live.repair.change_handler import ChangeHandler, ChangeState, same_policy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from checker.fix.live.receipt import Change
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock


_KEYS = Listing("kms", "list_keys", "Keys", "Marker", "NextMarker")
_TAGS = Listing("kms", "list_resource_tags", "Tags", "Marker", "NextMarker")
_USABLE = "Enabled"
_DAYS = 7
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"""


def place_for(calls: Calls, names: Iterable[Arn], mark: str) -> tuple[Arn, bool]:
    """Return the first alias that is free or belongs to the replacement, and whether it exists.

    Raises CallError, and RefusedError if others use all the aliases.
    """
    targets = _targets(calls)
    taken: list[str] = []
    for arn in names:
        target = targets.get(arn.resource)
        if target is None:
            return arn, False
        if _has_tag(calls, target, REPLACES, mark):
            return arn, True
        taken.append(arn.resource)
    raise RefusedError(taken[0], f"the aliases {', '.join(taken)} are in use", help_text="delete one")


def _targets(calls: Calls) -> dict[str, str]:
    """Return the targets of the aliases."""
    return targets_of(calls.every(ALIASES, f"the aliases of {calls.unit.name}", Limit=100))


def _has_tag(calls: Calls, key: str, name: str, value: str) -> bool:
    tags = calls.every(_TAGS, key, KeyId=key, Limit=50)
    return any((tag["TagKey"], tag["TagValue"]) == (name, value) for tag in tags)


def tagged_keys(calls: Calls, name: str, value: str) -> Iterator[str]:
    """Yield the enabled keys with a tag. Keys whose tags cannot be read do not count. Raises CallError."""
    for entry in calls.every(_KEYS, f"the keys of {calls.unit.name}", Limit=1000):
        key = entry["KeyId"]
        if _is_tagged(calls, key, name, value) and _state(calls, key) == _USABLE:
            yield key


def _is_tagged(calls: Calls, key: str, name: str, value: str) -> bool:
    """Return True for a key with a tag. Keys whose tags cannot be read do not count. Raises CallError."""
    try:
        return _has_tag(calls, key, name, value)
    except CallError as error:
        if error.fault in (Fault.DENIED, Fault.NOT_FOUND):
            return False
        raise


def _described(calls: Calls, key: str) -> dict[str, Any]:
    metadata: dict[str, Any] = calls.make("kms", "describe_key", key, KeyId=key)["KeyMetadata"]
    return metadata


class _Found(NamedTuple):
    """The key of a repair, empty if there is none, and the current target of the alias."""

    key: str
    target: str

    @property
    def is_named(self) -> bool:
        return self.key == self.target != ""


def _find(calls: Calls, change: Change) -> _Found:
    """Find the key with the receipt ID: the target of the alias, or a key without an alias."""
    targets = _targets(calls)
    target = targets.get(_alias(change), "")
    if target and _has_tag(calls, target, RECEIPT, change.receipt):
        return _Found(target, target)
    return _Found(next(_unnamed(calls, change, set(targets.values())), ""), target)


def _unnamed(calls: Calls, change: Change, known: Collection[str]) -> Iterator[str]:
    """Yield the enabled keys of the repair, except those in ``known``. Raises CallError."""
    for entry in calls.every(_KEYS, f"the keys of {calls.unit.name}", Limit=1000):
        key = entry["KeyId"]
        if (
            key not in known
            and _is_tagged(calls, key, RECEIPT, change.receipt)
            and _state(calls, key) == _USABLE
        ):
            yield key


def created_at(calls: Calls, change: Change) -> datetime | None:
    """Return the creation time of a repair's key if KMS returns it, or None if there is no key. Raises CallError."""
    key = _find(calls, change).key
    return _described(calls, key).get("CreationDate") if key else None


def _alias(change: Change) -> str:
    arn = Arn.parse(change.resource)
    return arn.resource if arn else change.resource


def _state(calls: Calls, key: str) -> str:
    return str(_described(calls, key).get("KeyState"))


def _state_of(calls: Calls, change: Change) -> ChangeState:
    named = _find(calls, change)
    if not named.key:
        return ChangeState.FOREIGN if named.target else ChangeState.BEFORE
    described = _described(calls, named.key)
    policy = calls.make("kms", "get_key_policy", named.key, KeyId=named.key, PolicyName="default")["Policy"]
    same = same_policy(described["Arn"], policy, change.specification["Policy"])
    names = [name for name, target in _targets(calls).items() if target == named.key]
    if not same or described.get("KeyState") != _USABLE or len(names) > 1:
        return ChangeState.OTHER
    return ChangeState.AFTER if named.is_named else ChangeState.PARTLY


def _create(calls: Calls, change: Change, clock: Clock) -> None:
    """Create the key with its final policy, and then its alias."""
    specification = change.specification
    answer = calls.make(
        "kms",
        "create_key",
        change.resource,
        Policy=specification["Policy"],
        Description=specification["Description"],
        Tags=[{"TagKey": name, "TagValue": value} for name, value in specification["Tags"].items()],
    )
    key = answer["KeyMetadata"]["KeyId"]
    if answer["ResponseMetadata"].get("RetryAttempts"):
        _delete_spares(calls, change, key)
    calls.make("kms", "create_alias", change.resource, AliasName=_alias(change), TargetKeyId=key)
    if not until(clock, lambda: _state_of(calls, change) is ChangeState.AFTER):
        raise AwsError(change.resource, "AWS does not return the key as it was created")


def _delete_spares(calls: Calls, change: Change, key: str) -> None:
    """Delete keys from earlier attempts of CreateKey whose response was lost. Each attempt creates a key."""
    for spare in _unnamed(calls, change, {key}):
        _schedule(calls, change, spare)


def _delete(calls: Calls, change: Change, clock: Clock) -> None:
    """Delete every key of the repair, and wait until KMS returns none."""
    deleted: set[str] = set()
    while (named := _find(calls, change)).key and named.key not in deleted:
        if named.is_named:
            calls.make("kms", "delete_alias", change.resource, AliasName=_alias(change))
        _schedule(calls, change, named.key)
        deleted.add(named.key)
    if named.key and not until(clock, lambda: not _find(calls, change).key):
        raise AwsError(change.resource, "AWS still returns the key after its deletion")


def _schedule(calls: Calls, change: Change, key: str) -> None:
    calls.make("kms", "schedule_key_deletion", change.resource, KeyId=key, PendingWindowInDays=_DAYS)


NEW_KEY_HANDLER = ChangeHandler(
    _state_of, _create, _delete, "the alias exists now, or its key was changed since"
)


_KEY = "KmsMasterKeyId"


def _current(calls: Calls, topic: str) -> str:
    answer = calls.make("sns", "get_topic_attributes", topic, TopicArn=topic)
    return str((answer.get("Attributes") or {}).get(_KEY, ""))


def _encryption_state(calls: Calls, change: Change) -> ChangeState:
    states = {change.old: ChangeState.BEFORE, change.new: ChangeState.AFTER}
    return states.get(_current(calls, change.resource), ChangeState.OTHER)


def _set(calls: Calls, change: Change, key: str, clock: Clock) -> None:
    topic = change.resource
    calls.make("sns", "set_topic_attributes", topic, TopicArn=topic, AttributeName=_KEY, AttributeValue=key)
    if not until(clock, lambda: _current(calls, topic) == key):
        raise AwsError(topic, f"AWS does not return `{key}` as its key")


ENCRYPTION_HANDLER = ChangeHandler(
    _encryption_state,
    lambda calls, change, clock: _set(calls, change, change.new, clock),
    lambda calls, change, clock: _set(calls, change, change.old, clock),
    "the topic's encryption key was changed since it was read",
)
