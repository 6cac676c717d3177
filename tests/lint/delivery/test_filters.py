"""A filter policy lets every message of a chat pass, drops some, or nobody can tell."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.analysis.endpoints import Subscription
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.delivery.filters import filter_step, filtered, refusal
from checker.lint.status import BROKEN, OK, UNKNOWN
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
    ({"Type": [{"anything-but": {"suffix": "x"}}]}, UNKNOWN),
    ({"$or": [{"Type": ["MESSAGE"]}, {"Type": ["EVENT"]}]}, OK),
    ({"$or": [], "MessageVisibility": ["AGENT"]}, BROKEN),
    ({"$or": [{"Type": [{"exists": True}]}]}, BROKEN),
    ({"$or": [{"Type": [{"exists": True}]}, {"prefix": ["x"]}]}, BROKEN),
    ({"$or": [{"exists": False}, {"prefix": "x"}]}, OK),
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


TEXTS = ["MESSAGE", "ALL", "AGENT", "SYSTEM", "one", "three-one", "x"]
BEGINNINGS, ENDS = ["MESS", "A", "one", "three", ""], ["ENT", "one", "L", "T"]
CONTACTS = [*TEXTS, "all", "event", "ONE", *(f"{one}~{end}" for one in BEGINNINGS for end in [*ENDS, ""])]
DOMAINS: dict[str, list[str | None]] = {
    "Type": ["MESSAGE", "EVENT"],
    "MessageVisibility": ["CUSTOMER", "AGENT", "ALL"],
    "ParticipantRole": [*ROLES, None],
    "ContactId": [*CONTACTS, *(one + end for one in [*BEGINNINGS, *TEXTS] for end in [*ENDS, *TEXTS]), None],
    "Unheard": [None],
}
RULE = st.one_of(
    st.sampled_from(TEXTS),
    st.booleans().map(lambda one: {"exists": one}),
    st.sampled_from(TEXTS).map(lambda one: {"anything-but": [one]}),
    st.sampled_from(BEGINNINGS).map(lambda one: {"prefix": one}),
    st.sampled_from(ENDS).map(lambda one: {"suffix": one}),
    st.sampled_from(["all", "event", "ONE"]).map(lambda one: {"equals-ignore-case": one}),
)
ENTRIES = st.dictionaries(st.sampled_from(list(DOMAINS)), st.lists(RULE, max_size=4), max_size=3)
POLICIES = st.builds(
    lambda entries, either: {**entries, **({"$or": either} if either else {})},
    ENTRIES,
    st.one_of(st.none(), st.lists(ENTRIES.filter(bool), min_size=2, max_size=3)),
)


def by_moto(rules: list[Any], value: str | None) -> bool:
    """Ask moto about each rule alone, because a text before `exists` ends its search.

    Of two texts that differ in case, it converts only that of the message to lower case.
    """
    matcher = pytest.importorskip("moto.sns.utils").FilterPolicyMatcher
    message = {} if value is None else {"key": {"Type": "String", "Value": value}}
    lower = [
        {name: text.lower() for name, text in rule.items()} if "equals-ignore-case" in rule else rule
        for rule in rules
    ]
    return any(matcher({"key": [rule]}, None).matches(message, "") for rule in lower)


@settings(max_examples=100, deadline=None)
@given(policy=POLICIES)
def test_all_some_or_none_is_what_moto_says_message_by_message(policy: dict[str, Any]) -> None:
    """The prover tries a few classes of values, and moto every message of small domains."""
    answers: dict[tuple[str, str | None], bool] = {}

    def passes(rules: dict[str, Any], message: dict[str, str | None]) -> bool:
        plain = (accepts(key, of_key, message[key]) for key, of_key in rules.items() if key != "$or")
        either = [passes(one, message) for one in rules.get("$or", ())]
        return all(plain) and (any(either) or not either)

    def accepts(key: str, rules: list[Any], value: str | None) -> bool:
        question = (json.dumps([key, rules]), value)
        if question not in answers:
            answers[question] = by_moto(rules, value)
        return answers[question]

    keys = [key for key in DOMAINS if f'"{key}"' in json.dumps(policy)]
    messages = (dict(zip(keys, values, strict=True)) for values in product(*(DOMAINS[key] for key in keys)))
    outcomes = [passes(policy, message) for message in messages]
    result = filtered(with_({"FilterPolicy": json.dumps(policy)}), [INSTANCE])
    assert result.every is all(outcomes), policy
    assert result.some is any(outcomes), policy


def test_an_instance_among_others_decides_nothing_alone() -> None:
    for policy in ({"InstanceId": [ID]}, {"InstanceId": ["another"]}, {"AccountId": ["1"]}):
        result = filtered(with_({"FilterPolicy": json.dumps(policy)}), [INSTANCE])
        assert result.every is not True
        assert result.some is not False


@pytest.mark.parametrize(
    ("policy", "scope", "words"),
    [
        (
            {"MessageVisibility": ["ALL"]},
            "MessageBody",
            "with FilterPolicyScope MessageAttributes there is one",
        ),
        ({"Content": ["hi"]}, "MessageAttributes", "with FilterPolicyScope MessageBody there is one"),
        ({"Channel": ["CHAT"]}, "MessageAttributes", "AWS documents no such key"),
        ({"Type": ["message"]}, "MessageAttributes", "`Type`: no message has a value that it accepts"),
    ],
)
def test_a_filter_that_accepts_nothing_names_the_key_and_the_reason(
    policy: dict[str, Any], scope: str, words: str
) -> None:
    attributes = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    result = filtered(with_(attributes), [INSTANCE])
    assert result.some is False
    assert words in refusal(result)


def test_a_filter_with_too_many_values_is_not_known() -> None:
    policy = {"ContactId": [str(number) for number in range(500)]}
    result = filtered(with_({"FilterPolicy": json.dumps(policy)}))
    assert isinstance(result.every, Unknown)
    assert isinstance(result.some, Unknown)
