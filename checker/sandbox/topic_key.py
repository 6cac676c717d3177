"""Whether Amazon Connect can use the key of an encrypted topic.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
AWS documents that the publishing service needs kms:GenerateDataKey* and kms:Decrypt, on a customer managed key.
The state, the kind, the Region, the key policy and the grants decide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from checker.sandbox.law.decide import ALLOWED, EXPLICITLY_DENIED, Asker, Question, decide
from checker.sandbox.request import CONNECT, MANAGED_ALIAS, Cause, publish_context

if TYPE_CHECKING:
    from checker.sandbox.contacts import Instance
    from checker.sandbox.request import TopicArn
    from checker.sandbox.upstream import Upstream

_CUSTOMER_MANAGED = (
    "AWS documents that the policy of an AWS managed key cannot be changed, and to use a customer managed one"
)
_USABLE = ("Enabled", "Updating")
_NEEDED = ("kms:GenerateDataKey", "kms:Decrypt")


def key_refusal(upstream: Upstream, key: str, instance: Instance, topic: TopicArn) -> Cause | None:
    """Give the first cause for which the topic's key stops a message; none for a topic without a key."""
    if not key:
        return None
    if key.rpartition(":")[2] == MANAGED_ALIAS:
        # https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
        return Cause("the key is AWS managed", _CUSTOMER_MANAGED)
    account, region = _home(key, topic)
    if region != topic.region:
        return Cause("the key is in another Region", "assumed: SNS asks KMS in its own Region")
    try:
        metadata = upstream.client("kms", account, region).describe_key(KeyId=key)["KeyMetadata"]
    except ClientError:
        return Cause("the key does not exist", "KMSNotFoundException of SNS Publish")
    return _state_refusal(metadata) or _grant_refusal(upstream, metadata, account, instance, topic)


def _home(key: str, topic: TopicArn) -> tuple[str, str]:
    """The account and Region of a key: in its ARN, else the topic's."""
    parts = key.split(":")
    return (
        (parts[4], parts[3]) if key.startswith("arn:") and len(parts) == 6 else (topic.account, topic.region)
    )


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


def _grant_refusal(
    upstream: Upstream, metadata: Any, account: str, instance: Instance, topic: TopicArn
) -> Cause | None:
    client = upstream.client("kms", account, topic.region)
    text = client.get_key_policy(KeyId=metadata["KeyId"], PolicyName="default")["Policy"]
    grants = client.list_grants(KeyId=metadata["KeyId"])["Grants"]
    for action in _NEEDED:
        word = decide(_document(text), _question(action, metadata["Arn"], instance, topic))
        granted = any(_covers(grant, action, instance, topic) for grant in grants)
        if word == EXPLICITLY_DENIED or (word != ALLOWED and not granted):
            return Cause(
                f"the key policy: {word} for {action}",
                "AWS documents kms:GenerateDataKey* and kms:Decrypt for the service that publishes",
            )
    return None


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _question(action: str, key: str, instance: Instance, topic: TopicArn) -> Question:
    """Connect's request to KMS, by way of SNS.

    Assumed: Connect passes its source keys on to KMS; the SNS guide has them in key policies for services in
    general, and nothing says it of Connect. The encryption context is that of every encrypted topic.
    """
    context = publish_context(instance, topic) | {"kms:encryptioncontext:aws:sns:topicarn": topic.text}
    return Question(Asker(service=CONNECT), action, key, context)


def _covers(grant: Any, action: str, instance: Instance, topic: TopicArn) -> bool:
    """A grant for a service principal, with its constraints.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
    """
    constraints = grant.get("Constraints") or {}
    encrypted = {"aws:sns:topicArn": topic.text}
    subset = constraints.get("EncryptionContextSubset") or {}
    return (
        CONNECT in (grant.get("GranteeServicePrincipal"), grant.get("GranteePrincipal"))
        and action.removeprefix("kms:") in grant.get("Operations", [])
        and constraints.get("SourceArn", instance.arn) == instance.arn
        and constraints.get("EncryptionContextEquals", encrypted) == encrypted
        and subset.items() <= encrypted.items()
    )
