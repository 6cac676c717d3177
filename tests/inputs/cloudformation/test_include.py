"""Local files that a template includes are part of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.inventory import Inventory, PolicyText
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.load import load

if TYPE_CHECKING:
    from pathlib import Path

STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": {"Ref": "Chat"},
}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}
TOPIC = {"Type": "AWS::SNS::Topic"}


def include(file: Any) -> dict[str, Any]:
    return {"Name": "AWS::Include", "Parameters": {"Location": file}}


def template(document: Any) -> dict[str, Any]:
    properties = {"Topics": [{"Ref": "Chat"}], "PolicyDocument": document}
    return {
        "Resources": {"Chat": TOPIC, "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}}
    }


def read(folder: Path, whole: Any, **files: Any) -> Inventory:
    for name, content in {"z": whole, **files}.items():
        (folder / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return load([folder])


WHOLE: dict[str, tuple[Any, Any]] = {
    "the policy": (template({"Fn::Transform": include("a.json")}), POLICY),
    "the statement": (
        template({"Version": "2012-10-17", "Fn::Transform": include("./a.json")}),
        {"Statement": [STATEMENT]},
    ),
    "resources": (
        {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Fn::Transform": include("a.json")}},
        template(POLICY)["Resources"],
    ),
    "a list of one": (template({"Fn::Transform": [include("a.json")]}), POLICY),
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_included_file_is_part_of_the_template(name: str, tmp_path: Path) -> None:
    whole, part = WHOLE[name]
    found = read(tmp_path, whole, a=part)
    assert found.skipped == ()
    (topic,) = found.topics
    assert isinstance(topic.policy, PolicyText)
    text = topic.policy.document.text_of(("Statement", 0, "Effect"), Part.VALUE)
    assert text is not None
    assert text.name.endswith("a.json")


@pytest.mark.parametrize("file", ["missing.json", "s3://bucket/a.json", 5, None, {"Ref": "X"}])
def test_a_file_that_is_not_read_leaves_the_policy_unknown(file: Any, tmp_path: Path) -> None:
    (topic,) = read(tmp_path, template({"Fn::Transform": include(file)})).topics
    assert isinstance(topic.policy, Unknown) or not topic.policy.policy.known_statements()


@pytest.mark.parametrize(
    "content", ["[", "[]", "5", '{"Fn::Transform": ' + json.dumps(include("a.json")) + "}"]
)
def test_hostile_files_end_in_no_traceback(content: str, tmp_path: Path) -> None:
    assert read(tmp_path, template({"Fn::Transform": include("a.json")}), a=content).topics
