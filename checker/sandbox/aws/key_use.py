"""Uses of keys by services: Connect for a topic, SNS for a queue; and the causes of their refusal.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
AWS documents that a sending service needs kms:GenerateDataKey* and kms:Decrypt on a customer managed key.
The checks cover the state, type and Region of the key, the policies of the organization, its policy and its grants.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.kms.models import kms_backends

from checker.sandbox.aws.service_requests import (
    CONNECT,
    Cause,
    organization_refusal,
    place_of,
    service_context,
)
from checker.sandbox.policy.decide import ALLOWED, EXPLICITLY_DENIED, PolicyRequest, Principal, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.sandbox.aws.service_requests import Source
    from checker.sandbox.aws.upstream import Upstream


MANAGED_ALIAS = "alias/aws/sns"
_CUSTOMER_MANAGED = "AWS documents that the policy of an AWS managed key cannot be changed, and recommends a customer managed key"
_PREDEFINED = "alias/aws/"
_USABLE = ("Enabled", "Updating")
_NEEDED = ("kms:GenerateDataKey", "kms:Decrypt")


class KeyUse(NamedTuple):
    """A use of a key: the sending service, and the account, Region and encryption context of the topic or queue.

    ``record`` is called with the use, each action, the ARN of the key, and an error code if KMS refuses the action.
    """

    source: Source
    account: str
    region: str
    encrypted: Mapping[str, str]
    record: Callable[[KeyUse, str, str, str], None] = lambda *_: None


def key_refusal(upstream: Upstream, key: str, use: KeyUse) -> Cause | None:
    """Return the first cause that prevents the use of a key, ``None`` if there is none or no key."""
    if not key:
        return None
    if key.rpartition(":")[2].startswith(_PREDEFINED):
        # https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
        return Cause("the key is AWS managed", _CUSTOMER_MANAGED)
    account, region = _home(key, use)
    if region != use.region:
        return Cause("the key is in another Region", "assumed: a service calls KMS in its own Region")
    metadata = _metadata(account, region, key)
    if metadata is None:
        return Cause("the key does not exist", "KMSNotFoundException of SNS Publish")
    return _key_state_refusal(metadata) or _grant_refusal(upstream, metadata, account, use)


def _metadata(account: str, region: str, key: str) -> Any:
    """Return the description of a key; ``None`` if it does not exist.

    It comes from moto's table: its DescribeKey is refused if any statement of the key policy denies the action
    to any principal under any condition.
    """
    backend = kms_backends[account][region]
    name = backend.get_alias_name(key)
    key_id = backend.get_key_id_from_alias(name) if name.startswith("alias/") else backend.get_key_id(name)
    if key_id is None or key_id not in backend.keys:
        return None
    return backend.describe_key(key_id).to_dict()["KeyMetadata"]


def _home(key: str, use: KeyUse) -> tuple[str, str]:
    """Return the account and Region of a key: from its ARN, or those of the topic or queue."""
    parts = key.split(":")
    return (parts[4], parts[3]) if key.startswith("arn:") and len(parts) == 6 else (use.account, use.region)


def _key_state_refusal(metadata: Any) -> Cause | None:
    """Check state and type of a key. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""
    if metadata.get("KeyManager") == "AWS":
        return Cause("the key is AWS managed", _CUSTOMER_MANAGED)
    if metadata["KeyState"] not in _USABLE:
        return Cause(f"the key is {metadata['KeyState']}", "KMSDisabled and KMSInvalidState of SNS Publish")
    if (metadata.get("KeySpec"), metadata.get("KeyUsage", "ENCRYPT_DECRYPT")) != (
        "SYMMETRIC_DEFAULT",
        "ENCRYPT_DECRYPT",
    ):
        return Cause("the key is not symmetric", "AWS documents that SNS supports only symmetric keys")
    return None


def _grant_refusal(upstream: Upstream, metadata: Any, account: str, use: KeyUse) -> Cause | None:
    """Check and record the requests of a use."""
    client = upstream.client("kms", account, use.region)
    text = client.get_key_policy(KeyId=metadata["KeyId"], PolicyName="default")["Policy"]
    grants = client.list_grants(KeyId=metadata["KeyId"])["Grants"]
    for action in _NEEDED:
        request = _request(upstream, action, metadata["Arn"], use)
        granted = any(_covers(grant, action, use) for grant in grants)
        cause = organization_refusal(request, account) or _policy_refusal(text, request, granted)
        use.record(use, action, metadata["Arn"], "AccessDenied" if cause else "")
        if cause:
            return cause
    return None


def _policy_refusal(text: str, request: PolicyRequest, granted: bool) -> Cause | None:  # noqa: FBT001
    """Check a request against the key policy, of which a grant replaces an Allow."""
    decision = decide(_document(text), request)
    if decision == ALLOWED or (granted and decision != EXPLICITLY_DENIED):
        return None
    return Cause(
        f"the key policy: {decision} for {request.action}",
        "AWS documents kms:GenerateDataKey* and kms:Decrypt for the sending service",
    )


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _request(upstream: Upstream, action: str, key: str, use: KeyUse) -> PolicyRequest:
    """Create the service's request to KMS, through SNS or SQS.

    Assumed: the service passes its source keys to KMS. The SNS guide uses them in key policies for services in
    general; no documentation states it for Connect or SNS. The encryption context is that of every
    encrypted topic; for a queue it is assumed to be the queue's ARN.
    """
    context = service_context(upstream, use.source, *place_of(key))
    assumed = upstream.assumptions
    is_connect = use.source.service == CONNECT
    if not (assumed.connect_source_keys_on_kms if is_connect else assumed.sns_source_keys_on_kms):
        context = {key: value for key, value in context.items() if not key.startswith(_SOURCES)}
    pairs = {f"kms:encryptioncontext:{name.lower()}": value for name, value in use.encrypted.items()}
    return PolicyRequest(Principal(service=use.source.service), action, key, context | pairs)


_SOURCES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorg")


def _covers(grant: Any, action: str, use: KeyUse) -> bool:
    """Return whether a grant allows an action to the service, including the constraints of the grant.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
    """
    constraints = grant.get("Constraints") or {}
    subset = constraints.get("EncryptionContextSubset") or {}
    return (
        use.source.service in (grant.get("GranteeServicePrincipal"), grant.get("GranteePrincipal"))
        and action.removeprefix("kms:") in grant.get("Operations", [])
        and constraints.get("SourceArn", use.source.arn) == use.source.arn
        and constraints.get("EncryptionContextEquals", use.encrypted) == use.encrypted
        and subset.items() <= use.encrypted.items()
    )
