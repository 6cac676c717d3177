"""Topics and keys of the awscc provider read like those of the aws provider: in files, plans and states."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.core.unknown import Unknown
from checker.policy.model import Condition
from tests.inputs.terraform.module.reading import policy_of, read, topic_of
from tests.inputs.terraform.plan import plans
from tests.inputs.terraform.plan.plans import change, judged, kept, plan, refer, state, written
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Inventory

AWS = """
resource "aws_kms_key" "chat" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "kms:*", Resource = "*",
    Principal = { Service = "connect.amazonaws.com" } }] })
}
resource "aws_kms_alias" "chat" {
  name          = "alias/chat"
  target_key_id = aws_kms_key.chat.key_id
}
resource "aws_connect_instance" "desk" { instance_alias = "desk" }
resource "aws_sns_topic" "chat" {
  name              = "chat.fifo"
  fifo_topic        = true
  kms_master_key_id = aws_kms_alias.chat.name
  tags              = { team = "chat" }
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sns:Publish",
    Principal = { Service = "connect.amazonaws.com" }, Resource = aws_sns_topic.chat.arn,
    Condition = { ArnEquals = { "aws:SourceArn" = aws_connect_instance.desk.arn } } }] })
}
"""
AWSCC = """
resource "awscc_kms_key" "chat" {
  key_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "kms:*", Resource = "*",
    Principal = { Service = "connect.amazonaws.com" } }] })
}
resource "awscc_kms_alias" "chat" {
  alias_name    = "alias/chat"
  target_key_id = awscc_kms_key.chat.key_id
}
resource "awscc_connect_instance" "desk" {
  identity_management_type = "CONNECT_MANAGED"
  attributes               = { inbound_calls = true, outbound_calls = true }
}
resource "awscc_sns_topic" "chat" {
  topic_name        = "chat.fifo"
  fifo_topic        = true
  kms_master_key_id = awscc_kms_alias.chat.alias_name
  tags              = [{ key = "team", value = "chat" }]
}
resource "awscc_sns_topic_policy" "chat" {
  topics          = [awscc_sns_topic.chat.topic_arn]
  policy_document = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sns:Publish",
    Principal = { Service = "connect.amazonaws.com" }, Resource = awscc_sns_topic.chat.topic_arn,
    Condition = { ArnEquals = { "aws:SourceArn" = awscc_connect_instance.desk.arn } } }] })
}
"""


def found_in(inventory: Inventory) -> list[tuple[str, str, str]]:
    findings = [(one.rule, one.message, one.address) for one in judged(inventory)]
    return sorted(
        (rule, text.replace("awscc_", "aws_"), at.replace("awscc_", "aws_")) for rule, text, at in findings
    )


def test_a_module_has_the_same_findings(tmp_path: Path) -> None:
    theirs = found_in(read(tmp_path / "aws", {"main.tf": AWS}))
    ours = found_in(read(tmp_path / "awscc", {"main.tf": AWSCC}))
    assert ours == theirs
    assert "fifo-topic" in {rule for rule, *_ in ours}


def test_the_facts_of_a_module(tmp_path: Path) -> None:
    inventory = read(tmp_path, {"main.tf": AWSCC})
    topic = topic_of(inventory)
    assert topic.tags == (("team", "chat"),)
    key = inventory.key_of(topic)
    assert getattr(key, "address", None) == "awscc_kms_key.chat"
    assert [one.address for one in inventory.open_instances] == ["awscc_connect_instance.desk"]
    (condition,) = next(iter(policy_of(topic).policy.known_statements())).conditions
    assert isinstance(condition, Condition)
    (value,) = condition.values
    assert isinstance(value, Unknown)
    assert value.pieces == inventory.open_instances[0].arn.pieces


def test_the_account_of_both_providers_is_one(tmp_path: Path) -> None:
    caller = 'data "aws_caller_identity" "c" {}\n'
    account = 'ArnEquals = { "aws:SourceArn" = awscc_connect_instance.desk.arn }'
    pinned = 'StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.c.account_id }'
    inventory = read(tmp_path, {"main.tf": caller + AWSCC.replace(account, pinned)})
    topic = topic_of(inventory)
    (condition,) = next(iter(policy_of(topic).policy.known_statements())).conditions
    assert isinstance(condition, Condition)
    (value,) = condition.values
    assert isinstance(value, Unknown)
    assert isinstance(topic.arn, Unknown)
    assert set(value.pieces) <= set(topic.arn.pieces)


@pytest.mark.parametrize("reference", ["id", "topic_arn"])
@pytest.mark.parametrize("region", ["", 'provider "aws" { region = "eu-west-2" }'])
def test_the_region_is_that_of_the_awscc_provider(reference: str, region: str, tmp_path: Path) -> None:
    provider = 'provider "awscc" {\n  region = "us-west-2"\n}\n'
    text = AWSCC.replace(
        "topics          = [awscc_sns_topic.chat.topic_arn", f"topics=[awscc_sns_topic.chat.{reference}"
    )
    topic = topic_of(read(tmp_path, {"main.tf": f"{region}\n{provider}{text}"}))
    assert isinstance(topic.arn, Unknown)
    assert ":sns:us-west-2:" in "".join(one for one in topic.arn.pieces if isinstance(one, str))


def test_the_providers_have_aliases_of_their_own(tmp_path: Path) -> None:
    providers = "".join(
        f'provider "{name}" {{\n  alias = "here"\n  region = "{region}"\n}}\n'
        for name, region in (("aws", "us-east-1"), ("awscc", "us-west-2"))
    )
    resources = "".join(
        f'resource "{name}_sns_topic" "t" {{\n  provider = {name}.here\n  {attribute} = "t"\n}}\n'
        for name, attribute in (("aws", "name"), ("awscc", "topic_name"))
    )
    inventory = read(tmp_path, {"main.tf": providers + resources})
    regions = ["".join(map(str, one.arn.pieces)) for one in inventory.topics if isinstance(one.arn, Unknown)]
    assert [":us-east-1:" in regions[0], ":us-west-2:" in regions[1]] == [True, True]


def test_one_policy_of_several_topics(tmp_path: Path) -> None:
    topics = 'resource "awscc_sns_topic" "t" {\n  count = 2\n  topic_name = "t${count.index}"\n}\n'
    policy = json.dumps(json.dumps(document(statement(Resource="*"))))
    writer = f'resource "awscc_sns_topic_policy" "p" {{\n  topics = awscc_sns_topic.t[*].topic_arn\n  policy_document = {policy}\n}}'
    inventory = read(tmp_path, {"main.tf": f"{topics}\n{writer}"})
    assert [one.address for one in inventory.topics] == ["awscc_sns_topic.t[0]", "awscc_sns_topic.t[1]"]
    assert all("connect" in policy_of(one).text for one in inventory.topics)


def test_an_inline_policy_of_a_topic_that_is_elsewhere(tmp_path: Path) -> None:
    policy = json.dumps(json.dumps(document(statement())))
    text = f'resource "awscc_sns_topic_inline_policy" "p" {{\n  topic_arn = "{TOPIC_ARN}"\n  policy_document = {policy}\n}}'
    assert str(topic_of(read(tmp_path, {"main.tf": text})).arn) == TOPIC_ARN


def test_subscriptions_of_a_topic(tmp_path: Path) -> None:
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:chat"
    listed = f'[{{ protocol = "sqs", endpoint = "{queue}" }}]'
    text = f'resource "awscc_sns_topic" "t" {{\n  topic_name = "t"\n  subscription = {listed}\n}}'
    subscriptions = topic_of(read(tmp_path, {"main.tf": text})).subscriptions
    assert not isinstance(subscriptions, Unknown)
    assert [(one.protocol, one.endpoint) for one in subscriptions] == [("sqs", queue)]


KEY_ID = "0a1b2c3d-1111-4222-8333-444455556666"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"
TOPIC, POLICY, KEY = "awscc_sns_topic.chat", "awscc_sns_topic_policy.chat", "awscc_kms_key.chat"
OPEN = document(statement())
CREATED: dict[str, dict[str, Any]] = {
    KEY: {"arn": KEY_ARN, "key_id": KEY_ID, "id": KEY_ID, "key_policy": json.dumps(OPEN), "enabled": True},
    TOPIC: {"topic_arn": TOPIC_ARN, "id": TOPIC_ARN, "topic_name": "chat", "kms_master_key_id": KEY_ID},
    POLICY: {"topics": [TOPIC_ARN], "policy_document": json.dumps(OPEN)},
    "awscc_connect_instance.desk": {"arn": INSTANCE_ARN, "id": INSTANCE_ARN},
}


@pytest.mark.parametrize("form", ["plan", "shown", "kept"])
def test_plans_and_states(form: str, tmp_path: Path) -> None:
    changes = [change(address, values) for address, values in CREATED.items()]
    forms = {"plan": plan(changes), "shown": state(*changes), "kept": kept(state(*changes))}
    inventory = plans.read(tmp_path, forms[form])
    (topic,) = inventory.topics
    assert str(topic.arn) == TOPIC_ARN
    assert json.loads(policy_of(topic).text) == OPEN
    key = inventory.key_of(topic)
    assert (getattr(key, "address", ""), str(getattr(key, "arn", ""))) == (KEY, KEY_ARN)
    assert [str(one.arn) for one in inventory.instances] == [INSTANCE_ARN]


def test_topics_that_are_created_by_the_plan(tmp_path: Path) -> None:
    other = "awscc_sns_topic.other"
    changes = [
        *(change(one, {"topic_name": one[-4:]}, {"topic_arn": True, "id": True}) for one in (TOPIC, other)),
        change(POLICY, {"policy_document": json.dumps(OPEN)}, {"topics": True}),
    ]
    configured = [
        written(POLICY, {"topics": refer(f"{TOPIC}.topic_arn", f"{other}.topic_arn"), "policy_document": {}}),
        *(written(one, {"topic_name": {}}) for one in (TOPIC, other)),
    ]
    inventory = plans.read(tmp_path, plan(changes, *configured))
    assert [(one.address, json.loads(policy_of(one).text)) for one in inventory.topics] == [
        (TOPIC, OPEN),
        (other, OPEN),
    ]


def test_a_policy_of_unknown_topics_may_be_that_of_any(tmp_path: Path) -> None:
    changes = [
        change(TOPIC, {"topic_name": "chat"}, {"topic_arn": True}),
        change(POLICY, {"policy_document": json.dumps(OPEN)}, {"topics": True}),
    ]
    configured = [written(POLICY, {"topics": refer("local.arns")}), written(TOPIC, {"topic_name": {}})]
    topics = plans.read(tmp_path, plan(changes, *configured)).topics
    (topic,) = [one for one in topics if one.address == TOPIC]
    assert isinstance(topic.policy, Unknown)


def test_a_policy_that_the_plan_deletes(tmp_path: Path) -> None:
    gone = change(POLICY, None, before={"topics": [TOPIC_ARN], "policy_document": json.dumps(OPEN)})
    (topic,) = plans.read(tmp_path, plan([change(TOPIC, CREATED[TOPIC]), gone], written(TOPIC, {}))).topics
    assert "connect" not in policy_of(topic).text


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("aws_kms_external_key", "", None),
        ("aws_kms_external_key", 'key_material_base64 = "AAAA"', "Enabled"),
        ("aws_kms_external_key", "key_material_base64 = null", None),
        ("aws_kms_external_key", "enabled = true", "Enabled"),
        ("aws_kms_external_key", "enabled = false", "Disabled"),
        ("aws_kms_replica_external_key", "key_material_base64 = var.material", "Enabled"),
        ("awscc_kms_key", "", "Enabled"),
        ("awscc_kms_key", 'origin = "EXTERNAL"', None),
        ("awscc_kms_key", "enabled = false", "Disabled"),
        ("awscc_kms_replica_key", "", "Enabled"),
        ("aws_kms_external_key", "enabled = var.material", None),
    ],
)
def test_keys_with_imported_material(kind: str, arguments: str, expected: str | None, tmp_path: Path) -> None:
    name = "key_policy" if kind.startswith("awscc") else "policy"
    policy = json.dumps(json.dumps(OPEN))
    text = f'variable "material" {{}}\nresource "{kind}" "k" {{\n  {name} = {policy}\n  {arguments}\n}}\n'
    (key,) = read(tmp_path, {"main.tf": text}).keys
    assert (None if isinstance(key.state, Unknown) else key.state) == expected
    assert not isinstance(key.policy, Unknown)
    assert isinstance(key.arn, Unknown)
    assert ":kms:" in "".join(str(one) for one in key.arn.pieces)


@pytest.mark.parametrize("stored", ["Enabled", "PendingImport"])
def test_the_state_of_an_external_key_in_a_state(stored: str, tmp_path: Path) -> None:
    values = {"arn": KEY_ARN, "id": KEY_ID, "policy": json.dumps(OPEN), "key_state": stored, "enabled": None}
    (key,) = plans.read(tmp_path, kept(state(change("aws_kms_external_key.k", values)))).keys
    assert key.state == stored


@pytest.mark.parametrize("kind", ["aws_kms_external_key", "aws_kms_replica_external_key"])
def test_a_topic_uses_an_external_key(kind: str, tmp_path: Path) -> None:
    policy = json.dumps(json.dumps(OPEN))
    text = f'resource "{kind}" "k" {{\n  policy = {policy}\n}}\nresource "aws_sns_topic" "t" {{\n  kms_master_key_id = {kind}.k.id\n}}'
    inventory = read(tmp_path, {"main.tf": text})
    assert getattr(inventory.key_of(topic_of(inventory)), "address", "") == f"{kind}.k"
