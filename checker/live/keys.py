"""The keys of one unit: each is read once, whatever the topics call it.

A KmsMasterKeyId is a key id, a key ARN, an alias or the ARN of an alias. Predefined aliases are never described:
asking KMS for `alias/aws/sns` can create the key.
https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from checker.arn import Arn
from checker.inventory import Key, Place, Skipped, is_managed_key
from checker.live.calls import Calls, Listing
from checker.live.document import document_of
from checker.live.facts import grant_of, policy_of
from checker.live.faults import Fault, UnreadError
from checker.policy.dialect import KEY
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inventory import Grant, PolicyText

_T = TypeVar("_T")
_ALIAS = "alias/"
_PREDEFINED = "alias/aws/"
_ALIASES = Listing("kms", "list_aliases", "Aliases", "Marker", "NextMarker")
_GRANTS = Listing("kms", "list_grants", "Grants", "Marker", "NextMarker")
_AWS = "AWS"
_GONE = "gone"
"""What a key that KMS does not find is said to be in the place of a state."""


class Keys:
    """Reads keys, from several threads; who asks for a key that is being read waits for it."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._read: dict[Arn | str, Future[Key | None]] = {}
        self._aliases: Future[dict[str, str] | None] | None = None

    def key_of(self, topic: Arn, reference: str) -> Key | None:
        """Read the key that a topic names; ``None`` if it is AWS's own, or cannot be told."""
        if is_managed_key(reference):
            return None
        arn = self._arn_of(topic, reference)
        name: Arn | str = arn or reference
        with self._lock:
            first = name not in self._read
            future = self._read.setdefault(name, Future())
        if first:
            _settle(future, lambda: self._key(arn, reference, topic))
        found = future.result()
        return found and _called(found, reference)

    def _arn_of(self, topic: Arn, reference: str) -> Arn | None:
        """The ARN of the key, as far as it can be told without describing it."""
        arn = Arn.parse(reference)
        if arn is None and not reference.startswith(_ALIAS):
            return topic._replace(service="kms", resource=f"key/{reference}")
        if arn is not None and not arn.resource.startswith(_ALIAS):
            return arn
        if arn is not None and (arn.account, arn.region) != (topic.account, topic.region):
            return None
        target = (self._targets() or {}).get(arn.resource if arn else reference)
        return topic._replace(service="kms", resource=f"key/{target}") if target else None

    def _targets(self) -> dict[str, str] | None:
        """What the aliases of the account mean; listed once, when the first is asked for."""
        with self._lock:
            first = self._aliases is None
            future = self._aliases = self._aliases or Future()
        if first:
            _settle(future, self._list_aliases)
        return future.result()

    def _list_aliases(self) -> dict[str, str] | None:
        listed = self._calls.all(_ALIASES, f"the aliases of {self._calls.unit.name}", Limit=100)
        if listed is None:
            return None
        return {one["AliasName"]: one["TargetKeyId"] for one in listed if one.get("TargetKeyId")}

    def _key(self, arn: Arn | None, reference: str, topic: Arn) -> Key | None:
        if arn is None and reference.rpartition(":")[2].startswith(_PREDEFINED):
            return None
        if arn is not None and arn.region != topic.region:
            return _bare(arn, Unknown("the key is in another Region than the topic"))
        try:
            answer = self._calls.make(
                "kms", "describe_key", str(arn or reference), KeyId=str(arn or reference)
            )
        except UnreadError as error:
            self._calls.note(error)
            return self._undescribed(arn, error.fault)
        return self._described(answer["KeyMetadata"], topic)

    def _undescribed(self, arn: Arn | None, fault: Fault) -> Key | None:
        """A key that KMS does not find is broken, and one that it does not show may still have a policy."""
        if arn is None:
            return None
        if fault is Fault.GONE:
            return _bare(arn, Unknown("KMS does not find the key"))._replace(state=_GONE)
        return self._with_policy(_bare(arn, Unknown("")), arn)

    def _described(self, metadata: dict[str, Any], topic: Arn) -> Key | None:
        arn = Arn.parse(str(metadata.get("Arn", "")))
        if arn is None:
            return None

        def said(name: str) -> str | Unknown:
            return str(metadata[name]) if metadata.get(name) else Unknown(f"KMS gave no {name}")

        spec = metadata.get("KeySpec") or said("CustomerMasterKeySpec")
        key = _bare(arn, Unknown("the policy of a key that AWS manages cannot be changed, and was not read"))
        key = key._replace(
            state=said("KeyState"), manager=said("KeyManager"), spec=spec, usage=said("KeyUsage")
        )
        if key.manager == _AWS:
            return key
        if arn.account != topic.account:
            return key._replace(policy=self._elsewhere(arn))
        return self._with_policy(key, arn)

    def _elsewhere(self, arn: Arn) -> Unknown:
        """KMS shows the policy of a key in the key's own account alone.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
        """
        reason = f"the key belongs to account {arn.account}, `kms:GetKeyPolicy` works only there"
        help_text = "audit that account as well, or give `aws kms get-key-policy` of it to `checker explain`"
        self._calls.skipped.append(Skipped(str(arn), reason, error=True, help=help_text))
        return Unknown(reason)

    def _with_policy(self, key: Key, arn: Arn) -> Key:
        return key._replace(policy=self._policy(arn), grants=self._grants(arn))

    def _policy(self, arn: Arn) -> PolicyText | Unknown:
        """GetKeyPolicy takes the id or the ARN of a key, and no alias."""
        answer = self._calls.read("kms", "get_key_policy", str(arn), KeyId=str(arn), PolicyName="default")
        if answer is None:
            return Unknown("the key policy could not be read")
        policy = policy_of(str(arn), answer.get("Policy"), KEY)
        if isinstance(policy, Unknown):
            self._calls.skipped.append(Skipped(str(arn), policy.reason, error=True))
        return policy

    def _grants(self, arn: Arn) -> tuple[Grant, ...] | Unknown:
        """All grants: only services may filter by service principal.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
        """
        listed = self._calls.all(_GRANTS, str(arn), KeyId=str(arn), Limit=100)
        return Unknown("the grants could not be listed") if listed is None else tuple(map(grant_of, listed))


def _settle(future: Future[_T], work: Callable[[], _T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
        raise


def _bare(arn: Arn, policy: Unknown) -> Key:
    place = Place(document_of(str(arn), {"Arn": str(arn)}), ("KeyMetadata",))
    return Key(arn, place, policy)


def _called(key: Key, reference: str) -> Key:
    """Let a key answer to what a topic calls it."""
    if key.answers_to(reference):
        return key
    alias = reference.rpartition(":")[2]
    return key._replace(aliases=(alias,)) if alias.startswith(_ALIAS) else key
