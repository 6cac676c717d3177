"""What a template declares for its subscriptions: functions, permissions, queues and their policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.endpoints import Function, Queue
from checker.analysis.inventory import PolicyText
from checker.core.unknown import Unknown
from checker.policy.node import rendered
from tests.inputs.cloudformation.stacks import load_stack, template, topic

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Inventory

CHAT = {"Chat": topic(TopicName="chat")}
HANDLER = {"Handler": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "chat-handler"}}}
ARN = {"Fn::GetAtt": ["Handler", "Arn"]}
QUEUE, INBOX = {"Ref": "Inbox"}, {"Fn::GetAtt": ["Inbox", "Arn"]}
SAM = {"Transform": "AWS::Serverless-2016-10-31"}


def subscription(endpoint: Any, **more: Any) -> dict[str, Any]:
    properties = {"TopicArn": {"Ref": "Chat"}, "Protocol": "lambda", "Endpoint": endpoint, **more}
    return {"Subscription": {"Type": "AWS::SNS::Subscription", "Properties": properties}}


def permission(function: Any, **attributes: Any) -> dict[str, Any]:
    properties = {
        "FunctionName": function,
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
    }
    whole = {**properties, "SourceArn": {"Ref": "Chat"}}
    return {"Permission": {"Type": "AWS::Lambda::Permission", "Properties": whole, **attributes}}


def functions(inventory: Inventory) -> list[Function]:
    """The functions that the subscriptions of all topics name."""
    found = []
    for one in inventory.topics:
        assert not isinstance(one.subscriptions, Unknown)
        for each in one.subscriptions:
            function = inventory.endpoints.function(each.endpoint, one.home)
            assert isinstance(function, Function), function
            found.append(function)
    return found


def conditions(found: Function | Queue) -> list[Any]:
    assert isinstance(found.policy, PolicyText), found.policy
    listed = json.loads(rendered(found.policy.document.root))["Statement"]
    return [one["Condition"] for one in listed]


NAMES: dict[str, tuple[Any, Any]] = {
    "Ref": (ARN, {"Ref": "Handler"}),
    "GetAtt": (ARN, ARN),
    "the name": (ARN, "chat-handler"),
    "a composed ARN": (
        {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:chat-handler"},
        {"Ref": "Handler"},
    ),
    "a composed ARN in the permission": (
        ARN,
        {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Handler}"},
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_permission_belongs_to_the_function_that_it_names(name: str, tmp_path: Path) -> None:
    endpoint, function = NAMES[name]
    stack = template({**CHAT, **HANDLER, **subscription(endpoint), **permission(function)})
    (found,) = functions(load_stack(tmp_path, a__json=stack))
    assert conditions(found) == [{"ArnLike": {"AWS:SourceArn": f"{tmp_path}/a.json#Chat"}}]
    assert found.more is None


LIVE = {
    "Live": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Handler"}, "Name": "live"}}
}
QUALIFIED: dict[str, tuple[Any, bool]] = {
    "the alias": ({"Ref": "Live"}, True),
    "its name behind that of the function": ({"Fn::Sub": "${Handler}:live"}, True),
    "its name behind the ARN of the function": ({"Fn::Sub": "${Handler.Arn}:live"}, True),
    "both names": ("chat-handler:live", True),
    "another alias": ({"Fn::Sub": "${Handler}:dev"}, False),
    "the function": (ARN, False),
}


@pytest.mark.parametrize("name", QUALIFIED)
def test_an_alias_has_permissions_of_its_own(name: str, tmp_path: Path) -> None:
    function, counts = QUALIFIED[name]
    stack = template({**CHAT, **HANDLER, **LIVE, **subscription({"Ref": "Live"}), **permission(function)})
    (found,) = functions(load_stack(tmp_path, a__json=stack))
    assert found.qualifier == "live"
    assert (found.policy is not None) is counts
    assert found.more is None


def test_a_subscription_in_the_list_of_a_topic_is_read(tmp_path: Path) -> None:
    listed = {"Chat": topic(Subscription=[{"Protocol": "lambda", "Endpoint": ARN}])}
    (found,) = functions(load_stack(tmp_path, a__json=template({**listed, **HANDLER, **permission(ARN)})))
    assert len(conditions(found)) == 1


def test_names_are_those_of_one_template(tmp_path: Path) -> None:
    one = template({**CHAT, **HANDLER, **subscription(ARN)})
    other = template({**HANDLER, "Other": topic(), **permission("chat-handler")})
    other["Resources"]["Permission"]["Properties"]["SourceArn"] = {"Ref": "Other"}
    inventory = load_stack(tmp_path, a__json=one, b__json=other)
    (chat,) = [each for each in inventory.topics if each.address.endswith("#Chat")]
    assert not isinstance(chat.subscriptions, Unknown)
    found = inventory.endpoints.function(chat.subscriptions[0].endpoint, chat.home)
    assert isinstance(found, Function)
    assert found.policy is None


OPEN = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "p"]}},
}


def test_a_permission_with_a_condition_may_not_exist(tmp_path: Path) -> None:
    granted = permission(ARN, Condition="Prod")
    stack = template({**CHAT, **HANDLER, **subscription(ARN), **granted}, **OPEN)
    (found,) = functions(load_stack(tmp_path, a__json=stack))
    assert found.policy is None
    assert found.more is not None
    assert found.more.where == "Prod"


def test_resources_with_the_same_condition_exist_together(tmp_path: Path) -> None:
    resources = {**CHAT, **HANDLER, **subscription(ARN), **permission(ARN)}
    together = {name: {**one, "Condition": "Prod"} for name, one in resources.items()}
    (found,) = functions(load_stack(tmp_path, a__json=template(together, **OPEN)))
    assert found.exists is True
    assert len(conditions(found)) == 1
    assert found.more is None


GAPS: dict[str, dict[str, Any]] = {
    "a loop that is not read": {"Fn::ForEach::Grants": ["Name", {"Ref": "Names"}, permission(ARN)]},
    "a nested stack that is not read": {
        "Nested": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "https://example.com/a", "Parameters": {"Function": ARN}},
        }
    },
    "a connector": {
        "To": {
            "Type": "AWS::Serverless::Connector",
            "Properties": {
                "Source": {"Id": "Chat"},
                "Destination": {"Id": "Handler"},
                "Permissions": ["Write"],
            },
        }
    },
}


@pytest.mark.parametrize("name", GAPS)
def test_what_is_not_read_may_add_permissions(name: str, tmp_path: Path) -> None:
    names = {"Parameters": {"Names": {"Type": "CommaDelimitedList"}}}
    given = {**names, "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]}
    stack = template({**CHAT, **HANDLER, **subscription(ARN), **GAPS[name]}, **given)
    (found,) = functions(load_stack(tmp_path, a__json=stack))
    assert found.more is not None


def either(first: Any, second: Any) -> dict[str, Any]:
    return {"Fn::If": ["Prod", first, second]}


DECIDED: dict[str, dict[str, Any]] = {
    "the function": permission(either({"Ref": "Handler"}, "another")),
    "the queues": {
        "Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": either([QUEUE], [])}}
    },
    "a queue": {
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [either(QUEUE, {"Ref": "AWS::NoValue"})]},
        }
    },
}


@pytest.mark.parametrize("name", DECIDED)
def test_what_conditions_decide_may_be_for_any_of_them(name: str, tmp_path: Path) -> None:
    """The permission or policy may be for the function and the queue, which have none then."""
    resources = {**CHAT, **HANDLER, **DECIDED[name], "Inbox": {"Type": "AWS::SQS::Queue"}}
    both = {**subscription(ARN), "Other": subscription(INBOX, Protocol="sqs")["Subscription"]}
    inventory = load_stack(tmp_path, a__json=template({**resources, **both}, **OPEN))
    (function,), (queue,) = inventory.endpoints.functions, inventory.endpoints.queues
    doubtful = function if name == "the function" else queue
    assert doubtful.more is not None or isinstance(doubtful.policy, Unknown)


def test_a_nested_stack_subscribes_and_permits_with_the_values_that_it_gets(tmp_path: Path) -> None:
    values = {"Topic": {"Ref": "Chat"}, "Function": ARN}
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "inner.json", "Parameters": values},
    }
    parameters = {"Parameters": {name: {"Type": "String"} for name in values}}
    inner = {**subscription({"Ref": "Function"}), **permission({"Ref": "Function"})}
    for one, key in (("Subscription", "TopicArn"), ("Permission", "SourceArn")):
        inner[one]["Properties"][key] = {"Ref": "Topic"}
    outer = template({**CHAT, **HANDLER, "Nested": nested})
    (tmp_path / "inner.json").write_text(json.dumps(template(inner, **parameters)))
    (found,) = functions(load_stack(tmp_path, outer__json=outer))
    assert conditions(found) == [{"ArnLike": {"AWS:SourceArn": f"{tmp_path}/outer.json#Chat"}}]


def sam(event: dict[str, Any], **resources: Any) -> dict[str, Any]:
    given = {"Events": {"Chat": {"Type": "SNS", "Properties": {"Topic": {"Ref": "Chat"}, **event}}}}
    handler = {"Type": "AWS::Serverless::Function", "Properties": given}
    return template({**CHAT, "Handler": handler, **resources}, **SAM)


def test_sam_lets_the_topic_of_an_event_invoke_the_function(tmp_path: Path) -> None:
    inventory = load_stack(tmp_path, a__json=sam({"FilterPolicy": {"Type": ["EVENT"]}}))
    (found,) = functions(inventory)
    assert conditions(found) == [{"ArnLike": {"AWS:SourceArn": f"{tmp_path}/a.json#Chat"}}]
    (chat,) = inventory.topics
    assert not isinstance(chat.subscriptions, Unknown)
    assert chat.subscriptions[0].filter_policy == '{"Type":["EVENT"]}'


OWN = {"Own": {"Type": "AWS::SQS::Queue"}}
GIVEN = {"QueueArn": {"Fn::GetAtt": ["Own", "Arn"]}, "QueueUrl": {"Ref": "Own"}}


@pytest.mark.parametrize(("queue", "logical"), [(True, "HandlerChatQueue"), (GIVEN, "Own")])
def test_sam_lets_the_topic_of_an_event_send_to_its_queue(queue: Any, logical: str, tmp_path: Path) -> None:
    inventory = load_stack(tmp_path, a__json=sam({"SqsSubscription": queue}, **OWN))
    (chat,) = inventory.topics
    assert not isinstance(chat.subscriptions, Unknown)
    found = inventory.endpoints.queue(chat.subscriptions[0].endpoint, chat.home)
    assert isinstance(found, Queue)
    assert found.address == f"{tmp_path}/a.json#{logical}"
    assert conditions(found) == [{"ArnEquals": {"aws:SourceArn": f"{tmp_path}/a.json#Chat"}}]
