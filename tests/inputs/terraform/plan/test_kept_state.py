"""A state as Terraform keeps it says what `terraform show -json` says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory, Subscription
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.load import load
from tests.inputs.terraform.plan.plans import FIXTURES, change, judged, kept, policies, read, state
from tests.inputs.terraform.plan.test_sensitive import PARTS, SECRETS, assert_nothing_leaks
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

OPEN = json.dumps(document(statement()))
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0a1b2c3d-1111-4222-8333-444455556666"
TOPIC = {"arn": TOPIC_ARN, "id": TOPIC_ARN, "name": "chat", "fifo_topic": False, "policy": OPEN}


def subscriptions(inventory: Inventory) -> list[Subscription]:
    found: list[Subscription] = []
    for one in inventory.topics:
        found += () if isinstance(one.subscriptions, Unknown) else one.subscriptions
    return [one._replace(place=None) for one in found]


def test_a_real_state_reads_like_its_show_output(tmp_path: Path) -> None:
    shown = json.loads((FIXTURES / "state.json").read_text())
    before, after = read(tmp_path, shown, "shown.json"), read(tmp_path, kept(shown), "terraform.tfstate")
    assert policies(after) == policies(before)
    assert [one.address for one in after.keys] == [one.address for one in before.keys]
    assert subscriptions(after) == subscriptions(before)
    assert {(one.rule, one.message, one.address) for one in judged(after)} == {
        (one.rule, one.message, one.address) for one in judged(before)
    }


@pytest.mark.parametrize(
    "address",
    [
        "aws_sns_topic.chat",
        "aws_sns_topic.chat[0]",
        'aws_sns_topic.chat["a.b"]',
        'module.desk["blue"].module.chat[1].aws_sns_topic.chat["é"]',
    ],
)
def test_addresses(address: str, tmp_path: Path) -> None:
    (topic,) = read(tmp_path, kept(state(change(address, TOPIC)))).topics
    assert topic.address == address


def test_instances_of_one_resource_have_their_own_pointers(tmp_path: Path) -> None:
    arns = [f"{TOPIC_ARN}{number}" for number in range(2)]
    changes = [change(f"aws_sns_topic.chat[{n}]", {**TOPIC, "arn": arn}) for n, arn in enumerate(arns)]
    topics = read(tmp_path, kept(state(*changes))).topics
    pointers = [one.place.document.pointer_to(one.place.route, Part.VALUE) for one in topics]
    assert pointers == ["/resources/0/instances/0", "/resources/0/instances/1"]


@pytest.mark.parametrize("layout", [{}, {"indent": 2}, {"sort_keys": True}, {"sort_keys": True, "indent": 1}])
@pytest.mark.parametrize("name", ["terraform.tfstate", "pulled.json", "state.tf.json"])
def test_it_is_recognized_by_its_content(layout: dict[str, Any], name: str, tmp_path: Path) -> None:
    text = json.dumps(kept(state(change("aws_sns_topic.chat", TOPIC))), **layout)
    (topic,) = read(tmp_path, text, name).topics
    assert str(topic.arn) == TOPIC_ARN


def test_keys_aliases_instances_and_data_sources(tmp_path: Path) -> None:
    replica = KEY_ARN.replace("us-east-1", "us-west-2")
    values: dict[str, dict[str, Any]] = {
        "aws_sns_topic.chat": {**TOPIC, "kms_master_key_id": "alias/chat"},
        "aws_kms_key.chat": {
            "arn": KEY_ARN,
            "key_id": KEY_ARN.rpartition("/")[2],
            "policy": OPEN,
            "is_enabled": True,
        },
        "aws_kms_alias.chat": {"name": "alias/chat", "target_key_id": KEY_ARN},
        "aws_kms_replica_key.chat": {
            "arn": replica,
            "key_id": "x",
            "primary_key_arn": KEY_ARN,
            "policy": OPEN,
        },
        "data.aws_connect_instance.desk": {"arn": INSTANCE_ARN, "id": INSTANCE_ARN.rpartition("/")[2]},
    }
    inventory = read(tmp_path, kept(state(*(change(name, one) for name, one in values.items()))))
    (topic,) = inventory.topics
    key = inventory.key_of(topic)
    assert getattr(key, "address", None) == "aws_kms_key.chat"
    assert [str(one.arn) for one in inventory.keys] == [KEY_ARN, replica]
    assert [str(one.arn) for one in inventory.instances] == [INSTANCE_ARN]


def test_an_instance_that_is_about_to_be_destroyed_is_left_out(tmp_path: Path) -> None:
    shown = kept(state(change("aws_sns_topic.chat", TOPIC)))
    old = {"attributes": {**TOPIC, "arn": f"{TOPIC_ARN}-old"}, "deposed": "0a1b2c3d"}
    shown["resources"][0]["instances"].append(old)
    assert [str(one.arn) for one in read(tmp_path, shown).topics] == [TOPIC_ARN]


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ({"mode": "managed", "type": "aws_sns_topic", "instances": [{}]}, "without an address"),
        ({"mode": "managed", "type": "aws_sns_topic", "name": "a", "instances": [{}]}, "not an object"),
        (
            {"mode": "managed", "type": "aws_sns_topic", "name": "a", "instances": [{"attributes_flat": {}}]},
            "Terraform 0.11",
        ),
    ],
)
def test_a_state_that_cannot_be_read_is_an_error(resource: Any, reason: str, tmp_path: Path) -> None:
    inventory = read(tmp_path, {**kept(state()), "resources": [resource]})
    (skipped,) = inventory.skipped
    assert skipped.error
    assert reason in skipped.reason


@pytest.mark.parametrize("part", PARTS)
def test_sensitive_attributes_stand_in_no_report(part: str, tmp_path: Path) -> None:
    text = json.dumps(document(statement(**PARTS[part])))
    shown = kept(state(change("aws_sns_topic.chat", {**TOPIC, "policy": text}, sensitive={"policy": True})))
    path = tmp_path / "terraform.tfstate"
    path.write_text(json.dumps(shown))
    assert any(secret in text for secret in (*SECRETS, "w\\u00f6rd"))
    assert_nothing_leaks(path)


def test_paths_that_are_not_understood_hide_everything(tmp_path: Path) -> None:
    shown = kept(
        state(change("aws_sns_topic.chat", {**TOPIC, "policy": OPEN.replace("sns:Publish", "very-secret")}))
    )
    shown["resources"][0]["instances"][0]["sensitive_attributes"] = [[{"type": "splat"}]]
    path = tmp_path / "terraform.tfstate"
    path.write_text(json.dumps(shown))
    assert_nothing_leaks(path)


def test_a_backup_in_a_folder_is_not_read(tmp_path: Path) -> None:
    text = json.dumps(kept(state(change("aws_sns_topic.chat", TOPIC))))
    for name in ("terraform.tfstate.backup", "terraform.tfstate.1700000000.backup"):
        (tmp_path / name).write_text(text)
    inventory = load([tmp_path])
    assert (inventory.topics, inventory.skipped) == ((), ())
    assert len(load([tmp_path / "terraform.tfstate.backup"]).topics) == 1


def test_policies_that_are_in_no_topic_of_the_state_are_listed(tmp_path: Path) -> None:
    parameter = {"name": "/chat/policy", "value": OPEN}
    shown = kept(state(change("aws_ssm_parameter.policy", parameter)))
    (tmp_path / "terraform.tfstate").write_text(json.dumps(shown))
    inventory = load([tmp_path])
    assert any("was not read" in one.reason for one in inventory.skipped)
