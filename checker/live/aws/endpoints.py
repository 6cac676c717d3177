"""Read the endpoints of subscriptions: functions, queues, their keys, delivery streams and roles.

A resource that AWS does not find is a record that does not exist, and a resource that cannot be read is a record of
which that is Unknown, with the reason.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.analysis.documented import policy_of as plain_policy
from checker.analysis.endpoints import Function, Queue, Role, Stream, split_qualifier
from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.live.aws.calls import Listing
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.facts import dead_letter_of, policy_of
from checker.live.aws.keys import Keys
from checker.policy.vocabulary import FUNCTION, QUEUE, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.inventory import Key
    from checker.core.unknown import Truth
    from checker.live.aws.calls import Calls


_NOT_READ = Unknown("not read")


def _endpoint(endpoint: str, service: str, noun: str) -> Arn | Unknown:
    """Parse the ARN of an endpoint."""
    arn = Arn.parse(endpoint)
    if arn is None or arn.service != service:
        return Unknown(f"the endpoint is not a valid ARN of a {noun}", endpoint)
    return arn


def read_function(calls: Calls, endpoint: str) -> Function:
    """Read the resource policy of a function, version or alias.

    Lambda reports both a function without a policy and one that does not exist as not found.
    https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html
    """
    name, qualifier = split_qualifier(endpoint)
    arn = _endpoint(name, "lambda", "function")
    if isinstance(arn, Unknown):
        return Function(arn, exists=arn, names=(endpoint,))
    function = Function(arn, qualifier=qualifier)
    if arn.account != calls.unit.account:
        reason = f"the function belongs to account {arn.account}, and its policy can only be read there"
        return _unread(function, Unknown(reason))
    there = calls.elsewhere(calls.unit._replace(region=arn.region))
    parameters = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    try:
        text = there.make("lambda", "get_policy", endpoint, **parameters).get("Policy")
    except CallError as error:
        if error.fault is Fault.NOT_FOUND:
            return function._replace(policy=None, exists=Unknown("Lambda found no policy of the function"))
        return _unread(function, Unknown(error.entry.reason))
    return function._replace(policy=policy_of(endpoint, text, FUNCTION))


def _unread(function: Function, reason: Unknown) -> Function:
    return function._replace(policy=reason, exists=reason)


class ReadQueue(NamedTuple):
    """A queue and its key, ``None`` if it has none or it could not be read."""

    queue: Queue
    key: Key | None = None


def read_queue(calls: Calls, endpoint: str) -> ReadQueue:
    """Read a queue by its ARN, and its key.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html
    SQS also reports queues of other accounts as not found if the caller has no access to them.
    """
    arn = _endpoint(endpoint, "sqs", "queue")
    if isinstance(arn, Unknown):
        return ReadQueue(Queue(arn, exists=arn, names=(endpoint,)))
    queue_calls = calls.elsewhere(calls.unit._replace(region=arn.region))
    try:
        parameters = {"QueueName": arn.resource, "QueueOwnerAWSAccountId": arn.account}
        url = str(queue_calls.make("sqs", "get_queue_url", endpoint, **parameters)["QueueUrl"])
        attribute_parameters = {"QueueUrl": url, "AttributeNames": ["All"]}
        answer = queue_calls.make("sqs", "get_queue_attributes", endpoint, **attribute_parameters)
    except CallError as error:
        return ReadQueue(Queue(arn, policy=_NOT_READ, exists=_missing(error, arn, calls)))
    return _queue_of(queue_calls, arn, url, answer.get("Attributes") or {})


def _missing(error: CallError, arn: Arn, calls: Calls) -> Truth:
    """Return whether a queue exists that could not be read."""
    if error.fault is not Fault.NOT_FOUND:
        return Unknown(error.entry.reason)
    if arn.account == calls.unit.account:
        return False
    return Unknown(f"the queue of account {arn.account} does not exist, or the caller has no access to it")


def _queue_of(calls: Calls, arn: Arn, url: str, attributes: Mapping[str, str]) -> ReadQueue:
    """Convert attributes to a queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """
    policy, key = attributes.get("Policy"), attributes.get("KmsMasterKeyId", "")
    key_facts = _key(calls, arn, key)
    period = attributes.get("MessageRetentionPeriod", "")
    queue = Queue(
        arn=arn,
        url=url,
        policy=policy_of(str(arn), policy, QUEUE) if policy else None,
        key=key or None,
        managed_sse=attributes.get("SqsManagedSseEnabled") == "true",
        period=int(period) if period.isdecimal() else Unknown("SQS returned no MessageRetentionPeriod"),
        redrive=dead_letter_of(attributes["RedrivePolicy"]) if attributes.get("RedrivePolicy") else "",
        fifo=attributes.get("FifoQueue") == "true",
        unread=tuple(dict.fromkeys(skipped.reason for skipped in calls.skipped)),
    )
    return ReadQueue(queue, key_facts)


def _key(calls: Calls, arn: Arn, reference: str) -> Key | None:
    """Read the key. The alias of an AWS managed key is not described, because that can create the key."""
    if not reference or is_managed_key(reference):
        return None
    return Keys(calls).key_of(arn, reference)


_INLINE = Listing("iam", "list_role_policies", "PolicyNames", "Marker", "Marker")
_ATTACHED = Listing("iam", "list_attached_role_policies", "AttachedPolicies", "Marker", "Marker")


def read_stream(calls: Calls, endpoint: str) -> Stream:
    """Read a delivery stream. Only the caller's account is searched.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DescribeDeliveryStream.html
    """
    arn = _endpoint(endpoint, "firehose", "delivery stream")
    if isinstance(arn, Unknown):
        return Stream(arn, arn, exists=arn, names=(endpoint,))
    if arn.account != calls.unit.account:
        reason = Unknown(f"the stream belongs to account {arn.account} and can only be described there")
        return Stream(arn, reason, exists=reason)
    stream_calls = calls.elsewhere(calls.unit._replace(region=arn.region))
    name = arn.resource.rpartition("/")[2]
    try:
        answer = stream_calls.make("firehose", "describe_delivery_stream", str(arn), DeliveryStreamName=name)
    except CallError as error:
        exists = error.fault is not Fault.NOT_FOUND and Unknown(error.entry.reason)
        return Stream(arn, _NOT_READ, exists=exists)
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


def read_role(calls: Calls, endpoint: str) -> Role:
    """Read a role with its policies.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """
    arn = _endpoint(endpoint, "iam", "role")
    if isinstance(arn, Unknown):
        return Role(arn, arn, arn, exists=arn, names=(endpoint,))
    if arn.account != calls.unit.account:
        reason = Unknown(f"the role belongs to account {arn.account} and can only be read there")
        return Role(arn, reason, reason, exists=reason)
    name = arn.resource.rpartition("/")[2]
    try:
        role = calls.make("iam", "get_role", str(arn), RoleName=name)["Role"]
    except CallError as error:
        exists = error.fault is not Fault.NOT_FOUND and Unknown(error.entry.reason)
        return Role(arn, _NOT_READ, _NOT_READ, exists=exists)
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
