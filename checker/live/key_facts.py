"""What KMS says of one key: its description, its policy and its grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.arn import Arn
from checker.inventory import GONE, Grant, Key, Place, Skipped, is_managed_key
from checker.live.calls import Listing
from checker.live.document import document_of
from checker.live.facts import grant_of, policy_of
from checker.live.faults import Fault, UnreadError
from checker.policy.dialect import KEY
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.inventory import PolicyText
    from checker.live.calls import Calls

_GRANTS = Listing("kms", "list_grants", "Grants", "Marker", "NextMarker")
_AWS = "AWS"


def read_key(calls: Calls, arn: Arn | None, reference: str, topic: Arn) -> Key | None:
    """Read a key of a topic by its ARN, or by how the topic calls it; ``None`` if it cannot be told.

    What could not be read is noted, and unknown in the key.
    """
    if arn is None and is_managed_key(reference):
        return None
    if arn is not None and arn.region != topic.region:
        return _bare(arn, Unknown("the key is in another Region than the topic"))
    try:
        answer = calls.make("kms", "describe_key", str(arn or reference), KeyId=str(arn or reference))
    except UnreadError as error:
        if arn is None or error.fault is not Fault.GONE:  # a key that KMS does not find is a finding
            calls.note(error)
        return _undescribed(calls, arn, error.fault)
    return _described(calls, answer["KeyMetadata"], topic)


def _undescribed(calls: Calls, arn: Arn | None, fault: Fault) -> Key | None:
    """A key that KMS does not find is broken, and one that it does not show may still have a policy."""
    if arn is None:
        return None
    if fault is Fault.GONE:
        return _bare(arn, Unknown("KMS does not find the key"))._replace(state=GONE)
    return _with_policy(calls, _bare(arn, Unknown("")), arn)


def _described(calls: Calls, metadata: dict[str, Any], topic: Arn) -> Key | None:
    arn = Arn.parse(str(metadata.get("Arn", "")))
    if arn is None:
        return None

    def said(name: str) -> str | Unknown:
        return str(metadata[name]) if metadata.get(name) else Unknown(f"KMS gave no {name}")

    spec = metadata.get("KeySpec") or said("CustomerMasterKeySpec")
    key = _bare(arn, Unknown("the policy of a key that AWS manages cannot be changed, and was not read"))
    key = key._replace(state=said("KeyState"), manager=said("KeyManager"), spec=spec, usage=said("KeyUsage"))
    if key.manager == _AWS:
        return key
    if arn.account != topic.account:
        return key._replace(policy=_elsewhere(calls, arn))
    return _with_policy(calls, key, arn)


def _elsewhere(calls: Calls, arn: Arn) -> Unknown:
    """KMS shows the policy of a key in the key's own account alone.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
    """
    reason = f"the key belongs to account {arn.account}, `kms:GetKeyPolicy` works only there"
    help_text = "audit that account as well, or give `aws kms get-key-policy` of it to `checker explain`"
    calls.skipped.append(Skipped(str(arn), reason, error=True, help=help_text))
    return Unknown(reason)


def _with_policy(calls: Calls, key: Key, arn: Arn) -> Key:
    return key._replace(policy=_policy(calls, arn), grants=_grants(calls, arn))


def _policy(calls: Calls, arn: Arn) -> PolicyText | Unknown:
    """GetKeyPolicy takes the id or the ARN of a key, and no alias."""
    answer = calls.read("kms", "get_key_policy", str(arn), KeyId=str(arn), PolicyName="default")
    if answer is None:
        return Unknown("the key policy could not be read")
    policy = policy_of(str(arn), answer.get("Policy"), KEY)
    if isinstance(policy, Unknown):
        calls.skipped.append(Skipped(str(arn), policy.reason, error=True))
    return policy


def _grants(calls: Calls, arn: Arn) -> tuple[Grant, ...]:
    """All grants: only services may filter by service principal.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
    """
    listed = calls.all(_GRANTS, str(arn), KeyId=str(arn), Limit=100)
    if listed is None:
        return (Grant.unknown(Unknown("the grants could not be listed")),)
    return tuple(map(grant_of, listed))


def _bare(arn: Arn, policy: Unknown) -> Key:
    place = Place(document_of(str(arn), {"Arn": str(arn)}), ("KeyMetadata",))
    return Key(arn, place, policy)
