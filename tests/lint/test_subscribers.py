"""What is behind the subscriptions of a topic is read from every form of input, with the same results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.analysis.endpoints import Function, Queue
from checker.core.finding import Severity, Verdict
from checker.core.unknown import Unknown
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.lint.subscriber_forms import (
    ALIAS,
    FORMS,
    LAMBDA,
    NOBODY,
    ON_ALIAS,
    ON_FUNCTION,
    OTHER,
    SQS,
    TOPIC,
    Subscriber,
)

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Inventory, Subscription

UNDELIVERABLE = {"error undeliverable-subscription"}
SUBSCRIBERS: dict[str, tuple[Subscriber, set[str]]] = {
    "a function that SNS may invoke": (Subscriber(LAMBDA), set()),
    "a function without a permission": (Subscriber(LAMBDA, NOBODY), UNDELIVERABLE),
    "a permission for another topic": (Subscriber(LAMBDA, OTHER), UNDELIVERABLE),
    "a permission for another service": (
        Subscriber(LAMBDA, principal="events.amazonaws.com"),
        UNDELIVERABLE,
    ),
    "an alias with a permission": (Subscriber(ALIAS, on=ON_ALIAS), set()),
    "an alias with a permission on the function": (Subscriber(ALIAS, on=ON_FUNCTION), UNDELIVERABLE),
    "a function with a permission on an alias": (Subscriber(LAMBDA, on=ON_ALIAS), UNDELIVERABLE),
    "a queue that accepts": (Subscriber(SQS), set()),
    "a queue without a policy": (Subscriber(SQS, NOBODY), UNDELIVERABLE),
    "a queue for another topic": (Subscriber(SQS, OTHER), UNDELIVERABLE),
    "a queue for another service": (Subscriber(SQS, principal="s3.amazonaws.com"), UNDELIVERABLE),
    "a queue with a key that SNS may use": (Subscriber(SQS, key="sns.amazonaws.com"), set()),
    "a queue with a key for another service": (Subscriber(SQS, key="s3.amazonaws.com"), UNDELIVERABLE),
    "a filter that accepts every message": (
        Subscriber(LAMBDA, filter={"Type": ["MESSAGE", "EVENT"]}),
        set(),
    ),
    "a filter that accepts no message": (
        Subscriber(LAMBDA, filter={"MessageVisibility": ["customer"]}),
        {"error unmatchable-filter"},
    ),
    "a dead-letter queue that accepts": (Subscriber(LAMBDA, dead=TOPIC), set()),
    "a dead-letter queue without a policy": (
        Subscriber(LAMBDA, dead=NOBODY),
        {"warning undeliverable-dead-letter"},
    ),
    "a dead-letter queue for another topic": (
        Subscriber(SQS, dead=OTHER),
        {"warning undeliverable-dead-letter"},
    ),
}


def loaded(folder: Path, one: Subscriber, form: str) -> Inventory:
    for name, text in FORMS[form](one).items():
        (folder / name).write_text(text)
    return load([folder])


def subscription_in(inventory: Inventory) -> Subscription:
    (topic,) = inventory.topics
    assert not isinstance(topic.subscriptions, Unknown)
    (subscription,) = topic.subscriptions
    return subscription


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SUBSCRIBERS)
def test_a_subscriber_is_judged_alike_in_every_form(name: str, form: str, tmp_path: Path) -> None:
    subscriber, expected = SUBSCRIBERS[name]
    report = judge(loaded(tmp_path, subscriber, form), all_rules())
    assert not report.skipped
    assert {
        f"{one.severity.value} {one.rule}"
        for one in report.findings
        if one.severity is not Severity.NOTE
        and one.verdict is Verdict.FAIL
        and one.rule != "no-durable-subscriber"
    } == expected


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("protocol", [LAMBDA, ALIAS, SQS])
def test_a_subscription_is_read_with_its_endpoint(protocol: str, form: str, tmp_path: Path) -> None:
    one = Subscriber(protocol, on=ON_ALIAS, filter={"Type": ["MESSAGE"]}, dead=TOPIC)
    inventory = loaded(tmp_path, one, form)
    subscription, (topic,) = subscription_in(inventory), inventory.topics
    assert subscription.confirmed is True
    assert subscription.filter_policy is not None
    assert not isinstance(subscription.filter_policy, Unknown)
    assert "".join(subscription.filter_policy.split()) == '{"Type":["MESSAGE"]}'
    assert subscription.filter_scope == "MessageAttributes"
    assert subscription.raw is False
    assert subscription.place is not None
    assert subscription.dead_letter is not None
    known = inventory.endpoints
    assert isinstance(known.queue(subscription.dead_letter, topic.home), Queue)
    if protocol == SQS:
        assert isinstance(known.queue(subscription.endpoint, topic.home), Queue)
    else:
        function = known.function(subscription.endpoint, topic.home)
        assert isinstance(function, Function)
        assert function.qualifier == ("live" if protocol == ALIAS else "")
