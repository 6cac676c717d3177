"""`checker flow --retain` checks whether a subscription retains the messages, and can create one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.analysis.endpoints import SQS
from checker.core.arn import Arn
from checker.fix.live.flow_result import End
from checker.lint.delivery.model import RequestedStorage
from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.live.flow.stage import flow

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def wanted(instance: str) -> RequestedStorage:
    return RequestedStorage(SQS, instance=Arn.parse(instance))


def test_messages_are_retained_once_a_queue_is_created(account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    loose = flow(account, instance, topic, retain=wanted(instance)).topics[0].setup
    assert loose is not None
    assert (loose.retention.status, loose.made) == ("broken", ())
    result = flow(account, instance, topic, retain=wanted(instance), create=True)
    assert result.end is End.ARRIVED
    assert not result.left_behind
    made = result.topics[0].setup
    assert made is not None
    assert made.retention.status == "ok"
    assert [one.what for one in made.made]
    (queue,) = account.client("sqs").list_queues()["QueueUrls"]
    kept = account.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    contacts = {json.loads(one["Body"])["InitialContactId"] for one in kept}
    assert contacts == {result.contact}
    again = flow(account, instance, topic, retain=wanted(instance), create=True).topics[0].setup
    assert again is not None
    assert (again.retention.status, again.made) == ("ok", ())


def test_nothing_is_created_if_the_current_state_cannot_be_read(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    sandbox.fault(faults.denied("sns", "ListSubscriptionsByTopic"))
    result = flow(account, instance, topic, retain=wanted(instance), create=True)
    assert result.end is End.ARRIVED
    kept = result.topics[0].setup
    assert kept is not None
    assert kept.retention.status == "unknown"
    assert not kept.made
    assert kept.fault is not None
