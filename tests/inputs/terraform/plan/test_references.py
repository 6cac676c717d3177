"""Whose policy is whose, and what a plan does not know yet: through modules, instances and data sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import PolicyText
from checker.core.unknown import Unknown
from checker.inputs.terraform.plan.resource import NOT_IN_PLAN
from tests.inputs.terraform.plan.plans import (
    PINNED,
    change,
    judged,
    plan,
    policies,
    read,
    refer,
    state,
    written,
)
from tests.samples import INSTANCE_ARN, TOPIC_ARN, document, statement

TOPIC, POLICY = "aws_sns_topic.chat", "aws_sns_topic_policy.chat"
ARN = {"arn": True, "id": True}
OPEN = {**ARN, "policy": True}
TEXT = json.dumps(PINNED)
OTHER = json.dumps(document(statement(Resource="*")))


def topic(address: str = TOPIC, **after: Any) -> dict[str, Any]:
    return change(address, {"name": "chat", **after}, OPEN)


def policy(address: str = POLICY, **after: Any) -> dict[str, Any]:
    return change(address, {"policy": TEXT, **after}, {} if "arn" in after else ARN)


def owner(*references: str, **more: Any) -> dict[str, Any]:
    return written(POLICY, {"arn": refer(*references), "policy": {}}, **more)


OWNERS: dict[str, tuple[dict[str, Any], str]] = {
    "by its ARN": (owner(f"{TOPIC}.arn"), TOPIC),
    "by its id": (owner(f"{TOPIC}.id"), TOPIC),
    "one of two branches": (owner("var.which", f"{TOPIC}.arn", "aws_sns_topic.absent[0].arn"), TOPIC),
    "beside something else": (owner(f"{TOPIC}.arn", "aws_sqs_queue.chat.arn"), TOPIC),
    "each value": (owner("each.value.arn", for_each=refer(TOPIC)), TOPIC),
    "hidden in a local": (owner("local.arn"), POLICY),
    "of two topics": (owner(f"{TOPIC}.arn", "aws_sns_topic.other.arn"), POLICY),
    "of nothing at all": (owner(), POLICY),
    "of a type that is not read": (owner("custom_topic.chat.arn"), POLICY),
    "of garbage": (owner("...", "module", "var", "data.x", "each", ""), POLICY),
}


@pytest.mark.parametrize("name", OWNERS)
def test_a_policy_belongs_to_the_topic_that_its_configuration_names(name: str, tmp_path: Path) -> None:
    configured, wanted = OWNERS[name]
    changes = [topic(), topic("aws_sns_topic.other"), policy()]
    found = policies(read(tmp_path, plan(changes, configured)))
    assert [address for address, text in found.items() if text == TEXT] == [wanted]


@pytest.mark.parametrize(
    ("reference", "instances", "wanted"),
    [
        (["aws_sns_topic.chat", "count.index"], ["[0]", "[1]"], {"[0]": "[0]", "[1]": "[1]"}),
        (["aws_sns_topic.chat", "each.key"], ['["a.b"]', '["c"]'], {'["a.b"]': '["a.b"]', '["c"]': '["c"]'}),
        (["aws_sns_topic.chat[0].arn"], ["[0]"], {"": "[0]"}),
        (["aws_sns_topic.chat"], ["[0]"], {"": "[0]"}),
        (["aws_sns_topic.chat"], [""], {"[0]": ""}),
    ],
    ids=["count", "for_each", "indexed", "the only instance", "one for several"],
)
def test_an_instance_is_meant_that_has_the_same_key(
    reference: list[str], instances: list[str], wanted: dict[str, str], tmp_path: Path
) -> None:
    changes = [topic(f"{TOPIC}{one}") for one in instances]
    changes += [policy(f"{POLICY}{one}") for one in wanted]
    found = read(tmp_path, plan(changes, owner(*reference))).topics
    assert {one.address: one.policy.text for one in found if isinstance(one.policy, PolicyText)} == {
        f"{TOPIC}{one}": TEXT for one in wanted.values()
    }


INNER = {"resources": [written("aws_sns_topic.this", {})]}


@pytest.mark.parametrize("key", ["", '["blue"]', "[0]"])
def test_an_output_leads_into_its_module(key: str, tmp_path: Path) -> None:
    outputs = {
        "arn": {"expression": refer("aws_sns_topic.this.arn")},
        "queue": {"expression": refer("aws_sqs_queue.this.arn")},
    }
    calls = {"chat": {"module": {**INNER, "outputs": outputs}}}
    changes = [topic(f"module.chat{key}.aws_sns_topic.this"), policy(f"{POLICY}{key}")]
    for reference in (f"module.chat{key}.arn", "module.chat"):  # the second is written with each.key
        configured = owner(reference, "each.key")
        found = policies(read(tmp_path, plan(changes, configured, module_calls=calls)))
        assert found == {f"module.chat{key}.aws_sns_topic.this": TEXT}


def test_a_variable_leads_out_of_its_module(tmp_path: Path) -> None:
    inner = {"resources": [owner("var.topic")], "variables": {"topic": {}}}
    middle = {"module_calls": {"in": {"expressions": {"topic": refer("var.topic_arn")}, "module": inner}}}
    calls = {"mid": {"expressions": {"topic_arn": refer(f"{TOPIC}.arn")}, "module": middle}}
    changes = [topic(), policy(f"module.mid.module.in.{POLICY}")]
    assert policies(read(tmp_path, plan(changes, module_calls=calls))) == {TOPIC: TEXT}


def test_circles_end(tmp_path: Path) -> None:
    module = {
        "resources": [owner("var.a", "var.b")],
        "outputs": {"out": {"expression": refer("var.a", "var.b", "module.in.out")}},
        "module_calls": {"in": {"expressions": {"a": refer("module.in.out")}, "module": {}}},
    }
    given = {name: refer("module.m.out", "module.m") for name in ("a", "b")}
    calls = {"m": {"expressions": given, "module": module}}
    found = policies(read(tmp_path, plan([topic(), policy(f"module.m.{POLICY}")], module_calls=calls)))
    assert found[f"module.m.{POLICY}"] == TEXT


UNSET: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "not written": ({}, {}, True),
    "written as null": ({"policy": {"constant_value": None}}, {}, True),
    "of a variable of the root": ({"policy": refer("var.policy")}, {}, True),
    "of known things alone": (
        {"policy": refer("each.key", "path.module", "aws_sqs_queue.chat.arn")},
        {},
        True,
    ),
    "of what is not known": ({"policy": refer("aws_connect_instance.main.arn")}, {}, False),
    "of a local": ({"policy": refer("local.policy")}, {}, False),
}


@pytest.mark.parametrize("name", UNSET)
def test_unset_is_told_from_unknown(name: str, tmp_path: Path) -> None:
    expressions, _, unset = UNSET[name]
    changes = [topic(), change("aws_connect_instance.main", {}, ARN), change("aws_sqs_queue.chat", {})]
    (found,) = read(tmp_path, plan(changes, written(TOPIC, expressions))).topics
    assert isinstance(found.policy, PolicyText) is unset
    if isinstance(found.policy, Unknown):
        assert found.policy.reason == NOT_IN_PLAN
        assert found.policy.where == expressions["policy"]["references"][0]


def test_without_its_configuration_nobody_can_tell(tmp_path: Path) -> None:
    whole = plan([topic()])
    del whole["configuration"]
    assert policies(read(tmp_path, whole)) == {TOPIC: f"known only after apply ({TOPIC}.policy)"}


@pytest.mark.parametrize("text", [TEXT, json.dumps(PINNED, indent=2)], ids=["as it is", "laid out"])
def test_an_inline_policy_that_was_read_back_is_none(text: str, tmp_path: Path) -> None:
    here = change(TOPIC, {"arn": TOPIC_ARN, "name": "chat", "policy": TEXT})
    there = policy(arn=TOPIC_ARN, policy=text)
    inline = written(TOPIC, {"policy": {}})
    for shown in (plan([here, there], written(TOPIC, {})), plan([here, there], inline), state(here, there)):
        (found,) = read(tmp_path, shown).topics
        assert len(found.writers) == 1
        assert isinstance(found.policy, PolicyText)


def test_two_that_differ_are_a_conflict(tmp_path: Path) -> None:
    here = change(TOPIC, {"arn": TOPIC_ARN, "name": "chat", "policy": TEXT})
    there = policy(arn=TOPIC_ARN, policy=OTHER)
    inventory = read(tmp_path, plan([here, there], written(TOPIC, {"policy": {}})))
    assert "competing-topic-policies" in {one.rule for one in judged(inventory)}


@pytest.mark.parametrize("kind", ["aws_sns_topic_policy", "awscc_sns_topic_inline_policy"])
def test_a_policy_of_a_topic_that_is_not_here_is_judged(kind: str, tmp_path: Path) -> None:
    cc = kind.startswith("awscc")
    after = {"topic_arn": TOPIC_ARN, "policy_document": OTHER} if cc else {"arn": TOPIC_ARN, "policy": OTHER}
    inventory = read(tmp_path, plan([change(f"{kind}.chat", after)]))
    (found,) = inventory.topics
    assert str(found.arn) == TOPIC_ARN
    assert "missing-source-account" in {one.rule for one in judged(inventory)}


def test_a_key_policy_of_a_key_that_is_not_here_is_judged(tmp_path: Path) -> None:
    text = json.dumps(document(statement(Action="kms:*", Resource="*")))
    shown = plan([change("aws_kms_key_policy.chat", {"key_id": "1234", "policy": text})])
    assert "excess-key-actions" in {one.rule for one in judged(read(tmp_path, shown))}


def test_an_instance_is_known_once_it_is_there_or_looked_up(tmp_path: Path) -> None:
    for address in ("aws_connect_instance.main", "data.aws_connect_instance.main"):
        shown = state(change(address, {"arn": INSTANCE_ARN}))
        assert [str(one.arn) for one in read(tmp_path, shown).instances] == [INSTANCE_ARN]


def test_what_is_deleted_is_not_there_and_its_policy_is_aws_own(tmp_path: Path) -> None:
    here = change(TOPIC, {"arn": TOPIC_ARN, "name": "chat", "policy": TEXT})
    gone = change(POLICY, None, before={"arn": TOPIC_ARN, "policy": TEXT})
    (found,) = read(tmp_path, plan([here, gone], written(TOPIC, {}))).topics
    assert isinstance(found.policy, PolicyText)
    assert "AWS:SourceOwner" in found.policy.text


@pytest.mark.parametrize(
    ("attribute", "after", "wanted"),
    [
        ("kms_master_key_id", {"kms_master_key_id": None}, None),
        ("kms_master_key_id", {"kms_master_key_id": ""}, None),
        ("kms_master_key_id", {"kms_master_key_id": "alias/chat"}, "aws_kms_key.chat"),
        ("kms_master_key_id", {"kms_master_key_id": "alias/other"}, "alias/other"),
        ("kms_master_key_id", {}, "aws_kms_key.chat"),
    ],
)
def test_the_key_of_a_topic(
    attribute: str, after: dict[str, Any], wanted: str | None, tmp_path: Path
) -> None:
    marks = ARN if after else {**ARN, attribute: True}
    changes = [
        change(TOPIC, {"name": "chat", **after}, marks),
        change("aws_kms_key.chat", {"is_enabled": False}, {**ARN, "key_id": True}),
        change("aws_kms_alias.chat", {"name": "alias/chat"}, {"target_key_id": True}),
    ]
    configured = [
        written(TOPIC, {attribute: refer("aws_kms_key.chat.arn")}),
        written("aws_kms_alias.chat", {"target_key_id": refer("aws_kms_key.chat.key_id")}),
    ]
    inventory = read(tmp_path, plan(changes, *configured))
    assert inventory.topics[0].key == wanted
    assert inventory.keys[0].state == "Disabled"


def test_planned_values_alone_are_read_for_what_they_say(tmp_path: Path) -> None:
    resource = {**topic(), "values": {"name": "chat", "kms_master_key_id": None}}
    del resource["change"]
    root = {"root_module": {"child_modules": [{"resources": [resource]}]}}
    shown = {"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": root}
    (found,) = read(tmp_path, shown).topics
    assert isinstance(found.arn, Unknown)
    assert isinstance(found.policy, Unknown)
    assert found.key is None
