"""AWS SAM generates topic policies for some connectors, and subscriptions for events; the rest does not touch a topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.inventory import PolicyText
from checker.core.finding import Part
from checker.core.unknown import Unknown
from tests.cli.process import run
from tests.inputs.cloudformation.stacks import (
    PINNED,
    failures,
    load_stack,
    only_topic,
    template,
    topic,
    topic_policy,
)
from tests.samples import document, statement

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Topic

SAM = {"Transform": "AWS::Serverless-2016-10-31"}
GOOD = topic_policy(document(statement(Condition=PINNED, Resource={"Ref": "Chat"})))
RULE = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}}
FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b"}}
WRITE = {"Permissions": ["Write"]}
CHAT = {"Id": "Chat"}


def connector(source: Any, destination: Any = CHAT, **attributes: Any) -> dict[str, Any]:
    properties = {"Source": source, "Destination": destination, **WRITE}
    return {"Type": "AWS::Serverless::Connector", "Properties": properties, **attributes}


def embedded(resource: Any, destination: Any = CHAT) -> dict[str, Any]:
    return {**resource, "Connectors": {"To": {"Properties": {"Destination": destination, **WRITE}}}}


def read(folder: Path, resources: dict[str, Any], **sections: Any) -> Topic:
    return only_topic(
        load_stack(
            folder, a__json=template({"Chat": topic(TopicName="chat"), **resources}, **SAM, **sections)
        )
    )


BY_POLICY: dict[str, dict[str, Any]] = {
    "a connector": {"Rule": RULE, "To": connector({"Id": "Rule"})},
    "one of several destinations": {"Rule": RULE, "To": connector({"Id": "Rule"}, [{"Id": "Queue"}, CHAT])},
    "an embedded connector": {"Rule": embedded(RULE)},
    "by properties": {
        "To": connector(
            {"Type": "AWS::Events::Rule", "Arn": "arn:aws:events:us-east-1:111122223333:rule/a"},
            {"Type": "AWS::SNS::Topic", "Arn": {"Ref": "Chat"}},
        )
    },
}


@pytest.mark.parametrize("name", BY_POLICY)
def test_a_connector_from_a_rule_writes_the_policy_of_its_topic(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, BY_POLICY[name])
    assert isinstance(found.policy, PolicyText)
    (only,) = found.policy.policy.known_statements()
    assert only.names_service("events.amazonaws.com")
    assert not found.policy.names_connect
    position = found.policy.document.locate(("Statement",), Part.VALUE)
    assert position is not None


@pytest.mark.parametrize("name", BY_POLICY)
def test_the_last_of_two_policies_wins(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, {**BY_POLICY[name], "Policy": GOOD})
    assert isinstance(found.policy, Unknown)
    assert "the last write wins" in found.policy.reason


def test_connect_is_not_allowed_where_the_connector_writes_the_only_policy(tmp_path: Path) -> None:
    whole = template({"Chat": topic(TopicName="chat"), **BY_POLICY["a connector"]}, **SAM)
    assert "connect-not-allowed" in {one.rule for one in failures(load_stack(tmp_path, a__json=whole))}


def test_a_source_that_aws_does_not_list_may_write_a_policy(tmp_path: Path) -> None:
    bucket = {"Bucket": {"Type": "AWS::S3::Bucket"}, "To": connector({"Id": "Bucket"})}
    assert isinstance(read(tmp_path, bucket).policy, Unknown)


def test_a_connector_with_a_condition_exists_in_some_deployments(tmp_path: Path) -> None:
    sections = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    }
    resources = {"Rule": RULE, "To": connector({"Id": "Rule"}, Condition="Prod"), "Policy": GOOD}
    whole = template({"Chat": topic(TopicName="chat"), **resources}, **SAM, **sections)
    policies = [type(one.policy) for one in load_stack(tmp_path, a__json=whole).topics]
    assert sorted(one.__name__ for one in policies) == ["PolicyText", "Unknown"]


BY_ROLE: dict[str, dict[str, Any]] = {
    "a function": {"Function": FUNCTION, "To": connector({"Id": "Function"})},
    "an embedded connector of a function": {"Function": embedded(FUNCTION)},
    "a state machine": {
        "Machine": {"Type": "AWS::Serverless::StateMachine"},
        "To": connector({"Id": "Machine"}),
    },
    "a topic as the source": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "To": connector(CHAT, {"Id": "Queue"}),
    },
    "another destination": {
        "Rule": RULE,
        "Queue": {"Type": "AWS::SQS::Queue"},
        "To": connector({"Id": "Rule"}, {"Id": "Queue"}),
    },
    "a policy template": {
        "Function": {
            **FUNCTION,
            "Properties": {
                "Policies": [
                    {"SNSPublishMessagePolicy": {"TopicName": {"Fn::GetAtt": "Chat.TopicName"}}},
                    {"SNSCrudPolicy": {"TopicName": "chat"}},
                    {"KMSDecryptPolicy": {"KeyId": "a"}},
                ]
            },
        }
    },
    "forms of no connector": {
        "A": {"Type": "AWS::Serverless::Connector"},
        "B": {"Type": "AWS::Serverless::Connector", "Properties": []},
        "C": {**RULE, "Connectors": {"To": {"Properties": 5}, "Other": 5}},
        "D": {"Type": "AWS::Serverless::Connector", "Properties": {"Source": 5, "Destination": [5, "x", {}]}},
        "E": 5,
    },
}


@pytest.mark.parametrize("name", BY_ROLE)
def test_other_connectors_and_policy_templates_write_no_topic_policy(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, {**BY_ROLE[name], "Policy": GOOD})
    assert isinstance(found.policy, PolicyText)
    assert found.policy.names_connect


def with_event(**properties: Any) -> dict[str, Any]:
    event = {"Type": "SNS", "Properties": {"Topic": {"Ref": "Chat"}, **properties}}
    return {"Function": {**FUNCTION, "Properties": {"Events": {"Chat": event}}}}


@pytest.mark.parametrize(
    ("properties", "protocols"),
    [
        ({"SqsSubscription": True}, ["sqs"]),
        ({"SqsSubscription": {"QueueArn": "arn:aws:sqs:us-east-1:111122223333:a", "QueueUrl": "u"}}, ["sqs"]),
        ({"SqsSubscription": False}, ["lambda"]),
        ({"SqsSubscription": {"Ref": "Flag"}, "Topic": {"Ref": "Other"}}, None),
        ({}, ["lambda"]),
    ],
    ids=str,
)
def test_an_event_with_a_queue_is_a_durable_subscription(
    properties: dict[str, Any], protocols: list[str] | None, tmp_path: Path
) -> None:
    found = read(tmp_path, with_event(**properties))
    if protocols is None:
        assert isinstance(found.subscriptions, Unknown)
    else:
        assert not isinstance(found.subscriptions, Unknown)
        assert [one.protocol for one in found.subscriptions] == protocols


def test_an_event_in_a_plain_form_is_ignored(tmp_path: Path) -> None:
    events = {"A": 5, "B": {"Type": "SNS"}, "C": {"Type": "SNS", "Properties": 5}, "D": {"Type": "Api"}}
    function = {"Function": {**FUNCTION, "Properties": {"Events": events}}}
    assert isinstance(read(tmp_path, function).subscriptions, Unknown)


def test_no_fix_edits_what_is_generated(tmp_path: Path) -> None:
    desk = {"Type": "AWS::Connect::Instance", "Properties": {"InstanceAlias": "desk"}}
    resources = {"Chat": topic(TopicName="chat"), "Desk": desk, "Rule": embedded(RULE)}
    (tmp_path / "a.json").write_text(json.dumps(template(resources, **SAM), indent=1))
    done = run("fix", "a.json", "--instance-arn", "Desk.Arn", "--unsafe-fixes", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "fix (by hand): add a statement" in done.stdout
