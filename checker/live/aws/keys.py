"""Read the keys of one unit, each only once, even if topics refer to it by different names.

A KmsMasterKeyId is a key ID, a key ARN, an alias or the ARN of an alias. Predefined aliases are never described,
because DescribeKey for `alias/aws/sns` can create the key.
https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.inventory import GONE, Grant, Key, Place
from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.unknown import Unknown
from checker.live.aws.calls import ALIASES, Listing
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.facts import document_of, grant_of, policy_of
from checker.live.aws.once import Once
from checker.policy.vocabulary import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.analysis.inventory import PolicyText
    from checker.live.aws.calls import Calls


_ALIAS = "alias/"


class Keys:
    """Reads keys. Thread-safe: a thread that asks for a key that is being read waits for it."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._read: Once[Key | None] = Once()
        self._aliases: Once[dict[str, str] | None] = Once()

    def key_of(self, topic: Arn, reference: str) -> Key | None:
        """Read the key that a topic names. Return None if it is an AWS managed key or cannot be identified."""
        if is_managed_key(reference):
            return None
        arn = self.arn_of(topic, reference)
        key = self._read.get(arn or reference, lambda: _read_key(self._calls, arn, reference, topic))
        return key and _with_alias(key, reference)

    def arn_of(self, topic: Arn, reference: str) -> Arn | None:
        """Return the ARN of the key if it is known without DescribeKey."""
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
        """Return the targets of the account's aliases. They are listed once, on first use."""
        return self._aliases.get("", self._list_aliases)

    def _list_aliases(self) -> dict[str, str] | None:
        listed = self._calls.all(ALIASES, f"the aliases of {self._calls.unit.name}", Limit=100)
        return None if listed is None else targets_of(listed)


def targets_of(aliases: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the key ID of each alias, by name. Some aliases of AWS have no target yet.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
    """
    return {alias["AliasName"]: alias["TargetKeyId"] for alias in aliases if alias.get("TargetKeyId")}


def _with_alias(key: Key, reference: str) -> Key:
    """Add the topic's reference to the key's names."""
    if key.answers_to(reference):
        return key
    alias = reference.rpartition(":")[2]
    return key._replace(aliases=(alias,)) if alias.startswith(_ALIAS) else key


_GRANTS = Listing("kms", "list_grants", "Grants", "Marker", "NextMarker")
_AWS = "AWS"


def _read_key(calls: Calls, arn: Arn | None, reference: str, topic: Arn) -> Key | None:
    """Read the key of a topic by its ARN, or by the topic's reference. Return None if it cannot be identified.

    Reads that fail are recorded. Their results are Unknown in the key.
    """
    if arn is None and is_managed_key(reference):
        return None
    if arn is not None and arn.region != topic.region:
        return _bare(arn, Unknown("the key is in another Region than the topic"))
    try:
        answer = calls.make("kms", "describe_key", str(arn or reference), KeyId=str(arn or reference))
    except CallError as error:
        if arn is None or error.fault is not Fault.NOT_FOUND:  # a key that KMS does not find is a finding
            calls.note(error)
        return _undescribed(calls, arn, error.fault)
    return _described(calls, answer["KeyMetadata"], topic)


def _undescribed(calls: Calls, arn: Arn | None, fault: Fault) -> Key | None:
    """Return a key for a failed DescribeKey. A key that is not found is broken, others may still have a policy."""
    if arn is None:
        return None
    if fault is Fault.NOT_FOUND:
        return _bare(arn, Unknown("the key was not found"))._replace(state=GONE)
    return _with_policy(calls, _bare(arn, Unknown("")), arn)


def _described(calls: Calls, metadata: dict[str, Any], topic: Arn) -> Key | None:
    arn = Arn.parse(str(metadata.get("Arn", "")))
    if arn is None:
        return None

    def text(name: str) -> str | Unknown:
        return str(metadata[name]) if metadata.get(name) else Unknown(f"KMS returned no {name}")

    spec = metadata.get("KeySpec") or text("CustomerMasterKeySpec")
    key = _bare(arn, Unknown("the policy of an AWS managed key cannot be changed and was not read"))
    key = key._replace(state=text("KeyState"), manager=text("KeyManager"), spec=spec, usage=text("KeyUsage"))
    if key.manager == _AWS:
        return key
    if arn.account != topic.account:
        return key._replace(policy=_elsewhere(calls, arn))
    return _with_policy(calls, key, arn)


def _elsewhere(calls: Calls, arn: Arn) -> Unknown:
    """Record that a key's policy can only be read in the key's own account.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
    """
    reason = f"the key belongs to account {arn.account}, and `kms:GetKeyPolicy` works only there"
    help_text = "audit that account too, or pass the output of `aws kms get-key-policy` to `checker explain`"
    calls.skip(Skipped(str(arn), reason, error=True, help=help_text))
    return Unknown(reason)


def _with_policy(calls: Calls, key: Key, arn: Arn) -> Key:
    return key._replace(policy=_policy(calls, arn), grants=_grants(calls, arn))


def _policy(calls: Calls, arn: Arn) -> PolicyText | Unknown:
    """Read the policy of a key. GetKeyPolicy accepts a key ID or key ARN, but no alias."""
    answer = calls.read("kms", "get_key_policy", str(arn), KeyId=str(arn), PolicyName="default")
    if answer is None:
        return Unknown("the key policy could not be read")
    policy = policy_of(str(arn), answer.get("Policy"), KEY)
    if isinstance(policy, Unknown):
        calls.skip(Skipped(str(arn), policy.reason, error=True))
    return policy


def _grants(calls: Calls, arn: Arn) -> tuple[Grant, ...]:
    """Read all grants. Only AWS services can filter them by service principal.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
    """
    listed = calls.all(_GRANTS, str(arn), KeyId=str(arn), Limit=100)
    if listed is None:
        return (Grant.unknown(Unknown("the grants could not be listed")),)
    return tuple(map(grant_of, listed))


def _bare(arn: Arn, policy: Unknown) -> Key:
    place = Place(document_of(str(arn), {"Arn": str(arn)}), ("KeyMetadata",))
    return Key(arn, place, policy)
