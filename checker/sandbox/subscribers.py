"""Queues and delivery streams that are created in a sandbox as endpoints of subscriptions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from checker.sandbox.running import Account

Statement = dict[str, Any]


class Queue(NamedTuple):
    """An SQS queue."""

    url: str
    arn: str


def make_queue(account: Account, name: str = "inbox", **attributes: str) -> Queue:
    """Create a queue with attributes. Without a policy it accepts no messages from SNS."""
    sqs = account.client("sqs")
    url = str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Queue(url, str(arn))


def set_queue_policy(account: Account, url: str, *statements: Statement) -> None:
    """Set a queue's policy."""
    policy = policy_text(*statements)
    account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def subscribe_queue(account: Account, topic: str, queue: str, **attributes: str) -> str:
    """Subscribe a queue with raw delivery."""
    made = account.client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue,
        Attributes={"RawMessageDelivery": "true", **attributes},
        ReturnSubscriptionArn=True,
    )
    return str(made["SubscriptionArn"])


def queue_statement(queue: str, topic: str = "") -> Statement:
    """Return the statement that AWS documents. Without a topic it has no condition, and any topic can send.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    return {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        **({"Condition": {"ArnEquals": {"aws:SourceArn": topic}}} if topic else {}),
    }


def make_stream(account: Account, name: str = "chats") -> tuple[str, str]:
    """Create a delivery stream with its own bucket. Return the stream's ARN and the bucket's name."""
    # S3 accepts no LocationConstraint in us-east-1. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    where = {} if account.region == "us-east-1" else {"LocationConstraint": account.region}
    within = {"CreateBucketConfiguration": where} if where else {}
    account.client("s3").create_bucket(Bucket=name, **within)
    destination = {
        "RoleARN": f"arn:aws:iam::{account.id}:role/to-bucket",
        "BucketARN": f"arn:aws:s3:::{name}",
    }
    made = account.client("firehose").create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination
    )
    return str(made["DeliveryStreamARN"]), name


def make_stream_role(
    account: Account,
    stream: str,
    name: str = "to-stream",
    *,
    trusted: str = "sns.amazonaws.com",
    actions: tuple[str, ...] = ("firehose:PutRecord", "firehose:PutRecordBatch"),
) -> str:
    """Create a role that allows a service to write to a stream.

    https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html
    """
    iam = account.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": list(actions), "Resource": stream}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy_text(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=policy_text(may))
    return str(role)


def subscribe_stream(account: Account, topic: str, stream: str, role: str) -> str:
    """Subscribe a stream with raw delivery."""
    made = account.client("sns").subscribe(
        TopicArn=topic,
        Protocol="firehose",
        Endpoint=stream,
        Attributes={"SubscriptionRoleArn": role, "RawMessageDelivery": "true"},
        ReturnSubscriptionArn=True,
    )
    return str(made["SubscriptionArn"])


def policy_text(*statements: Statement) -> str:
    """Write statements as a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
