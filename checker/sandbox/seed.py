"""Test resources, correct and broken, that are created in a sandbox through its AWS API.

Functions that create a resource take an ``Account`` and return the ARN or another identifier.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.sandbox.subscribers import (
    Statement,
    make_queue,
    policy_text,
    queue_statement,
    set_queue_policy,
    subscribe_queue,
)

if TYPE_CHECKING:
    from checker.sandbox.running import Account

_SERVICE = {"Service": "connect.amazonaws.com"}


class Encrypted(NamedTuple):
    """An encrypted topic and its key."""

    topic: str
    key: str


class Started(NamedTuple):
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


def open_deputy(account: Account, name: str = "open") -> str:
    """Create a topic to which every Connect instance of every AWS customer can publish."""
    topic = default_topic(account, name)
    return _with_policy(account, topic, publish_statement(topic))


def encrypted_topic(account: Account, instance: str, name: str = "sealed", *, grant: bool) -> Encrypted:
    """Create an encrypted topic with a correct policy. With ``grant``, the key policy allows Connect."""
    kms = account.client("kms")
    key = kms.create_key(Description=name)["KeyMetadata"]
    if grant:
        policy = {"Version": "2012-10-17", "Statement": [root_statement(account.id), key_statement()]}
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=json.dumps(policy))
    topic = good_topic(account, instance, name)
    encrypt(account, topic, key["KeyId"])
    return Encrypted(topic, str(key["Arn"]))


def encrypt(account: Account, topic: str, key: str) -> None:
    """Encrypt a topic with a key, given by its ID, ARN or alias."""
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key
    )


def queue_of(account: Account, topic: str, name: str = "inbox") -> str:
    """Create a queue that a topic can send to, subscribe it with raw delivery, and return its URL."""
    queue = make_queue(account, name)
    set_queue_policy(account, queue.url, queue_statement(queue.arn, topic))
    subscribe_queue(account, topic, queue.arn)
    return queue.url


def received(account: Account, queue: str) -> list[dict[str, Any]]:
    """Receive and delete all messages of a queue, in order."""
    messages: list[dict[str, Any]] = []
    sqs = account.client("sqs")
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for one in batch:
            messages.append(json.loads(one["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
    return messages


def start_chat(account: Account, instance: str, topic: str) -> Started:
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
    return Started(chat["ContactId"], stream["StreamingId"], token)


def say(account: Account, started: Started, text: str) -> None:
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
