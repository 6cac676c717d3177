"""Templates that are broken, or made to break: a clear error or a result, within a second, and never a crash."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.template import read_template
from checker.inputs.collect import Facts, Given
from checker.inputs.link import link_facts
from checker.inputs.load import load
from checker.inputs.text import parse_text
from tests.endings import ends_soon
from tests.inputs.cloudformation.stacks import (
    HERE,
    PINNED,
    failures,
    load_stack,
    template,
    topic,
    topic_policy,
)
from tests.samples import document, statement

NOTHING = {"Ref": "AWS::NoValue"}
OPEN = statement(Resource={"Ref": "Chat"})
KEY = {
    "Type": "AWS::KMS::Key",
    "Properties": {"KeyPolicy": document(statement(Resource="*")), "Enabled": True},
}


def stack(policy: Any, **resources: Any) -> dict[str, Any]:
    return template({"Chat": topic(TopicName="chat"), "Writer": topic_policy(policy), **resources})


def deep(depth: int, of: str = "Fn::Sub") -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {of: [value] if of != "Fn::Base64" else value}
    return value


def deep_join(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = {"Fn::Join": ["", ["x", value]]}
    return value


def deep_logic(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = {"Fn::Not": [value]}
    return value


def doubling(levels: int) -> dict[str, Any]:
    """Topics whose names are twice the name of the next: 2 to the power of their number of characters."""
    names = {
        f"T{n}": topic(TopicName={"Fn::Sub": f"${{T{n + 1}.TopicName}}${{T{n + 1}.TopicName}}"})
        for n in range(levels)
    }
    return template({**names, f"T{levels}": topic(TopicName="x" * 100)})


HOSTILE: dict[str, Any] = {
    "no-resources": {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}},
    "resources-are-no-objects": template({"Chat": 5, "Other": [], "Null": None, "Text": "AWS::SNS::Topic"}),
    "sections-are-no-objects": template({"Chat": topic()}, Parameters={"A": 5}, Mappings={"M": "x"}, Outputs={"O": 1}),
    "properties-are-a-list": template({"Chat": {"Type": "AWS::SNS::Topic", "Properties": [1]}}),
    "no-properties": template({"Chat": {"Type": "AWS::SNS::Topic"}, "W": {"Type": "AWS::SNS::TopicPolicy"}}),
    "type-is-a-list": template({"Chat": {"Type": ["AWS::SNS::Topic"]}}),
    "policy-is-a-number": stack(5),
    "policy-is-a-list": stack([OPEN]),
    "policy-is-nothing": stack(NOTHING),
    "policy-is-an-include": stack({"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}),
    "policy-merged-with-an-include": stack({**document(OPEN), "Fn::Transform": {"Name": "AWS::Include"}}),
    "statements-are-nothing": stack({"Version": "2012-10-17", "Statement": NOTHING}),
    "statement-is-a-reference": stack({"Version": "2012-10-17", "Statement": [{"Ref": "Statement"}, OPEN]}),
    "principal-is-unknown": stack(document({**OPEN, "Principal": {"Service": {"Fn::Sub": "${Who}.amazonaws.com"}}})),
    "principal-is-an-if": stack(document({**OPEN, "Principal": {"Fn::If": ["X", "*", {"AWS": NOTHING}]}})),
    "topics-are-nothing": template({"W": topic_policy(document(OPEN), NOTHING)}),
    "topics-are-a-list-of-lists": template({"W": topic_policy(document(OPEN), [[{"Ref": "Chat"}]])}),
    "if-without-branches": stack(document({"Fn::If": []})),
    "if-of-an-object": stack(document({"Fn::If": [{"Ref": "X"}, OPEN, OPEN]})),
    "names-in-a-circle": template({"A": topic(TopicName={"Fn::GetAtt": "B.TopicName"}), "B": topic(TopicName={"Fn::GetAtt": "A.TopicName"})}),
    "name-of-itself": template({"A": topic(TopicName={"Fn::Sub": "${A.TopicName}-${A}"})}),
    "names-that-double": doubling(60),
    "chain-of-names": template({f"T{n}": topic(TopicName={"Fn::GetAtt": f"T{n + 1}.TopicName"}) for n in range(500)}),
    "topics-is-a-key": template({"K": KEY, "W": topic_policy(document(OPEN), {"Ref": "K"}, {"Ref": "W"})}),
    "deep-names": template({f"T{n}": topic(TopicName={"Fn::Join": ["", [deep_join(28, {"Fn::GetAtt": f"T{n + 1}.TopicName"})]]}) for n in range(30)}),
    "deep-conditions": {**stack(document({"Fn::If": ["C0", OPEN, NOTHING]})), "Conditions": {f"C{n}": deep_logic(40, {"Condition": f"C{n + 1}"}) for n in range(40)}},
    "alias-of-itself": template({"A": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": {"Ref": "A"}, "TargetKeyId": {"Ref": "A"}}}, "T": topic(KmsMasterKeyId={"Ref": "A"})}),
    "huge-index": stack({"Fn::Select": [10**4000, []]}),
    "huge-number": template({"Chat": topic(TopicName=10**4000, FifoTopic=10**400)}),
    "map-in-a-circle": {**stack({"Fn::FindInMap": ["M", "a", "b"]}), "Mappings": {"M": {"a": {"b": {"Fn::FindInMap": ["M", "a", "b"]}}}}},
    "map-of-a-map": {**stack({"Fn::FindInMap": ["M", "a", {"Fn::Sub": "${b}"}]}), "Mappings": {"M": {"a": {"${b}": {"Fn::Sub": "${M}"}}}}},
    "deep-sub": stack(deep(80)),
    "deep-join": stack(deep(80, "Fn::Join")),
    "deep-if": stack(deep(80, "Fn::If")),
    "deep-base64": stack(deep(40, "Fn::Base64")),
    "many-names": stack({"Fn::Sub": "${AWS::AccountId}" * 20_000}),
    "many-gaps-in-json": stack({"Fn::Sub": '{"Statement": [' + ",".join(['"${X}"'] * 5_000) + "]}"}),
    "unclosed-names": stack({"Fn::Sub": "${" * 50_000}),
    "json-that-is-none": stack("{"),
    "sub-that-is-no-json": stack({"Fn::Sub": '{"a": "${X}"'}),
    "sub-with-more-than-strings": stack({"Fn::Sub": '{"Statement": ${X}}'}),
    "marks-in-json": stack({"Fn::Sub": '{"Statement": "\ue000 ${X}"}'}),
    "conditions-are-texts": {**stack(document({"Fn::If": ["C", OPEN, NOTHING]})), "Conditions": {"C": "yes"}},
    "long-chain-of-conditions": {**stack(document({"Fn::If": ["C0", OPEN, NOTHING]})), "Conditions": {f"C{n}": {"Condition": f"C{n + 1}"} for n in range(5_000)}},
    "wide-condition": {**stack(document({"Fn::If": ["C", OPEN, NOTHING]})), "Conditions": {"C": {"Fn::Or": [{"Fn::Equals": [{"Ref": f"P{n}"}, "x"]} for n in range(5_000)]}}},
    "conditions-that-double": {**stack(document({"Fn::If": ["C0", OPEN, NOTHING]})), "Conditions": {f"C{n}": {"Fn::And": [{"Condition": f"C{n + 1}"}, {"Condition": f"C{n + 1}"}]} for n in range(40)}},
    "for-each": template({"Fn::ForEach::Topics": ["N", ["a", "b"], {"Chat${N}": topic()}], "Chat": topic()}),
    "two-thousand-topics": template({f"T{n}": topic(KmsMasterKeyId={"Ref": "K"}) for n in range(2000)} | {"K": KEY}),
    "one-policy-of-many": template({f"T{n}": topic() for n in range(300)} | {"W": topic_policy(document(OPEN), *[{"Ref": f"T{n}"} for n in range(300)])}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_ends_soon(name: str, tmp_path: Path) -> None:
    with ends_soon():
        inventory = load_stack(tmp_path, ("AWS::Region", "us-east-1"), t__json=HOSTILE[name])
    assert all("Traceback" not in one.reason for one in inventory.skipped)


JUDGED = sorted(set(HOSTILE) - {"two-thousand-topics", "one-policy-of-many", "chain-of-names"})


@pytest.mark.parametrize("name", JUDGED)
def test_what_is_left_of_a_hostile_template_can_be_judged(name: str, tmp_path: Path) -> None:
    failures(load_stack(tmp_path, t__json=HOSTILE[name]))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("properties-are-a-list", "the properties of `Chat` are not an object"),
        ("json-that-is-none", "inside the string: expected a key"),
        ("sub-that-is-no-json", "inside the string: expected `,` or `}`"),
        ("long-chain-of-conditions", "conditions are nested too deeply"),
    ],
)
def test_a_fault_has_a_reason_and_a_place(name: str, reason: str, tmp_path: Path) -> None:
    (skipped,) = [one for one in load_stack(tmp_path, t__json=HOSTILE[name]).skipped if one.error]
    assert reason in skipped.reason
    assert skipped.position is not None


def test_what_a_macro_makes_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    (skipped,) = load_stack(tmp_path, t__json=HOSTILE["for-each"]).skipped
    assert not skipped.error
    assert "Fn::ForEach::Topics" in skipped.reason


@pytest.mark.parametrize(
    ("transform", "named"),
    [
        ("Ours", ["Ours"]),
        (["AWS::Serverless-2016-10-31", "Ours", "AWS::LanguageExtensions"], ["Ours"]),
        ({"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}, ["AWS::Include"]),
        ("AWS::Serverless-2016-10-31", []),
        ([{"Name": 5}, 5, [], None], []),
    ],
)
def test_a_macro_that_is_given_the_whole_template_is_noted(
    transform: Any, named: list[str], tmp_path: Path
) -> None:
    inventory = load_stack(tmp_path, t__json={**stack(document(OPEN)), "Transform": transform})
    expected = [f"changes made by the macro `{name}` are not checked" for name in named]
    assert [one.reason for one in inventory.skipped] == expected
    assert all(one.position is not None and not one.error for one in inventory.skipped)


MACRO = {"Fn::Transform": {"Name": "AWS::Include"}}
FOR_EACH = {"Fn::ForEach::Each": ["N", ["KmsMasterKeyId"], {"${N}": "alias/aws/sns"}]}


@pytest.mark.parametrize(
    "chat",
    [
        topic(TopicName="chat", **MACRO),
        topic(TopicName="chat", **FOR_EACH),
        topic(TopicName="chat") | MACRO,
        {"Type": "AWS::SNS::Topic", **MACRO},
    ],
)
def test_what_a_macro_may_set_is_not_known(chat: Any, tmp_path: Path) -> None:
    (found,) = load_stack(tmp_path, t__json=template({"Chat": chat})).topics
    assert isinstance(found.key, Unknown)
    assert isinstance(found.settings.fifo.value, Unknown)


WHOLE = template(
    {
        "Chat": topic(TopicName={"Fn::Sub": "chat-${Stage}"}, KmsMasterKeyId={"Fn::If": ["C", {"Ref": "Alias"}, NOTHING]}, FifoTopic=False, Subscription=[{"Protocol": "sqs", "Endpoint": "q"}]),
        "Writer": topic_policy(document({"Fn::If": ["C", statement(Condition=PINNED), OPEN]}, OPEN)),
        "Inline": {"Type": "AWS::SNS::TopicInlinePolicy", "Properties": {"TopicArn": {"Fn::ImportValue": {"Fn::Sub": "${Stage}-t"}}, "PolicyDocument": {"Fn::Sub": json.dumps(document(OPEN | {"Resource": "${Chat}"}))}}},
        "Key": KEY,
        "Alias": {"Type": "AWS::KMS::Alias", "Condition": "C", "Properties": {"AliasName": "alias/x", "TargetKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
        "Sub": {"Type": "AWS::SNS::Subscription", "Properties": {"TopicArn": {"Fn::Select": [0, {"Fn::Split": ["|", "a|b"]}]}, "Protocol": "sqs", "Endpoint": {"Fn::FindInMap": ["M", "a", "b"]}}},
    },
    Parameters={"Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]}, "L": {"Type": "CommaDelimitedList", "Default": "a,b"}},
    Mappings={"M": {"a": {"b": "c"}}},
    Conditions={"C": {"Fn::Or": [{"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, {"Condition": "D"}]}, "D": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Region"}, ""]}]}},
    Outputs={"T": {"Value": {"Ref": "Chat"}, "Condition": "C", "Export": {"Name": {"Fn::Sub": "${Stage}-t"}}}},
)  # fmt: skip
LEAVES: list[Any] = [None, True, 0, 10**30, "", "x", "Chat", "${", "${Chat.x}", [], {}, [[]], NOTHING, {"Ref": "Chat"}, {"Ref": 5}, {"Fn::Sub": "${Stage}"}, {"Fn::If": ["C", NOTHING, "y"]}, {"Fn::GetAtt": []}, {"Fn::Join": ["", [{"Ref": "L"}]]}, {"Fn::Transform": {}}, {"Fn::ToJsonString": {"a": 1}}, {"Condition": "C"}]  # fmt: skip
KEYS = [
    "Ref",
    "Fn::If",
    "Fn::Sub",
    "Fn::Transform",
    "Condition",
    "Type",
    "Properties",
    "Statement",
    "AWS::NoValue",
]


def mutated(value: Any, rng: random.Random, rate: float) -> Any:
    """Put something else in the place of some values and keys."""
    if rng.random() < rate:
        return rng.choice(LEAVES)
    if isinstance(value, list):
        inside = [mutated(one, rng, rate) for one in value]
        return inside[1:] if rng.random() < rate else inside
    if isinstance(value, dict):
        return {
            rng.choice(KEYS) if rng.random() < rate else key: mutated(one, rng, rate)
            for key, one in value.items()
        }
    return value


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), rate=st.sampled_from([0.01, 0.04, 0.15]), known=st.booleans())
def test_a_mutated_template_is_read_or_refused(seed: int, rate: float, known: bool, tmp_path: Path) -> None:
    """Nothing but InputError comes out, and what is read can be tied together and judged."""
    text = json.dumps(mutated(WHOLE, random.Random(seed), rate), indent=1)  # noqa: S311 - no secret
    facts = Facts(Given(parameters=HERE if known else ()))
    try:
        read_template(tmp_path / "t.json", parse_text("t.json", text), facts, named=False)
    except InputError as error:
        facts.skip(error)
    failures(link_facts(facts))


def test_a_whole_template_is_read(tmp_path: Path) -> None:
    """The mutations start from something: both branches, and the imported topic."""
    inventory = load_stack(tmp_path, *HERE, t__json=WHOLE)
    assert len(inventory.topics) >= 2
    assert inventory.keys
    assert failures(inventory)


def test_a_template_of_fifty_stages_is_quick(tmp_path: Path) -> None:
    """As many templates as a team keeps, each read in milliseconds."""
    for number in range(50):
        (tmp_path / f"{number}.json").write_text(json.dumps(WHOLE))
    with ends_soon():
        assert len(load([tmp_path]).topics) >= 100
