"""The service principals of SNS between two Regions, and where it delivers."""

from __future__ import annotations

import pytest

from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.delivery.regions import allowed, principals, reaches

SNS, HONG_KONG, CAPE_TOWN = "sns.amazonaws.com", "sns.ap-east-1.amazonaws.com", "sns.af-south-1.amazonaws.com"


def arn(region: str, partition: str = "aws") -> Arn:
    return Arn(partition, "sns", region, "111122223333", "chat")


@pytest.mark.parametrize(
    ("topic", "endpoint", "expected"),
    [
        ("us-east-1", "us-east-1", {SNS}),
        ("ap-east-1", "ap-east-1", {SNS}),
        ("us-east-1", "eu-west-1", {SNS}),
        ("ap-east-1", "us-east-1", {HONG_KONG}),
        ("us-east-1", "ap-east-1", {SNS, HONG_KONG, "sns.us-east-1.amazonaws.com"}),
        ("ap-east-1", "af-south-1", {SNS, HONG_KONG, CAPE_TOWN}),
        (
            "ap-northeast-3",
            "us-east-1",
            {SNS, "sns.ap-northeast-3.amazonaws.com", "sns.us-east-1.amazonaws.com"},
        ),
    ],
)
def test_an_opt_in_region_has_a_principal_of_its_own(topic: str, endpoint: str, expected: set[str]) -> None:
    assert set(principals(arn(topic), arn(endpoint))) == expected


def test_where_the_name_is_not_documented_only_unanimous_answers_count() -> None:
    topic, endpoint = arn("us-east-1"), arn("ap-east-1")
    assert allowed(lambda _: True, topic, endpoint) is True
    assert allowed(lambda _: False, topic, endpoint) is False
    assert isinstance(allowed(lambda one: one == SNS, topic, endpoint), Unknown)


@pytest.mark.parametrize(
    ("protocol", "topic", "endpoint", "known"),
    [
        ("lambda", arn("us-east-1"), arn("us-west-2"), True),
        ("lambda", arn("ap-east-1"), arn("us-west-2"), True),
        ("lambda", arn("us-east-1"), arn("ap-east-1"), False),
        ("lambda", arn("us-east-1"), arn("ap-northeast-3"), False),
        ("lambda", arn("ap-northeast-3"), arn("us-east-1"), True),
        ("sqs", arn("us-east-1"), arn("ap-northeast-3"), True),
        ("sqs", arn("us-east-1"), arn("ap-east-1"), True),
        ("firehose", arn("us-east-1"), arn("us-west-2"), False),
        ("firehose", arn("us-east-1"), arn("us-east-1"), True),
        ("sqs", arn("us-east-1"), arn("cn-north-1", "aws-cn"), False),
    ],
)
def test_aws_documents_some_pairs_of_regions(protocol: str, topic: Arn, endpoint: Arn, known: bool) -> None:
    truth = reaches(protocol, topic, endpoint)
    assert truth is True if known else isinstance(truth, Unknown)
