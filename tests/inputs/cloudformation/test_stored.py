"""Templates in other documents: output of the API, stack sets, and several templates in one file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from checker.analysis.inventory import Inventory, PolicyText
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.load import load

if TYPE_CHECKING:
    from pathlib import Path

POLICY = {
    "Type": "AWS::SNS::TopicPolicy",
    "Properties": {
        "Topics": [{"Ref": "Chat"}],
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "connect.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": {"Ref": "Chat"},
                }
            ],
        },
    },
}
TEMPLATE = {
    "Parameters": {"Name": {"Type": "String"}},
    "Resources": {
        "Chat": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}},
        "Policy": POLICY,
    },
}
JSON, YAML = json.dumps(TEMPLATE, indent=2), yaml.safe_dump(TEMPLATE)


def read(folder: Path, name: str, content: Any) -> Inventory:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return load([path])


def indented(text: str, width: int) -> str:
    return "".join(f"{' ' * width}{line}\n" for line in text.splitlines())


BODIES: dict[str, tuple[str, Any]] = {
    "an object": ("a.json", {"TemplateBody": TEMPLATE, "StagesAvailable": []}),
    "JSON in a string": ("a.json", {"TemplateBody": JSON}),
    "YAML in a string": ("a.json", {"TemplateBody": YAML}),
    "YAML in a block": ("a.yaml", f"StagesAvailable: []\nTemplateBody: |\n{indented(YAML, 2)}"),
    "YAML in quotes": ("a.yaml", yaml.safe_dump({"TemplateBody": YAML}, default_style='"')),
    "a stack set": ("a.json", {"StackSet": {"StackSetName": "chat", "TemplateBody": YAML}}),
    "a stack set of a template": (
        "a.json",
        {
            "Resources": {
                "Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": YAML}}
            }
        },
    ),
    "a page of yaml-stream": ("a.yaml", f"- TemplateBody: |\n{indented(YAML, 4)}"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_template_in_another_document_is_read_with_its_places(name: str, tmp_path: Path) -> None:
    found = read(tmp_path, *BODIES[name])
    (topic,) = found.topics
    assert found.skipped == ()
    assert isinstance(topic.policy, PolicyText)
    position = topic.policy.document.locate(("Statement", 0, "Principal", "Service"), Part.VALUE)
    assert position is not None
    line = (tmp_path / BODIES[name][0]).read_text().splitlines()[position.line - 1]
    assert line[position.column - 1 :].lstrip('\\"').startswith("connect.amazonaws.com")


def test_a_stack_set_sets_parameters(tmp_path: Path) -> None:
    properties = {"TemplateBody": YAML, "Parameters": [{"ParameterKey": "Name", "ParameterValue": "chat"}]}
    whole = {"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}}}
    (topic,) = read(tmp_path, "a.json", whole).topics
    assert isinstance(topic.arn, Unknown)
    assert topic.arn.where.endswith(":chat")


def test_templates_of_one_file_have_their_own_names(tmp_path: Path) -> None:
    found = read(tmp_path, "a.yaml", f"{YAML}---\n{YAML}")
    first, second = found.topics
    assert second.address == first.address.replace("#", "[2]#")
    assert first.policy is not second.policy


@pytest.mark.parametrize(
    "body",
    [5, None, [], "Resources: [", "Resources: " + "[" * 500, '{"Resources": ', "a: &a [*a]\nResources: 1"],
)
@pytest.mark.parametrize("kind", ["output", "stack set"])
def test_a_hostile_body_ends_in_a_message(body: Any, kind: str, tmp_path: Path) -> None:
    stack_set = {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": body}}
    whole = {"TemplateBody": body} if kind == "output" else {"Resources": {"Set": stack_set}}
    found = read(tmp_path, "a.json", whole)
    assert found.topics == ()
    assert found.skipped
