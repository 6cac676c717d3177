"""Which chat messages a filter policy accepts: the judgment against the sandbox, message by message, in both scopes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from checker.lint.delivery.filters import filtered
from checker.sandbox.aws.metrics import filtered_out
from tests.lint.delivery.test_filters import with_
from tests.samples import INSTANCE_ARN, arn_of
from tests.sandbox.agreement import quick

MOST = 300
INSTANCE = arn_of(INSTANCE_ARN)
ROLES = ("AGENT", "CUSTOMER", "SYSTEM", "CUSTOM_BOT", "SUPERVISOR")
WORDS = ("MESSAGE", "EVENT", "ALL", "all", "CUSTOMER", "SYSTEM", "text/plain", "x", INSTANCE.instance_id)
SCOPES = ("MessageAttributes", "MessageBody")
FREE = object()
"""Any text."""
VALUES: dict[str, dict[str, tuple[Any, ...]]] = {
    SCOPES[0]: {
        "Type": ("MESSAGE", "EVENT"),
        "ParticipantRole": (*ROLES, None),
        "MessageVisibility": ("CUSTOMER", "AGENT", "ALL"),
        "InstanceId": (INSTANCE.instance_id,),
        "AccountId": (INSTANCE.account,),
        "ContactId": (FREE, None),
        "ContentType": (FREE,),
        "Content": (None,),
        "Channel": (None,),
    },
    SCOPES[1]: {
        "Type": ("MESSAGE", "EVENT"),
        "ParticipantRole": (*ROLES, None),
        "Content": (FREE, "", None),
        "ContentType": (FREE,),
        "AbsoluteTime": (FREE,),
        "MessageVisibility": (None,),
        "InstanceId": (None,),
    },
}
"""The values of FACTS: what a message of a chat has, ``None`` for a message without the key."""
RULE = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from([1, None, True, {"numeric": [">", 1]}, {"exists": True}, {"exists": False}]),
    st.builds(
        lambda text: {"anything-but": text},
        st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS), min_size=1),
    ),
    st.builds(
        lambda name, text: {name: text},
        st.sampled_from(["prefix", "suffix", "equals-ignore-case"]),
        st.sampled_from([*WORDS, "M", "E", "A", "/plain", ""]),
    ),
    st.sampled_from(
        [{"anything-but": {"prefix": "M"}}, {"anything-but": {"suffix": "E"}}, {"anything-but": [""]}]
    ),
)


def entries(scope: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(
        st.sampled_from(sorted(VALUES[scope])), st.lists(RULE, min_size=1, max_size=3), min_size=1, max_size=2
    )


@st.composite
def policies(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    scope = draw(st.sampled_from(SCOPES))
    policy = draw(entries(scope))
    if draw(st.booleans()):
        policy["$or"] = [draw(entries(scope)), draw(entries(scope))]
    return scope, policy


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value if isinstance(value, list) else value.values():
            yield from texts_in(one)


def keys_in(policy: dict[str, Any]) -> Iterator[str]:
    for key, rules in policy.items():
        if key == "$or":
            for one in rules:
                yield from keys_in(one)
        else:
            yield key


def messages(scope: str, policy: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Every combination of values of the keys of a policy; of any text, those that its rules can tell apart."""
    texts = sorted(set(texts_in(policy)) - {""})
    free = dict.fromkeys(
        ["~", *texts, *map(str.lower, texts), *(f"{one}~" for one in texts), *(f"~{one}" for one in texts)]
    )
    keys = list(dict.fromkeys(keys_in(policy)))
    choices = [
        [text for one in VALUES[scope][key] for text in (free if one is FREE else [one])] for key in keys
    ]
    assume(prod(map(len, choices)) <= MOST)
    for combination in product(*choices):
        yield {key: text for key, text in zip(keys, combination, strict=True) if text is not None}


def delivers(scope: str, policy: dict[str, Any], message: dict[str, str]) -> bool:
    subscription = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    whole = {"InitialContactId": "1", **message}
    attributes = {key: {"Type": "String", "Value": text} for key, text in whole.items()}
    return not filtered_out(subscription, attributes, json.dumps(whole))


@quick
@given(drawn=policies())
@example((SCOPES[1], {"Content": [{"anything-but": [""]}, {"exists": False}]}))
@example((SCOPES[1], {"Content": [{"prefix": ""}, {"exists": False}]}))
def test_filter_policies(drawn: tuple[str, dict[str, Any]]) -> None:
    scope, policy = drawn
    attributes = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    judged = filtered(with_(attributes), [INSTANCE], others=False)
    outcomes = {delivers(scope, policy, message) for message in messages(scope, policy)}
    if judged.every is True:
        assert outcomes == {True}
    if judged.every is False:
        assert False in outcomes
    if judged.some is True:
        assert True in outcomes
    if judged.some is False:
        assert outcomes == {False}


DOCUMENTED: dict[str, tuple[dict[str, Any], dict[str, str], bool]] = {
    "a text before `exists`": ({"ContactId": ["x", {"exists": False}]}, {}, True),
    "a text in other letters": ({"Type": [{"equals-ignore-case": "Message"}]}, {"Type": "MESSAGE"}, True),
    "or, the second": ({"$or": [{"Type": ["EVENT"]}, {"ContactId": ["1"]}]}, {"ContactId": "1"}, True),
    "or, none": ({"$or": [{"Type": ["EVENT"]}, {"ContactId": ["1"]}]}, {"ContactId": "2"}, False),
    "and an or": ({"Type": ["EVENT"], "$or": [{"A": ["1"]}, {"B": ["1"]}]}, {"A": "1"}, False),
}
"""https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html, string-value-matching.html, attribute-key-matching.html"""


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("case", DOCUMENTED)
def test_the_sandbox_filters_as_aws_documents(scope: str, case: str) -> None:
    policy, message, passes = DOCUMENTED[case]
    assert delivers(scope, policy, message) is passes
