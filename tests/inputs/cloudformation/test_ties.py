"""Topic, policy, key, alias and subscription find each other, in one template and across those of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory, Key, PolicyText, Topic
from checker.core.unknown import Unknown
from tests.inputs.cloudformation.stacks import (
    HERE,
    PINNED,
    failures,
    load_stack,
    only_topic,
    template,
    topic,
    topic_policy,
)
from tests.samples import ACCOUNT, TOPIC_ARN, document, statement

GOOD = document(statement(Sid="Good", Condition=PINNED, Resource={"Ref": "Chat"}))
ITSELF = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:chat"
KEY_POLICY = document(statement(Action=["kms:GenerateDataKey*", "kms:Decrypt"], Resource="*"))
KEY = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": KEY_POLICY}}


def alias(name: str = "alias/chat") -> dict[str, Any]:
    return {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": name, "TargetKeyId": {"Ref": "Key"}}}


def sid_of(one: Topic) -> str:
    assert isinstance(one.policy, PolicyText), one.policy
    return one.policy.policy.known_statements()[0].sid


@pytest.mark.parametrize(
    "reference",
    [
        {"Ref": "Chat"},
        {"Fn::GetAtt": "Chat.TopicArn"},
        {"Fn::GetAtt": ["Chat", "TopicArn"]},
        {"Fn::Sub": "${Chat}"},
        {"Fn::Sub": "${Chat.TopicArn}"},
        {"Fn::Sub": ITSELF},
        {"Fn::Sub": ITSELF.replace(":chat", ":${Chat.TopicName}")},
        {
            "Fn::Join": [
                ":",
                [
                    "arn",
                    {"Ref": "AWS::Partition"},
                    "sns",
                    {"Ref": "AWS::Region"},
                    {"Ref": "AWS::AccountId"},
                    "chat",
                ],
            ]
        },
        {"Fn::Select": [0, [{"Ref": "Chat"}]]},
    ],
    ids=str,
)
@pytest.mark.parametrize("given", [(), HERE], ids=["nothing-given", "account-and-region-given"])
def test_a_policy_finds_its_topic_by_whatever_it_calls_it(
    reference: Any, given: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    """The topic that the policy is of, and the Resource in it, are called in the same way."""
    policy = document(statement(Sid="Good", Condition=PINNED, Resource=reference))
    whole = template({"Chat": topic(TopicName="chat"), "Writer": topic_policy(policy, reference)})
    inventory = load_stack(tmp_path, *given, t__json=whole)
    assert sid_of(only_topic(inventory)) == "Good"
    assert failures(inventory) == []
    assert (str(only_topic(inventory).arn) == TOPIC_ARN) is bool(given)


@pytest.mark.parametrize(
    "reference",
    [
        {"Ref": "Key"},
        {"Fn::GetAtt": "Key.Arn"},
        {"Fn::GetAtt": "Key.KeyId"},
        {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}"},
        "alias/chat",
        {"Ref": "Alias"},
        {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/chat"},
    ],
    ids=str,
)
def test_a_topic_finds_its_key_by_whatever_it_calls_it(reference: Any, tmp_path: Path) -> None:
    resources = {
        "Chat": topic(KmsMasterKeyId=reference),
        "Key": KEY,
        "Alias": alias(),
        "Writer": topic_policy(GOOD),
    }
    inventory = load_stack(tmp_path, t__json=template(resources))
    key = inventory.key_of(only_topic(inventory))
    assert isinstance(key, Key)
    assert isinstance(key.policy, PolicyText)


def test_keys_of_the_same_name_in_two_folders_are_two_keys(tmp_path: Path) -> None:
    for name in ("a", "b"):
        policy = KEY_POLICY if name == "b" else document(statement(Action="kms:Encrypt", Resource="*"))
        key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}
        resources = {"Chat": topic(KmsMasterKeyId={"Ref": "Key"}), "Key": key, "Writer": topic_policy(GOOD)}
        load_stack(tmp_path / name, t__json=template(resources))
    from checker.inputs.load import load

    inventory = load([tmp_path])
    keys = [inventory.key_of(one) for one in inventory.topics]
    assert len({one.name for one in keys if isinstance(one, Key)}) == 2


@pytest.mark.parametrize(
    ("properties", "state", "spec", "usage"),
    [
        ({}, "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        (
            {"Enabled": False, "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
            "Disabled",
            "RSA_2048",
            "SIGN_VERIFY",
        ),
        ({"Enabled": "true"}, "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    ],
)
def test_what_a_key_is(properties: dict[str, Any], state: str, spec: str, usage: str, tmp_path: Path) -> None:
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": KEY_POLICY, **properties}}
    (found,) = load_stack(tmp_path, t__json=template({"Key": key})).keys
    assert (found.state, found.spec, found.usage, found.manager) == (state, spec, usage, "CUSTOMER")


def test_a_replica_has_a_policy_of_its_own_and_is_of_the_kind_of_its_primary(tmp_path: Path) -> None:
    replica = {
        "Type": "AWS::KMS::ReplicaKey",
        "Properties": {"KeyPolicy": KEY_POLICY, "PrimaryKeyArn": "arn"},
    }
    (found,) = load_stack(tmp_path, t__json=template({"Key": replica})).keys
    assert isinstance(found.policy, PolicyText)
    assert isinstance(found.spec, Unknown)


@pytest.mark.parametrize(
    ("properties", "fifo", "where"),
    [
        ({}, False, ""),
        ({"FifoTopic": True}, True, "FifoTopic"),
        ({"FifoTopic": "true", "TopicName": "chat.fifo"}, True, "FifoTopic"),
        ({"TopicName": "chat.fifo"}, True, "TopicName"),
        ({"FifoTopic": {"Ref": "AWS::NoValue"}}, False, ""),
    ],
)
def test_a_fifo_topic_is_told_by_property_or_name(
    properties: dict[str, Any], fifo: bool, where: str, tmp_path: Path
) -> None:
    found = only_topic(load_stack(tmp_path, t__json=template({"Chat": topic(**properties)})))
    assert found.settings.fifo.value is fifo
    assert found.settings.fifo.place is not None
    assert not fifo or found.settings.fifo.place.route[-1] == where


def test_subscriptions_and_tags(tmp_path: Path) -> None:
    listed = [{"Protocol": "email", "Endpoint": "a@example.com"}]
    queue = {"TopicArn": {"Ref": "Chat"}, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": "Queue.Arn"}}
    resources = {
        "Chat": topic(Subscription=listed, Tags=[{"Key": "stream", "Value": "yes"}]),
        "Subscribed": {"Type": "AWS::SNS::Subscription", "Properties": queue},
    }
    found = only_topic(load_stack(tmp_path, t__json=template(resources)))
    assert not isinstance(found.subscriptions, Unknown)
    assert sorted(one.protocol for one in found.subscriptions) == ["email", "sqs"]


EXPORT = {"TopicArn": {"Value": {"Ref": "Chat"}, "Export": {"Name": "Net-Chat"}}}
IMPORT = {"Fn::ImportValue": "Net-Chat"}
IMPORTED = document(statement(Sid="Imported", Condition=PINNED, Resource=IMPORT))
EXPORTING = template({"Chat": topic(TopicName="chat")}, Outputs=EXPORT)
IMPORTING = template({"Writer": topic_policy(IMPORTED, IMPORT)})


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_policy_finds_the_topic_that_another_template_exports(
    order: tuple[str, str], tmp_path: Path
) -> None:
    names = [f"{one}__json" for one in order]
    inventory = load_stack(tmp_path, **dict(zip(names, (EXPORTING, IMPORTING), strict=True)))
    assert sid_of(only_topic(inventory)) == "Imported"
    assert failures(inventory) == []


def test_what_is_exported_nowhere_is_judged_by_its_policy_alone(tmp_path: Path) -> None:
    inventory = load_stack(tmp_path, t__json=IMPORTING)
    assert sid_of(only_topic(inventory)) == "Imported"
    assert only_topic(inventory).address == "Fn::ImportValue Net-Chat"
    assert isinstance(only_topic(inventory).key, Unknown)


def test_a_key_is_imported_and_a_topic_subscribed_to_from_elsewhere(tmp_path: Path) -> None:
    exports = {"K": {"Value": {"Fn::GetAtt": "Key.Arn"}, "Export": {"Name": {"Fn::Sub": "${Stage}-Key"}}}}
    stage = {"Stage": {"Type": "String"}}
    reference = {"Fn::ImportValue": {"Fn::Sub": "${Stage}-Key"}}
    inventory = load_stack(
        tmp_path,
        a__json=template(
            {"Chat": topic(KmsMasterKeyId=reference), "W": topic_policy(GOOD)}, Parameters=stage
        ),
        b__json=template({"Key": KEY}, Parameters=stage, Outputs=exports),
    )
    assert isinstance(inventory.key_of(only_topic(inventory)), Key)


def test_names_with_the_stacks_own_in_them_do_not_meet(tmp_path: Path) -> None:
    name = {"Fn::Sub": "${AWS::StackName}-Chat"}
    exports = {"T": {"Value": {"Ref": "Chat"}, "Export": {"Name": name}}}
    importing = template({"Writer": topic_policy(GOOD, {"Fn::ImportValue": name})})
    inventory = load_stack(tmp_path, a__json=template({"Chat": topic()}, Outputs=exports), b__json=importing)
    assert len(inventory.topics) == 2


@pytest.mark.parametrize(
    ("owner", "known"),
    [({"Ref": "TopicArn"}, False), (TOPIC_ARN, True), ({"Fn::GetAtt": "Nested.Outputs.Topic"}, False)],
    ids=["parameter", "arn", "nested-stack"],
)
def test_a_policy_of_a_topic_that_is_declared_elsewhere_is_judged(
    owner: Any, known: bool, tmp_path: Path
) -> None:
    parameters = {"TopicArn": {"Type": "String"}}
    policy = document(statement(Sid="Open", Resource=owner))
    resources = {"Writer": topic_policy(policy, owner), "Nested": {"Type": "AWS::CloudFormation::Stack"}}
    whole = template(resources, Parameters=parameters)
    inventory = load_stack(tmp_path, a__json=whole)
    assert "missing-source-account" in {one.rule for one in failures(inventory)}
    assert (str(only_topic(inventory).arn) == TOPIC_ARN) is known


def written(inventory: Inventory) -> list[tuple[int, int]]:
    return sorted((len(one.writers), one.sharing) for one in inventory.topics)


def test_who_else_writes_a_policy(tmp_path: Path) -> None:
    two = {"Chat": topic(), "Other": topic()}
    both = topic_policy(GOOD, {"Ref": "Chat"}, {"Ref": "Other"})
    inline = {
        "Type": "AWS::SNS::TopicInlinePolicy",
        "Properties": {"TopicArn": {"Ref": "Chat"}, "PolicyDocument": GOOD},
    }
    one = topic_policy(GOOD)
    assert written(load_stack(tmp_path, t__json=template({**two, "W": both}))) == [(1, 2), (1, 2)]
    assert written(load_stack(tmp_path, t__json=template({**two, "W": one, "I": inline}))) == [(0, 1), (2, 1)]
    twice = topic_policy(GOOD, {"Ref": "Chat"}, {"Fn::GetAtt": "Chat.TopicArn"})
    assert written(load_stack(tmp_path, t__json=template({"Chat": topic(), "W": twice}))) == [(1, 1)]


def test_two_templates_that_write_the_policy_of_one_arn_compete(tmp_path: Path) -> None:
    whole = template({"Writer": topic_policy(document(statement(Condition=PINNED)), TOPIC_ARN)})
    inventory = load_stack(tmp_path, a__json=whole, b__json=whole)
    assert written(inventory) == [(2, 1)]


def test_an_instance_of_the_template_is_only_a_name(tmp_path: Path) -> None:
    condition = {
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": "Desk.Arn"}},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }
    policy = document(statement(Resource={"Ref": "Chat"}, Condition=condition))
    desk = {"Type": "AWS::Connect::Instance", "Properties": {"InstanceAlias": "desk"}}
    inventory = load_stack(
        tmp_path, t__json=template({"Chat": topic(), "Desk": desk, "W": topic_policy(policy)})
    )
    assert inventory.instances == ()
    assert not inventory.skipped
    assert failures(inventory) == []


def test_a_policy_that_names_no_topic_is_judged_all_the_same(tmp_path: Path) -> None:
    whole = template(
        {"Writer": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"PolicyDocument": document(statement())}}}
    )
    assert {one.rule for one in failures(load_stack(tmp_path, t__json=whole))} >= {"missing-source-account"}


def test_a_topic_that_is_not_deployed_is_nobodys(tmp_path: Path) -> None:
    """A policy that outlives its topic makes no topic of its own: the deployment would fail."""
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::StackName"}, "prod"]}}
    resources = {"Chat": {**topic(), "Condition": "IsProd"}, "Writer": topic_policy(GOOD)}
    found = only_topic(load_stack(tmp_path, t__json=template(resources, Conditions=conditions)))
    assert sid_of(found) == "Good"


def test_what_an_include_may_set_is_not_known(tmp_path: Path) -> None:
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/key"}}
    whole = template({"Chat": topic(TopicName="chat", **{"Fn::Transform": include})})
    found = only_topic(load_stack(tmp_path, t__json=whole))
    assert isinstance(found.key, Unknown)
    assert isinstance(found.settings.fifo.value, Unknown)


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_topic_of_a_known_arn_is_one_topic_in_whatever_order(
    order: tuple[str, str], tmp_path: Path
) -> None:
    writing = template(
        {"Writer": topic_policy(document(statement(Sid="Apart", Condition=PINNED)), TOPIC_ARN)}
    )
    files = dict(zip((f"{one}__json" for one in order), (EXPORTING, writing), strict=True))
    assert sid_of(only_topic(load_stack(tmp_path, *HERE, **files))) == "Apart"
