"""The status of a subscription agrees with what happens to a chat message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.lint.status import BROKEN, OK, UNKNOWN
from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.live.retention.scene import Make, Scene, kept, key_of, queue, reason, right, scene, statuses, with_

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

FOR_SNS = seed.key_statement("sns.amazonaws.com")


def of_another_topic(queue_arn: str, topic: str) -> seed.Statement:
    return right(queue_arn, f"{topic}-of-others")


def switched_off(here: Scene) -> str:
    key = key_of(here.account, FOR_SNS)
    here.account.client("kms").disable_key(KeyId=key)
    return queue(here, right, key=key)


def by_grant(here: Scene) -> str:
    key = key_of(here.account)
    here.account.client("kms").create_grant(
        KeyId=key, GranteePrincipal="sns.amazonaws.com", Operations=["GenerateDataKey", "Decrypt"]
    )
    return queue(here, right, key=key)


def by_alias(here: Scene) -> str:
    key = key_of(here.account, FOR_SNS)
    here.account.client("kms").create_alias(AliasName="alias/queues", TargetKeyId=key)
    return queue(here, right, key="alias/queues")


def gone(here: Scene) -> str:
    url = queue(here, right)
    here.account.client("sqs").delete_queue(QueueUrl=url)
    return ""


def filtered(policy: dict[str, Any], scope: str = "MessageAttributes") -> Make:
    subscription = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    return lambda here: queue(here, right, subscription=subscription)


CASES: dict[str, tuple[Make, str]] = {
    "right": (lambda here: queue(here, right), ""),
    "right, in an envelope": (
        lambda here: queue(here, right, subscription={"RawMessageDelivery": "false"}),
        "",
    ),
    "everybody, with a condition": (lambda here: queue(here, with_(right, Principal="*")), ""),
    "everybody, with ArnLike": (
        lambda here: queue(
            here,
            with_(
                right, Condition={"ArnLike": {"aws:SourceArn": here.topic[:-1] + "*"}}, Principal={"AWS": "*"}
            ),
        ),
        "",
    ),
    "no policy": (queue, "queue_policy"),
    "another topic": (lambda here: queue(here, of_another_topic), "queue_policy"),
    "Connect in the place of SNS": (
        lambda here: queue(here, with_(right, Principal={"Service": "connect.amazonaws.com"})),
        "queue_policy",
    ),
    "denied": (lambda here: queue(here, right, with_(right, Effect="Deny")), "queue_policy"),
    "another queue": (
        lambda here: queue(here, with_(right, Resource="arn:aws:sqs:*:*:other")),
        "queue_policy",
    ),
    "SSE-SQS": (lambda here: queue(here, right, SqsManagedSseEnabled="true"), ""),
    "not encrypted": (lambda here: queue(here, right, SqsManagedSseEnabled="false"), ""),
    "AWS managed key": (lambda here: queue(here, right, key="alias/aws/sqs"), "key"),
    "key for nobody": (lambda here: queue(here, right, key=key_of(here.account)), "key_policy"),
    "key for Connect": (
        lambda here: queue(here, right, key=key_of(here.account, seed.key_statement())),
        "key_policy",
    ),
    "key that denies": (
        lambda here: queue(here, right, key=key_of(here.account, FOR_SNS, {**FOR_SNS, "Effect": "Deny"})),
        "key_policy",
    ),
    "key for SNS": (lambda here: queue(here, right, key=key_of(here.account, FOR_SNS)), ""),
    "key by alias": (by_alias, ""),
    "key by grant": (by_grant, ""),
    "key switched off": (switched_off, "key"),
    "queue gone": (gone, "queue"),
    "filter on events": (filtered({"Type": ["EVENT"]}), "filter"),
    "filter on agents": (filtered({"MessageVisibility": ["AGENT"]}), "filter"),
    "filter on a key that is not there": (filtered({"Channel": ["CHAT"]}), "filter"),
    "filter that takes all": (
        filtered({"Type": ["MESSAGE", "EVENT"], "MessageVisibility": [{"exists": True}]}),
        "",
    ),
    "filter on the body that takes all": (filtered({"Type": ["MESSAGE", "EVENT"]}, "MessageBody"), ""),
    "filter on the body by an attribute": (
        filtered({"MessageVisibility": ["ALL"]}, "MessageBody"),
        "filter",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_queue_receives_a_message_exactly_if_every_link_is_ok(account: Account, case: str) -> None:
    make, broken = CASES[case]
    here = scene(account)
    url = make(here)
    retention = here.judged()
    (durable,) = retention.subscriptions
    assert durable.broken == ((broken,) if broken else ())
    assert UNKNOWN not in statuses(durable).values()
    assert retention.status == (BROKEN if broken else OK)
    assert all(step.help for step in durable.steps if step.status == BROKEN)
    here.chat("hello")
    found = kept(account, url) if url else []
    assert ("hello" in [one["Content"] for one in found]) == (not broken)


def test_a_topic_without_a_queue_retains_no_messages(account: Account) -> None:
    here = scene(account)
    account.client("sns").subscribe(TopicArn=here.topic, Protocol="https", Endpoint="https://example.com")
    assert (here.judged().status, here.judged().subscriptions) == (BROKEN, ())


def test_a_queue_of_another_account_waits_for_its_owner(sandbox: Sandbox, account: Account) -> None:
    here, owner = scene(account), sandbox.account("999988887777", account.region)
    made = seed.make_queue(owner, f"of{account.id}")
    seed.set_queue_policy(owner, made.url, right(made.arn, here.topic))
    seed.subscribe_queue(account, here.topic, made.arn)
    (durable,) = here.judged().subscriptions
    assert (statuses(durable)["subscription"], durable.subscription.arn) == (BROKEN, "")
    here.chat()
    assert [one for one in kept_by(owner, made.url) if one["Type"] != "SubscriptionConfirmation"] == []


def kept_by(owner: Account, url: str) -> list[dict[str, Any]]:
    return seed.receive_messages(owner, url)


def test_the_temporary_queue_of_a_flow_does_not_count(account: Account) -> None:
    here = scene(account)
    made = seed.make_queue(account, "checker-flow-1234")
    seed.set_queue_policy(account, made.url, right(made.arn, here.topic))
    seed.subscribe_queue(account, here.topic, made.arn)
    assert here.judged().subscriptions == ()


DENIED = {
    "sqs:GetQueueUrl": ("queue", ("sqs", "GetQueueUrl")),
    "sqs:GetQueueAttributes": ("queue", ("sqs", "GetQueueAttributes")),
    "sns:GetSubscriptionAttributes": ("filter", ("sns", "GetSubscriptionAttributes")),
    "kms:DescribeKey": ("key", ("kms", "DescribeKey")),
    "kms:GetKeyPolicy": ("key_policy", ("kms", "GetKeyPolicy")),
}


@pytest.mark.parametrize("action", DENIED)
def test_a_denied_read_makes_the_link_unknown_and_names_the_permission(
    sandbox: Sandbox, account: Account, action: str
) -> None:
    name, call = DENIED[action]
    here = scene(account)
    queue(here, right, key=key_of(account, FOR_SNS))
    sandbox.fault(faults.denied(*call))
    retention = here.judged()
    (durable,) = retention.subscriptions
    assert (retention.status, statuses(durable)[name]) == (UNKNOWN, UNKNOWN)
    assert f"`{action}` is missing" in reason(durable, name)


def test_subscriptions_that_cannot_be_listed_are_unknown(sandbox: Sandbox, account: Account) -> None:
    here = scene(account)
    sandbox.fault(faults.denied("sns", "ListSubscriptionsByTopic"))
    retention = here.judged()
    assert retention.status == UNKNOWN
    assert retention.unread is not None
    assert "`sns:ListSubscriptionsByTopic` is missing" in retention.unread.reason


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceAccount": "{account}"}},
        {"StringEquals": {"aws:SourceOrgID": "o-1234567890"}},
    ],
)
def test_a_result_that_depends_on_an_undocumented_key_is_unknown(
    account: Account, condition: dict[str, Any]
) -> None:
    here = scene(account)
    pinned = json.loads(json.dumps(condition).replace("{account}", account.id))
    queue(here, with_(right, Condition=pinned))
    (durable,) = here.judged().subscriptions
    assert statuses(durable)["queue_policy"] == UNKNOWN


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (right, []),
        (lambda queue_arn, _: right(queue_arn), ["topics of other accounts can send to the queue"]),
        (
            with_(right, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:chat"}}),
            ["topics of other accounts can send to the queue"],
        ),
        (
            lambda queue_arn, _: {**right(queue_arn), "Principal": "*"},
            ["any AWS account can send to the queue", "topics of other accounts can send to the queue"],
        ),
    ],
)
def test_other_senders_cause_a_warning(account: Account, statement: Any, said: list[str]) -> None:
    here = scene(account)
    queue(here, statement)
    (durable,) = here.judged().subscriptions
    assert [one.message.partition(",")[0] for one in durable.warnings] == said
    assert durable.status == OK


def test_retention_period_delivery_and_dead_letter_queues_are_reported(account: Account) -> None:
    here = scene(account)
    dead = seed.make_queue(account, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "3"})
    queue(
        here,
        right,
        MessageRetentionPeriod="1209600",
        RedrivePolicy=redrive,
        subscription={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead.arn})},
    )
    (durable,) = here.judged().subscriptions
    assert reason(durable, "period").startswith("messages are stored for 14 days")
    assert durable.notes[0].startswith("raw delivery")
    assert dead.arn in durable.notes[1]
    assert durable.notes[2] == f"messages that exceed the maximum receive count move to `{dead.arn}`"


def test_one_good_queue_among_broken_ones_retains_the_messages(account: Account) -> None:
    here = scene(account)
    queue(here)
    seed.subscribed_queue(account, here.topic, "good")
    retention = here.judged()
    assert ([one.status for one in retention.subscriptions], retention.status) == ([BROKEN, OK], OK)


def stream(here: Scene, **role: Any) -> str:
    arn, bucket = seed.make_stream(here.account, f"chats-{here.account.id}")
    made = seed.make_stream_role(here.account, arn, f"to-{here.account.id}", **role)
    seed.subscribe_stream(here.account, here.topic, arn, made)
    return bucket


def closed(here: Scene) -> str:
    bucket = stream(here)
    here.account.client("firehose").delete_delivery_stream(DeliveryStreamName=bucket)
    return bucket


STREAMS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "right": (stream, ()),
    "trusts another service": (lambda here: stream(here, trusted="lambda.amazonaws.com"), ("role",)),
    "may look alone": (
        lambda here: stream(here, actions=("firehose:DescribeDeliveryStream",)),
        ("role_policy",),
    ),
    "may everything": (lambda here: stream(here, actions=("firehose:*",)), ()),
    "gone": (closed, ("stream",)),
}


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_receives_a_message_exactly_if_every_link_is_ok(account: Account, case: str) -> None:
    make, broken = STREAMS[case]
    here = scene(account)
    bucket = make(here)
    (durable,) = here.judged("firehose").subscriptions
    assert durable.broken == broken
    assert UNKNOWN not in statuses(durable).values()
    here.chat("hello")
    s3 = account.client("s3")
    objects = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    bodies = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in objects]
    assert any(b"hello" in one for one in bodies) == (not broken)


def test_the_destination_is_named_and_missing_recommended_actions_are_reported(account: Account) -> None:
    here = scene(account)
    bucket = stream(here)
    (durable,) = here.judged("firehose").subscriptions
    assert f"`arn:aws:s3:::{bucket}`" in reason(durable, "stream")
    assert [one.message.partition(" ")[0] for one in durable.warnings] == ["the"]
    assert "firehose:ListTagsForDeliveryStream" in durable.warnings[0].message


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (("iam", "GetRole"), "role"),
        (("iam", "GetRolePolicy"), "role_policy"),
        (("firehose", "DescribeDeliveryStream"), "stream"),
    ],
)
def test_a_denied_read_of_a_stream_makes_the_link_unknown(
    sandbox: Sandbox, account: Account, call: tuple[str, str], name: str
) -> None:
    here = scene(account)
    stream(here)
    sandbox.fault(faults.denied(*call))
    (durable,) = here.judged("firehose").subscriptions
    assert statuses(durable)[name] == UNKNOWN
    assert f"`{':'.join(call)}` is missing" in reason(durable, name)
