"""Endpoints outside AWS: subscriptions wait for their confirmation, and what is sent to them is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from checker.sandbox import seed

if TYPE_CHECKING:
    from checker.sandbox.http.journal import Notification
    from checker.sandbox.running import Account, Sandbox


def endpoint(account: Account) -> str:
    return f"https://example.com/{account.id}"


def received(sandbox: Sandbox, account: Account, topic: str) -> list[Notification]:
    account.client("sns").publish(TopicArn=topic, Message='{"Content": "hello"}', Subject="chat")
    return [one for one in sandbox.notifications() if one.topic == topic]


def shown(account: Account, topic: str) -> str:
    listed = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return str(listed[0]["SubscriptionArn"])


@pytest.mark.parametrize("way", ["the token of the journal", "the control endpoint"])
@pytest.mark.parametrize(
    ("protocol", "where"), [("https", "https://example.com/{}"), ("email", "{}@example.com")]
)
def test_a_subscription_receives_messages_after_its_confirmation(
    sandbox: Sandbox, account: Account, way: str, protocol: str, where: str
) -> None:
    topic = seed.default_topic(account, "chat")
    where = where.format(account.id)
    arn = seed.subscribe(account, topic, protocol, where)
    assert shown(account, topic) == "PendingConfirmation"
    assert received(sandbox, account, topic) == []
    (pending,) = (one for one in sandbox.pending() if one.topic == topic)
    assert (pending.subscription, pending.protocol, pending.endpoint) == (arn, protocol, where)
    if way == "the control endpoint":
        assert sandbox.confirm(where) == arn
    else:
        sns = account.client("sns")
        assert sns.confirm_subscription(TopicArn=topic, Token=pending.token)["SubscriptionArn"] == arn
    assert shown(account, topic) == arn
    (notification,) = received(sandbox, account, topic)
    assert (notification.cause, notification.endpoint) == ("", where)


@pytest.mark.parametrize("raw", ["true", "false"])
def test_the_journal_shows_the_body_of_the_request(sandbox: Sandbox, account: Account, raw: str) -> None:
    topic = seed.default_topic(account, "chat")
    seed.subscribe(account, topic, "https", endpoint(account), RawMessageDelivery=raw)
    sandbox.confirm(endpoint(account))
    body = json.loads(received(sandbox, account, topic)[0].body)
    if raw == "true":
        assert body == {"Content": "hello"}
    else:
        assert (body["Type"], body["TopicArn"], body["Subject"]) == ("Notification", topic, "chat")
        assert body["Message"] == '{"Content": "hello"}'


@pytest.fixture
def later(sandbox: Sandbox) -> Iterator[None]:
    """More than two days later."""
    seconds = 2 * 86_400 + 1
    sandbox.advance(seconds)
    yield
    sandbox.advance(-seconds)  # the other tests read metrics of now


def test_a_token_is_valid_for_two_days(
    sandbox: Sandbox, account: Account, request: pytest.FixtureRequest
) -> None:
    topic = seed.default_topic(account, "chat")
    arn = seed.subscribe(account, topic, "https", endpoint(account))
    (pending,) = (one for one in sandbox.pending() if one.topic == topic)
    request.getfixturevalue("later")
    sns = account.client("sns")
    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.confirm_subscription(TopicArn=topic, Token=pending.token)
    assert seed.subscribe(account, topic, "https", endpoint(account)) == arn  # SNS sends a new token
    assert sandbox.confirm(endpoint(account)) == arn


def test_a_token_that_another_account_confirms_is_for_the_topic(sandbox: Sandbox, account: Account) -> None:
    topic = seed.default_topic(account, "chat")
    arn = seed.subscribe(account, topic, "https", endpoint(account))
    (pending,) = (one for one in sandbox.pending() if one.topic == topic)
    other = sandbox.account("999988884444", account.region)
    confirmed = other.client("sns").confirm_subscription(TopicArn=topic, Token=pending.token)
    assert confirmed["SubscriptionArn"] == arn
