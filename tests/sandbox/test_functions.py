"""Lambda subscribers: SNS invokes the functions that exist and whose policy, of the named qualifier, allows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from checker.sandbox import scenes, seed
from tests.sandbox.metrics import counted

if TYPE_CHECKING:
    from checker.sandbox.http.journal import Notification
    from checker.sandbox.running import Account, Sandbox

Prepare = Callable[["Account", str, str], str]
OTHER = "999988887777"


def bare(account: Account, function: str, topic: str) -> str:
    del account, topic
    return function


def pinned(account: Account, function: str, topic: str) -> str:
    scenes.allow_invoke(account, function, topic)
    return function


def alias(account: Account, function: str, topic: str) -> str:
    made = scenes.make_alias(account, function)
    scenes.allow_invoke(account, made, topic)
    return made


def alias_of_an_allowed_function(account: Account, function: str, topic: str) -> str:
    return scenes.make_alias(account, pinned(account, function, topic))


def function_of_an_allowed_alias(account: Account, function: str, topic: str) -> str:
    alias(account, function, topic)
    return function


def latest(account: Account, function: str, topic: str) -> str:
    return f"{pinned(account, function, topic)}:$LATEST"


def removed(account: Account, function: str, topic: str) -> str:
    scenes.allow_invoke(account, alias(account, function, topic).rpartition(":")[0], topic)
    account.client("lambda").remove_permission(FunctionName=function, StatementId="sns")
    return function


def without(name: str) -> Prepare:
    def prepare(account: Account, function: str, topic: str) -> str:
        made = pinned(account, function, topic)
        account.client("lambda").delete_function(FunctionName=function)
        return made + name

    return prepare


def changed(**permission: str) -> Prepare:
    def prepare(account: Account, function: str, topic: str) -> str:
        scenes.allow_invoke(account, function, topic, **permission)
        return function

    return prepare


DENIED = "the function policy: ImplicitlyDenied"
GONE = "the function does not exist"
CASES: dict[str, tuple[str, Prepare]] = {
    "no permission": (DENIED, bare),
    "pinned to the topic": ("", pinned),
    "any topic": ("", lambda account, function, _: pinned(account, function, "")),
    "other topic": (DENIED, lambda account, function, topic: pinned(account, function, f"{topic}-of-others")),
    "other account": (DENIED, changed(SourceAccount=OTHER)),
    "other service": (DENIED, changed(Principal="connect.amazonaws.com")),
    "other action": (DENIED, changed(Action="lambda:GetFunction")),
    "every action": ("", changed(Action="lambda:*")),
    "alias": ("", alias),
    "alias of an allowed function": (DENIED, alias_of_an_allowed_function),
    "function of an allowed alias": (DENIED, function_of_an_allowed_alias),
    "$LATEST": (DENIED, latest),
    "removed from the function, not from its alias": (DENIED, removed),
    "gone": (GONE, without("")),
    "no such alias": (GONE, lambda account, function, topic: f"{pinned(account, function, topic)}:live"),
}


def published(account: Account, topic: str, **more: Any) -> None:
    account.client("sns").publish(TopicArn=topic, Message='{"Content": "hello"}', **more)


def notifications(sandbox: Sandbox, topic: str) -> list[Notification]:
    return [one for one in sandbox.notifications() if one.topic == topic]


@pytest.mark.parametrize("case", CASES)
def test_sns_invokes_what_the_policy_of_the_qualifier_allows(
    sandbox: Sandbox, account: Account, case: str
) -> None:
    cause, prepare = CASES[case]
    topic = seed.default_topic(account, "chat")
    endpoint = prepare(account, scenes.make_function(account), topic)
    seed.subscribe(account, topic, "lambda", endpoint)
    published(account, topic)
    (notification,) = notifications(sandbox, topic)
    assert (notification.cause, notification.endpoint) == (cause, endpoint)
    assert bool(notification.source) is bool(cause)
    assert bool(notification.body) is not bool(cause)
    assert counted(account, f"NumberOfNotifications{'Failed' if cause else 'Delivered'}") == 1


def test_an_account_condition_names_the_account_of_the_topic(sandbox: Sandbox, account: Account) -> None:
    topic = seed.default_topic(account, "chat")
    function = scenes.make_function(account)
    scenes.allow_invoke(account, function, topic, SourceAccount=account.id)
    seed.subscribe(account, topic, "lambda", function)
    published(account, topic)
    assert [one.cause for one in notifications(sandbox, topic)] == [""]


def test_the_journal_shows_the_event_of_the_function(sandbox: Sandbox, account: Account) -> None:
    topic = seed.default_topic(account, "chat")
    function = pinned(account, scenes.make_function(account), topic)
    subscription = seed.subscribe(account, topic, "lambda", function)
    published(account, topic, MessageAttributes={"Type": {"DataType": "String", "StringValue": "MESSAGE"}})
    (record,) = json.loads(notifications(sandbox, topic)[0].body)["Records"]
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", subscription)
    sns = record["Sns"]
    assert (sns["TopicArn"], sns["Message"]) == (topic, '{"Content": "hello"}')
    assert sns["MessageAttributes"] == {"Type": {"Type": "String", "Value": "MESSAGE"}}
    assert subscription in sns["UnsubscribeUrl"]


REGIONS: dict[str, tuple[str, str, str]] = {
    "default to default": ("us-west-2", "us-east-2", "sns.amazonaws.com"),
    "opt-in to default": ("af-south-1", "us-west-2", "sns.af-south-1.amazonaws.com"),
    "default to opt-in": ("us-west-2", "af-south-1", ""),
    "opt-in to opt-in": ("me-south-1", "af-south-1", ""),
    "within an opt-in Region": ("af-south-1", "af-south-1", "sns.amazonaws.com"),
}


@pytest.mark.parametrize("case", REGIONS)
def test_functions_of_other_regions(sandbox: Sandbox, account: Account, case: str) -> None:
    region, endpoint_region, principal = REGIONS[case]
    here, there = (sandbox.account(account.id, one) for one in (region, endpoint_region))
    topic = seed.default_topic(here, "chat")
    function = scenes.make_function(there)
    principals = ("sns.amazonaws.com", f"sns.{region}.amazonaws.com", f"sns.{endpoint_region}.amazonaws.com")
    for number, name in enumerate(dict.fromkeys(principals)):
        scenes.allow_invoke(there, function, topic, sid=str(number), Principal=name)
    if principal:
        for number, name in enumerate(dict.fromkeys(principals)):
            if name != principal:
                there.client("lambda").remove_permission(FunctionName=function, StatementId=str(number))
    seed.subscribe(here, topic, "lambda", function)
    published(here, topic)
    (notification,) = notifications(sandbox, topic)
    assert notification.cause.startswith("the function is in an opt-in Region" if not principal else "")
    assert bool(notification.cause) is not bool(principal)


def policy(account: Account, **named: str) -> list[str]:
    """The Sids of a policy."""
    text = account.client("lambda").get_policy(**named)["Policy"]
    return [statement["Sid"] for statement in json.loads(text)["Statement"]]


def test_each_qualifier_has_a_policy_of_its_own(account: Account) -> None:
    from botocore.exceptions import ClientError

    function = scenes.make_function(account)
    live = scenes.make_alias(account, function)
    client = account.client("lambda")

    def refused(call: Callable[..., Any], **parameters: str) -> str:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        return str(caught.value.response["Error"]["Code"])

    assert refused(client.get_policy, FunctionName="bot") == "ResourceNotFoundException"
    scenes.allow_invoke(account, function, sid="all")
    assert refused(client.get_policy, FunctionName=live) == "ResourceNotFoundException"
    scenes.allow_invoke(account, "bot:live", sid="all")
    assert policy(account, FunctionName=function) == policy(account, FunctionName="bot:live") == ["all"]
    assert policy(account, FunctionName="bot", Qualifier="live") == ["all"]
    permission = {"StatementId": "all", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    assert refused(client.add_permission, FunctionName="bot", **permission) == "ResourceConflictException"
    latest = {"FunctionName": "bot", "Qualifier": "$LATEST", **permission}
    assert refused(client.add_permission, **latest) == "InvalidParameterValueException"
    assert refused(client.get_policy, FunctionName="none") == "ResourceNotFoundException"
    client.remove_permission(FunctionName="bot", Qualifier="live", StatementId="all")
    assert policy(account, FunctionName="bot") == ["all"]
    missing = {"FunctionName": "bot", "StatementId": "none"}
    assert refused(client.remove_permission, **missing) == "ResourceNotFoundException"


def test_functions_have_no_raw_delivery(account: Account) -> None:
    topic = seed.default_topic(account, "chat")
    function = scenes.make_function(account)
    sns = account.client("sns")
    with pytest.raises(sns.exceptions.InvalidParameterException, match="raw message delivery"):
        seed.subscribe(account, topic, "lambda", function, RawMessageDelivery="true")
    arn = seed.subscribe(account, topic, "lambda", function)
    with pytest.raises(sns.exceptions.InvalidParameterException, match="raw message delivery"):
        sns.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true"
        )


def test_no_function_runs(account: Account) -> None:
    function = scenes.make_function(account)
    client = account.client("lambda")
    with pytest.raises(client.exceptions.ClientError, match="runs no functions"):
        client.invoke(FunctionName=function)
    queue = seed.make_queue(account)
    client.create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=function)
    account.client("sqs").send_message(QueueUrl=queue.url, MessageBody="{}")  # moto would start a container
