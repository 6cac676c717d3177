"""Notifications from SNS to endpoints: delivered, lost or redriven, as AWS documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from checker.sandbox import seed
from tests.sandbox.metrics import counted

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


class Scene(NamedTuple):
    account: Account
    topic: str


def here(account: Account) -> Scene:
    return Scene(account, seed.default_topic(account, "chat"))


def published(scene: Scene, **more: Any) -> None:
    scene.account.client("sns").publish(TopicArn=scene.topic, Message='{"Content": "hello"}', **more)


def causes(sandbox: Sandbox, scene: Scene) -> list[str]:
    return [one.cause for one in sandbox.notifications() if one.topic == scene.topic]


def bodies(account: Account, url: str) -> list[str]:
    found = account.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [one["Body"] for one in found.get("Messages", ())]


def key_of(account: Account, *services: str) -> str:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]
    statements = [seed.root_statement(account.id), *map(seed.key_statement, services)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
    return str(key["KeyId"])


def queue(scene: Scene, *statements: Callable[[str, str], seed.Statement], **attributes: str) -> str:
    made = seed.make_queue(scene.account, **attributes)
    if statements:
        seed.set_queue_policy(scene.account, made.url, *(one(made.arn, scene.topic) for one in statements))
    seed.subscribe_queue(scene.account, scene.topic, made.arn)
    return made.url


def of_another_topic(arn: str, topic: str) -> seed.Statement:
    return seed.queue_statement(arn, f"{topic}-of-others")


def for_anybody_from_the_topic(arn: str, topic: str) -> seed.Statement:
    return {**seed.queue_statement(arn, topic), "Principal": "*"}


def denied(arn: str, topic: str) -> seed.Statement:
    return {**seed.queue_statement(arn, topic), "Effect": "Deny"}


def off(scene: Scene) -> str:
    key = key_of(scene.account, "sns.amazonaws.com")
    scene.account.client("kms").disable_key(KeyId=key)
    return queue(scene, seed.queue_statement, KmsMasterKeyId=key)


def gone(scene: Scene) -> str:
    url = queue(scene, seed.queue_statement)
    scene.account.client("sqs").delete_queue(QueueUrl=url)
    return url


QUEUES: dict[str, tuple[str, Callable[[Scene], str]]] = {
    "right": ("", lambda scene: queue(scene, seed.queue_statement)),
    "everybody with a condition": ("", lambda scene: queue(scene, for_anybody_from_the_topic)),
    "no policy": ("the queue policy: ImplicitlyDenied", queue),
    "other topic": ("the queue policy: ImplicitlyDenied", lambda scene: queue(scene, of_another_topic)),
    "denied": (
        "the queue policy: ExplicitlyDenied",
        lambda scene: queue(scene, seed.queue_statement, denied),
    ),
    "gone": ("the queue does not exist", gone),
    "SSE-SQS": ("", lambda scene: queue(scene, seed.queue_statement, SqsManagedSseEnabled="true")),
    "AWS managed key": (
        "the key is AWS managed",
        lambda scene: queue(scene, seed.queue_statement, KmsMasterKeyId="alias/aws/sqs"),
    ),
    "key for Connect": (
        "the key policy: ImplicitlyDenied for kms:GenerateDataKey",
        lambda scene: queue(
            scene, seed.queue_statement, KmsMasterKeyId=key_of(scene.account, "connect.amazonaws.com")
        ),
    ),
    "key for SNS": (
        "",
        lambda scene: queue(
            scene, seed.queue_statement, KmsMasterKeyId=key_of(scene.account, "sns.amazonaws.com")
        ),
    ),
    "key switched off": ("the key is Disabled", off),
}


@pytest.mark.parametrize("case", QUEUES)
def test_a_queue_receives_what_its_policy_and_key_allow_and_the_publisher_sees_no_error(
    sandbox: Sandbox, account: Account, case: str
) -> None:
    cause, make = QUEUES[case]
    scene = here(account)
    url = make(scene)
    published(scene)
    assert causes(sandbox, scene) == [cause]
    assert all(one.source for one in sandbox.notifications() if one.cause)
    if case != "gone":
        assert bodies(account, url) == ([] if cause else ['{"Content": "hello"}'])


def a_queue(scene: Scene) -> str:
    made = seed.make_queue(scene.account, "dead")
    seed.set_queue_policy(scene.account, made.url, seed.queue_statement(made.arn, scene.topic))
    return made.arn


def a_queue_elsewhere(scene: Scene) -> str:
    return a_queue(scene._replace(account=scene.account._replace(region="us-east-1")))


def a_queue_of_another_account(scene: Scene) -> str:
    owner = scene.account._replace(id="999988886666")
    made = seed.make_queue(owner, f"dead{scene.account.id}")
    seed.set_queue_policy(owner, made.url, seed.queue_statement(made.arn, scene.topic))
    return made.arn


def a_fifo_queue(scene: Scene) -> str:
    return seed.make_queue(scene.account, "dead.fifo", FifoQueue="true").arn


def an_encrypted_queue(*services: str) -> Callable[[Scene], str]:
    def make(scene: Scene) -> str:
        made = seed.make_queue(scene.account, "dead", KmsMasterKeyId=key_of(scene.account, *services))
        seed.set_queue_policy(scene.account, made.url, seed.queue_statement(made.arn, scene.topic))
        return made.arn

    return make


DEAD_LETTERS: dict[str, tuple[str, Callable[[Scene], str]]] = {
    "right": ("", a_queue),
    "no policy": (
        "the queue policy: ImplicitlyDenied",
        lambda scene: seed.make_queue(scene.account, "dead").arn,
    ),
    "gone": ("the queue does not exist", lambda scene: f"{a_queue(scene)}-before"),
    "other Region": ("the queue is in another account or Region", a_queue_elsewhere),
    "other account": ("the queue is in another account or Region", a_queue_of_another_account),
    "other type": ("the queue has another type than the topic", a_fifo_queue),
    "key for SNS": ("", an_encrypted_queue("sns.amazonaws.com")),
    "key for nobody": ("the key policy: ImplicitlyDenied for kms:GenerateDataKey", an_encrypted_queue()),
}


@pytest.mark.parametrize("case", DEAD_LETTERS)
def test_undelivered_messages_are_counted_and_go_to_a_dead_letter_queue_that_accepts_them(
    sandbox: Sandbox, account: Account, case: str
) -> None:
    cause, make = DEAD_LETTERS[case]
    scene = here(account)
    dead = make(scene)
    locked = seed.make_queue(account)
    redrive = json.dumps({"deadLetterTargetArn": dead})
    seed.subscribe_queue(account, scene.topic, locked.arn, RedrivePolicy=redrive)
    published(scene)
    (notification,) = (one for one in sandbox.notifications() if one.topic == scene.topic)
    assert (notification.redriven, notification.redrive_cause) == ("" if cause else dead, cause)
    assert counted(account, "NumberOfNotificationsFailed") == 1
    assert counted(account, "NumberOfNotificationsRedrivenToDlq") == (not cause)
    assert counted(account, "NumberOfNotificationsFailedToRedriveToDlq") == bool(cause)
    if case == "right":
        url = account.client("sqs").get_queue_url(QueueName="dead")["QueueUrl"]
        assert bodies(account, url) == ['{"Content": "hello"}']


def test_the_dead_letter_queue_belongs_to_the_account_that_subscribed(
    sandbox: Sandbox, account: Account
) -> None:
    scene, owner = here(account), account._replace(id="999988885555")
    locked, dead = (seed.make_queue(owner, f"{name}{account.id}") for name in ("locked", "dead"))
    seed.set_queue_policy(owner, dead.url, seed.queue_statement(dead.arn, scene.topic))
    redrive = json.dumps({"deadLetterTargetArn": dead.arn})
    arn = seed.subscribe_queue(owner, scene.topic, locked.arn, RedrivePolicy=redrive)
    shown = account.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert shown["Owner"] == owner.id
    published(scene)
    assert [one.redriven for one in sandbox.notifications() if one.topic == scene.topic] == [dead.arn]


VISIBLE = {"MessageVisibility": {"DataType": "String", "StringValue": "ALL"}}
BROKEN_LIST = {"MessageVisibility": {"DataType": "String.Array", "StringValue": "[broken"}}
FILTERS: dict[str, tuple[dict[str, str], dict[str, Any], tuple[str, ...] | None]] = {
    "attribute accepted": (
        {"FilterPolicy": '{"MessageVisibility": ["ALL"]}'},
        {"MessageAttributes": VISIBLE},
        None,
    ),
    "attribute dropped": (
        {"FilterPolicy": '{"MessageVisibility": ["AGENT"]}'},
        {"MessageAttributes": VISIBLE},
        ("", "-MessageAttributes"),
    ),
    "attribute absent and accepted": ({"FilterPolicy": '{"Locale": [{"exists": false}]}'}, {}, None),
    "no attributes": (
        {"FilterPolicy": '{"MessageVisibility": ["ALL"]}'},
        {},
        ("", "-MessageAttributes", "-NoMessageAttributes"),
    ),
    "invalid attribute": (
        {"FilterPolicy": '{"MessageVisibility": ["ALL"]}'},
        {"MessageAttributes": BROKEN_LIST},
        ("", "-MessageAttributes", "-InvalidAttributes"),
    ),
    "body accepted": (
        {"FilterPolicy": '{"Content": [{"prefix": "he"}]}', "FilterPolicyScope": "MessageBody"},
        {},
        None,
    ),
    "body dropped": (
        {"FilterPolicy": '{"Type": ["MESSAGE"]}', "FilterPolicyScope": "MessageBody"},
        {},
        ("", "-MessageBody"),
    ),
    "invalid body": (
        {"FilterPolicy": '{"Type": ["MESSAGE"]}', "FilterPolicyScope": "MessageBody"},
        {"Message": "hello"},
        ("", "-MessageBody", "-InvalidMessageBody"),
    ),
}
VARIANTS = (
    "",
    "-MessageAttributes",
    "-MessageBody",
    "-NoMessageAttributes",
    "-InvalidAttributes",
    "-InvalidMessageBody",
)


@pytest.mark.parametrize("case", FILTERS)
def test_a_filter_policy_drops_messages_before_permissions_are_checked(
    sandbox: Sandbox, account: Account, case: str
) -> None:
    attributes, message, variants = FILTERS[case]
    scene = here(account)
    seed.subscribe_queue(account, scene.topic, seed.make_queue(account).arn, **attributes)
    account.client("sns").publish(TopicArn=scene.topic, **{"Message": '{"Content": "hello"}', **message})
    assert bool(causes(sandbox, scene)) is (variants is None)
    expected = {
        f"NumberOfNotificationsFilteredOut{variant}": variant in (variants or ()) for variant in VARIANTS
    }
    assert {name: counted(account, name) for name in expected} == expected


def test_delivery_is_raw_only_where_the_attribute_says_so(account: Account) -> None:
    scene = here(account)
    url = queue(scene, seed.queue_statement)
    arn = account.client("sns").list_subscriptions_by_topic(TopicArn=scene.topic)["Subscriptions"][0]
    account.client("sns").set_subscription_attributes(
        SubscriptionArn=arn["SubscriptionArn"], AttributeName="RawMessageDelivery", AttributeValue="false"
    )
    published(scene)
    (body,) = bodies(account, url)
    assert json.loads(body)["Message"] == '{"Content": "hello"}'


def test_a_queue_of_another_account_is_subscribed_after_it_confirms_the_token(
    sandbox: Sandbox, account: Account
) -> None:
    scene, owner = here(account), sandbox.account("999988887777", account.region)
    made = seed.make_queue(owner, f"of{account.id}")
    seed.set_queue_policy(owner, made.url, seed.queue_statement(made.arn, scene.topic))
    arn = seed.subscribe_queue(account, scene.topic, made.arn)
    sns = account.client("sns")
    shown = sns.list_subscriptions_by_topic(TopicArn=scene.topic)["Subscriptions"][0]["SubscriptionArn"]
    assert shown == "PendingConfirmation"
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"
    published(scene)
    (invitation,) = bodies(owner, made.url)
    confirmed = sns.confirm_subscription(TopicArn=scene.topic, Token=json.loads(invitation)["Token"])
    assert confirmed["SubscriptionArn"] == arn
    published(scene)
    assert causes(sandbox, scene) == [""]


def test_an_owner_who_subscribes_a_queue_to_another_accounts_topic_need_not_confirm(
    sandbox: Sandbox, account: Account
) -> None:
    scene, owner = here(account), sandbox.account("999988887777", account.region)
    made = seed.make_queue(owner, f"own{account.id}")
    seed.set_queue_policy(owner, made.url, seed.queue_statement(made.arn, scene.topic))
    seed.subscribe_queue(owner, scene.topic, made.arn)
    published(scene)
    assert causes(sandbox, scene) == [""]
    assert bodies(owner, made.url) == ['{"Content": "hello"}']


REGIONS: dict[str, tuple[str, str, str]] = {
    "default to default": ("us-west-2", "us-east-2", "sns.amazonaws.com"),
    "opt-in to default": ("af-south-1", "us-west-2", "sns.af-south-1.amazonaws.com"),
    "default to opt-in": ("us-west-2", "af-south-1", "sns.af-south-1.amazonaws.com"),
    "opt-in to opt-in": ("me-south-1", "af-south-1", "sns.af-south-1.amazonaws.com"),
    "within an opt-in Region": ("af-south-1", "af-south-1", "sns.amazonaws.com"),
}


@pytest.mark.parametrize("case", REGIONS)
def test_delivery_between_regions_uses_the_principal_of_their_direction(
    sandbox: Sandbox, account: Account, case: str
) -> None:
    region, queue_region, principal = REGIONS[case]
    there = sandbox.account(account.id, queue_region)
    scene = here(sandbox.account(account.id, region))
    made = seed.make_queue(there)
    seed.subscribe_queue(scene.account, scene.topic, made.arn)
    names = ("sns.amazonaws.com", f"sns.{region}.amazonaws.com", f"sns.{queue_region}.amazonaws.com")
    accepted = []
    for name in dict.fromkeys(names):
        statement = seed.queue_statement(made.arn, scene.topic) | {"Principal": {"Service": name}}
        seed.set_queue_policy(there, made.url, statement)
        published(scene)
        if causes(sandbox, scene)[-1] == "":
            accepted.append(name)
    assert accepted == [principal]


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_an_invalid_queue_policy_is_refused(account: Account) -> None:
    made = seed.make_queue(account)
    many = json.dumps({"Statement": [seed.queue_statement(made.arn)] * 21})
    for text, code in (("{", "InvalidAttributeValue"), ("[]", "InvalidAttributeValue"), (many, "OverLimit")):
        call = account.client("sqs").set_queue_attributes
        assert refused(call, QueueUrl=made.url, Attributes={"Policy": text}) == code


def test_a_queue_keeps_its_policy_when_another_attribute_is_set(account: Account) -> None:
    made = seed.make_queue(account)
    seed.set_queue_policy(account, made.url, seed.queue_statement(made.arn))
    sqs = account.client("sqs")
    sqs.set_queue_attributes(QueueUrl=made.url, Attributes={"MessageRetentionPeriod": "60"})
    found = sqs.get_queue_attributes(QueueUrl=made.url, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == "60"
    assert json.loads(found["Policy"])["Statement"] == [seed.queue_statement(made.arn)]


def test_only_standard_queues_can_be_subscribed_to_standard_topics(account: Account) -> None:
    scene = here(account)
    made = seed.make_queue(account, "ordered.fifo", FifoQueue="true")
    call = account.client("sns").subscribe
    assert refused(call, TopicArn=scene.topic, Protocol="sqs", Endpoint=made.arn) == "InvalidParameter"


class Stream(NamedTuple):
    arn: str
    bucket: str


def stream_of(account: Account) -> Stream:
    return Stream(*seed.make_stream(account, f"chats-{account.id}"))


ROLES: dict[str, tuple[str, dict[str, Any]]] = {
    "right": ("", {}),
    "trusts another service": (
        "the subscription's role does not trust sns.amazonaws.com",
        {"trusted": "lambda.amazonaws.com"},
    ),
    "may read alone": (
        "the subscription's role cannot write to the stream",
        {"actions": ("firehose:DescribeDeliveryStream",)},
    ),
}


@pytest.mark.parametrize("case", ROLES)
def test_a_stream_receives_what_the_subscription_role_can_write(
    sandbox: Sandbox, account: Account, case: str
) -> None:
    cause, role = ROLES[case]
    scene, stream = here(account), stream_of(account)
    arn = seed.make_stream_role(account, stream.arn, **role)
    seed.subscribe_stream(account, scene.topic, stream.arn, arn)
    published(scene)
    assert causes(sandbox, scene) == [cause]
    s3 = account.client("s3")
    kept = [
        s3.get_object(Bucket=stream.bucket, Key=one["Key"])["Body"].read()
        for one in s3.list_objects_v2(Bucket=stream.bucket).get("Contents", ())
    ]
    assert kept == ([] if cause else [b'{"Content": "hello"}\n'])


def test_a_record_in_an_envelope_has_the_attributes(account: Account) -> None:
    scene, stream = here(account), stream_of(account)
    role = seed.make_stream_role(account, stream.arn)
    arn = seed.subscribe_stream(account, scene.topic, stream.arn, role)
    account.client("sns").set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="false"
    )
    published(scene, MessageAttributes={"Type": {"DataType": "String", "StringValue": "MESSAGE"}})
    s3 = account.client("s3")
    (found,) = s3.list_objects_v2(Bucket=stream.bucket)["Contents"]
    record = json.loads(s3.get_object(Bucket=stream.bucket, Key=found["Key"])["Body"].read())
    assert record["Message"] == '{"Content": "hello"}'
    assert record["MessageAttributes"]["Type"]["Value"] == "MESSAGE"


def test_a_deleted_stream_or_role_loses_messages(sandbox: Sandbox, account: Account) -> None:
    scene, stream = here(account), stream_of(account)
    arn = seed.make_stream_role(account, stream.arn)
    seed.subscribe_stream(account, scene.topic, stream.arn, arn)
    account.client("firehose").delete_delivery_stream(DeliveryStreamName=stream.arn.rpartition("/")[2])
    published(scene)
    iam = account.client("iam")
    name = arn.rpartition("/")[2]
    iam.delete_role_policy(RoleName=name, PolicyName="write")
    iam.delete_role(RoleName=name)
    published(scene)
    assert causes(sandbox, scene) == [
        "the delivery stream does not exist",
        "the subscription's role does not exist",
    ]


def test_a_stream_cannot_be_subscribed_without_a_role(account: Account) -> None:
    scene = here(account)
    stream = f"arn:aws:firehose:{account.region}:{account.id}:deliverystream/chats"
    call = account.client("sns").subscribe
    assert refused(call, TopicArn=scene.topic, Protocol="firehose", Endpoint=stream) == "InvalidParameter"
