"""What is found in plans and a state that the real Terraform has made (scripts/terraform_fixtures.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.analysis.inventory import Inventory, PolicyText
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.collect import Facts, Given
from checker.inputs.declared import Declarations
from checker.inputs.load import load
from checker.inputs.terraform.plan.resource import NOT_IN_PLAN
from checker.inputs.terraform.plan.show import read_show
from checker.inputs.text import Implied
from tests.inputs.terraform.plan.plans import FIXTURES, judged, read

CHAT, KEY = "aws_sns_topic.chat", "aws_kms_key.chat"
UNPINNED = f"{KEY} note unpinned-key-grant"
REFUSED = f"{CHAT} error undeliverable-subscription"
"""The queue of the fixture has no policy."""
FOUND: dict[str, set[str]] = {
    "create": {UNPINNED, REFUSED},
    "state": {UNPINNED, REFUSED},
    "no-op": {UNPINNED, REFUSED},
    "refresh-only": {UNPINNED, REFUSED},
    "target": {UNPINNED, f"{CHAT} note undeliverable-subscription"},
    "replace": {UNPINNED, REFUSED},
    "update": {UNPINNED, REFUSED, f"{CHAT} error source-owner"},
    "policy-deleted": {UNPINNED, REFUSED, f"{CHAT} error source-owner"},
    "destroy": set(),
    "modules": {
        'module.chat["green"].aws_sns_topic.this error connect-not-allowed',
        'module.chat["blue"].aws_sns_topic.this warning missing-source-arn',
        "aws_sns_topic.counted[0] error missing-source-account",
        "aws_sns_topic.counted[0] warning missing-source-arn",
        "aws_sns_topic.counted[1] error missing-source-account",
        "aws_sns_topic.counted[1] warning missing-source-arn",
    },
    "unknown": {
        "aws_sns_topic.document note connect-not-allowed",
        "aws_sns_topic.document error undeliverable-subscription",
        "aws_kms_key.chat error connect-cannot-use-key",
        "aws_sns_topic.encoded note connect-not-allowed",
        "aws_sns_topic.unset note connect-not-allowed",
        "aws_sns_topic.fifo error fifo-topic",
        "aws_sns_topic.fifo warning missing-source-arn",
        "aws_sns_topic_policy.hidden warning missing-source-arn",
    },
    "sensitive": {
        "aws_sns_topic.vendor note connect-not-allowed",
        "aws_sns_topic.vendor warning invalid-policy",
        "aws_sns_topic.inline error source-owner",
        "aws_sns_topic.inline error blocking-deny",
    },
}
ARN_KNOWN = {"state", "no-op", "refresh-only", "target", "update", "policy-deleted"}
OWN = "data.aws_iam_policy_document.document"


def declared(name: str) -> Declarations:
    facts, path = Facts(Given()), FIXTURES / f"{name}.json"
    read_show(path, facts, named=False)
    return facts.declarations(path)


@pytest.fixture(params=["indented", "one line"])
def layout(request: pytest.FixtureRequest) -> bool:
    """Terraform writes one line; people keep it indented."""
    return bool(request.param == "one line")


def fixture(name: str, folder: Path, *, one_line: bool) -> Inventory:
    path = FIXTURES / f"{name}.json"
    return read(folder, json.dumps(json.loads(path.read_text()))) if one_line else load([path])


def test_every_fixture_is_spoken_of() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(FOUND)


@pytest.mark.parametrize("name", FOUND)
def test_what_will_be_is_judged(name: str, layout: bool, tmp_path: Path) -> None:
    inventory = fixture(name, tmp_path, one_line=layout)
    assert len(inventory.skipped) == (
        name in ("destroy", "target")
    )  # nothing is left, or not everything is there
    found = [f"{one.address} {one.severity.value} {one.rule}" for one in judged(inventory)]
    assert sorted(found) == sorted(FOUND[name])


@pytest.mark.parametrize("name", sorted(set(FOUND) - {"destroy", "modules", "unknown", "sensitive"}))
def test_a_topic_its_policy_its_key_and_its_queue_are_tied_together(name: str) -> None:
    inventory = load([FIXTURES / f"{name}.json"])
    (topic,), (key,) = inventory.topics, inventory.keys
    assert inventory.key_of(topic) is key
    assert isinstance(topic.arn, Unknown) is (name not in ARN_KNOWN)
    assert topic.address == CHAT
    assert isinstance(topic.policy, PolicyText)
    assert isinstance(key.policy, PolicyText)
    assert "alias/chat" in key.aliases
    assert declared(name).topics[0].tags == (("team", "chat"),)
    assert topic.subscriptions != ()
    assert not isinstance(topic.subscriptions, Unknown)
    assert topic.subscriptions[0].protocol == "sqs"


def test_a_policy_that_is_read_back_is_no_second_policy() -> None:
    for name in ("state", "no-op", "update", "replace"):
        (topic,) = load([FIXTURES / f"{name}.json"]).topics
        assert len(topic.writers) == 1


def test_unset_is_told_from_unknown_though_a_plan_shows_them_alike() -> None:
    changes = json.loads((FIXTURES / "unknown.json").read_text())["resource_changes"]
    marks = {one["address"]: one["change"]["after_unknown"].get("policy") for one in changes}
    assert marks["aws_sns_topic.encoded"] == marks["aws_sns_topic.unset"] == marks["aws_sns_topic.fifo"]
    topics = {one.address: one.policy for one in load([FIXTURES / "unknown.json"]).topics}
    encoded, unset = topics["aws_sns_topic.encoded"], topics["aws_sns_topic.unset"]
    assert encoded == Unknown(NOT_IN_PLAN, "aws_connect_instance.main.arn")
    assert unset == Unknown(
        "`aws_sns_topic_policy.hidden` may write the policy", "aws_sns_topic_policy.hidden.arn"
    )
    assert isinstance(topics["aws_sns_topic.fifo"], PolicyText)


def test_a_document_that_is_not_known_yet_is_judged_on_what_is() -> None:
    topics = {one.address: one.policy for one in load([FIXTURES / "unknown.json"]).topics}
    policy = topics["aws_sns_topic.document"]
    assert isinstance(policy, PolicyText)
    owner, connect = json.loads(policy.text)["Statement"]
    assert owner["Sid"] == "Owner"  # of the source document
    assert connect == {
        "Sid": "AllowConnect",
        "Effect": "Allow",
        "Principal": {"Service": ["connect.amazonaws.com"]},
        "Action": ["sns:Publish"],
        "Resource": ["aws_sns_topic.document.arn"],
        "Condition": {"ArnEquals": {"aws:SourceArn": ["aws_connect_instance.main.arn"]}},
    }


@pytest.mark.parametrize("name", FOUND)
def test_findings_stand_where_the_plan_says_it(name: str, layout: bool, tmp_path: Path) -> None:
    for one in judged(fixture(name, tmp_path, one_line=layout)):
        for location in one.locations:
            position = location.position()
            assert position is not None
            line = Path(location.source).read_text().splitlines()[position.line - 1]
            assert position.column <= len(line)


def test_the_place_of_a_resource_has_its_pointer() -> None:
    for name in FOUND:
        whole = json.loads((FIXTURES / f"{name}.json").read_text())
        inventory = load([FIXTURES / f"{name}.json"])
        places = [(one.address, one.place) for one in inventory.topics]
        places += [(one.address, one.place) for one in inventory.keys]
        for address, place in places:
            node, held = whole, []
            for step in (place.document.pointer_to(place.route, Part.VALUE) or "").split("/")[1:]:
                node = node[int(step)] if isinstance(node, list) else node[step]
                held += [node["address"]] if isinstance(node, dict) and "address" in node else []
            assert held[-1] == address


@pytest.mark.parametrize("name", FOUND)
def test_a_policy_has_the_pointer_of_the_string_that_it_is_kept_in(name: str) -> None:
    whole = json.loads((FIXTURES / f"{name}.json").read_text())
    for one in judged(load([FIXTURES / f"{name}.json"])):
        if isinstance(one.locations[0].document, Implied):  # nobody wrote it
            continue
        pointer = one.locations[0].pointer
        assert pointer is not None
        node = whole
        for step in pointer.split("/")[1:]:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if pointer.endswith("/policy"):
            assert "Statement" in json.loads(node)
