"""Whether a service can use the key of an encrypted topic or queue.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
AWS documents that a service that sends needs kms:GenerateDataKey* and kms:Decrypt, on a customer managed key.
The state, the kind, the Region, the key policy and the grants decide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from checker.sandbox.aws.request import Cause, Source, service_context
from checker.sandbox.law.decide import ALLOWED, EXPLICITLY_DENIED, Asker, Question, decide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.sandbox.aws.upstream import Upstream


_CUSTOMER_MANAGED = (
    "AWS documents that the policy of an AWS managed key cannot be changed, and to use a customer managed one"
)
_PREDEFINED = "alias/aws/"
_USABLE = ("Enabled", "Updating")
_NEEDED = ("kms:GenerateDataKey", "kms:Decrypt")


class KeyUse(NamedTuple):
    """Who sends to what: a service, and the home and the encryption context of a topic or queue."""

    source: Source
    account: str
    region: str
    encrypted: Mapping[str, str]


def key_refusal(upstream: Upstream, key: str, use: KeyUse) -> Cause | None:
    """Give the first cause for which a key stops a message; none for a topic or queue without a key."""
    if not key:
        return None
    if key.rpartition(":")[2].startswith(_PREDEFINED):
        # https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
        return Cause("the key is AWS managed", _CUSTOMER_MANAGED)
    account, region = _home(key, use)
    if region != use.region:
        return Cause("the key is in another Region", "assumed: a service asks KMS in its own Region")
    try:
        metadata = upstream.client("kms", account, region).describe_key(KeyId=key)["KeyMetadata"]
    except ClientError:
        return Cause("the key does not exist", "KMSNotFoundException of SNS Publish")
    return _state_refusal(metadata) or _grant_refusal(upstream, metadata, account, use)


def _home(key: str, use: KeyUse) -> tuple[str, str]:
    """The account and Region of a key: in its ARN, else those of what it encrypts."""
    parts = key.split(":")
    return (parts[4], parts[3]) if key.startswith("arn:") and len(parts) == 6 else (use.account, use.region)


def _state_refusal(metadata: Any) -> Cause | None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""
    if metadata.get("KeyManager") == "AWS":
        return Cause("the key is AWS managed", _CUSTOMER_MANAGED)
    if metadata["KeyState"] not in _USABLE:
        return Cause(f"the key is {metadata['KeyState']}", "KMSDisabled and KMSInvalidState of SNS Publish")
    if (metadata.get("KeySpec"), metadata.get("KeyUsage", "ENCRYPT_DECRYPT")) != (
        "SYMMETRIC_DEFAULT",
        "ENCRYPT_DECRYPT",
    ):
        return Cause("the key is not symmetric", "AWS documents that SNS takes symmetric keys alone")
    return None


def _grant_refusal(upstream: Upstream, metadata: Any, account: str, use: KeyUse) -> Cause | None:
    client = upstream.client("kms", account, use.region)
    text = client.get_key_policy(KeyId=metadata["KeyId"], PolicyName="default")["Policy"]
    grants = client.list_grants(KeyId=metadata["KeyId"])["Grants"]
    for action in _NEEDED:
        word = decide(_document(text), _question(action, metadata["Arn"], use))
        granted = any(_covers(grant, action, use) for grant in grants)
        if word == EXPLICITLY_DENIED or (word != ALLOWED and not granted):
            return Cause(
                f"the key policy: {word} for {action}",
                "AWS documents kms:GenerateDataKey* and kms:Decrypt for the service that sends",
                denied=action,
            )
    return None


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _question(action: str, key: str, use: KeyUse) -> Question:
    """The service's request to KMS, by way of SNS or SQS.

    Assumed: it passes its source keys on to KMS; the SNS guide has them in key policies for services in
    general, and nothing says it of Connect or of SNS itself. The encryption context is that of every
    encrypted topic, and for a queue its ARN: assumed.
    """
    context = service_context(use.source, use.account, use.region)
    pairs = {f"kms:encryptioncontext:{name.lower()}": value for name, value in use.encrypted.items()}
    return Question(Asker(service=use.source.service), action, key, context | pairs)


def _covers(grant: Any, action: str, use: KeyUse) -> bool:
    """A grant for a service principal, with its constraints.

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
