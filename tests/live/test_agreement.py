"""`audit`, `explain` and the deliveries of the sandbox never contradict each other about a live topic."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from checker.lint.registry import all_rules
from checker.sandbox import scenes, seed
from tests.iam.strategies import policies
from tests.live.estate import checker
from tests.samples import INSTANCE_ARN, TOPIC_ARN

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

OPENING = {rule.id for rule in all_rules() if rule.opens}
CHAIN = {rule.id for rule in all_rules() if rule.link is not None and not rule.opens}


@pytest.fixture
def instance(account: Account) -> str:
    return seed.make_instance(account)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(policy=policies(), sid=st.sampled_from(["", "A", "Für"]))
def test_audit_and_explain_agree_on_every_topic(
    account: Account, instance: str, policy: dict[str, Any], sid: str
) -> None:
    topic = seed.default_topic(account)
    _set(account, topic, _here(policy, topic, instance, sid))
    audited = checker(
        *("audit", "--isolated", "--trail-hours", "0", "--topic-arn", topic, "--instance-arn", instance),
        *("--ignore", "no-durable-subscriber", "--format", "json"),
    )
    explained = checker("explain", topic, "--instance-arn", instance, "--format", "json")
    answer = json.loads(explained.out)
    errors = _errors(json.loads(audited.out), topic)
    broken = [one["link"] for one in answer["links"] if one["status"] == "broken"]
    assert bool(broken) is bool(errors & CHAIN), (broken, errors)
    if answer["confused_deputy"] == "open" or answer["public"] == "open":
        assert errors & OPENING
    assert (explained.code == 0) is (not errors & (CHAIN | OPENING)), (explained.code, errors)


def _here(policy: dict[str, Any], topic: str, instance: str, sid: str) -> str:
    """A policy about the samples, as one about a topic and an instance of the sandbox."""
    statements = policy["Statement"]
    first = statements[0] if isinstance(statements, list) and statements else statements
    if sid and isinstance(first, dict):
        first["Sid"] = sid
    text = json.dumps(policy).replace(INSTANCE_ARN, instance).replace(TOPIC_ARN, topic)
    return text.replace(INSTANCE_ARN.split(":")[4], instance.split(":")[4])


def _set(account: Account, topic: str, policy: str) -> None:
    """Set a policy; one that SNS refuses is no example."""
    sns = account.client("sns")
    try:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    except sns.exceptions.ClientError:
        assume(condition=False)


def _errors(report: dict[str, Any], topic: str) -> set[str]:
    return {
        one["rule"]
        for one in report["findings"]
        if one["resource"] == topic and (one["severity"], one["verdict"]) == ("error", "FAIL")
    }


class Made(NamedTuple):
    """What a test made: the account that is asked about, an instance and a topic."""

    account: Account
    instance: str
    topic: str


def of(scene: scenes.Scene) -> Made:
    return Made(scene.account, scene.instance, scene.topic)


def with_queue(account: Account) -> Made:
    """A queue that receives messages."""
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    seed.subscribed_queue(account, topic)
    return Made(account, instance, topic)


def with_stream(account: Account) -> Made:
    """A delivery stream with a role that another service can assume."""
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    stream = seed.make_stream(account, f"chats-{account.id}")[0]
    role = seed.make_stream_role(account, stream, trusted="lambda.amazonaws.com")
    seed.subscribe_stream(account, topic, stream, role)
    return Made(account, instance, topic)


def with_key(service: str) -> Callable[[Account], Made]:
    """An encrypted queue, whose key lets a service use it."""

    def make(account: Account) -> Made:
        made = with_queue(account)
        text = seed.policy_text(seed.root_statement(account.id), seed.key_statement(service))
        key = account.client("kms").create_key(Policy=text)["KeyMetadata"]["KeyId"]
        sqs = account.client("sqs")
        url = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key})
        return made

    return make


def filtering(scope: str, **policy: Any) -> Callable[[Account], Made]:
    return lambda account: of(scenes.topic_with_filter(account, policy=json.dumps(policy), scope=scope))


ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"
SCENES: dict[str, Callable[[Account], Made]] = {
    "function": lambda account: of(scenes.topic_with_function(account)),
    "function, allowed": lambda account: of(scenes.topic_with_function(account, allowed=True)),
    "dead letters": lambda account: of(scenes.topic_with_dead_letters(account)),
    "dead letters, accepted": lambda account: of(scenes.topic_with_dead_letters(account, accepted=True)),
    "encrypted queue": with_key("sns.amazonaws.com"),
    "encrypted queue, for Connect alone": with_key("connect.amazonaws.com"),
    "stream, role of another service": with_stream,
    "filter that drops all": filtering(ATTRIBUTES, Type=["message"]),
    "filter, without the key": filtering(ATTRIBUTES, Channel=["x", {"exists": False}]),
    "filter on the body, by an attribute": filtering(BODY, MessageVisibility=["ALL"]),
    "filter with `$or`": filtering(
        ATTRIBUTES, **{"$or": [{"Type": ["x"]}, {"InstanceId": [{"exists": True}]}]}
    ),
}


@pytest.mark.parametrize("case", SCENES)
def test_explain_says_of_a_subscriber_what_the_sandbox_delivers(
    sandbox: Sandbox, account: Account, case: str
) -> None:
    """A message is sent, and `explain` reads the same topic. A subscriber that is not known would be no agreement."""
    made = SCENES[case](account)
    started = seed.start_chat(made.account, made.instance, made.topic)
    seed.send_message(made.account, started, "hello")
    found = [one for one in sandbox.notifications() if one.topic == made.topic]
    shown = json.loads(
        checker("explain", made.topic, "--instance-arn", made.instance, "--format", "json").out
    )
    (subscriber,) = shown["subscriptions"]
    arrived = bool(found) and not any(one.cause for one in found)
    assert (shown["chain"], subscriber["status"]) == ("whole", "ok" if arrived else "broken")
    kept = {bool(one.redriven) for one in found}
    steps = {one["step"]: one["status"] for one in subscriber["steps"]}
    if "dead letters" in case:
        assert kept == {steps["dead_letter_queue_policy"] == "ok"}


WEST, EAST = "us-west-2", "us-east-1"


def topic_for(where: Account, *instances: str, name: str = "replicated") -> str:
    topic = seed.default_topic(where, name)
    text = seed.policy_text(
        *({**seed.publish_statement(topic, one), "Sid": f"s{number}"} for number, one in enumerate(instances))
    )
    if instances:
        where.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    return topic


REPLICAS: dict[str, Callable[[Account, str, str], str]] = {
    "its own ARN": lambda there, _, replica: topic_for(there, replica),
    "the ARN of the source": lambda there, instance, _: topic_for(there, instance),
    "both": topic_for,
    "any Region": lambda there, _, replica: topic_for(there, replica.replace(WEST, "*")),
    "a key without a grant": lambda there, _, replica: (
        seed.encrypted_topic(there, replica, "replicated", grant=False).topic
    ),
    "FIFO": lambda there, _, replica: seed.fifo_topic(there, replica),
}


@pytest.mark.parametrize("case", REPLICAS)
def test_a_replica_streams_exactly_if_explain_says_so(sandbox: Sandbox, account: Account, case: str) -> None:
    there = sandbox.account(account.id, WEST)
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    replica = seed.make_replica(account, instance, WEST)
    other = REPLICAS[case](there, instance, replica)
    arguments = (topic, "--instance-arn", instance, "--replica-topic-arn", other, "--format", "json")
    (chain,) = json.loads(checker("explain", *arguments).out)["replicas"]
    assert (chain["instance"], chain["topic"]) == (replica, other)
    assert chain["chain"] == ("broken" if _lost(sandbox, there, replica, other) else "whole")


def _lost(sandbox: Sandbox, there: Account, replica: str, topic: str) -> bool:
    """Whether a message of a replica is lost: Connect refuses some topics at once, and drops messages to others."""
    connect = there.client("connect")
    try:
        started = seed.start_chat(there, replica, topic)
    except connect.exceptions.ClientError:
        return True
    seed.send_message(there, started, "hello")
    return any(one.cause for one in sandbox.deliveries() if one.contact == started.contact)
