"""Creates a key with its alias, and takes both back: a key is deleted after seven days, the least that KMS allows.

A key has no name that could be chosen beforehand. It is known by its alias; one that never got an alias, because the
run was killed, is known by its tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.arn import Arn
from checker.fix.replacement import REPLACES
from checker.inputs.text import InputError
from checker.live.calls import Listing
from checker.live.faults import Fault, UnreadError
from checker.live.keys import targets_of
from checker.live.listings import ALIASES
from checker.live.patience import until
from checker.live.repair.deed import Deed, Stand
from checker.live.repair.policy_writing import same_policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.fix.receipt import Change
    from checker.live.calls import Calls
    from checker.live.patience import Clock

_KEYS = Listing("kms", "list_keys", "Keys", "Marker", "NextMarker")
_TAGS = Listing("kms", "list_resource_tags", "Tags", "Marker", "NextMarker")
_USABLE = "Enabled"
_DAYS = 7
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"""


def place_for(calls: Calls, names: Iterable[Arn], mark: str) -> tuple[Arn, bool]:
    """Give the first alias that is free, or has the replacement already, and whether it is there. Raises InputError."""
    targets = _targets(calls)
    taken: list[str] = []
    for arn in names:
        target = targets.get(arn.resource)
        if target is None:
            return arn, False
        if _is_marked(calls, target, mark):
            return arn, True
        taken.append(arn.resource)
    raise InputError(taken[0], f"the aliases {', '.join(taken)} are taken", help_text="delete one")


def _targets(calls: Calls) -> dict[str, str]:
    """What the aliases mean."""
    return targets_of(calls.every(ALIASES, f"the aliases of {calls.unit.name}", Limit=100))


def _is_marked(calls: Calls, key: str, mark: str) -> bool:
    """True for a key with our tag. Raises InputError."""
    try:
        return _has_tag(calls, key, mark)
    except UnreadError as error:
        raise error.of_input() from None


def _is_ours(calls: Calls, key: str, mark: str) -> bool:
    """The same for any key of the account: one whose tags nobody may read is somebody else's. Raises InputError."""
    try:
        return _has_tag(calls, key, mark)
    except UnreadError as error:
        if error.fault in (Fault.DENIED, Fault.GONE):
            return False
        raise error.of_input() from None


def _has_tag(calls: Calls, key: str, mark: str) -> bool:
    tags = (one for page in calls.pages(_TAGS, key, KeyId=key, Limit=50) for one in page)
    return any((one["TagKey"], one["TagValue"]) == (REPLACES, mark) for one in tags)


def _described(calls: Calls, key: str) -> dict[str, Any]:
    metadata: dict[str, Any] = calls.need("kms", "describe_key", key, KeyId=key)["KeyMetadata"]
    return metadata


def _key(calls: Calls, change: Change) -> tuple[str, bool]:
    """Find the key, by its alias or else by its tag, and say if it has the alias; nothing if there is none."""
    targets = _targets(calls)
    name = _alias(change)
    if name in targets:
        return targets[name], True
    mark = change.made_of["Tags"][REPLACES]
    known = set(targets.values())
    for one in calls.every(_KEYS, f"the keys of {calls.unit.name}", Limit=1000):
        key = one["KeyId"]
        if key not in known and _is_ours(calls, key, mark) and _state(calls, key) == _USABLE:
            return key, False
    return "", False


def _alias(change: Change) -> str:
    arn = Arn.parse(change.resource)
    return arn.resource if arn else change.resource


def _state(calls: Calls, key: str) -> str:
    return str(_described(calls, key).get("KeyState"))


def _stand(calls: Calls, change: Change) -> Stand:
    key, named = _key(calls, change)
    if not key:
        return Stand.BEFORE
    made = change.made_of
    answer = calls.need("kms", "get_key_policy", key, KeyId=key, PolicyName="default")
    policy = str(answer["Policy"])
    same = same_policy(_arn(calls, key), policy, made["Policy"]) and _state(calls, key) == _USABLE
    if not same or not _is_marked(calls, key, made["Tags"][REPLACES]):
        return Stand.OTHER
    return Stand.AFTER if named else Stand.PARTLY


def _arn(calls: Calls, key: str) -> str:
    return str(_described(calls, key)["Arn"])


def _create(calls: Calls, change: Change, clock: Clock) -> None:
    """Create the key, right from the start, and then its alias."""
    made = change.made_of
    key, _ = _key(calls, change)
    if not key:
        answer = calls.need(
            "kms",
            "create_key",
            change.resource,
            Policy=made["Policy"],
            Description=made["Description"],
            Tags=[{"TagKey": name, "TagValue": value} for name, value in made["Tags"].items()],
        )
        key = answer["KeyMetadata"]["KeyId"]
    calls.need("kms", "create_alias", change.resource, AliasName=_alias(change), TargetKeyId=key)
    if not until(clock, lambda: _stand(calls, change) is Stand.AFTER):
        raise InputError(change.resource, "AWS does not show the key as it was created")


def _delete(calls: Calls, change: Change, clock: Clock) -> None:
    key, named = _key(calls, change)
    if named:
        calls.need("kms", "delete_alias", change.resource, AliasName=_alias(change))
    calls.need("kms", "schedule_key_deletion", change.resource, KeyId=key, PendingWindowInDays=_DAYS)
    if not until(clock, lambda: not _key(calls, change)[0]):
        raise InputError(change.resource, "AWS shows the key still, which was to be deleted")


NEW_KEY_DEED = Deed(_stand, _create, _delete, "there is such an alias now, or its key has changed since")
