"""A setup creates each resource once, changes nothing else, and reports the created resources after a failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.lint.delivery.model import RequestedStorage, SetUp
from checker.lint.status import BROKEN, OK
from checker.live.aws.wait import Clock
from checker.live.permissions import Limits, retention_statements
from checker.live.retention.create import resource_name
from checker.live.retention.setup import set_up
from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.live.retention.scene import Scene, kept, key_of, parsed, queue, right, scene, with_
from tests.live.test_permissions import actions_of

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

WRITES = ("Create", "Set", "Put", "Subscribe", "Delete", "Tag")


class Impatient:
    """Goes by as fast as it is asked to wait."""

    def __init__(self) -> None:
        self.at = 0.0

    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def done(here: Scene, **wanted: Any) -> SetUp:
    asked = RequestedStorage(**{"kind": "sqs", "instance": parsed(here.instance), **wanted})
    return set_up(here.calls, here.arn, asked, Impatient().clock())


def writes(sandbox: Sandbox) -> list[str]:
    return [one.action for one in sandbox.calls() if one.action.startswith(WRITES)]


def policy_of(account: Account, url: str) -> list[Any]:
    found = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    statements: list[Any] = json.loads(found["Attributes"]["Policy"])["Statement"]
    return statements


def test_a_created_queue_keeps_later_messages(account: Account) -> None:
    here = scene(account)
    outcome = done(here)
    assert outcome.fault is None
    assert outcome.retention.status == OK
    assert [one.what.partition(" that")[0] for one in outcome.made] == [
        "a queue",
        "a subscription of the queue, with raw delivery",
    ]
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName="checker-retain-chat")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["MessageRetentionPeriod"], attributes["SqsManagedSseEnabled"]) == ("1209600", "true")
    here.chat("kept")
    assert "kept" in [one["Content"] for one in kept(account, url)]
    (durable,) = outcome.retention.subscriptions
    assert durable.warnings == ()


def test_a_second_run_creates_nothing(sandbox: Sandbox, account: Account) -> None:
    here = scene(account)
    assert done(here).made
    sandbox.clear_calls()
    again = done(here)
    assert (again.made, again.fault, again.retention.status) == ((), None, OK)
    assert writes(sandbox) == []


def test_a_subscription_that_retains_messages_is_not_changed(sandbox: Sandbox, account: Account) -> None:
    here = scene(account)
    seed.subscribed_queue(account, here.topic, "theirs")
    sandbox.clear_calls()
    assert done(here).made == ()
    assert writes(sandbox) == []


def test_a_subscribed_queue_gets_a_statement_and_no_other_change(account: Account) -> None:
    here = scene(account)
    theirs = {"Sid": "AllowTopicToSend", "Effect": "Allow", "Principal": {"AWS": account.id}}
    theirs |= {"Action": "sqs:ReceiveMessage", "Resource": "*"}
    key = key_of(account, seed.key_statement("sns.amazonaws.com"))
    url = queue(here, lambda *_: theirs, key=key)
    outcome = done(here)
    assert outcome.fault is None
    assert outcome.retention.status == OK
    (made,) = outcome.made
    assert made.what == "a statement in the policy of the queue"
    assert policy_of(account, url) == [theirs, made.written]
    assert (made.written or {})["Sid"] == "AllowTopicToSend2"
    attributes = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    assert attributes["KmsMasterKeyId"] == key
    here.chat("kept")
    assert "kept" in [one["Content"] for one in kept(account, url)]


@pytest.mark.parametrize("why", ["denied", "AWS managed key", "filter"])
def test_a_second_queue_is_created_if_a_statement_cannot_fix_the_first(account: Account, why: str) -> None:
    here = scene(account)
    if why == "denied":
        url = queue(here, with_(right, Effect="Deny"))
    elif why == "filter":
        url = queue(here, right, subscription={"FilterPolicy": json.dumps({"Type": ["EVENT"]})})
    else:
        url = queue(here, right, key="alias/aws/sqs")
    before = policy_of(account, url)
    outcome = done(here)
    assert outcome.retention.status == OK
    assert [one.status for one in outcome.retention.subscriptions] == [BROKEN, OK]
    assert policy_of(account, url) == before


def test_a_queue_that_another_tool_manages_is_refused_without_force(
    sandbox: Sandbox, account: Account
) -> None:
    here = scene(account)
    url = queue(here)
    account.client("sqs").tag_queue(QueueUrl=url, Tags={"ManagedBy": "Terraform"})
    sandbox.clear_calls()
    refused = done(here)
    assert refused.fault is not None
    assert "is managed by terraform" in refused.fault.reason
    assert writes(sandbox) == []
    assert done(here, force=True).retention.status == OK


def test_a_failed_run_lists_the_created_resources_and_the_next_run_continues(
    sandbox: Sandbox, account: Account
) -> None:
    here = scene(account)
    sandbox.fault(faults.denied("sns", "Subscribe"))
    half = done(here)
    assert [one.name.rpartition(":")[2] for one in half.made] == ["checker-retain-chat"]
    assert half.fault is not None
    assert "`sns:Subscribe` is missing" in half.fault.reason
    assert half.retention.status == BROKEN
    sandbox.clear_faults()
    rest = done(here)
    assert [one.what for one in rest.made] == ["a subscription of the queue, with raw delivery"]
    assert rest.retention.status == OK


def test_a_queue_from_an_earlier_run_gets_its_missing_statement_again(account: Account) -> None:
    here = scene(account)
    done(here)
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName="checker-retain-chat")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    again = done(here)
    assert ([one.what for one in again.made], again.retention.status) == (
        ["a statement in the policy of the queue"],
        OK,
    )


def test_a_queue_from_an_earlier_run_that_denies_access_is_reported_and_not_changed(
    sandbox: Sandbox, account: Account
) -> None:
    here = scene(account)
    done(here)
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName="checker-retain-chat")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
    sandbox.clear_calls()
    again = done(here)
    assert again.fault is not None
    assert "not modified: `alias/aws/sqs` is an AWS managed key" in again.fault.reason
    assert (again.made, writes(sandbox)) == ((), [])


def test_nothing_is_created_if_messages_may_be_retained_already(sandbox: Sandbox, account: Account) -> None:
    here = scene(account)
    queue(here, right)
    sandbox.fault(faults.denied("sqs", "GetQueueAttributes"))
    sandbox.clear_calls()
    outcome = done(here)
    assert outcome.fault is not None
    assert "messages may be retained already" in outcome.fault.reason
    assert "`sqs:GetQueueAttributes` is missing" in outcome.fault.reason
    assert writes(sandbox) == []


def test_a_queue_policy_that_changed_since_it_was_read_is_not_overwritten(
    sandbox: Sandbox, account: Account
) -> None:
    here = scene(account)
    url = queue(here)
    theirs = {"Version": "2012-10-17", "Statement": [right("*", "arn:aws:sns:us-east-1:1:x")]}
    change = {"QueueUrl": url, "Attributes": {"Policy": json.dumps(theirs)}}
    other = {"service": "sqs", "operation": "set_queue_attributes", "parameters": change}
    fault = faults.Fault(faults.INTERFERE, "sqs", "ListQueueTags", times=1, other=other)
    sandbox.fault(fault)
    outcome = done(here)
    assert outcome.fault is not None
    assert "the policy was changed" in outcome.fault.reason
    assert policy_of(account, url) == theirs["Statement"]


def test_a_queue_is_created_only_in_the_account_of_the_topic(sandbox: Sandbox, account: Account) -> None:
    here = scene(account)
    owner = sandbox.account("999988887777", account.region)
    topic = seed.good_topic(owner, here.instance, f"of{account.id}")
    outcome = done(here._replace(topic=topic))
    assert outcome.fault is not None
    assert "the topic belongs to account 999988887777" in outcome.fault.reason


def test_a_stream_gets_a_role_and_a_subscription_once(sandbox: Sandbox, account: Account) -> None:
    here = scene(account)
    arn, bucket = seed.make_stream(account, f"chats-{account.id}")
    outcome = done(here, kind="firehose", stream=parsed(arn))
    assert outcome.fault is None
    assert outcome.retention.status == OK
    assert [one.what for one in outcome.made] == [
        "a role that trusts SNS",
        "a policy of the role",
        "a subscription of the stream, with envelopes that contain the attributes",
    ]
    (durable,) = outcome.retention.subscriptions
    assert durable.warnings == ()
    here.chat("kept")
    s3 = account.client("s3")
    objects = s3.list_objects_v2(Bucket=bucket)["Contents"]
    records = [json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()) for one in objects]
    assert "kept" in [json.loads(one["Message"])["Content"] for one in records]
    assert all(one["MessageAttributes"]["InstanceId"]["Value"] in here.instance for one in records)
    sandbox.clear_calls()
    assert done(here, kind="firehose", stream=parsed(arn)).made == ()
    assert writes(sandbox) == []


def test_a_stream_that_is_missing_or_not_named_is_an_error(account: Account) -> None:
    here = scene(account)
    unnamed = done(here, kind="firehose")
    assert unnamed.fault is not None
    assert "--stream-arn" in unnamed.fault.help
    missing = parsed(f"arn:aws:firehose:{account.region}:{account.id}:deliverystream/none")
    gone = done(here, kind="firehose", stream=missing)
    assert gone.fault is not None
    assert gone.fault.reason == "the delivery stream does not exist"


def test_a_new_role_that_is_not_available_everywhere_is_retried(sandbox: Sandbox, account: Account) -> None:
    here = scene(account)
    arn, _ = seed.make_stream(account, f"chats-{account.id}")
    refuse = faults.Fault(faults.REFUSE, "sns", "Subscribe", times=2, code="InvalidParameter", message="role")
    sandbox.fault(refuse)
    assert done(here, kind="firehose", stream=parsed(arn)).retention.status == OK


IMPLIED = {"iam:PassRole", "iam:GetPolicy", "iam:GetPolicyVersion"}
"""What AWS asks for beside a call, and what attached policies are read with, of which there are none here."""
FREE = {"sts:GetCallerIdentity"}


@pytest.mark.parametrize("kind", ["sqs", "firehose"])
@pytest.mark.parametrize("create", [True, False])
def test_the_printed_permissions_match_the_calls(
    sandbox: Sandbox, account: Account, kind: str, create: bool
) -> None:
    here = scene(account)
    stream = parsed(seed.make_stream(account, f"chats-{account.id}")[0])
    key = key_of(account, seed.key_statement("sns.amazonaws.com"))
    account.client("kms").create_alias(AliasName="alias/queues", TargetKeyId=key)
    theirs = queue(here, *([] if create else [right]), key="alias/queues")
    if kind == "firehose" and not create:
        role = seed.make_stream_role(account, str(stream), f"to-{account.id}")
        seed.subscribe_stream(account, here.topic, str(stream), role)
    sandbox.clear_calls()
    if create:
        done(here, kind=kind, stream=stream)
        account.client("sqs").delete_queue(QueueUrl=theirs)
        done(here, kind=kind, stream=stream)
    else:
        here.judged(kind)
    called = {f"{one.service}:{one.action}" for one in sandbox.calls()} - {"sqs:DeleteQueue"}
    policy = {"Statement": retention_statements(Limits(), kind, create=create)}
    assert called - FREE == set(actions_of(policy)) - IMPLIED


def test_long_names_are_truncated_and_stay_distinct() -> None:
    names = {resource_name("t" * length, 80) for length in (10, 100, 200, 256)}
    assert len(names) == 4
    assert max(map(len, names)) == 80
