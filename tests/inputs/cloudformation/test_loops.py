"""`Fn::ForEach` is written out where its collection is known; otherwise it is reported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.inventory import PolicyText
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.loops import with_loops
from checker.inputs.collect import Defaults
from checker.inputs.load import load
from checker.inputs.text import parse_text
from checker.policy.node import rendered
from tests.cli.process import run
from tests.inputs.cloudformation.stacks import failures, load_stack, template, topic, topic_policy
from tests.samples import INSTANCE_ARN

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Topic

EXTENSIONS = {"Transform": "AWS::LanguageExtensions"}
SECTIONS: dict[str, Any] = {
    "Parameters": {
        "Listed": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Open": {"Type": "CommaDelimitedList"},
        "Empty": {"Type": "CommaDelimitedList", "Default": ""},
        "One": {"Type": "String", "Default": "z"},
    },
    "Mappings": {"Names": {"us-east-1": {"All": ["a", "b"]}, "a": {"All": ["x", "y"]}, "b": {"All": ["w"]}}},
}


def loop(collection: Any, output: Any, identifier: str = "N", name: str = "Loop") -> dict[str, Any]:
    return {f"Fn::ForEach::{name}": [identifier, collection, output]}


def written(section: Any, *given: tuple[str, str], name: str = "Resources", **sections: Any) -> Any:
    """Write out the loops of a section."""
    whole = {**SECTIONS, **EXTENSIONS, **sections, name: section}
    done = with_loops(parse_text("a.json", json.dumps(whole)), dict(given))
    return json.loads(rendered(done.root))[name]


@pytest.mark.parametrize(
    ("collection", "keys"),
    [
        (["a", "b"], ["Ta", "Tb"]),
        ([], []),
        (["a", {"Ref": "One"}], ["Ta", "Tz"]),
        ({"Ref": "Listed"}, ["Ta", "Tb"]),
        ({"Fn::FindInMap": ["Names", "us-east-1", "All"]}, ["Ta", "Tb"]),
        ({"Fn::Split": [",", "a,b"]}, ["Ta", "Tb"]),
        ({"Ref": "Open"}, ["Fn::ForEach::Loop"]),
        ({"Ref": "Empty"}, ["Fn::ForEach::Loop"]),
        ({"Ref": "Nowhere"}, ["Fn::ForEach::Loop"]),
        ({"Fn::FindInMap": ["Names", {"Ref": "AWS::Region"}, "All"]}, ["Fn::ForEach::Loop"]),
        ("a", ["Fn::ForEach::Loop"]),
        ([["a"]], ["Fn::ForEach::Loop"]),
        (["a", {"Ref": "AWS::AccountId"}], ["Fn::ForEach::Loop"]),
    ],
    ids=str,
)
def test_a_collection_is_known_or_the_loop_stays(collection: Any, keys: list[str]) -> None:
    assert list(written(loop(collection, {"T${N}": {"Type": "A::B"}}))) == keys


@pytest.mark.parametrize(
    ("given", "collection"),
    [
        (("Open", "a,b"), {"Ref": "Open"}),
        (("Listed", "a, b"), {"Ref": "Listed"}),
        (("AWS::Region", "us-east-1"), {"Fn::FindInMap": ["Names", {"Ref": "AWS::Region"}, "All"]}),
    ],
)
def test_a_parameter_settles_a_collection(given: tuple[str, str], collection: Any) -> None:
    assert list(written(loop(collection, {"T${N}": {"Type": "A::B"}}), given)) == ["Ta", "Tb"]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"T${N}": {"Ref": "N"}}, {"Ta.b": "a.b"}),
        ({"T&{N}": {"Ref": "N"}}, {"Tab": "a.b"}),
        ({"T&{N}": "${N} &{N}"}, {"Tab": "a.b ab"}),
        ({"T&{N}": {"Ref": "T&{N}"}}, {"Tab": {"Ref": "Tab"}}),
        ({"T&{N}": {"Fn::GetAtt": "T&{N}.Arn"}}, {"Tab": {"Fn::GetAtt": "Tab.Arn"}}),
        ({"T&{N}": {"Fn::Sub": "x-${N}-${!N}"}}, {"Tab": {"Fn::Sub": ["x-${N}-${!N}", {"N": "a.b"}]}}),
        ({"T&{N}": {"Fn::Sub": "${T&{N}}"}}, {"Tab": {"Fn::Sub": "${Tab}"}}),
        ({"T&{N}": {"Fn::Sub": "${T${N}} ${N}"}}, {"Tab": {"Fn::Sub": "${Ta.b} a.b"}}),
        (
            {"T&{N}": {"Fn::Sub": ["${N} ${M}", {"M": {"Ref": "N"}}]}},
            {"Tab": {"Fn::Sub": ["${N} ${M}", {"M": "a.b", "N": "a.b"}]}},
        ),
        (
            {"T&{N}": [1, None, True, "${Other}", {"N": "N"}]},
            {"Tab": [1, None, True, "${Other}", {"N": "N"}]},
        ),
    ],
    ids=str,
)
def test_the_identifier_is_replaced(output: Any, expected: Any) -> None:
    assert written(loop(["a.b"], output)) == expected


ACCOUNT = {"Ref": "AWS::AccountId"}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"T": {"Ref": "N"}}, {"T": ACCOUNT}),
        ({"T": {"Fn::Sub": "x-${N}"}}, {"T": {"Fn::Sub": ["x-${N}", {"N": ACCOUNT}]}}),
        (loop([{"Ref": "N"}], {"T": [{"Ref": "M"}]}, "M", "In"), {"T": [ACCOUNT]}),
        ({"T${N}": {}}, None),
        ({"T": "x-${N}"}, None),
        ({"T": {"Fn::Sub": "${T&{N}}"}}, None),
        (loop({"Fn::FindInMap": ["Names", "${N}", "All"]}, {"T${M}": {}}, "M", "In"), None),
    ],
    ids=str,
)
def test_a_value_that_only_the_deployment_knows_is_not_a_name(output: Any, expected: Any) -> None:
    whole = loop([ACCOUNT], output)
    assert written(whole) == (whole if expected is None else expected)


@pytest.mark.parametrize(
    "collection", [[ACCOUNT, {"Ref": "AWS::NoValue"}], ["{{resolve:ssm:/a}}"], [{"Fn::GetAZs": ""}]], ids=str
)
def test_a_value_of_which_nothing_is_known_leaves_the_loop(collection: Any) -> None:
    whole = loop(collection, {"T": {"Ref": "N"}})
    assert written(whole) == whole


def test_another_allowed_value_in_a_loop_is_reported(tmp_path: Path) -> None:
    service = {"Type": "String", "Default": "lambda", "AllowedValues": ["lambda", "connect"]}
    principal = loop([{"Ref": "Service"}], {"Service": {"Fn::Sub": "${N}.amazonaws.com"}})
    policy = {
        "Statement": [
            {**STATEMENT, "Resource": "*"},
            {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": "*"},
        ]
    }
    resources = {"Chat": topic(), "Policy": topic_policy(policy)}
    whole = template(resources, **EXTENSIONS, Parameters={"Service": service})
    (tmp_path / "a.json").write_text(json.dumps(whole))
    done = run("check", "a.json", "--select", "missing-source-account", cwd=tmp_path)
    assert "this is so if `Service` is `connect`" in done.stdout


def test_loops_inside_each_other() -> None:
    inner = loop(
        {"Fn::FindInMap": ["Names", "${N}", "All"]}, {"T${N}${M}": {"Fn::Sub": "${N}${M}"}}, "M", "In"
    )
    assert list(written(loop(["a", "b"], inner))) == ["Tax", "Tay", "Tbw"]


def test_a_loop_in_properties_conditions_and_outputs() -> None:
    tags = {"Chat": {"Type": "A::B", "Properties": loop(["a", "b"], {"Tag${N}": {"Ref": "N"}})}}
    assert written(tags)["Chat"]["Properties"] == {"Taga": "a", "Tagb": "b"}
    equal = {"Is${N}": {"Fn::Equals": [{"Ref": "One"}, {"Ref": "N"}]}}
    assert list(written(loop(["a", "b"], equal), name="Conditions")) == ["Isa", "Isb"]
    assert list(written(loop(["a", "b"], {"Arn${N}": {"Value": "v"}}), name="Outputs")) == ["Arna", "Arnb"]


@pytest.mark.parametrize(
    "transform",
    [
        "AWS::LanguageExtensions",
        ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"],
        [{"Name": "AWS::LanguageExtensions"}],
    ],
    ids=str,
)
def test_the_transform_has_several_forms(transform: Any) -> None:
    assert list(written(loop(["a"], {"T${N}": {}}), Transform=transform)) == ["Ta"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [],
        ["N"],
        ["N", ["a"]],
        ["N", ["a"], "text"],
        [5, ["a"], {}],
        ["N N", ["a"], {}],
        ["", ["a"], {}],
    ],
    ids=str,
)
def test_a_loop_of_another_form_stays(value: Any) -> None:
    assert list(written({"Fn::ForEach::Loop": value})) == ["Fn::ForEach::Loop"]


def test_loops_that_multiply_end_in_a_message(tmp_path: Path) -> None:
    output: Any = {"T${A}": {"Type": "AWS::SNS::Topic"}}
    for name in "ABCDEF":
        output = loop([str(number) for number in range(20)], output, name, name)
    found = load_stack(tmp_path, a__json=template(output, **EXTENSIONS))
    assert found.topics == ()
    assert any("more than 200000 values" in one.reason for one in found.skipped)


def test_texts_that_multiply_end_in_a_message(tmp_path: Path) -> None:
    output: Any = {"T${D}": {"Type": "AWS::SNS::Topic"}}
    collections = (["x" * 50], ["${A}" * 300], ["${B}" * 300], ["${C}" * 300])
    for name, collection in zip("DCBA", reversed(collections), strict=True):
        output = loop(collection, output, name, name)
    found = load_stack(tmp_path, a__json=template(output, **EXTENSIONS))
    assert found.topics == ()
    assert any("more than 10000000 characters" in one.reason for one in found.skipped)


def test_a_loop_over_a_default_that_may_be_another_value_is_not_known() -> None:
    service = {"Type": "String", "Default": "lambda", "AllowedValues": ["lambda", "connect"]}
    sections = {"Parameters": {"Service": service}, "Resources": loop([{"Ref": "Service"}], {"T${N}": {}})}
    document = parse_text("a.json", json.dumps({**EXTENSIONS, **sections}))
    keys = [
        list(json.loads(rendered(with_loops(document, given, defaults=defaults).root))["Resources"])
        for given, defaults in (
            ({}, Defaults.ALL),
            ({}, Defaults.UNLISTED),
            ({"Service": "connect"}, Defaults.UNLISTED),
        )
    ]
    assert keys == [["Tlambda"], ["Fn::ForEach::Loop"], ["Tconnect"]]


STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": {"Ref": "Topic${N}"},
    "Condition": {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnEquals": {"aws:SourceArn": INSTANCE_ARN},
    },
}


def chats(policy: Any, collection: Any = ("sales", "support"), **sections: Any) -> dict[str, Any]:
    """A template with a topic and its policy for each value."""
    output = {
        "Topic${N}": topic(TopicName={"Fn::Sub": "chat-${N}"}),
        "Policy${N}": topic_policy(policy, {"Ref": "Topic${N}"}),
    }
    listed = list(collection) if isinstance(collection, tuple) else collection
    return template(loop(listed, output), **EXTENSIONS, **sections)


POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}


def sole_value(topics: tuple[Topic, ...]) -> list[str]:
    return [one.arn.where.rpartition(":")[2] for one in topics if isinstance(one.arn, Unknown)]


def test_each_value_is_a_topic_with_its_policy(tmp_path: Path) -> None:
    found = load_stack(tmp_path, a__json=chats(POLICY))
    assert sole_value(found.topics) == ["chat-sales", "chat-support"]
    assert all(isinstance(one.policy, PolicyText) and one.policy.names_connect for one in found.topics)
    assert found.skipped == ()
    assert [one for one in failures(found) if one.rule == "connect-not-allowed"] == []


@pytest.mark.parametrize("extensions", [True, False])
def test_a_function_names_the_topic(tmp_path: Path, *, extensions: bool) -> None:
    composed = {"Ref": {"Fn::Sub": ["Topic${Name}", {"Name": {"Ref": "One"}}]}}
    resources = {"Topicz": topic(), "Policy": topic_policy(POLICY, composed)}
    more = EXTENSIONS if extensions else {}
    found = load_stack(tmp_path, a__json=template(resources, **SECTIONS, **more)).topics
    assert [one.address.rpartition("#")[2] for one in found][:1] == ["Topicz"]
    assert len(found) == (1 if extensions else 2)


def test_a_function_names_the_topics_of_a_loop(tmp_path: Path) -> None:
    named = {"Fn::Sub": "Topic${N}"}
    output = {"Topic${N}": topic(), "Policy${N}": topic_policy(POLICY, {"Ref": named})}
    output["Inline${N}"] = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"TopicArn": {"Fn::GetAtt": [named, "TopicArn"]}, "Protocol": "sqs", "Endpoint": "a"},
    }
    found = load_stack(tmp_path, a__json=template(loop(["a", "b"], output), **EXTENSIONS)).topics
    assert [one.address.rpartition("#")[2] for one in found] == ["Topica", "Topicb"]
    assert all(isinstance(one.policy, PolicyText) and one.policy.names_connect for one in found)
    assert [len(one.subscriptions) for one in found] == [1, 1]


def test_a_finding_is_at_the_output_template(tmp_path: Path) -> None:
    found = load_stack(
        tmp_path, a__json=chats({**POLICY, "Statement": [{**STATEMENT, "Action": "sns:Subscribe"}]})
    )
    lines = (tmp_path / "a.json").read_text().splitlines()
    shown = {one.locations[0].position() for one in failures(found) if one.rule == "connect-not-allowed"}
    assert ["sns:Subscribe" in lines[one.line - 1] for one in shown if one is not None] == [True]


def test_a_policy_in_a_text_keeps_its_places(tmp_path: Path) -> None:
    text = json.dumps({**POLICY, "Statement": [{**STATEMENT, "Resource": "arn:aws:sns:*:*:chat-${N}"}]})
    found = load_stack(tmp_path, a__json=chats({"Fn::Sub": text}))
    lines = (tmp_path / "a.json").read_text().splitlines()
    for one in found.topics:
        assert isinstance(one.policy, PolicyText)
        position = one.policy.document.locate(("Statement", 0, "Principal", "Service"), Part.VALUE)
        assert position is not None
        assert (
            lines[position.line - 1][position.column - 1 :].lstrip('\\"').startswith("connect.amazonaws.com")
        )


@pytest.mark.parametrize(
    ("whole", "reason"),
    [
        (chats(POLICY, {"Ref": "Open"}, **SECTIONS), "its collection is not known"),
        (
            {**chats(POLICY), "Transform": "AWS::Serverless-2016-10-31"},
            "no `Transform: AWS::LanguageExtensions`",
        ),
        (
            template({"Fn::ForEach::Loop": ["N", ["a"], ["Topic"]]}, **EXTENSIONS),
            "it is not a list of an identifier, a collection and an object",
        ),
    ],
)
def test_a_loop_that_is_not_written_out_is_reported(whole: Any, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(whole))
    found = load([tmp_path / "a.json"])
    assert found.topics == ()
    (skipped,) = [one for one in found.skipped if "Fn::ForEach::Loop" in one.reason]
    assert reason in skipped.reason
    assert skipped.help
    done = run("check", "a.json", "--strict", cwd=tmp_path)
    assert (done.returncode, reason in done.stderr) == (3, True)


def test_yaml_texts_in_blocks_do_not_fail(tmp_path: Path) -> None:
    text = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Loop:
    - N
    - [a, longer]
    - Topic${N}:
        Type: AWS::SNS::Topic
      Policy${N}:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref "Topic${N}"]
          PolicyDocument: !Sub |
            {
              "Statement": [{"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
                "Sid": "For&{N}", "Action": "sns:Publish", "Resource": "${Topic${N}}"}]
            }
"""
    found = load_stack(tmp_path, a__yaml=text)
    assert len(found.topics) == 2
    assert all(isinstance(one.policy, PolicyText) and one.policy.names_connect for one in found.topics)
    assert all(one.locations[0].position() is not None for one in failures(found))
