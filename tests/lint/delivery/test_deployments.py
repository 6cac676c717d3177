"""What is behind a topic that code declares, in all of its deployments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.analysis.documents import Place
from checker.analysis.endpoints import SQS, Endpoints, Function, Queue, Subscription
from checker.analysis.inventory import Inventory, Setting, Topic, TopicSettings
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.unknown import ACCOUNT, NAME, REGION, Piece, Symbol, Unknown
from checker.lint.delivery.dead_letter import dead_letter_steps
from checker.lint.delivery.deliveries import delivery
from checker.lint.delivery.queue import queue_notes, queue_steps
from checker.lint.delivery.subscribers import Subscriber, subscribers
from checker.live.aws.facts import document_of, policy_of
from checker.policy.vocabulary import FUNCTION, QUEUE, TOPIC

OWN_ACCOUNT, OWN_REGION = Symbol("AWS::AccountId", ACCOUNT), Symbol("AWS::Region", REGION)
STAGE = Symbol("Stage", NAME, scope="template.yaml")
PLACE = Place(document_of("template.yaml", {}), ())
REFERENCE = "template.yaml#Chat"
ACCOUNT_ID = "111122223333"


def text(*pieces: Piece) -> Unknown:
    return Unknown("set it", "x", pieces)


def arn(service: str, *name: Piece) -> Unknown:
    return text("arn:aws:" + service + ":", OWN_REGION, ":", OWN_ACCOUNT, ":", *name)


def judged(source: Any, *name: Piece, arn_of_topic: Arn | Unknown | None = None) -> Subscriber:
    """The only subscriber: a function with a permission for a source ARN."""
    topic_arn = arn("sns", *(name or ("chat",))) if arn_of_topic is None else arn_of_topic
    endpoint = Unknown("a reference", "template.yaml#Function.Arn")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        "Condition": {"ArnLike": {"AWS:SourceArn": "SOURCE"}},
    }
    policy = policy_of("x", json.dumps({"Statement": [statement]}), FUNCTION)
    assert not isinstance(policy, Unknown)
    filled = policy.policy.with_values(lambda _, value: source if value == "SOURCE" else value)
    function = Function(
        arn("lambda", "function:chat"),
        policy=policy._replace(policy=filled),
        names=(endpoint.where,),
        home="here",
    )
    settings = TopicSettings(Setting(value=False))
    own = policy_of(REFERENCE, json.dumps({"Statement": []}), TOPIC)
    topic = Topic(topic_arn, own, settings, PLACE, symbol=REFERENCE, home="here")
    subscription = Subscription("lambda", endpoint, True, filter_policy=None, dead_letter=None)
    topic = topic._replace(subscriptions=(subscription,), pairings=())
    found = subscribers(TopicAnalysis(topic, Inventory((topic,), endpoints=Endpoints((function,)))))
    assert not isinstance(found, Unknown)
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("source", "name", "status"),
    [
        (REFERENCE, ("chat",), "ok"),
        (REFERENCE, ("chat-", STAGE), "ok"),
        (arn("sns", "chat"), ("chat",), "ok"),
        (arn("sns", "other"), ("chat",), "broken"),
        (text("arn:aws:sns:", OWN_REGION, ":", OWN_ACCOUNT, ":chat-", STAGE), ("chat",), "unknown"),
        (f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:chat", ("chat",), "unknown"),
        (f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:other", ("chat",), "broken"),
        (f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:chat-prod", ("chat-", STAGE), "unknown"),
        (text(Symbol("TopicArn", scope="template.yaml")), ("chat",), "unknown"),
    ],
)
def test_a_permission_in_all_deployments(source: Any, name: tuple[Piece, ...], status: str) -> None:
    assert judged(source, *name).status == status


def test_what_depends_on_the_deployment_says_how() -> None:
    assert "if" in judged(f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:chat").reason


def test_of_a_topic_whose_arn_is_not_known_nothing_is_broken() -> None:
    assert judged(REFERENCE, arn_of_topic=Unknown("not known")).status == "unknown"


@pytest.mark.parametrize(
    ("account", "arn_of_subscription", "status"),
    [
        (ACCOUNT_ID, "", "ok"),
        ("444455556666", "", "unknown"),
        ("444455556666", f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:chat:1", "ok"),
    ],
)
def test_a_declared_subscription_of_another_account_may_not_be_confirmed(
    account: str, arn_of_subscription: str, status: str
) -> None:
    """A subscription that a list shows has an ARN; then SNS says whether it is confirmed."""
    queue = Queue(
        Arn("aws", "sqs", "us-east-1", account, "inbox"),
        policy=policy_of("x", json.dumps({"Statement": [ACCEPTING]}), QUEUE),
        key=None,
        names=("queue",),
        home="here",
    )
    subscription = Subscription(
        SQS, Unknown("a reference", "queue"), True, arn_of_subscription, filter_policy=None, dead_letter=None
    )
    topic_arn = Arn("aws", "sns", "us-east-1", ACCOUNT_ID, "chat")
    topic = Topic(topic_arn, Unknown("x"), TopicSettings(Setting(value=False)), PLACE, home="here")
    found = delivery(subscription, topic, Inventory(endpoints=Endpoints(queues=(queue,))))
    assert found.status == status
    fifo = Inventory(endpoints=Endpoints(queues=(queue._replace(fifo=True),)))
    assert delivery(subscription, topic, fifo).broken == ("queue",)


@pytest.mark.parametrize("field", ["fifo", "key", "redrive", "policy", "managed_sse", "period", "exists"])
def test_an_unknown_setting_of_a_queue_is_never_a_fault(field: str) -> None:
    policy = policy_of("x", json.dumps({"Statement": [ACCEPTING]}), QUEUE)
    unknown: dict[str, Any] = {field: Unknown("not set")}
    queue = Queue(Arn("aws", "sqs", "us-east-1", ACCOUNT_ID, "inbox"), policy=policy, key=None)
    queue = queue._replace(**unknown)
    topic_arn = Arn("aws", "sns", "us-east-1", ACCOUNT_ID, "chat")
    steps = (*queue_steps(queue, None, topic_arn), *dead_letter_steps(queue, None, topic_arn))
    assert {"ok", "unknown"} >= {step.status for step in steps}
    assert not list(queue_notes(queue))


ACCEPTING = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}
