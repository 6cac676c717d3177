"""The topics for which SNS can send to a queue, over all topics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.iam.prove import prove
from checker.iam.prove.service_space import delivery_space, other_topics_space
from checker.iam.prove.space import Target
from checker.policy.model import Policy
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from checker.policy.vocabulary import QUEUE

TOPIC = Arn("aws", "sns", "us-east-1", "111122223333", "chat")
TARGET = Target.of(TOPIC._replace(service="sqs", resource="inbox"))


def policy(condition: dict[str, Any], principal: Any = None) -> Policy:
    statement = {
        "Effect": "Allow",
        "Principal": principal or {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": TARGET.resource,
        "Condition": condition,
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return read_policy(parse_json(Source("", json.dumps(document))), QUEUE)[0]


def source(operator: str, *values: str) -> dict[str, Any]:
    return {operator: {"aws:SourceArn": list(values)}}


@pytest.mark.parametrize(
    ("condition", "ours", "others"),
    [
        ({}, True, True),
        (source("ArnEquals", str(TOPIC)), True, False),
        (source("ArnLike", "arn:aws:sns:*:111122223333:*"), True, False),
        (source("ArnLike", "arn:aws:sns:us-east-1:*:chat"), True, True),
        (source("ArnLike", "arn:aws:sns:us-east-1:1111222233??:chat"), True, True),
        (source("ArnLike", "arn:aws:sns:eu-west-1:*:chat"), False, False),
        (source("StringLike", "*:chat"), True, True),
        (source("StringNotEquals", str(TOPIC)), False, True),
        (source("ArnEqualsIfExists", str(TOPIC)), True, False),
        (source("ArnEquals", str(TOPIC), "arn:aws:sns:us-east-1:999988887777:chat"), True, True),
        ({"Null": {"aws:SourceArn": "true"}}, False, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, False, False),
    ],
)
def test_spaces_of_the_topic_and_of_topics_in_other_accounts(
    condition: dict[str, Any], ours: bool, others: bool
) -> None:
    read = policy(condition)
    assert prove.one_request(read, delivery_space(TARGET, TOPIC)).truth is ours
    answer = prove.some_request(read, other_topics_space(TARGET, TOPIC))
    assert answer.truth is others
    if answer.witness is not None:
        assert decide(read, answer.witness).allowed is True
        named = Arn.parse(str(answer.witness.context["aws:sourcearn"]))
        assert named is not None
        assert named.is_topic
        assert named.account != TOPIC.account


def test_an_undocumented_source_account_makes_the_result_unknown() -> None:
    read = policy({"StringEquals": {"aws:SourceAccount": TOPIC.account}})
    assert isinstance(prove.one_request(read, delivery_space(TARGET, TOPIC)).truth, Unknown)
    assert isinstance(prove.some_request(read, other_topics_space(TARGET, TOPIC)).truth, Unknown)
