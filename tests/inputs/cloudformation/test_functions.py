"""The functions of templates, one row each: what is known is known, and what is not says what would settle it."""

from __future__ import annotations

from typing import Any

import pytest

from checker.analysis.deployments import Deployment
from checker.core.unknown import Symbol, Unknown
from checker.policy.node import scalar_text
from tests.inputs.cloudformation.stacks import HERE, evaluated, shown

SECTIONS: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Bare": {"Type": "String"},
        "Hidden": {"Type": "String", "Default": "secret", "NoEcho": True},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/chat/arn"},
        "Ids": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Account": {"Type": "Number", "Default": 111122223333},
    },
    "Mappings": {"Regions": {"us-east-1": {"Account": "111122223333", "Two": ["x", "y"]}}},
    "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Equals": ["a", "b"]}},
}
REGION = {"Ref": "AWS::Region"}
ARN_WITH_GAPS = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:chat"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("text", "text"),
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Account"}, "111122223333"),
        ({"Ref": "Bare"}, "?Bare"),
        ({"Ref": "Hidden"}, "?Hidden"),
        ({"Ref": "Stored"}, "?Stored"),
        ({"Ref": "Ids"}, ["a", "b"]),
        ({"Ref": "AWS::NoValue"}, "nothing"),
        ({"Ref": "AWS::AccountId"}, "?AWS::AccountId"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "Chat"}, "?stack.json#Chat"),
        ({"Ref": "Nowhere"}, "?Nowhere"),
        ({"Ref": ["Chat"]}, '?{"Ref":["Chat"]}'),
        ({"Fn::GetAtt": "Chat.TopicArn"}, "?stack.json#Chat"),
        ({"Fn::GetAtt": ["Chat", "TopicName"]}, "chat"),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "?stack.json#Key.Arn"),
        ({"Fn::GetAtt": ["Nested", "Outputs.TopicArn"]}, "?Nested.Outputs.TopicArn"),
        ({"Fn::GetAtt": "Chat"}, '?{"Fn::GetAtt":"Chat"}'),
        ({"Fn::Sub": "chat-${Stage}"}, "chat-dev"),
        ({"Fn::Sub": "${Chat}"}, "?stack.json#Chat"),
        ({"Fn::Sub": "${Chat.TopicName}-${Bare}"}, "?chat-${Bare}"),
        ({"Fn::Sub": "${!aws:username}"}, "${aws:username}"),
        ({"Fn::Sub": ["${A}:${Stage}", {"A": {"Ref": "Account"}}]}, "111122223333:dev"),
        ({"Fn::Sub": ["${A}", {"A": ["no", "text"]}]}, "?A"),
        ({"Fn::Sub": "${Ids}"}, "a,b"),
        ({"Fn::Sub": 5}, '?{"Fn::Sub":5}'),
        ({"Fn::Sub": []}, '?{"Fn::Sub":[]}'),
        ({"Fn::Join": ["", ["a", {"Ref": "Stage"}]]}, "adev"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":sns"]]}, "?arn:${AWS::Partition}:sns"),
        ({"Fn::Join": ["-", {"Ref": "Ids"}]}, "a-b"),
        ({"Fn::Join": ["-", {"Ref": "Bare"}]}, '?{"Fn::Join":["-",{"Ref":"Bare"}]}'),
        ({"Fn::Select": [1, {"Ref": "Ids"}]}, "b"),
        ({"Fn::Select": ["0", {"Fn::Split": [":", "x:y"]}]}, "x"),
        ({"Fn::Select": [7, {"Ref": "Ids"}]}, '?{"Fn::Select":[7,{"Ref":"Ids"}]}'),
        ({"Fn::Split": ["", "abc"]}, '?{"Fn::Split":["","abc"]}'),
        ({"Fn::FindInMap": ["Regions", "us-east-1", "Account"]}, "111122223333"),
        ({"Fn::FindInMap": ["Regions", "us-east-1", "Two"]}, ["x", "y"]),
        (
            {"Fn::FindInMap": ["Regions", REGION, "Account"]},
            "?Regions[AWS::Region].Account",
        ),
        (
            {"Fn::FindInMap": ["Regions", REGION, "Two"]},
            '?{"Fn::FindInMap":["Regions",{"Ref":"AWS::Region"},"Two"]}',
        ),
        ({"Fn::Select": [4, {"Fn::Split": [":", {"Ref": "Bare"}]}]}, '?split(":", Bare)[4]'),
        (
            {"Fn::Select": [1, {"Fn::Split": [":", {"Fn::Sub": ARN_WITH_GAPS}]}]},
            '?split(":", arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:chat)[1]',
        ),
        ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::Sub": ARN_WITH_GAPS}]}]}, "chat"),
        ({"Fn::FindInMap": ["Regions", "mars", "Account", {"DefaultValue": "d"}]}, "d"),
        (
            {"Fn::FindInMap": ["Regions", REGION, "Account", {"DefaultValue": "d"}]},
            "?Regions[AWS::Region].Account",
        ),
        ({"Fn::FindInMap": ["Mars", "a", "b", {"DefaultValue": {"Ref": "Stage"}}]}, "dev"),
        ({"Fn::FindInMap": ["Mars", "a", "b", {"DefaultValue": ["x", "y"]}]}, ["x", "y"]),
        (
            {"Fn::FindInMap": ["Mars", "a", "b", {}]},
            '?{"Fn::FindInMap":["Mars","a","b",{}]}',
        ),
        (
            {"Fn::FindInMap": ["Regions", REGION, "Account", {"DefaultValue": ["d"]}]},
            '?{"Fn::FindInMap":["Regions",{"Ref":"AWS::Region"},"Account",{"DefaultValue":["d"]}]}',
        ),
        ({"Fn::Length": ["a", "b", "c"]}, "3"),
        ({"Fn::Length": {"Ref": "Ids"}}, "2"),
        ({"Fn::Length": [{"Ref": "Bare"}]}, '?{"Fn::Length":[{"Ref":"Bare"}]}'),
        ({"Fn::Length": {"Ref": "Bare"}}, '?{"Fn::Length":{"Ref":"Bare"}}'),
        ({"Fn::Length": "text"}, '?{"Fn::Length":"text"}'),
        ({"Fn::Sub": ["${N}", {"N": {"Fn::Length": ["a"]}}]}, "1"),
        ({"Fn::ToJsonString": [{"Ref": "Stage"}, 1]}, ["dev", 1]),
        ({"Fn::ImportValue": "Net-Topic"}, "?Fn::ImportValue Net-Topic"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Bare}-Topic"}}, "?Fn::ImportValue ${Bare}-Topic"),
        ({"Fn::Base64": "abc"}, "YWJj"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", {"Ref": "Stage"}]}, "dev"),
        ({"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, "b"]}, "nothing"),
        ([{"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, "b"]}, "c"], ["c"]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ({"Fn::If": ["Yes", "a"]}, '?{"Fn::If":["Yes","a"]}'),
        ({"Fn::Cidr": ["10.0.0.0/16", 4, 8]}, '?{"Fn::Cidr":["10.0.0.0/16",4,8]}'),
        ({"Fn::GetAZs": ""}, '?{"Fn::GetAZs":""}'),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, '?{"Fn::Transform":{"Name":"AWS::Include"}}'),
        ({"Fn::ToJsonString": {"a": {"Ref": "Stage"}}}, {"a": "dev"}),
        ({"Fn::NoSuch": 1}, '?{"Fn::NoSuch":1}'),
        ("{{resolve:ssm:/chat/arn}}", "?{{resolve:ssm:/chat/arn}}"),
    ],
    ids=str,
)
def test_a_function_gives(expression: Any, expected: Any) -> None:
    assert shown(evaluated(expression, **SECTIONS)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Ref": "Chat"}, "arn:aws:sns:us-east-1:111122223333:chat"),
        ({"Fn::Sub": ARN_WITH_GAPS}, "arn:aws:sns:us-east-1:111122223333:chat"),
        ({"Fn::FindInMap": ["Regions", REGION, "Account"]}, "111122223333"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "Bare"}, "given"),
        ({"Ref": "Hidden"}, "told-by-option"),
        ({"Ref": "Stage"}, "prod"),
    ],
    ids=str,
)
def test_what_is_given_is_known(expression: Any, expected: str) -> None:
    given = (*HERE, ("Bare", "given"), ("Hidden", "told-by-option"), ("Stage", "prod"))
    assert shown(evaluated(expression, *given, **SECTIONS)) == expected


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-2", "aws", "amazonaws.com"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("mars-1", "?AWS::Partition", "amazonaws.com"),
    ],
)
def test_a_region_tells_partition_and_suffix(region: str, partition: str, suffix: str) -> None:
    given = ("AWS::Region", region)
    assert shown(evaluated({"Ref": "AWS::Partition"}, given)) == partition
    assert shown(evaluated({"Fn::Sub": "connect.${AWS::URLSuffix}"}, given)) == f"connect.{suffix}"


def test_an_evaluated_value_has_the_place_of_its_function() -> None:
    node = evaluated({"a": {"Fn::Join": ["", ["x", "y"]]}})
    assert node is not None
    inner = node.members[0].value  # type: ignore[union-attr] # an object, as it is written
    assert node.source.text[inner.start : inner.end] == '{"Fn::Join": ["", ["x", "y"]]}'


ARN = "arn:aws:connect:eu-west-2:444455556666:instance/c"


@pytest.mark.parametrize(
    "expression",
    [
        {"Fn::Select": [4, {"Fn::Split": [":", {"Ref": "Arn"}]}]},
        {"Fn::Select": ["1", {"Fn::Split": ["/", {"Ref": "Arn"}]}]},
        {
            "Fn::Sub": [
                "${A}/${B}",
                {"A": {"Fn::Select": [3, {"Fn::Split": [":", {"Ref": "Arn"}]}]}, "B": "x"},
            ]
        },
        {"Fn::FindInMap": ["Stages", {"Ref": "Name"}, "Id"]},
        {"Fn::FindInMap": ["Stages", "prod", {"Ref": "Name"}]},
        {"Fn::FindInMap": ["Stages", {"Ref": "Name"}, "prod", {"DefaultValue": {"Ref": "Arn"}}]},
        {"Fn::Join": ["-", [{"Fn::FindInMap": ["Stages", {"Ref": "Name"}, "Id"]}, {"Ref": "Arn"}]]},
        {"Fn::Select": [1, {"Fn::Split": ["-", {"Fn::FindInMap": ["Stages", {"Ref": "Name"}, "Id"]}]}]},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["prod", "dev"])
def test_the_value_of_a_deployment_is_that_of_the_template_with_its_parameters(
    expression: Any, name: str
) -> None:
    sections = {
        "Parameters": {"Arn": {"Type": "String"}, "Name": {"Type": "String"}},
        "Mappings": {"Stages": {"prod": {"Id": "a-1", "prod": "x", "dev": "y"}, "dev": {"Id": "b-2"}}},
    }

    def value(*given: tuple[str, str]) -> object:
        node = evaluated(expression, *given, **sections)
        return scalar_text(node) if node is not None else None

    found = value()
    assert isinstance(found, Unknown)
    (scope,) = {symbol.scope for symbol in found.pieces if isinstance(symbol, Symbol)}
    values = {"Arn": ARN, "Name": name}
    deployment = Deployment({(parameter, scope): text for parameter, text in values.items()}, ())
    assert deployment.fill(found) == value(*values.items())
