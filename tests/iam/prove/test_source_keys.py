"""Instances that values of aws:SourceArn name, and requests without one of the source keys."""

from __future__ import annotations

import pytest

from checker.core.unknown import Unknown
from checker.iam.prove.domain import Budget, Mentions
from checker.iam.prove.source_keys import Instances, Unsourced, fresh_account, instance_named
from tests.samples import ACCOUNT, INSTANCE_ARN

ID = INSTANCE_ARN.rpartition("/")[2]


@pytest.mark.parametrize(
    ("value", "region", "named"),
    [
        (INSTANCE_ARN, "us-east-1", INSTANCE_ARN),
        (INSTANCE_ARN, "eu-west-1", INSTANCE_ARN),
        (INSTANCE_ARN, Unknown("why"), INSTANCE_ARN),
        (INSTANCE_ARN.upper(), "us-east-1", INSTANCE_ARN),
        (INSTANCE_ARN.replace("us-east-1", "*"), "eu-west-1", INSTANCE_ARN.replace("us-east-1", "eu-west-1")),
        (
            INSTANCE_ARN.replace("us-east-1", "us-*"),
            "us-west-2",
            INSTANCE_ARN.replace("us-east-1", "us-west-2"),
        ),
        (INSTANCE_ARN.replace("us-east-1", "us-*"), "eu-west-1", None),
        (INSTANCE_ARN.replace("us-east-1", "*"), Unknown("why"), None),
        (f"arn:*:connect:*:{ACCOUNT}:instance/{ID}", "us-east-1", INSTANCE_ARN),
        (
            f"arn:*:connect:*:{ACCOUNT}:instance/{ID}",
            "us-gov-west-1",
            f"arn:aws-us-gov:connect:us-gov-west-1:{ACCOUNT}:instance/{ID}",
        ),
        (f"arn:aws:connect:us-east-1:*:instance/{ID}", "us-east-1", None),
        (f"{INSTANCE_ARN}/*", "us-east-1", None),
        ("*", "us-east-1", None),
        (ACCOUNT, "us-east-1", None),
        (INSTANCE_ARN.replace("connect", "sns"), "us-east-1", None),
    ],
)
def test_a_value_names_an_instance_or_none(value: str, region: object, named: str | None) -> None:
    arn = instance_named(value, region)
    assert (None if arn is None else str(arn)) == named


def test_a_fresh_account_is_none_that_is_taken() -> None:
    assert fresh_account(()) == "999999999999"
    assert fresh_account(["999999999999", "777777777777"]) == "888888888888"
    digits = [digit * 12 for digit in "0123456789"]
    assert fresh_account(digits) == "000000000001"
    assert fresh_account([*digits, "000000000001"]) == "000000000002"


def test_a_fresh_instance_is_none_that_is_excluded() -> None:
    def first(*not_ids: str) -> str:
        domain = Instances("aws", ("us-east-1",), ACCOUNT, not_ids=not_ids)
        return str(domain.choices({}, Budget()).choices[0].values["aws:sourcearn"]).rpartition("/")[2]

    taken: list[str] = []
    for _ in range(18):
        taken.append(first(*taken))
    assert taken[:2] == ["00000000-0000-4000-8000-000000000000", "11111111-1111-4111-8111-111111111111"]
    assert taken[-2:] == ["00000000-0001-4000-8000-000000000000", "00000000-0002-4000-8000-000000000000"]
    assert len(set(taken)) == 18


@pytest.mark.parametrize("number", [0, 1])
def test_requests_without_source_keys_have_as_many_as_said(number: int) -> None:
    domain = Unsourced(Instances("aws", ("us-east-1",)), number)
    assert domain.keys == {"aws:sourcearn", "aws:sourceaccount"}
    mentions: Mentions = {"aws:sourcearn": [], "aws:sourceaccount": []}
    for mentioned in ({}, mentions):
        choices = domain.choices(mentioned, Budget()).choices
        present = {sum(value is not None for value in choice.values.values()) for choice in choices}
        assert present == {number}
