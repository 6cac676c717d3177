"""Read queues, their keys, delivery streams and roles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.analysis.documented import policy_of as plain_policy
from checker.analysis.inventory import is_managed_key
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.retention.model import Queue, Role, Stream
from checker.live.aws.calls import Listing
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.facts import policy_of
from checker.live.aws.keys import Keys
from checker.policy.vocabulary import QUEUE, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.inventory import Key
    from checker.live.aws.calls import Calls


def read_queue(calls: Calls, endpoint: str) -> Queue | Unknown | None:
    """Read a queue by its ARN. Return None if SQS does not find it.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html
    SQS also reports queues of other accounts as not found if the caller has no access to them.
    """
    arn = Arn.parse(endpoint)
    if arn is None or arn.service != "sqs":
        return Unknown("the endpoint is not a valid ARN of a queue", endpoint)
    queue_calls = calls.elsewhere(calls.unit._replace(region=arn.region))
    try:
        parameters = {"QueueName": arn.resource, "QueueOwnerAWSAccountId": arn.account}
        url = str(queue_calls.make("sqs", "get_queue_url", endpoint, **parameters)["QueueUrl"])
        attribute_parameters = {"QueueUrl": url, "AttributeNames": ["All"]}
        answer = queue_calls.make("sqs", "get_queue_attributes", endpoint, **attribute_parameters)
    except CallError as error:
        if error.fault is not Fault.NOT_FOUND:
            return Unknown(error.entry.reason)
        if arn.account == calls.unit.account:
            return None
        return Unknown(
            f"the queue of account {arn.account} does not exist, or the caller has no access to it"
        )
    return _queue_of(queue_calls, arn, url, answer.get("Attributes") or {})


def _queue_of(calls: Calls, arn: Arn, url: str, attributes: Mapping[str, str]) -> Queue:
    """Convert attributes to a queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """
    policy, key = attributes.get("Policy"), attributes.get("KmsMasterKeyId", "")
    key_facts = _key(calls, arn, key)
    period = attributes.get("MessageRetentionPeriod", "")
    return Queue(
        arn=arn,
        url=url,
        policy=policy_of(str(arn), policy, QUEUE) if policy else None,
        key=key,
        managed_sse=attributes.get("SqsManagedSseEnabled") == "true",
        period=int(period) if period.isdecimal() else Unknown("SQS returned no MessageRetentionPeriod"),
        redrive=_target(attributes.get("RedrivePolicy", "")),
        found=key_facts,
        unread=tuple(dict.fromkeys(skipped.reason for skipped in calls.skipped)),
    )


def _key(calls: Calls, arn: Arn, reference: str) -> Key | None:
    """Read the key. The alias of an AWS managed key is not described, because that can create the key."""
    if not reference or is_managed_key(reference):
        return None
    return Keys(calls).key_of(arn, reference)


def _target(redrive: str) -> str:
    """Return the queue that a redrive policy names."""
    try:
        return str(json.loads(redrive)["deadLetterTargetArn"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


_INLINE = Listing("iam", "list_role_policies", "PolicyNames", "Marker", "Marker")
_ATTACHED = Listing("iam", "list_attached_role_policies", "AttachedPolicies", "Marker", "Marker")


def read_stream(calls: Calls, arn: Arn) -> Stream | Unknown | None:
    """Read a delivery stream. Return None if Firehose does not find it. Only the caller's account is searched.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DescribeDeliveryStream.html
    """
    if arn.account != calls.unit.account:
        return Unknown(f"the stream belongs to account {arn.account} and can only be described there")
    stream_calls = calls.elsewhere(calls.unit._replace(region=arn.region))
    name = arn.resource.rpartition("/")[2]
    try:
        answer = stream_calls.make("firehose", "describe_delivery_stream", str(arn), DeliveryStreamName=name)
    except CallError as error:
        return None if error.fault is Fault.NOT_FOUND else Unknown(error.entry.reason)
    description = answer["DeliveryStreamDescription"]
    return Stream(arn, str(description["DeliveryStreamStatus"]), tuple(_destinations(description)))


def _destinations(description: Mapping[str, Any]) -> Iterator[str]:
    """Yield the destinations of a stream, such as buckets, whatever member describes them."""
    for destination in description.get("Destinations") or ():
        names = (
            str(settings[key])
            for settings in destination.values()
            if isinstance(settings, dict)
            for key in ("BucketARN", "DomainARN", "CollectionEndpoint", "ClusterJDBCURL", "HECEndpoint")
            if settings.get(key)
        )
        yield from dict.fromkeys(names)


def read_role(calls: Calls, attributes: Mapping[str, str] | Unknown) -> Role | Unknown | None:
    """Read the role of a subscription. Return None if IAM does not find it, or if no role is set.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """
    if isinstance(attributes, Unknown):
        return attributes
    arn = Arn.parse(attributes.get("SubscriptionRoleArn", ""))
    if arn is None:
        return None
    if arn.account != calls.unit.account:
        return Unknown(f"the role belongs to account {arn.account} and can only be read there")
    name = arn.resource.rpartition("/")[2]
    try:
        role = calls.make("iam", "get_role", str(arn), RoleName=name)["Role"]
    except CallError as error:
        return None if error.fault is Fault.NOT_FOUND else Unknown(error.entry.reason)
    trust = _as_policy(arn, [role["AssumeRolePolicyDocument"]], Resource="*")
    return Role(arn, trust, _permissions(calls, arn, name), bounded=bool(role.get("PermissionsBoundary")))


def _permissions(calls: Calls, arn: Arn, name: str) -> Any:
    """Return all inline and attached policies of a role as one."""
    try:
        return _as_policy(arn, list(_documents(calls, str(arn), name)), Principal="*")
    except CallError as error:
        return Unknown(error.entry.reason)


def _documents(calls: Calls, what: str, name: str) -> Iterator[Any]:
    for page in calls.pages(_INLINE, what, RoleName=name):
        for entry in page:
            yield calls.make("iam", "get_role_policy", what, RoleName=name, PolicyName=entry)[
                "PolicyDocument"
            ]
    for page in calls.pages(_ATTACHED, what, RoleName=name):
        for entry in page:
            yield _managed(calls, str(entry["PolicyArn"]))


def _managed(calls: Calls, arn: str) -> Any:
    version = calls.make("iam", "get_policy", arn, PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = calls.make("iam", "get_policy_version", arn, PolicyArn=arn, VersionId=version)
    return answer["PolicyVersion"]["Document"]


def _as_policy(arn: Arn, documents: list[Any], **missing: str) -> Any:
    """Convert documents to one resource-based policy. ``missing`` adds the element that they omit."""
    statements = [
        {**missing, **statement} if isinstance(statement, dict) else statement
        for document in documents
        for statement in _statements(document)
    ]
    return policy_of(str(arn), json.dumps(plain_policy(statements)), ROLE)


def _statements(document: Any) -> list[Any]:
    """Return the statements of a document. If botocore could not decode it, return the document itself."""
    statements = (document.get("Statement") or []) if isinstance(document, dict) else document
    return statements if isinstance(statements, list) else [statements]
