"""Nested stacks with a local template get the parameters of the stack, and references lead through outputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.inventory import Inventory, Key, PolicyText
from checker.core.unknown import Unknown
from checker.inputs.load import load

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}
ARN = {"Outputs": {"Arn": {"Value": {"Ref": "Chat"}}}}
NAME = {"Parameters": {"Name": {"Type": "String", "Default": "unset"}}}


def policy(topic: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [topic], "PolicyDocument": document}}


def stack(file: str, parameters: Any = None, kind: str = "AWS::CloudFormation::Stack") -> dict[str, Any]:
    where = "TemplateURL" if kind.endswith("Stack") else "Location"
    return {"Type": kind, "Properties": {where: file, "Parameters": parameters or {}}}


def read(folder: Path, parent: Any, *named: str, **files: Any) -> Inventory:
    """Read the template `z.json` and others, in this folder and below."""
    for name, content in {"z": {"Resources": parent}, **files}.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    return load([folder / name for name in named] or [folder])


CHILD = {**NAME, "Resources": {"Chat": TOPIC, "Policy": policy({"Ref": "Chat"})}, **ARN}


@pytest.mark.parametrize("kind", ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"])
@pytest.mark.parametrize("file", ["./a.json", "a.json", "./sub/a.json"])
def test_parameters_are_handed_down_and_the_template_is_read_once(
    file: str, kind: str, tmp_path: Path
) -> None:
    child = file.removeprefix("./").removesuffix(".json").replace("/", "__")
    found = read(tmp_path, {"Nested": stack(file, {"Name": "chat"}, kind)}, **{child: CHILD})
    assert found.skipped == ()
    (topic,) = found.topics
    assert isinstance(topic.arn, Unknown)
    assert topic.arn.where.endswith(":chat")
    assert isinstance(topic.policy, PolicyText)


def test_a_template_that_is_deployed_twice_is_judged_for_both(tmp_path: Path) -> None:
    parent = {name: stack("a.json", {"Name": name}) for name in ("One", "Two")}
    found = read(tmp_path, parent, a=CHILD)
    assert sorted(
        one.arn.where.rpartition(":")[2] for one in found.topics if isinstance(one.arn, Unknown)
    ) == [
        "One",
        "Two",
    ]


def test_a_template_alone_is_judged_alone(tmp_path: Path) -> None:
    found = read(tmp_path, {"Nested": stack("a.json", {"Name": "chat"})}, "a.json", a=CHILD)
    assert len(found.topics) == 1


def test_a_policy_of_the_outer_template_is_that_of_the_nested_topic(tmp_path: Path) -> None:
    topic = {"Fn::GetAtt": ["Nested", "Outputs.Arn"]}
    child = {**NAME, "Resources": {"Chat": TOPIC}, **ARN}
    found = read(tmp_path, {"Nested": stack("a.json"), "Policy": policy(topic)}, a=child)
    (only,) = found.topics
    assert isinstance(only.policy, PolicyText)
    assert "connect.amazonaws.com" in only.policy.text
    assert only.address.endswith("a.json#Chat")


def test_a_policy_of_a_nested_template_is_that_of_the_outer_topic(tmp_path: Path) -> None:
    child = {"Parameters": {"Topic": {"Type": "String"}}, "Resources": {"Policy": policy({"Ref": "Topic"})}}
    outer = {"Type": "AWS::SNS::Topic"}
    found = read(tmp_path, {"Chat": outer, "Nested": stack("a.json", {"Topic": {"Ref": "Chat"}})}, a=child)
    (only,) = found.topics
    assert found.skipped == ()
    assert isinstance(only.policy, PolicyText)
    assert "connect.amazonaws.com" in only.policy.text
    assert only.address.endswith("z.json#Chat")


def test_a_key_leads_from_one_nested_template_to_another(tmp_path: Path) -> None:
    keys = {
        "Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}},
    }
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}}
    topics = {
        "Parameters": {"Key": {"Type": "String"}},
        "Resources": {"Chat": topic, "Policy": policy({"Ref": "Chat"})},
    }
    parent = {
        "Topics": stack("topics.json", {"Key": {"Fn::GetAtt": "Keys.Outputs.Arn"}}),
        "Keys": stack("keys.json"),
    }
    found = read(tmp_path, parent, topics=topics, keys=keys)
    assert isinstance(found.key_of(found.topics[0]), Key)


def test_a_nested_stack_has_a_name_of_its_own(tmp_path: Path) -> None:
    named = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "AWS::StackName"}}}
    found = read(tmp_path, {"Chat": named, "Nested": stack("a.json")}, a={"Resources": {"Chat": named}})
    first, second = (one.arn for one in found.topics)
    assert isinstance(first, Unknown)
    assert isinstance(second, Unknown)
    assert first.where != second.where
    assert first.pieces[-1] != second.pieces[-1]


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({}, "no such file"),
        ({"a": {"Resources": {"Again": stack("a.json"), "Chat": TOPIC}}}, "nested in itself"),
        ({"a": {"Resources": {"Outer": stack("z.json"), "Chat": TOPIC}}}, "nested in itself"),
        ({"a": {"Resources": []}}, "must be an object"),
        ({"a": []}, ""),
        ({"a": "text"}, ""),
    ],
)
def test_a_template_that_cannot_be_nested_is_reported(files: Any, part: str, tmp_path: Path) -> None:
    found = read(tmp_path, {"Nested": stack("a.json"), "Other": {"Type": "AWS::SNS::Topic"}}, **files)
    assert found.topics
    assert any(part in one.reason for one in found.skipped) or not part


def test_a_chain_of_many_templates_ends(tmp_path: Path) -> None:
    files = {
        f"n{number}": {"Resources": {name: stack(f"n{number + 1}.json") for name in ("One", "Two", "Three")}}
        for number in range(9)
    }
    found = read(tmp_path, {"Nested": stack("n0.json"), "Chat": {"Type": "AWS::SNS::Topic"}}, **files)
    assert any("templates are nested" in one.reason for one in found.skipped)


@pytest.mark.parametrize(
    "location", ["https://bucket.s3.amazonaws.com/a.json", "s3://bucket/a.json", 5, None, {}]
)
def test_other_locations_are_left_alone(location: Any, tmp_path: Path) -> None:
    found = read(tmp_path, {"Nested": stack(location), "Chat": {"Type": "AWS::SNS::Topic"}}, a=CHILD)
    assert found.skipped == ()
    assert len(found.topics) == 2


@pytest.mark.parametrize(
    "parameters",
    [
        {"Fn::If": ["Here", {"Name": "other"}, {"Ref": "AWS::NoValue"}]},
        {"Fn::Transform": {"Name": "Company::Chat"}},
        {"Name": {"Fn::If": ["Here", "other", {"Ref": "AWS::NoValue"}]}},
        {"Name": ["other"]},
    ],
    ids=str,
)
def test_a_default_is_not_used_if_the_stack_may_set_the_parameter(parameters: Any, tmp_path: Path) -> None:
    name = {"Parameters": {"Name": {"Type": "String", "Default": "chat"}}}
    found = read(tmp_path, {"Nested": stack("a.json", parameters)}, a={**CHILD, **name})
    (only,) = found.topics
    assert isinstance(only.arn, Unknown)
    assert only.arn.pieces == ()
