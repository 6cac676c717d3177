"""Output of the AWS CLI about subscriptions, functions and queues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.endpoints import Function, Queue
from checker.analysis.inventory import PolicyText
from checker.core.unknown import Unknown
from checker.inputs.load import load
from tests.lint.subscriber_forms import ALWAYS
from tests.samples import ACCOUNT, TOPIC_ARN, document, statement

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Inventory

QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:chat"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:chat"
ARN = f"{TOPIC_ARN}:1a2b"
TOPIC = {"Attributes": {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT, "Policy": json.dumps(document(statement()))}}
ENTRY = {"SubscriptionArn": ARN, "TopicArn": TOPIC_ARN, "Protocol": "sqs", "Endpoint": QUEUE_ARN}
LIST = {"Subscriptions": [ENTRY]}
WHOLE = {"QueueArn": QUEUE_ARN, **ALWAYS}


def read(folder: Path, *outputs: Any) -> Inventory:
    for number, output in enumerate(outputs):
        (folder / f"{number}.json").write_text(json.dumps(output))
    return load([folder])


def test_a_list_shows_only_protocol_endpoint_and_confirmation(tmp_path: Path) -> None:
    (topic,) = read(tmp_path, TOPIC, LIST).topics
    assert not isinstance(topic.subscriptions, Unknown)
    (found,) = topic.subscriptions
    assert (found.protocol, found.endpoint, found.confirmed, found.arn) == ("sqs", QUEUE_ARN, True, ARN)
    assert isinstance(found.filter_policy, Unknown)
    assert isinstance(found.dead_letter, Unknown)
    assert topic.unlisted is None
    assert found.place is not None
    assert found.place.route == ("Subscriptions", 0)


def test_attributes_complete_an_entry_of_the_list(tmp_path: Path) -> None:
    attributes = {**ENTRY, "PendingConfirmation": "false", "FilterPolicy": '{"Type": ["EVENT"]}'}
    (topic,) = read(tmp_path, TOPIC, LIST, {"Attributes": attributes}).topics
    assert not isinstance(topic.subscriptions, Unknown)
    (found,) = topic.subscriptions
    assert found.filter_policy == '{"Type": ["EVENT"]}'
    assert found.dead_letter is None
    assert found.raw is False
    assert topic.unlisted is None


def test_attributes_without_a_list_leave_other_subscriptions_open(tmp_path: Path) -> None:
    attributes = {**ENTRY, "PendingConfirmation": "true"}
    (topic,) = read(tmp_path, TOPIC, {"Attributes": attributes}).topics
    assert not isinstance(topic.subscriptions, Unknown)
    assert [one.confirmed for one in topic.subscriptions] == [False]
    assert topic.unlisted is not None


@pytest.mark.parametrize("qualifier", ["", "live", "3"])
def test_the_policy_of_a_function_names_what_it_is_about(qualifier: str, tmp_path: Path) -> None:
    resource = f"{FUNCTION_ARN}:{qualifier}".removesuffix(":")
    grants = statement(
        Action="lambda:InvokeFunction", Resource=resource, Principal={"Service": "sns.amazonaws.com"}
    )
    output = {"Policy": json.dumps(document(grants)), "RevisionId": "1"}
    inventory = read(tmp_path, TOPIC, output)
    found = inventory.endpoints.function(resource, inventory.topics[0].home)
    assert isinstance(found, Function)
    assert (str(found.arn), found.qualifier) == (FUNCTION_ARN, qualifier)
    assert isinstance(found.policy, PolicyText)
    assert len(inventory.topics) == 1
    assert inventory.keys == ()
    assert inventory.skipped == ()


QUEUES: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "all attributes": (WHOLE, {"policy": None, "key": None, "period": 345600, "redrive": ""}),
    "with a key": ({**WHOLE, "KmsMasterKeyId": "alias/aws/sqs"}, {"key": "alias/aws/sqs"}),
    "with SSE-SQS": ({**WHOLE, "SqsManagedSseEnabled": "true"}, {"managed_sse": True, "key": None}),
    "with a dead-letter queue": (
        {**WHOLE, "RedrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE_ARN, "maxReceiveCount": 3})},
        {"redrive": QUEUE_ARN},
    ),
    "a FIFO queue": ({**WHOLE, "QueueArn": f"{QUEUE_ARN}.fifo", "FifoQueue": "true"}, {"fifo": True}),
}


@pytest.mark.parametrize("name", QUEUES)
def test_the_attributes_of_a_queue_are_read(name: str, tmp_path: Path) -> None:
    given, expected = QUEUES[name]
    (found,) = read(tmp_path, TOPIC, {"Attributes": given}).endpoints.queues
    assert isinstance(found, Queue)
    assert found._asdict().items() >= expected.items()


@pytest.mark.parametrize(
    "given",
    [{}, {"MessageRetentionPeriod": "345600"}, {"SqsManagedSseEnabled": "false"}, {"DelaySeconds": "0"}],
)
def test_attributes_that_were_not_asked_for_are_not_known(given: dict[str, str], tmp_path: Path) -> None:
    output = {"Attributes": {"QueueArn": QUEUE_ARN, **given}}
    (found,) = read(tmp_path, TOPIC, output).endpoints.queues
    assert isinstance(found.policy, Unknown)
    assert isinstance(found.key, Unknown)
    assert isinstance(found.period, Unknown) is ("MessageRetentionPeriod" not in given)


@pytest.mark.parametrize("attributes", [ENTRY, WHOLE])
def test_output_about_endpoints_is_recognized_and_has_no_topic(
    attributes: dict[str, str], tmp_path: Path
) -> None:
    inventory = read(tmp_path, {"Attributes": attributes})
    assert (inventory.topics, inventory.keys, inventory.skipped) == ((), (), ())
