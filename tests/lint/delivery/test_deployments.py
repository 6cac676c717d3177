"""What is behind a topic that code declares, in all of its deployments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.analysis.documents import Place
from checker.analysis.endpoints import Endpoints, Function, Subscription
from checker.analysis.inventory import Inventory, Setting, Topic, TopicSettings
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.unknown import ACCOUNT, NAME, REGION, Piece, Symbol, Unknown
from checker.lint.delivery.subscribers import Subscriber, subscribers
from checker.live.aws.facts import document_of, policy_of
from checker.policy.vocabulary import FUNCTION, TOPIC

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
