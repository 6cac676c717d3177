"""The event history of CloudTrail: streaming calls with their outcome, and what KMS let Connect do with a key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.sandbox import scenes, seed

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def events(account: Account, attribute: str, value: str) -> list[dict[str, Any]]:
    """The events with a value of a lookup attribute, oldest first."""
    asked = {"AttributeKey": attribute, "AttributeValue": value}
    found = account.client("cloudtrail").lookup_events(LookupAttributes=[asked])["Events"]
    return [json.loads(one["CloudTrailEvent"]) for one in reversed(found)]


def streamed(account: Account, key_owner: Account, *, grant: bool) -> seed.EncryptedTopic:
    """Stream one message to a topic that is encrypted with a key of an account."""
    instance = seed.make_instance(account)
    made = seed.encrypted_topic(key_owner, instance, f"of{account.id}", grant=grant)
    topic = seed.good_topic(account, instance)
    seed.encrypt(account, topic, made.key)
    seed.start_chat(account, instance, topic)  # that the customer joined is an event of the chat
    return seed.EncryptedTopic(topic, made.key)


@pytest.mark.parametrize("grant", [True, False])
def test_kms_records_the_uses_of_a_key_for_its_owner(sandbox: Sandbox, account: Account, grant: bool) -> None:
    owner = sandbox.account(f"77{account.id[2:]}", account.region)
    made = streamed(account, owner, grant=grant)
    found = events(owner, "ResourceName", made.key)
    outcomes = [(one["eventName"], one.get("errorCode")) for one in found]
    allowed = [("GenerateDataKey", None), ("Decrypt", None)]
    assert outcomes == (allowed if grant else [("GenerateDataKey", "AccessDenied")])
    for one in found:
        assert one["userIdentity"] == {"type": "AWSService", "invokedBy": "connect.amazonaws.com"}
        assert one["requestParameters"]["encryptionContext"] == {"aws:sns:topicArn": made.topic}
        assert (one["recipientAccountId"], one["readOnly"]) == (owner.id, True)
    assert events(account, "EventSource", "kms.amazonaws.com") == []


def test_a_policy_of_the_organization_is_a_recorded_denial(account: Account) -> None:
    root = scenes.make_organization(account)
    member = scenes.make_member(account, root)
    scenes.attach_control_policy(account, root, scenes.control_statement("kms:Decrypt"))
    streamed(member, member, grant=True)
    found = events(member, "EventSource", "kms.amazonaws.com")
    outcomes = [(one["eventName"], one.get("errorCode")) for one in found]
    assert outcomes == [("GenerateDataKey", None), ("Decrypt", "AccessDenied")]


def test_the_third_topic_of_a_contact_is_a_recorded_refusal(account: Account) -> None:
    instance = seed.make_instance(account)
    topics = [seed.good_topic(account, instance, name) for name in ("one", "two", "three")]
    started = seed.start_chat(account, instance, topics[0])
    connect = account.client("connect", retries={"total_max_attempts": 1})

    def stream(topic: str) -> None:
        connect.start_contact_streaming(
            InstanceId=instance.rpartition("/")[2],
            ContactId=started.contact,
            ChatStreamingConfiguration={"StreamingEndpointArn": topic},
        )

    stream(topics[1])
    with pytest.raises(connect.exceptions.LimitExceededException):
        stream(topics[2])
    found = events(account, "EventName", "StartContactStreaming")
    assert [one.get("errorCode") for one in found] == [None, None, "LimitExceededException"]
    refused = found[-1]["requestParameters"]
    assert refused["ChatStreamingConfiguration"] == {"StreamingEndpointArn": topics[2]}
    assert refused["ContactId"] == started.contact
