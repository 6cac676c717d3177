"""Things to put into a sandbox, good and broken, through the same API as everybody else's.

Every function takes an ``Account``, and gives the ARN of what it has made.
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
    """A topic and the key that it is encrypted with."""

    topic: str
    key: str


class Started(NamedTuple):
    """A chat that is streamed; with ``token`` the customer speaks."""

    contact: str
    streaming: str
    token: str


def make_instance(account: Account, alias: str = "demo") -> str:
    """Make an instance of Amazon Connect."""
    made = account.client("connect").create_instance(
        IdentityManagementType="CONNECT_MANAGED",
        InstanceAlias=alias,
        InboundCallsEnabled=True,
        OutboundCallsEnabled=True,
    )
    return str(made["Arn"])


def default_topic(account: Account, name: str = "default") -> str:
    """Make a topic with the policy that SNS writes, which Connect is not in."""
    return str(account.client("sns").create_topic(Name=name)["TopicArn"])


def fifo_topic(account: Account, instance: str, name: str = "ordered") -> str:
    """Make a FIFO topic whose policy would be right."""
    topic = account.client("sns").create_topic(Name=f"{name}.fifo", Attributes={"FifoTopic": "true"})
    return _with_policy(account, topic["TopicArn"], publish_statement(topic["TopicArn"], instance))


def good_topic(account: Account, instance: str, name: str = "chat") -> str:
    """Make a topic with the policy that AWS documents."""
    topic = default_topic(account, name)
    return _with_policy(account, topic, publish_statement(topic, instance))


def open_deputy(account: Account, name: str = "open") -> str:
    """Make a topic that every instance of everybody may publish to."""
    topic = default_topic(account, name)
    return _with_policy(account, topic, publish_statement(topic))


def encrypted_topic(account: Account, instance: str, name: str = "sealed", *, grant: bool) -> Encrypted:
    """Make a topic with the right policy and a key that, with ``grant``, lets Connect in."""
    kms = account.client("kms")
    key = kms.create_key(Description=name)["KeyMetadata"]
    if grant:
        policy = {"Version": "2012-10-17", "Statement": [root_statement(account.id), key_statement()]}
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=json.dumps(policy))
    topic = good_topic(account, instance, name)
    encrypt(account, topic, key["KeyId"])
    return Encrypted(topic, str(key["Arn"]))


def encrypt(account: Account, topic: str, key: str) -> None:
    """Encrypt a topic with a key: its id, ARN or alias."""
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key
    )


def queue_of(account: Account, topic: str, name: str = "inbox") -> str:
    """Make a queue that takes what a topic sends, subscribe it with raw delivery, and give its URL."""
    queue = make_queue(account, name)
    set_queue_policy(account, queue.url, queue_statement(queue.arn, topic))
    subscribe_queue(account, topic, queue.arn)
    return queue.url


def received(account: Account, queue: str) -> list[dict[str, Any]]:
    """Take what is in a queue: the chat's messages and events, in order."""
    found: list[dict[str, Any]] = []
    sqs = account.client("sqs")
    while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for one in batch:
            found.append(json.loads(one["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
    return found


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
    """Say something as the customer of a chat."""
    account.client("connectparticipant").send_message(
        ContentType="text/plain", Content=text, ConnectionToken=started.token
    )


def publish_statement(topic: str, instance: str = "") -> Statement:
    """The statement that AWS documents; without an instance it has no condition, and is open to deputies.

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
    """The statement of every key's default policy.

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
    """The statement that lets a service use a key: Connect a topic's, SNS a queue's.

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
    """Set a topic's policy, and give the topic."""
    policy = policy_text(*statements)
    account.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return str(topic)
