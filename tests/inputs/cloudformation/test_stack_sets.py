"""A stack set runs in accounts and Regions of its own, so nothing of it is known from the template around it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.inventory import PolicyText
from checker.core.unknown import Symbol, Unknown
from checker.inputs.load import load
from tests.cli.process import run
from tests.inputs.cloudformation.stacks import topic, topic_policy
from tests.samples import INSTANCE_ARN

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Topic

OTHER = "444455556666"
OWN = {"Ref": "AWS::AccountId"}
DESK = {"Type": "AWS::Connect::Instance", "Properties": {"InstanceAlias": "desk"}}


def pinned(arn: Any = None) -> dict[str, Any]:
    """The policy of `Chat`, for the instances of the account, or for one of them."""
    instance = {} if arn is None else {"ArnEquals": {"aws:SourceArn": arn}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Chat"},
        "Condition": {"StringEquals": {"aws:SourceAccount": OWN}, **instance},
    }
    return topic_policy({"Version": "2012-10-17", "Statement": [statement]})


CHAT = {"Chat": topic(TopicName="chat"), "Policy": pinned()}
WITH_DESK = {**CHAT, "Desk": DESK, "Policy": pinned({"Fn::GetAtt": "Desk.Arn"})}


def stack_set(inner: Any, **properties: Any) -> dict[str, Any]:
    whole = {"StackSetName": "chat", "TemplateBody": json.dumps({"Resources": inner}), **properties}
    return {"Type": "AWS::CloudFormation::StackSet", "Properties": whole}


def group(accounts: Any, regions: Any, **targets: Any) -> dict[str, Any]:
    return {"DeploymentTargets": {"Accounts": accounts, **targets}, "Regions": regions}


def write(folder: Path, resources: Any) -> None:
    (folder / "a.json").write_text(json.dumps({"Resources": resources}))


def only_topic(folder: Path, resources: Any) -> Topic:
    write(folder, resources)
    (found,) = load([folder / "a.json"]).topics
    return found


def symbols(topic: Topic) -> dict[str, Symbol]:
    """The symbols of the ARN and the policy of a topic, by name."""
    assert isinstance(topic.policy, PolicyText)
    (statement,) = topic.policy.policy.known_statements()
    values = [value for one in statement.conditions for value in getattr(one, "values", ())]
    texts = [one for one in (topic.arn, *values) if isinstance(one, Unknown)]
    return {one.name: one for text in texts for one in text.pieces if isinstance(one, Symbol)}


def chain(folder: Path, address: str) -> str:
    done = run("explain", "a.json", "--topic", address, "--format", "json", cwd=folder)
    return str(json.loads(done.stdout)["chain"]) if done.stdout else done.stderr


def test_an_instance_of_the_outer_template_is_not_proven_to_publish(tmp_path: Path) -> None:
    write(tmp_path, {"Desk": DESK, "Set": stack_set(CHAT)})
    assert "no Connect instance is known for this topic" in chain(tmp_path, "a.json[2]#Chat")


def test_an_instance_in_the_stack_set_is_not_that_of_the_outer_topic(tmp_path: Path) -> None:
    write(tmp_path, {**CHAT, "Set": stack_set({"Desk": DESK, **CHAT})})
    assert "no Connect instance is known for this topic" in chain(tmp_path, "a.json#Chat")


def test_an_instance_and_a_topic_of_one_stack_set_are_in_one_account(tmp_path: Path) -> None:
    write(tmp_path, {"Set": stack_set(WITH_DESK)})
    assert chain(tmp_path, "a.json[2]#Chat") == "whole"


def test_the_pseudo_parameters_of_a_stack_set_are_its_own(tmp_path: Path) -> None:
    found = symbols(only_topic(tmp_path, {"Set": stack_set(CHAT)}))
    assert set(found) == {
        "AWS::Partition of Set",
        "AWS::Region of Set",
        "AWS::AccountId of Set",
    }


def test_a_policy_of_the_outer_template_is_not_that_of_a_topic_with_the_same_name(tmp_path: Path) -> None:
    arn = {"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:chat"}
    policy = topic_policy(pinned()["Properties"]["PolicyDocument"], arn)
    write(tmp_path, {"Policy": policy, "Set": stack_set({"Chat": topic(TopicName="chat")})})
    (inner,) = [one for one in load([tmp_path / "a.json"]).topics if "[2]" in one.address]
    assert isinstance(inner.policy, PolicyText)
    assert "connect" not in inner.policy.text


ACCOUNTS = [
    (group([OTHER], ["us-west-2"]), OTHER),
    (group([OTHER, "777788889999"], ["us-west-2"]), (OTHER, "777788889999")),
    (group([OTHER], ["us-west-2"], OrganizationalUnitIds=["ou-a"], AccountFilterType="INTERSECTION"), OTHER),
    (group([OTHER], ["us-west-2"], OrganizationalUnitIds=["ou-a"], AccountFilterType="UNION"), ()),
    (group([OTHER], ["us-west-2"], OrganizationalUnitIds=["ou-a"], AccountFilterType="DIFFERENCE"), ()),
    (group([OTHER], ["us-west-2"], AccountsUrl="s3://a/b"), ()),
    (group([{"Ref": "No"}], ["us-west-2"]), ()),
    (group(["Production"], ["us-west-2"]), ()),
    ({"DeploymentTargets": {"OrganizationalUnitIds": ["ou-a"]}, "Regions": ["us-west-2"]}, ()),
    ({"Regions": ["us-west-2"]}, ()),
]


@pytest.mark.parametrize(("listed", "accounts"), ACCOUNTS)
def test_listed_targets_are_the_accounts(listed: Any, accounts: Any, tmp_path: Path) -> None:
    found = only_topic(tmp_path, {"Set": stack_set(CHAT, StackInstancesGroup=[listed])})
    if isinstance(accounts, str):
        assert str(found.arn) == f"arn:aws:sns:us-west-2:{accounts}:chat"
    else:
        assert symbols(found)["AWS::AccountId of Set"].allowed == accounts


def test_the_account_of_the_outer_template_can_be_a_target(tmp_path: Path) -> None:
    own = group([OWN], [{"Ref": "AWS::Region"}])
    found = symbols(only_topic(tmp_path, {"Set": stack_set(CHAT, StackInstancesGroup=[own])}))
    assert {"AWS::Region", "AWS::AccountId"} <= set(found)


def test_all_groups_count(tmp_path: Path) -> None:
    groups = [group([OTHER], ["us-west-2"]), group(["777788889999"], ["us-east-1"])]
    found = symbols(only_topic(tmp_path, {"Set": stack_set(CHAT, StackInstancesGroup=groups)}))
    assert found["AWS::AccountId of Set"].allowed == (OTHER, "777788889999")
    assert found["AWS::Region of Set"].allowed == ("us-west-2", "us-east-1")


def test_an_overridden_parameter_is_not_known(tmp_path: Path) -> None:
    body = {
        "Parameters": {"Name": {"Type": "String", "Default": "chat"}},
        "Resources": {"Chat": topic(TopicName={"Ref": "Name"}), "Policy": pinned()},
    }
    pair = {"ParameterKey": "Name", "ParameterValue": "other"}
    groups = [{**group([OTHER], ["us-west-2"]), "ParameterOverrides": [pair]}]
    whole = stack_set({}, TemplateBody=json.dumps(body), Parameters=[pair], StackInstancesGroup=groups)
    found = only_topic(tmp_path, {"Set": whole})
    assert isinstance(found.arn, Unknown)
    assert found.arn.pieces == ()


def test_a_local_template_of_a_stack_set_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "inner.json").write_text(json.dumps({"Resources": CHAT}))
    whole = {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateURL": "./inner.json"}}
    write(tmp_path, {"Desk": DESK, "Set": whole})
    (found,) = load([tmp_path]).topics
    assert "AWS::AccountId of Set" in symbols(found)


def test_a_stack_inside_a_stack_set_is_in_its_account(tmp_path: Path) -> None:
    (tmp_path / "inner.json").write_text(json.dumps({"Resources": CHAT}))
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "./inner.json"}}
    found = only_topic(tmp_path, {"Set": stack_set({"Nested": nested})})
    assert "AWS::AccountId of Set" in symbols(found)


def test_the_output_of_describe_stack_set_is_not_linked_to_a_template_beside_it(tmp_path: Path) -> None:
    described = {"StackSet": {"StackSetName": "chat", "TemplateBody": json.dumps({"Resources": CHAT})}}
    (tmp_path / "set.json").write_text(json.dumps(described))
    write(tmp_path, {"Desk": DESK})
    found = load([tmp_path])
    assert found.topics[0].home != found.open_instances[0].home


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::GetAtt": "Desk.Arn"}, "unknown"),
        (
            {"Ref": "Instance"},
            "whole",
        ),  # of any parameter, it is assumed that it names an instance of the account
        ({"Fn::GetAZs": ""}, "no Connect instance is known"),
        (["a"], "no Connect instance is known"),
    ],
)
def test_a_value_from_outside_replaces_the_default(value: Any, expected: str, tmp_path: Path) -> None:
    body = {
        "Parameters": {"Instance": {"Type": "String", "Default": INSTANCE_ARN}},
        "Resources": {**CHAT, "Policy": pinned({"Ref": "Instance"})},
    }
    handed = [{"ParameterKey": "Instance", "ParameterValue": value}]
    whole = stack_set({}, TemplateBody=json.dumps(body), Parameters=handed)
    outer = {"Parameters": {"Instance": {"Type": "String"}}, "Resources": {"Desk": DESK, "Set": whole}}
    (tmp_path / "a.json").write_text(json.dumps(outer))
    assert expected in chain(tmp_path, "a.json[2]#Chat")
    (found,) = load([tmp_path]).topics
    assert isinstance(found.policy, PolicyText)
    assert INSTANCE_ARN not in str(found.policy.policy)


WIDE = "arn:aws:connect:*:*:instance/*"
PAIR = {"ParameterKey": "Instance", "ParameterValue": WIDE}
NO_VALUE = {"Ref": "AWS::NoValue"}
NOT_LITERAL: dict[str, dict[str, Any]] = {
    "an entry": {"Parameters": [{"Fn::If": ["Here", PAIR, NO_VALUE]}]},
    "a list": {"Parameters": {"Fn::If": ["Here", [PAIR], NO_VALUE]}},
    "a macro": {"Parameters": [{"Fn::Transform": {"Name": "Company::Chat"}}]},
    "a key": {"Parameters": [{**PAIR, "ParameterKey": {"Fn::If": ["Here", "Instance", "Other"]}}]},
    "a value": {"Parameters": [{**PAIR, "ParameterValue": {"Fn::If": ["Here", WIDE, NO_VALUE]}}]},
    "a group": {
        "StackInstancesGroup": [
            {"Fn::If": ["Here", {**group([OTHER], ["us-west-2"]), "ParameterOverrides": [PAIR]}, NO_VALUE]}
        ]
    },
    "an override": {
        "StackInstancesGroup": [
            {
                **group([OTHER], ["us-west-2"]),
                "ParameterOverrides": [{"Fn::If": ["Here", PAIR, NO_VALUE]}],
            }
        ]
    },
    "all overrides": {
        "StackInstancesGroup": [
            {**group([OTHER], ["us-west-2"]), "ParameterOverrides": {"Fn::If": ["Here", [PAIR], []]}}
        ]
    },
}
CHILD = {
    "Parameters": {"Instance": {"Type": "String", "Default": INSTANCE_ARN}},
    "Resources": {**CHAT, "Policy": pinned({"Ref": "Instance"})},
}


@pytest.mark.parametrize("name", NOT_LITERAL)
def test_a_default_is_not_used_if_the_stack_may_set_the_parameter(name: str, tmp_path: Path) -> None:
    whole = stack_set({}, TemplateBody=json.dumps(CHILD), **NOT_LITERAL[name])
    conditions = {"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-west-2"]}}
    (tmp_path / "a.json").write_text(json.dumps({"Conditions": conditions, "Resources": {"Set": whole}}))
    (found,) = load([tmp_path]).topics
    assert isinstance(found.policy, PolicyText)
    assert INSTANCE_ARN not in str(found.policy.policy)


def test_a_filter_that_is_not_literal_does_not_limit_the_accounts(tmp_path: Path) -> None:
    chosen = {"Fn::If": ["Here", "UNION", "INTERSECTION"]}
    listed = group([OTHER], ["us-west-2"], OrganizationalUnitIds=["ou-a"], AccountFilterType=chosen)
    found = only_topic(tmp_path, {"Set": stack_set(CHAT, StackInstancesGroup=[listed])})
    assert symbols(found)["AWS::AccountId of Set"].allowed == ()


def test_a_template_that_is_computed_is_reported(tmp_path: Path) -> None:
    body = {"Fn::Sub": json.dumps({"Resources": CHAT})}
    outer = {
        "Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": body}}}
    }
    (tmp_path / "t.json").write_text(json.dumps(outer))
    reasons = [one.reason for one in load([tmp_path / "t.json"]).skipped]
    assert any("the template of a stack set is computed" in reason for reason in reasons)
