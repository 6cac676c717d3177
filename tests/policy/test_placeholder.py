"""Whether a text is a placeholder depends on its role; real values are never placeholders."""

from __future__ import annotations

import pytest

from checker.core.arn import Arn
from checker.core.finding import format_route
from checker.core.unknown import Unknown
from checker.policy.model import Policy, Value
from checker.policy.placeholder import (
    filled,
    intended_value,
    is_masked,
    is_placeholder,
    masked,
    placeholders,
    texts,
)
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, arn_of, document, policy_of, statement


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("YOUR_AWS_ACCOUNT_ID", "aws:SourceAccount"),
        ("<account>", ""),
        ("arn:aws:sns:REGION:ACCOUNT:topic", ""),
        ("YOUR_SNS_TOPIC_ARN", ""),
        ("your-account-id", "aws:SourceAccount"),
        ("arn:aws:sns:eu-west-2:xxxxxxxxxxxx:chat-stream", ""),
        ("arn:aws:connect:us-west-2:YOUR_ACCOUNT_ID:instance/<instance-id>", "aws:SourceArn"),
        ("ACCOUNT_ID", ""),
        ("account-id", "aws:SourceAccount"),
        ("Account", "aws:PrincipalAccount"),
        ("arn:aws:iam::ACCOUNT_ID:root", ""),
        ("arn:aws:connect:us-east-1:111122223333:instance/INSTANCE_ID", "aws:SourceArn"),
        ("arn:aws:connect:us-east-1:111122223333:instance/...", "aws:SourceArn"),
        ("SNS_TOPIC_ARN", ""),
        ("connectInstanceArn", "aws:SourceArn"),
        ("{{ account }}", ""),
        ("REPLACE_ME", ""),
        ("arn:aws:sns:us-east-1:111122223333:YOUR_TOPIC", ""),
        ("arn:aws:sns:us-east-1:111122223333:your-topic-name", ""),
        ("[account]", ""),
        ("arn:aws:sns:[region]:111122223333:t", ""),
        ("o-xxxxxxxxxx", "aws:PrincipalOrgID"),
        ("YOUR_ORG_ID", "aws:PrincipalOrgID"),
        ("AWS_ACCOUNT_NUMBER", "aws:SourceAccount"),
        ("arn:PARTITION:sns:us-east-1:111122223333:t", ""),
        ("arn:aws:sns:us-east-1:your-account-id:t", ""),
        ("YOUR_CONNECT_INSTANCE_ARN", "aws:SourceArn"),
        ("arn:aws:sns:us-east-1:111122223333:TOPIC_NAME", ""),
        ("REGION", "aws:RequestedRegion"),
        ("OWNER_ID", "aws:SourceOwner"),
        ("PARTITION", "a:partition"),
        ("arn:aws:connect:us-east-1:111122223333:instance/INSTANCE_ID/contact-flow/x", "aws:SourceArn"),
        ("arn:aws:connect:us-east-1:111122223333:instance", "aws:SourceArn"),
        ("arn:aws:kms:us-east-1:111122223333:key/your-key-id", ""),
    ],
)
def test_placeholder_texts_are_recognized(text: str, key: str) -> None:
    assert is_placeholder(text, key)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Account", "aws:PrincipalType"),
        ("arn:aws:sns:us-west-2:111122223333:account", ""),
        ("arn:aws:sns:us-west-2:111122223333:region", ""),
        ("arn:aws:sns:us-west-2:111122223333:topic", ""),
        ("arn:aws:sns:us-west-2:111122223333:instance-id", ""),
        ("arn:aws:sns:us-west-2:111122223333:maxxxxi", ""),
        ("*", ""),
        ("arn:aws:iam::111122223333:role/account", ""),
        ("arn:aws:iam::111122223333:role/region", ""),
        ("connect.amazonaws.com", ""),
        ("111122223333", "aws:SourceAccount"),
        ("arn:aws:kms:us-east-1:111122223333:alias/account", ""),
        ("account", "aws:PrincipalTag/kind"),
        ("region", "aws:PrincipalTag/scope"),
        ("in/account/t.yaml#Stream", ""),
        ('aws_sns_topic.region["eu"].arn', ""),
        ("aws_sns_topic.account.arn", ""),
        ("your-product", "aws:PrincipalTag/team"),
        ("arn:aws:sns:*:111122223333:t", ""),
        ("arn:aws:connect:us-east-1:111122223333:instance/*", "aws:SourceArn"),
        ("eu-west-1", "aws:RequestedRegion"),
        ("arn:aws:sns:us-west-2:111122223333:owner", ""),
        ("arn:aws:sns:us-east-1:111122223333:partition", ""),
        ("arn:aws:sns:us-east-1:111122223333:your-voice", ""),
        ("sqs", "sns:Protocol"),
        ("arn:aws:s3:::account", ""),
        ("arn:aws:sqs:us-east-1:111122223333:account", "aws:SourceArn"),
        ("arn:aws:sns:${AWS::Region}:account:chat", ""),
        ("arn:aws:connect:us-east-1:111122223333:instance/a/instance-id", "aws:SourceArn"),
        ("arn:aws:connect:us-east-1:111122223333:queue/instance", "aws:SourceArn"),
    ],
)
def test_real_values_are_not_placeholders(text: str, key: str) -> None:
    assert not is_placeholder(text, key)


def test_the_name_that_a_document_has_for_the_resource_is_not_a_placeholder() -> None:
    policy = policy_of(document(statement(Resource="YOUR_APP/account/t.yaml#Stream")))
    assert list(placeholders(policy)) != []
    assert list(placeholders(policy, "YOUR_APP/account/t.yaml#Stream")) == []
    assert masked(policy, "YOUR_APP/account/t.yaml#Stream") is policy


TEMPLATE = policy_of(
    document(
        statement(
            Principal={"AWS": ["ACCOUNT_ID", ACCOUNT]},
            Resource="SNS_TOPIC_ARN",
            Condition={
                "StringEquals": {
                    "aws:SourceAccount": ["ACCOUNT", ACCOUNT],
                    "aws:PrincipalTag/kind": "account",
                }
            },
        ),
        statement(Action=7, Principal=7, Resource=7, Condition=7),
        statement(
            Principal={"Service": "YOUR_SERVICE"}, Condition={"StringLike": {"aws:SourceArn": "<arn>"}}
        ),
    )
)


def test_placeholders_are_found_with_their_routes() -> None:
    assert [(format_route(route), text) for route, text in placeholders(TEMPLATE)] == [
        ("Statement[0].Principal.AWS[0]", "ACCOUNT_ID"),
        ("Statement[0].Resource[0]", "SNS_TOPIC_ARN"),
        ("Statement[0].Condition.StringEquals.aws:SourceAccount[0]", "ACCOUNT"),
        ("Statement[2].Principal.Service[0]", "YOUR_SERVICE"),
        ("Statement[2].Condition.StringLike.aws:SourceArn[0]", "<arn>"),
    ]
    assert len(list(texts(TEMPLATE))) == 9


def values_of(policy: Policy) -> list[object]:
    """Return the values of principals, resources and conditions; a placeholder as its text in a list."""
    found: list[object] = []

    def seen(_: str, value: Value) -> Value:
        found.append([value.where] if is_masked(value) and isinstance(value, Unknown) else value)
        return value

    policy.with_values(seen)
    return [value for value in found if not isinstance(value, Unknown)]


def test_placeholders_are_unknown_and_all_else_stays() -> None:
    assert values_of(masked(TEMPLATE)) == [
        *(["ACCOUNT_ID"], ACCOUNT, ["SNS_TOPIC_ARN"], ["ACCOUNT"], ACCOUNT, "account"),
        *(["YOUR_SERVICE"], TOPIC_ARN, ["<arn>"]),
    ]


def test_placeholders_are_filled_in_by_their_role() -> None:
    policy = filled(TEMPLATE, "", "the topic", lambda key, text: f"{key} {text}")
    assert values_of(policy) == [
        *(["ACCOUNT_ID"], ACCOUNT, "the topic", "aws:sourceaccount ACCOUNT", ACCOUNT, "account"),
        *(["YOUR_SERVICE"], TOPIC_ARN, "aws:sourcearn <arn>"),
    ]
    assert not is_masked(Unknown("another reason"))


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("aws:sourceaccount", "YOUR_ACCOUNT_ID", ACCOUNT),
        ("aws:sourcearn", "YOUR_CONNECT_INSTANCE_ARN", INSTANCE_ARN),
        ("aws:sourcearn", INSTANCE_ARN.replace(ACCOUNT, "<account>"), INSTANCE_ARN),
        ("aws:sourcearn", "arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE_ID", INSTANCE_ARN),
        (
            "aws:sourcearn",
            "arn:aws:connect:us-east-1:<account>:instance/*",
            f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/*",
        ),
        (
            "aws:sourcearn",
            "arn:aws:connect:us-east-1:<account>:instance/<id>/queue/*",
            f"{INSTANCE_ARN}/queue/*",
        ),
        (
            "aws:sourcearn",
            "arn:aws:connect:*:<account>:instance/<id>",
            INSTANCE_ARN.replace("us-east-1", "*"),
        ),
    ],
)
def test_placeholders_are_filled_in_and_other_values_stay(key: str, text: str, value: str) -> None:
    elsewhere = Arn("aws", "connect", "eu-west-1", "999999999999", "instance/x")
    assert intended_value(key, text, elsewhere, arn_of(INSTANCE_ARN)) == value
    assert intended_value(key, text, arn_of(INSTANCE_ARN)) == value
