"""A message that Connect publishes arrives at the topic, and no temporary resources remain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker.fix.live.flow_result import DONE, End, Step
from checker.report.context import Paint
from checker.report.flow import flow_text
from checker.sandbox import seed
from checker.sandbox.http.faults import REFUSE, Fault
from tests.live.flow.stage import flow, temporary

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def test_the_steps_follow_the_order_that_aws_documents(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    before = temporary(sandbox, account)
    result = flow(account, instance, topic)
    assert result.end is End.ARRIVED
    assert [one.name for one in result.steps] == [
        "preflight",
        "GetCallerIdentity",
        "CreateQueue",
        "Subscribe",
        "StartChatContact",
        "StartContactStreaming",
        "CreateParticipantConnection",
        "SendMessage",
        "message",
        "GetMetricData",
        "StopContactStreaming",
        "DisconnectParticipant",
        "Unsubscribe",
        "DeleteQueue",
    ]
    assert {one.status for one in result.steps} == {DONE}
    calls = [one for one in result.steps if one.name not in ("preflight", "message")]
    assert all(one.request_id for one in calls)
    assert len({one.request_id for one in calls}) == len(calls)
    assert temporary(sandbox, account) == before
    assert not result.left_behind


def test_the_message_is_identified_by_its_chat_and_has_the_documented_attributes(account: Account) -> None:
    instance = seed.make_instance(account)
    (found,) = flow(account, instance, seed.good_topic(account, instance)).topics
    assert found.arrival is not None
    attributes = dict(found.arrival.attributes)
    assert attributes["AccountId"] == account.id
    assert attributes["InstanceId"] == instance.rpartition("/")[2]
    assert attributes["Type"] == "MESSAGE"
    assert len(attributes) == 8
    assert found.counters is not None
    assert (found.counters.published, found.counters.delivered) == (2, 2)  # somebody joined, and spoke


@pytest.mark.parametrize("at_start", [False, True], ids=["afterwards", "at the start"])
@pytest.mark.parametrize("count", [1, 2])
def test_one_topic_or_two_streamed_from_the_start_or_afterwards(
    sandbox: Sandbox, account: Account, count: int, at_start: bool
) -> None:
    instance = seed.make_instance(account)
    topics = [seed.good_topic(account, instance, f"chat-{number}") for number in range(count)]
    sandbox.clear_calls()
    result = flow(account, instance, *topics, at_start=at_start)
    assert result.end is End.ARRIVED
    assert all(one.arrival for one in result.topics)
    assert len(sandbox.calls("connect", "StartContactStreaming")) == count - at_start
    assert temporary(sandbox, account) == (0, 0, 0)


def test_an_encrypted_topic_with_the_grant(account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.encrypted_topic(account, instance, grant=True).topic
    assert flow(account, instance, topic).end is End.ARRIVED


def test_a_topic_of_another_account(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    other = sandbox.account("999988887777")
    topic = seed.good_topic(other, instance, "foreign")
    assert flow(account, instance, topic).end is End.ARRIVED


def test_messages_of_other_chats_are_not_mistaken_for_the_test_message(account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    somebody = seed.start_chat(account, instance, topic)

    def speak(step: object) -> None:
        del step
        seed.send_message(account, somebody, "hello")

    result = flow(account, instance, topic, show=speak)
    assert result.end is End.ARRIVED
    (found,) = result.topics
    assert found.arrival is not None
    assert dict(found.arrival.attributes)["InitialContactId"] == result.contact != somebody.contact


def test_the_participant_service_is_called_without_a_signature(account: Account) -> None:
    from botocore import UNSIGNED

    from checker.live.aws.access import Access
    from checker.live.aws.session import Sessions

    client = Sessions(Access(endpoint=account.endpoint)).client("connectparticipant", "us-east-1")
    assert client.meta.config.signature_version is UNSIGNED


def test_a_message_that_arrives_despite_a_broken_link_is_reported(account: Account) -> None:
    """Nothing but AWS knows AWS: where it lets more through than it documents, people should hear of it."""
    instance = seed.make_instance(account)
    topic = seed.default_topic(account)
    right = seed.publish_statement(topic, instance)

    def mend_in_between(step: Step) -> None:
        if step.name == "StartChatContact":
            policy = json.dumps({"Version": "2012-10-17", "Statement": [right]})
            account.client("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=policy
            )

    result = flow(account, instance, topic, force=True, show=mend_in_between)
    assert result.end is End.ARRIVED
    assert "unexpected" in "\n".join(flow_text(result, Paint()))


def test_a_new_queue_that_is_not_available_yet_is_retried(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    code = "AWS.SimpleQueueService.NonExistentQueue"
    sandbox.fault(Fault(REFUSE, "sqs", "ReceiveMessage", times=1, code=code, message="not yet"))
    assert flow(account, instance, topic, wait=5).end is End.ARRIVED
