"""A filter policy lets every message of a chat pass, drops some, or nobody can tell."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from checker.analysis.endpoints import Subscription
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.delivery.filters import filter_step
from checker.lint.explain import BROKEN, OK, UNKNOWN
from checker.live.aws.facts import with_attributes

INSTANCE = Arn("aws", "connect", "us-east-1", "111122223333", "instance/0a1b2c3d-2222-3333-4444-555555555555")
ID = INSTANCE.instance_id
ROLES = ["AGENT", "CUSTOMER", "SYSTEM", "CUSTOM_BOT", "SUPERVISOR"]

QUEUE = Subscription("sqs", "arn:aws:sqs:us-east-1:111122223333:inbox", True, "arn:aws:sns:::a:1")


def with_(attributes: dict[str, str] | Unknown) -> Subscription:
    return with_attributes(QUEUE, attributes)


CASES: list[tuple[dict[str, Any], str]] = [
    ({}, OK),
    ({"Type": ["MESSAGE", "EVENT"]}, OK),
    ({"Type": [{"exists": True}]}, OK),
    ({"Type": ["MESSAGE"]}, BROKEN),
    ({"Type": [{"exists": False}]}, BROKEN),
    ({"Type": [{"anything-but": "EVENT"}]}, BROKEN),
    ({"Type": [{"anything-but": ["OTHER"]}]}, OK),
    ({"Type": [{"equals-ignore-case": "message"}, {"prefix": "EV"}]}, OK),
    ({"Type": [{"suffix": "E"}]}, BROKEN),
    ({"Type": []}, BROKEN),
    ({"MessageVisibility": ["ALL", "CUSTOMER"]}, BROKEN),
    ({"MessageVisibility": ["ALL", "CUSTOMER", "AGENT"]}, OK),
    ({"ParticipantRole": ROLES}, BROKEN),
    ({"ParticipantRole": [*ROLES, {"exists": False}]}, OK),
    ({"ContactId": [{"exists": True}]}, BROKEN),
    ({"InitialContactId": [{"exists": True}]}, OK),
    ({"InitialContactId": ["one"]}, BROKEN),
    ({"ContentType": ["text/plain", "application/json"]}, UNKNOWN),
    ({"InstanceId": [ID]}, OK),
    ({"InstanceId": ["another"]}, BROKEN),
    ({"AccountId": ["111122223333"], "Type": ["MESSAGE"]}, BROKEN),
    ({"Unheard": ["of"]}, BROKEN),
    ({"Unheard": [{"exists": False}]}, OK),
    ({"Type": [{"numeric": [">", 0]}]}, UNKNOWN),
    ({"$or": [{"Type": ["MESSAGE"]}, {"Type": ["EVENT"]}]}, OK),
    ({"$or": [], "MessageVisibility": ["AGENT"]}, BROKEN),
]


@pytest.mark.parametrize(("policy", "status"), CASES, ids=[json.dumps(policy) for policy, _ in CASES])
def test_a_filter_on_attributes(policy: dict[str, Any], status: str) -> None:
    step = filter_step(with_({"FilterPolicy": json.dumps(policy)}), INSTANCE)
    assert step.status == status
    assert bool(step.help) == (status != OK)


def test_of_an_instance_that_is_not_known_only_so_much_can_be_told() -> None:
    assert filter_step(with_({"FilterPolicy": json.dumps({"InstanceId": [ID]})})).status == UNKNOWN


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ({"Type": ["MESSAGE", "EVENT"]}, OK),
        ({"InstanceId": [ID]}, BROKEN),
        ({"Content": [{"exists": True}]}, BROKEN),
        ({"Id": [{"exists": True}]}, OK),
        ({"Interactive": {"Kind": ["x"]}}, UNKNOWN),
    ],
)
def test_a_filter_on_the_body(policy: dict[str, Any], status: str) -> None:
    attributes = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": "MessageBody"}
    assert filter_step(with_(attributes), INSTANCE).status == status


def test_the_keys_that_drop_messages_are_named() -> None:
    policy = {"Type": ["MESSAGE"], "MessageVisibility": ["ALL"], "InstanceId": [ID]}
    step = filter_step(with_({"FilterPolicy": json.dumps(policy)}), INSTANCE)
    assert (
        step.reason
        == "the filter policy (MessageAttributes) drops messages because of `Type` and `MessageVisibility`"
    )


@pytest.mark.parametrize("text", ["[]", "{", '"x"', "null"])
def test_what_is_no_filter_policy_is_unknown(text: str) -> None:
    assert filter_step(with_({"FilterPolicy": text})).status == UNKNOWN


def test_attributes_that_could_not_be_read_say_why() -> None:
    assert filter_step(with_(Unknown("no"))).reason == "no"


RULES = [
    "MESSAGE",
    "EVENT",
    {"exists": True},
    {"exists": False},
    {"prefix": "MESS"},
    {"suffix": "T"},
    {"anything-but": ["MESSAGE"]},
    {"anything-but": "x"},
    {"equals-ignore-case": "event"},
]


def test_two_readings_of_a_filter_agree() -> None:
    """The one here, over all messages at once, and that of the sandbox, message by message."""
    utils = pytest.importorskip("moto.sns.utils")
    for pair in product(RULES, repeat=2):
        policy = {"Type": list(pair)}
        passed = [
            utils.FilterPolicyMatcher(policy, None).matches({"Type": {"Type": "String", "Value": one}}, "")
            for one in ("MESSAGE", "EVENT")
        ]
        status = filter_step(with_({"FilterPolicy": json.dumps(policy)}), INSTANCE).status
        assert status == (OK if all(passed) else BROKEN), policy
