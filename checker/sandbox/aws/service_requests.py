"""Requests of services: Connect to publish, SNS to deliver, and both to use keys; and the causes of their refusal.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
AWS documents that a sending service needs kms:GenerateDataKey* and kms:Decrypt on a customer managed key.
The checks cover the state, type and Region of the key, its policy and its grants.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from checker.sandbox.aws.organization import is_denied_by_organization, membership_keys
from checker.sandbox.policy.decide import ALLOWED, EXPLICITLY_DENIED, PolicyRequest, Principal, decide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.connect.contacts import Instance

    Context = dict[str, str | list[str]]


CONNECT = "connect.amazonaws.com"
SNS = "sns.amazonaws.com"
MANAGED_ALIAS = "alias/aws/sns"


CONTROL_POLICY = "the resource control policy: ExplicitlyDenied"
CONTROL_POLICY_SOURCE = "AWS documents that an RCP sets the maximum permissions on the resources of the accounts of an organization"


class Cause(NamedTuple):
    """Why a message was refused, and the documentation of AWS about it. ``denied`` is the action that KMS denied, if any."""

    reason: str
    source: str
    denied: str = ""


class TopicArn(NamedTuple):
    """The parts of a topic's ARN that the checks need."""

    text: str
    region: str
    account: str
    name: str

    @property
    def is_fifo(self) -> bool:
        """Whether the topic is a FIFO topic. The name of a standard topic cannot contain a dot."""
        return self.name.endswith(".fifo")


def read_topic_arn(text: str) -> TopicArn | None:
    """Parse the ARN of a topic; ``None`` for other texts, such as a subscription ARN, which has seven parts."""
    parts = text.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not all(parts[3:]):
        return None
    return TopicArn(text, parts[3], parts[4], parts[5])


def place_of(arn: str) -> tuple[str, str]:
    """Return the account and the Region of a resource."""
    parts = arn.split(":")
    return parts[4], parts[3]


class Source(NamedTuple):
    """A calling service, with aws:SourceArn and aws:SourceAccount of its request."""

    service: str
    arn: str
    account: str


def connect_source(instance: Instance) -> Source:
    """Return Connect as the source, with the ARN and the account of the instance, not the topic's account."""
    return Source(CONNECT, instance.arn, instance.account)


DEFAULT_REGIONS = frozenset(
    (
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-central-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eu-north-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
    )
)
"""Regions that are enabled by default.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""


def sns_source(topic: TopicArn, region: str) -> Source:
    """Return SNS as the source, for a topic and an endpoint in a Region. An opt-in Region has a regional principal.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    To an opt-in Region it is the principal of the endpoint's Region, to a default Region that of the topic's.
    Assumed: it also sends aws:SourceAccount. The policies that AWS documents use only aws:SourceArn.
    """
    named = region if region not in DEFAULT_REGIONS else topic.region
    regional = topic.region != region and named not in DEFAULT_REGIONS
    return Source(f"sns.{named}.amazonaws.com" if regional else SNS, topic.text, topic.account)


def service_context(upstream: Upstream, source: Source, account: str, region: str) -> Context:
    """Return the context of a service's request for a resource in an account and Region, with lowercase keys.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    The keys of principals in an organization are absent. Assumed: the source address belongs to AWS.
    """
    return {
        "aws:principalisawsservice": "true",
        "aws:principalservicename": source.service,
        "aws:principalservicenameslist": [source.service],
        **_source_keys(upstream, source),
        **_request_keys(upstream, account, region),
    }


def role_context(upstream: Upstream, role: str, account: str, region: str) -> Context:
    """Return the context of a role's request for a resource in an account and Region, with lowercase keys."""
    owner = role.split(":")[4]
    return {
        "aws:principalisawsservice": "false",
        "aws:principalarn": role,
        "aws:principalaccount": owner,
        "aws:principaltype": "AssumedRole",
        **membership_keys(upstream, owner, "principal"),
        **_request_keys(upstream, account, region),
    }


def _request_keys(upstream: Upstream, account: str, region: str) -> Context:
    return {
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        "aws:sourceip": "192.0.2.1",
        "aws:resourceaccount": account,
        "aws:requestedregion": region,
        **membership_keys(upstream, account, "resource"),
    }


def _source_keys(upstream: Upstream, source: Source) -> Context:
    """Return the keys of the resource for which a service acts.

    AWS documents that a request has the keys of the organization if a service principal makes it directly, for a
    resource in an organization. Assumed: so does every service that sends the account of that resource.
    """
    keys: Context = {"aws:sourcearn": source.arn, "aws:sourceaccount": source.account}
    if upstream.assumptions.source_organization_keys:
        keys |= membership_keys(upstream, source.account, "source")
    return keys


_CUSTOMER_MANAGED = "AWS documents that the policy of an AWS managed key cannot be changed, and recommends a customer managed key"
_PREDEFINED = "alias/aws/"
_USABLE = ("Enabled", "Updating")
_NEEDED = ("kms:GenerateDataKey", "kms:Decrypt")


class KeyUse(NamedTuple):
    """A use of a key: the sending service, and the account, Region and encryption context of the topic or queue."""

    source: Source
    account: str
    region: str
    encrypted: Mapping[str, str]


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
    try:
        metadata = upstream.client("kms", account, region).describe_key(KeyId=key)["KeyMetadata"]
    except ClientError:
        return Cause("the key does not exist", "KMSNotFoundException of SNS Publish")
    return _key_state_refusal(metadata) or _grant_refusal(upstream, metadata, account, use)


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
    client = upstream.client("kms", account, use.region)
    text = client.get_key_policy(KeyId=metadata["KeyId"], PolicyName="default")["Policy"]
    grants = client.list_grants(KeyId=metadata["KeyId"])["Grants"]
    for action in _NEEDED:
        request = _request(upstream, action, metadata["Arn"], use)
        if is_denied_by_organization(upstream, request, account):
            return Cause(f"{CONTROL_POLICY} for {action}", CONTROL_POLICY_SOURCE, denied=action)
        decision = decide(_document(text), request)
        granted = any(_covers(grant, action, use) for grant in grants)
        if decision == EXPLICITLY_DENIED or (decision != ALLOWED and not granted):
            return Cause(
                f"the key policy: {decision} for {action}",
                "AWS documents kms:GenerateDataKey* and kms:Decrypt for the sending service",
                denied=action,
            )
    return None


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
    context = service_context(upstream, use.source, use.account, use.region)
    if use.source.service == CONNECT and not upstream.assumptions.connect_source_keys_on_kms:
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
