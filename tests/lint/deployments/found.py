"""Small templates about which an answer was wrong once; the long job found them."""

from __future__ import annotations

from typing import Any

from tests.lint.deployments.small_templates import (
    ACCOUNT,
    COMPOSED,
    INSTANCE,
    LITERAL,
    NAMED_ACCOUNT,
    OWN,
    SECOND_ACCOUNT,
    TOPIC_ARN,
    Template,
    instance,
    ref,
    sub,
)


def statement(effect: str = "Allow", resource: Any = None, **tests: dict[str, Any]) -> dict[str, Any]:
    """A statement about Connect; each test is an operator with its keys."""
    return {
        "Effect": effect,
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": resource or ref("Topic"),
        **({"Condition": tests} if tests else {}),
    }


def account(value: Any) -> dict[str, Any]:
    return {"aws:SourceAccount": value}


def arn(value: Any) -> dict[str, Any]:
    return {"aws:SourceArn": value}


KEY_OF_ACCOUNT: tuple[dict[str, Any], ...] = (
    {
        "Effect": "Allow",
        "Principal": {"AWS": sub("arn:aws:iam::${Account}:root")},
        "Action": "kms:*",
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    },
)
_OF_ACCOUNT = COMPOSED[1]
_OF_NAMED = sub(instance("${AWS::Region}", NAMED_ACCOUNT, "${InstanceId}"))

FOUND: dict[str, Template] = {
    "an allowed value of a parameter is the account of the deployment": Template(
        (statement(StringNotEquals=account(ref(ACCOUNT))),), restricted=True
    ),
    "two statements pin one instance to two accounts": Template(
        (
            statement(StringEquals=account(ref(ACCOUNT)), ArnEquals=arn(ref(INSTANCE))),
            statement(StringEquals=account(ref(OWN)), ArnEquals=arn(ref(INSTANCE))),
        )
    ),
    "the account of the key is that of the instance": Template(
        (statement(StringEquals=account(ref(ACCOUNT)), ArnEquals=arn(LITERAL)),), KEY_OF_ACCOUNT
    ),
    "the account of the key is that of the deployment": Template(
        (statement(), statement(StringEquals=account(ref(OWN)), ArnEquals=arn(LITERAL))), KEY_OF_ACCOUNT
    ),
    "an account equals that of the deployment, which is that of the key": Template(
        (statement(StringEquals=account(ref(SECOND_ACCOUNT)), ArnEquals=arn(COMPOSED[0])),), KEY_OF_ACCOUNT
    ),
    "the topic has the account of the key": Template(
        (statement(resource=TOPIC_ARN),), KEY_OF_ACCOUNT, restricted=True
    ),
    "the account in the ARN is a parameter": Template(
        (statement(StringEquals=account(ref(OWN)), ArnEquals=arn(_OF_ACCOUNT)),)
    ),
    "the account in the composed ARN is a literal": Template(
        (statement(), statement(StringEquals=account(ref(OWN)), ArnEquals=arn(_OF_NAMED)))
    ),
    "StringNotEquals does not pin an account": Template(
        (statement(StringNotEquals=account(ref(ACCOUNT)), ArnEquals=arn(ref(INSTANCE))),)
    ),
    "a Deny names the account by either symbol": Template(
        (statement(ArnEquals=arn(_OF_ACCOUNT)), statement("Deny", StringEquals=account(ref(ACCOUNT))))
    ),
    "the user names the instance of a parameter": Template(
        (statement(ArnEquals=arn(ref(INSTANCE))),), stated=True
    ),
    "a Deny of a parameter names the ID of an Allow": Template(
        (
            statement(ArnEquals=arn(COMPOSED[2])),
            statement("Deny", ArnEquals=arn(COMPOSED[0])),
        )
    ),
    "a Deny of a parameter names the ID of another parameter": Template(
        (
            statement(ArnEquals=arn(COMPOSED[5])),
            statement("Deny", ArnEquals=arn(COMPOSED[0])),
        )
    ),
    "an instance of another account than its statement pins": Template(
        (
            statement(ArnNotEquals=arn(COMPOSED[0])),
            statement(StringEquals=account(ref(ACCOUNT)), ArnEquals=arn(ref(INSTANCE))),
        )
    ),
    "a finding has the same severity for every instance that its statement pins": Template(
        (
            statement(StringEquals=account(ref(ACCOUNT)), ArnEquals=arn(ref(INSTANCE))),
            statement(StringNotEquals=account(ref(OWN)), ArnEquals=arn(COMPOSED[0])),
        )
    ),
    "an account in an ARN is an allowed value of the account that its statement pins": Template(
        (
            statement(),
            statement(StringEquals=account(ref(ACCOUNT)), ArnEquals=arn(COMPOSED[6])),
        ),
        restricted=True,
    ),
    "the account of the key is that of a composed ARN": Template(
        (statement(StringEquals=account(ref(OWN)), ArnEquals=arn(_OF_NAMED)),), KEY_OF_ACCOUNT
    ),
    "a pattern matches some accounts": Template((statement(StringLike=account("1*")),)),
    "a pattern matches some accounts, and another grant names one": Template(
        (
            statement(StringEquals=account(ref(OWN))),
            statement(StringLike={**account("?4445555*"), "aws:RequestedRegion": "eu-west-2"}),
        )
    ),
    "a pattern matches some instances": Template(
        (statement(StringEquals=account(ref(OWN)), ArnLike=arn("arn:aws:connect:*:*:instance/0a*")),)
    ),
    "the Region of the request": Template(
        (
            statement(
                StringEquals={**account(ref(OWN)), "aws:RequestedRegion": "eu-west-2"},
                ArnEquals=arn(ref(INSTANCE)),
            ),
        )
    ),
    "too many deployments to know whether another statement lets the instance publish": Template(
        (
            statement(ArnEquals=arn(COMPOSED[1])),
            statement(ArnEquals=arn(COMPOSED[5])),
            statement(StringEquals=account("1*"), ArnEquals=arn(ref(INSTANCE))),
        ),
        restricted=True,
        stated=True,
    ),
}
