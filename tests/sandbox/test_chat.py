"""A chat from its start to the queue, and every cause for which SNS or KMS refuses a message."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from checker.sandbox import seed

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def causes(sandbox: Sandbox, contact: str) -> set[str]:
    return {one.cause for one in sandbox.deliveries() if one.contact == contact and one.kind == "MESSAGE"}


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def stream(account: Account, instance: str, contact: str, topic: str, **more: str) -> dict[str, Any]:
    made: dict[str, Any] = account.client("connect").start_contact_streaming(
        InstanceId=instance.rpartition("/")[2],
        ContactId=contact,
        ChatStreamingConfiguration={"StreamingEndpointArn": topic},
        **more,
    )
    return made


def chat(account: Account, instance: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = account.client("connect").start_chat_contact(
        InstanceId=instance.rpartition("/")[2],
        ContactFlowId="flow",
        ParticipantDetails={"DisplayName": "Customer"},
        **more,
    )
    return made


def connect(account: Account, token: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = account.client("connectparticipant").create_participant_connection(
        ParticipantToken=token, **{"Type": ["CONNECTION_CREDENTIALS"], "ConnectParticipant": True, **more}
    )
    return made


def test_a_message_arrives_with_the_payload_and_the_attributes_of_aws(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    queue = seed.subscribed_queue(account, topic)
    started = seed.start_chat(account, instance, topic)
    seed.send_message(account, started, "hello")
    sqs = account.client("sqs")
    batch = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    message = next(one for one in batch["Messages"] if json.loads(one["Body"])["Type"] == "MESSAGE")
    body = json.loads(message["Body"])
    assert (body["Content"], body["ParticipantRole"], body["ContactId"]) == (
        "hello",
        "CUSTOMER",
        started.contact,
    )
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert attributes == {
        "InitialContactId": started.contact,
        "ContactId": started.contact,
        "ParticipantRole": "CUSTOMER",
        "InstanceId": instance.rpartition("/")[2],
        "AccountId": account.id,
        "Type": "MESSAGE",
        "ContentType": "text/plain",
        "MessageVisibility": "ALL",
    }
    assert causes(sandbox, started.contact) == {""}


def test_a_topic_of_another_account_accepts_messages_of_a_granted_instance(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    owner = sandbox.account("999988887777", account.region)
    topic = seed.good_topic(owner, instance, f"of{account.id}")
    started = seed.start_chat(account, instance, topic)
    seed.send_message(account, started, "hello")
    assert causes(sandbox, started.contact) == {""}


def other_instance(account: Account, instance: str) -> str:
    return seed.good_topic(account, instance.replace(account.id, "444455556666"))


def without_grant(account: Account, instance: str) -> str:
    return seed.encrypted_topic(account, instance, grant=False).topic


def switched_off(account: Account, instance: str) -> str:
    made = seed.encrypted_topic(account, instance, grant=True)
    account.client("kms").disable_key(KeyId=made.key)
    return made.topic


def doomed(account: Account, instance: str) -> str:
    made = seed.encrypted_topic(account, instance, grant=True)
    account.client("kms").schedule_key_deletion(KeyId=made.key, PendingWindowInDays=7)
    return made.topic


def aws_managed(account: Account, instance: str) -> str:
    topic = seed.good_topic(account, instance)
    seed.encrypt(account, topic, "alias/aws/sns")
    return topic


def without_key(account: Account, instance: str) -> str:
    topic = seed.good_topic(account, instance)
    seed.encrypt(account, topic, "alias/none")
    return topic


def without_topic(account: Account, instance: str) -> str:
    topic = seed.good_topic(account, instance)
    account.client("sns").delete_topic(TopicArn=topic)
    return topic


BROKEN: dict[str, list[Callable[[Account, str], str]]] = {
    "the topic policy: ImplicitlyDenied": [lambda account, _: seed.default_topic(account), other_instance],
    "the key policy: ImplicitlyDenied for kms:GenerateDataKey": [without_grant],
    "the key is Disabled": [switched_off],
    "the key is PendingDeletion": [doomed],
    "the key is AWS managed": [aws_managed],
    "the key does not exist": [without_key],
    "the topic does not exist": [without_topic],
}


@pytest.mark.parametrize(
    ("cause", "make"), [(cause, make) for cause, makers in BROKEN.items() for make in makers]
)
def test_a_refused_message_is_silent_for_the_caller_and_has_a_cause_in_the_journal(
    sandbox: Sandbox, account: Account, cause: str, make: Callable[[Account, str], str]
) -> None:
    instance = seed.make_instance(account)
    topic = make(account, instance)
    started = seed.start_chat(account, instance, topic)
    seed.send_message(account, started, "hello")
    assert causes(sandbox, started.contact) == {cause}
    assert all(one.source for one in sandbox.deliveries() if one.cause)


def test_an_encrypted_topic_works_with_a_key_policy_or_with_a_grant(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    by_policy = seed.encrypted_topic(account, instance, "policy", grant=True)
    by_grant = seed.encrypted_topic(account, instance, "grant", grant=False)
    account.client("kms").create_grant(
        KeyId=by_grant.key,
        GranteePrincipal="connect.amazonaws.com",
        Operations=["GenerateDataKey", "Decrypt"],
    )
    for made in (by_policy, by_grant):
        started = seed.start_chat(account, instance, made.topic)
        seed.send_message(account, started, "hello")
        assert causes(sandbox, started.contact) == {""}


def test_only_standard_topics_of_the_same_region_are_accepted(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    contact = chat(account, instance)["ContactId"]
    elsewhere = seed.good_topic(sandbox.account(account.id, "us-east-1"), instance)
    fifo = seed.fifo_topic(account, instance)
    for topic in (fifo, elsewhere, "arn:aws:sqs:us-west-2:111122223333:inbox", f"{fifo[:-5]}:a-subscription"):
        assert refused(stream, account=account, instance=instance, contact=contact, topic=topic) == (
            "InvalidParameterException"
        )


def test_a_contact_has_at_most_two_topics_and_a_stopped_stream_does_not_count(account: Account) -> None:
    instance = seed.make_instance(account)
    contact = chat(account, instance)["ContactId"]
    topics = [seed.good_topic(account, instance, name) for name in ("one", "two", "three")]
    first = stream(account, instance, contact, topics[0])
    stream(account, instance, contact, topics[1])
    arguments = {"account": account, "instance": instance, "contact": contact, "topic": topics[2]}
    assert refused(stream, **arguments) == "LimitExceededException"
    account.client("connect").stop_contact_streaming(
        InstanceId=instance.rpartition("/")[2], ContactId=contact, StreamingId=first["StreamingId"]
    )
    stream(account, instance, contact, topics[2])


def test_a_call_that_repeats_a_client_token_returns_the_first_answer(account: Account) -> None:
    instance = seed.make_instance(account)
    started = [chat(account, instance, ClientToken="chat")["ContactId"] for _ in range(2)]
    assert started[0] == started[1]
    topic = seed.good_topic(account, instance)
    streams = [stream(account, instance, started[0], topic, ClientToken="stream") for _ in range(2)]
    assert streams[0]["StreamingId"] == streams[1]["StreamingId"]
    assert stream(account, instance, started[0], topic)["StreamingId"] != streams[0]["StreamingId"]


def test_a_chat_can_be_streamed_from_its_start(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    started = chat(account, instance, ChatStreamingConfiguration={"StreamingEndpointArn": topic})
    assert started["StreamingId"]
    connection = connect(account, started["ParticipantToken"])["ConnectionCredentials"]
    seed.send_message(
        account,
        seed.StartedChat(started["ContactId"], "", connection["ConnectionToken"]),
        "hello from the start",
    )
    assert causes(sandbox, started["ContactId"]) == {""}


@pytest.mark.parametrize("order", ["without the flag", "before the stream"])
def test_no_message_is_published_until_the_customer_is_connected(
    sandbox: Sandbox, account: Account, order: str
) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    started = chat(account, instance)
    if order == "before the stream":
        connection = connect(account, started["ParticipantToken"])
        stream(account, instance, started["ContactId"], topic)
    else:
        stream(account, instance, started["ContactId"], topic)
        connection = connect(account, started["ParticipantToken"], ConnectParticipant=False)
    token = connection["ConnectionCredentials"]["ConnectionToken"]
    seed.send_message(account, seed.StartedChat(started["ContactId"], "", token), "hello")
    (cause,) = causes(sandbox, started["ContactId"])
    assert cause.startswith("the customer is not connected")


def test_the_customer_must_connect_within_five_minutes(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    in_time, late = (chat(account, instance)["ParticipantToken"] for _ in range(2))
    sandbox.advance(299)
    connect(account, in_time)
    sandbox.advance(2)
    assert refused(connect, account=account, token=late) == "AccessDeniedException"


def test_tokens_end_with_the_chat(account: Account) -> None:
    instance = seed.make_instance(account)
    started = seed.start_chat(account, instance, seed.good_topic(account, instance))
    account.client("connectparticipant").disconnect_participant(ConnectionToken=started.token)
    assert (
        refused(seed.send_message, account=account, started=started, text="hello") == "AccessDeniedException"
    )
    ended = {"InstanceId": instance.rpartition("/")[2], "ContactId": started.contact}
    assert refused(account.client("connect").stop_contact, **ended) == "ContactNotFoundException"


def test_parameters_are_validated_by_the_model_of_botocore(account: Account) -> None:
    instance = seed.make_instance(account)
    arguments = {"account": account, "instance": instance, "contact": "c" * 257, "topic": "t"}
    assert refused(stream, **arguments) == "InvalidParameterException"
    arguments |= {"contact": "c", "instance": "no-such-instance"}
    assert refused(stream, **arguments) == "ResourceNotFoundException"
    client = account.client("connectparticipant", parameter_validation=False)
    assert refused(client.send_message, ConnectionToken="t", ContentType="text/plain") == (
        "ValidationException"
    )
