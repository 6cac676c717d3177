"""Check whether Amazon SNS can deliver to a Firehose delivery stream with the role of the subscription.

https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html
"An IAM role that trusts the Amazon SNS service principal and has permission to write to the delivery stream."
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from checker.sandbox.aws.request import SNS, Cause, service_context, sns_source
from checker.sandbox.policy.decide import ALLOWED, PolicyRequest, Principal, as_list, decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.sandbox.aws.request import TopicArn
    from checker.sandbox.aws.upstream import Upstream


_ROLE = "AWS documents that the role trusts the SNS service principal and can write to the stream"
_WRITE = ("firehose:PutRecord", "firehose:PutRecordBatch")


def stream_refusal(upstream: Upstream, stream: str, role: str, topic: TopicArn) -> Cause | None:
    """Return the first cause that prevents notifications of a topic from reaching a stream, ``None`` if there is none.

    Assumed: of the five actions that AWS recommends, delivery requires the two that write.
    """
    account, name = role.split(":")[4], role.rpartition("/")[2]
    iam = upstream.client("iam", account, "us-east-1")
    try:
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        allowed = [
            {**statement, "Principal": "*"}
            for policy in _policies(iam, name)
            for statement in _statements(policy)
        ]
    except ClientError:
        return Cause("the subscription's role does not exist", _ROLE)
    if not _trusts(trust, role, topic):
        return Cause("the subscription's role does not trust sns.amazonaws.com", _ROLE)
    requests = (PolicyRequest(Principal(arn=role), action, stream, {}) for action in _WRITE)
    if not all(decide({"Version": "2012-10-17", "Statement": allowed}, one) == ALLOWED for one in requests):
        return Cause("the subscription's role cannot write to the stream", _ROLE)
    return _state_refusal(upstream, stream)


def _trusts(trust: Any, role: str, topic: TopicArn) -> bool:
    """Return whether a trust policy allows SNS to assume the role. Its statements have no Resource."""
    statements = [{"Resource": "*", **statement} for statement in _statements(trust)]
    context = service_context(sns_source(topic), role.split(":")[4], topic.region)
    request = PolicyRequest(Principal(service=SNS), "sts:AssumeRole", role, context)
    return decide({"Version": trust.get("Version"), "Statement": statements}, request) == ALLOWED


def _policies(iam: Any, role: str) -> Iterator[Any]:
    """Yield the documents of a role's inline and attached policies."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        answer = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
        yield answer["PolicyVersion"]["Document"]


def _statements(policy: Any) -> list[Any]:
    return as_list(policy.get("Statement", []))


def _state_refusal(upstream: Upstream, stream: str) -> Cause | None:
    firehose = upstream.client("firehose", stream.split(":")[4], stream.split(":")[3])
    try:
        answer = firehose.describe_delivery_stream(DeliveryStreamName=stream.rpartition("/")[2])
    except ClientError:
        return Cause("the delivery stream does not exist", "ResourceNotFoundException of PutRecord")
    status = answer["DeliveryStreamDescription"]["DeliveryStreamStatus"]
    if status == "ACTIVE":
        return None
    return Cause(
        f"the delivery stream is {status}", "AWS documents that a stream accepts records when it is ACTIVE"
    )
