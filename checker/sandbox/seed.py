"""Test resources, correct and broken, that are created in a sandbox through its AWS API.

Functions that create a resource take an ``Account`` and return the ARN or another identifier.
"""

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


def subscribe(account: Account, topic: str, protocol: str, endpoint: str, **attributes: str) -> str:
    """Subscribe an endpoint and return the subscription's ARN."""
    made = account.client("sns").subscribe(
        TopicArn=topic,
        Protocol=protocol,
        Endpoint=endpoint,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(made["SubscriptionArn"])


def subscribe_queue(account: Account, topic: str, queue: str, **attributes: str) -> str:
    """Subscribe a queue with raw delivery."""
    return subscribe(account, topic, "sqs", queue, **{"RawMessageDelivery": "true", **attributes})


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


_SERVICE = {"Service": "connect.amazonaws.com"}


class EncryptedTopic(NamedTuple):
    """An encrypted topic and its key."""

    topic: str
    key: str


class StartedChat(NamedTuple):
    """A streamed chat. ``token`` is the customer's connection token."""

    contact: str
    streaming: str
    token: str


def make_instance(account: Account, alias: str = "demo") -> str:
    """Create an Amazon Connect instance."""
    made = account.client("connect").create_instance(
        IdentityManagementType="CONNECT_MANAGED",
        InstanceAlias=alias,
        InboundCallsEnabled=True,
        OutboundCallsEnabled=True,
    )
    return str(made["Arn"])


def make_replica(account: Account, instance: str, region: str, alias: str = "replica") -> str:
    """Create the replica of an instance in another Region and return its ARN. No topic or key is replicated.

    https://docs.aws.amazon.com/connect/latest/adminguide/create-replica-connect-instance.html
    """
    made = account.client("connect").replicate_instance(
        InstanceId=instance.rpartition("/")[2], ReplicaRegion=region, ReplicaAlias=alias
    )
    return str(made["Arn"])


def default_topic(account: Account, name: str = "default") -> str:
    """Create a topic with the default policy of SNS, which does not allow Connect."""
    return str(account.client("sns").create_topic(Name=name)["TopicArn"])


def fifo_topic(account: Account, instance: str, name: str = "ordered") -> str:
    """Create a FIFO topic with the policy that AWS documents."""
    topic = account.client("sns").create_topic(Name=f"{name}.fifo", Attributes={"FifoTopic": "true"})
    return _with_policy(account, topic["TopicArn"], publish_statement(topic["TopicArn"], instance))


def good_topic(account: Account, instance: str, name: str = "chat") -> str:
    """Create a topic with the policy that AWS documents."""
    topic = default_topic(account, name)
    return _with_policy(account, topic, publish_statement(topic, instance))


def confused_deputy_topic(account: Account, name: str = "open") -> str:
    """Create a topic to which every Connect instance of every AWS customer can publish."""
    topic = default_topic(account, name)
    return _with_policy(account, topic, publish_statement(topic))


def encrypted_topic(account: Account, instance: str, name: str = "sealed", *, grant: bool) -> EncryptedTopic:
    """Create an encrypted topic with a correct policy. With ``grant``, the key policy allows Connect."""
    kms = account.client("kms")
    key = kms.create_key(Description=name)["KeyMetadata"]
    if grant:
        policy = {"Version": "2012-10-17", "Statement": [root_statement(account.id), key_statement()]}
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=json.dumps(policy))
    topic = good_topic(account, instance, name)
    encrypt(account, topic, key["KeyId"])
    return EncryptedTopic(topic, str(key["Arn"]))


def encrypt(account: Account, topic: str, key: str) -> None:
    """Encrypt a topic with a key, given by its ID, ARN or alias."""
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key
    )


def subscribed_queue(account: Account, topic: str, name: str = "inbox") -> str:
    """Create a queue that a topic can send to, subscribe it with raw delivery, and return its URL."""
    queue = make_queue(account, name)
    set_queue_policy(account, queue.url, queue_statement(queue.arn, topic))
    subscribe_queue(account, topic, queue.arn)
    return queue.url


def receive_messages(account: Account, queue: str) -> list[dict[str, Any]]:
    """Receive and delete all messages of a queue, in order."""
    messages: list[dict[str, Any]] = []
    sqs = account.client("sqs")
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in batch:
            messages.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return messages


def start_chat(account: Account, instance: str, topic: str) -> StartedChat:
    """Start a chat, stream it and connect the customer, in the order that AWS documents."""
    connect = account.client("connect")
    chat = connect.start_chat_contact(
        InstanceId=instance.rpartition("/")[2],
        ContactFlowId="flow",
        ParticipantDetails={"DisplayName": "Customer"},
    )
    stream = connect.start_contact_streaming(
        InstanceId=instance.rpartition("/")[2],
        ContactId=chat["ContactId"],
        ChatStreamingConfiguration={"StreamingEndpointArn": topic},
    )
    made = account.client("connectparticipant").create_participant_connection(
        Type=["CONNECTION_CREDENTIALS"], ParticipantToken=chat["ParticipantToken"], ConnectParticipant=True
    )
    token = made["ConnectionCredentials"]["ConnectionToken"]
    return StartedChat(chat["ContactId"], stream["StreamingId"], token)


def send_message(account: Account, started: StartedChat, text: str) -> None:
    """Send a message as the customer of a chat."""
    account.client("connectparticipant").send_message(
        ContentType="text/plain", Content=text, ConnectionToken=started.token
    )


def publish_statement(topic: str, instance: str = "") -> Statement:
    """Return the statement that AWS documents. Without an instance it has no condition (confused deputy).

    https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """
    pinned = (
        {
            "StringEquals": {"aws:SourceAccount": instance.split(":")[4]},
            "ArnEquals": {"aws:SourceArn": instance},
        }
        if instance
        else None
    )
    return {
        "Sid": "AllowConnectChatStreaming",
        "Effect": "Allow",
        "Principal": _SERVICE,
        "Action": "sns:Publish",
        "Resource": topic,
        **({"Condition": pinned} if pinned else {}),
    }


def root_statement(account: str) -> Statement:
    """Return the statement of the default key policy.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def key_statement(service: str = "connect.amazonaws.com") -> Statement:
    """Return the statement that allows a service to use a key: Connect for a topic, SNS for a queue.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return {
        "Sid": "Allow the service to send what is encrypted",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    }


def _with_policy(account: Account, topic: str, *statements: Statement) -> str:
    """Set a topic's policy and return the topic's ARN."""
    policy = policy_text(*statements)
    account.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return str(topic)
