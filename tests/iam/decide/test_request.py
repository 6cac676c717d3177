"""Callers and contexts of requests, and grants that cover them."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from checker.core.unknown import Truth, Unknown
from checker.iam.decide.decide import grant_covers
from checker.iam.decide.request import (
    FOREIGN_ADDRESS,
    Anonymous,
    AwsPrincipal,
    Caller,
    OpenList,
    Request,
    Service,
    fold,
    foreign,
    is_foreign,
    spell,
)
from tests.samples import ACCOUNT, TOPIC_ARN

IAM, STS = f"arn:aws:iam::{ACCOUNT}:", f"arn:aws:sts::{ACCOUNT}:"


@pytest.mark.parametrize(
    ("text", "exists", "role"),
    [
        (ACCOUNT, True, ""),
        (f"{IAM}root", True, ""),
        (f"{IAM}rooter", False, ""),
        (f"{IAM}role/a", True, ""),
        (f"{IAM}role/a/b/c+=,.@-_1", True, ""),
        (f"{IAM}role/a:b/c", True, ""),
        (f"{IAM}user/a", True, ""),
        (f"{IAM}role/", False, ""),
        (f"{IAM}role//a", False, ""),
        (f"{IAM}role/é", False, ""),
        (f"{IAM}role/a b/c", False, ""),
        (f"{IAM}group/a", False, ""),
        (f"{STS}assumed-role/a/b", True, "a"),
        (f"{STS}assumed-role/a", False, "a"),
        (f"{STS}assumed-role/a/b/c", False, "a"),
        (f"{STS}federated-user/a", True, ""),
        (f"{STS}federated-user/a/b", False, ""),
        (f"{STS}root", False, ""),
        (f"arn:aws:iam:us-east-1:{ACCOUNT}:root", False, ""),
        (f"arn:aws:s3::{ACCOUNT}:root", False, ""),
    ],
)
def test_principals_that_can_make_requests(text: str, *, exists: bool, role: str) -> None:
    principal = AwsPrincipal.parse(text)
    assert principal is not None
    assert (principal.can_exist, principal.role) == (exists, role)
    assert str(principal) == (f"{IAM}root" if text == ACCOUNT else text)


def test_other_texts_are_no_principals() -> None:
    assert [AwsPrincipal.parse(text) for text in ("*", "", "11112222333", "arn:aws:iam", "AROAEXAMPLE")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("aws:sourcearn", "aws:SourceArn"),
        ("aws:principaltag/Team", "aws:PrincipalTag/Team"),
        ("aws:principaltag/", "aws:PrincipalTag/"),
        ("kms:encryptioncontext:aws:sns:topicarn", "kms:EncryptionContext:aws:sns:topicArn"),
        ("kms:encryptioncontext:a", "kms:EncryptionContext:a"),
        ("aws:nosuchkey", "aws:nosuchkey"),
    ],
)
def test_keys_are_written_as_aws_spells_them(key: str, written: str) -> None:
    assert spell(key) == written


CONTEXT = fold(
    {
        "aws:SourceAccount": ACCOUNT,
        "aws:PrincipalServiceNamesList": OpenList(("a", "b")),
        "aws:TagKeys": ("x", "y"),
        "aws:SourceIp": FOREIGN_ADDRESS,
    }
)


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        (Service("sns.amazonaws.com"), {"service": "sns.amazonaws.com"}),
        (Anonymous(), {"aws": "anonymous"}),
        (AwsPrincipal.parse(ACCOUNT), {"aws": f"{IAM}root"}),
    ],
)
def test_a_request_is_written_without_what_is_not_known(caller: Caller, principal: dict[str, str]) -> None:
    assert Request(caller, "sns:Publish", TOPIC_ARN, CONTEXT).to_json() == {
        "principal": principal,
        "action": "sns:Publish",
        "resource": TOPIC_ARN,
        "context": {
            "aws:SourceAccount": ACCOUNT,
            "aws:PrincipalServiceNamesList": ["a"],
            "aws:TagKeys": ["x", "y"],
        },
    }


def test_variables_have_the_values_of_the_context_or_their_own() -> None:
    request = Request(Anonymous(), "", "", {"a:b": "c"})
    assert [request.variable(key) for key in ("a:b", "A:B", "x")] == ["c", "c", None]
    own = request._replace(variables={"a:b": "d"})
    assert [own.variable(key) for key in ("a:b", "A:B", "x")] == ["d", "d", None]
    assert request._replace(variables={}).variable("a:b") is None


def test_a_repeated_key_is_not_known() -> None:
    folded = fold({"A:b": "x", "a:B": "x", "c": "y"})
    assert folded == {
        "a:b": Unknown("the request repeats this key in different letter case", "a:B"),
        "c": "y",
    }


def test_what_names_none_of_your_accounts_is_foreign() -> None:
    values = (foreign("aws:PrincipalArn"), FOREIGN_ADDRESS, Unknown("another reason"))
    assert [is_foreign(value) for value in values] == [True, True, False]
    assert foreign("aws:PrincipalArn").where == "aws:PrincipalArn"


class Grant(NamedTuple):
    grantee: str | Unknown = "connect.amazonaws.com"
    operations: tuple[str, ...] | Unknown = ("Decrypt", "GenerateDataKey")
    source_arn: str | None = None
    encryption_context: tuple[tuple[str, str | Unknown], ...] | Unknown = ()
    doubt: Unknown | None = None


WHY = Unknown("why")
PAIR = ("aws:sns:topicArn", TOPIC_ARN)
NO_INSTANCE = Unknown("the grant is limited to a source, and the instance is not known", "a")


@pytest.mark.parametrize(
    ("grant", "sources", "topic", "expected"),
    [
        (Grant(), (), TOPIC_ARN, True),
        (Grant(grantee="sns.amazonaws.com"), (), TOPIC_ARN, False),
        (Grant(grantee=WHY), (), TOPIC_ARN, WHY),
        (Grant(operations=("Encrypt",)), (), TOPIC_ARN, False),
        (Grant(operations=WHY), (), TOPIC_ARN, WHY),
        (Grant(operations=()), (), TOPIC_ARN, False),
        (Grant(source_arn="a"), ("b", "a"), TOPIC_ARN, True),
        (Grant(source_arn="a"), ("b",), TOPIC_ARN, False),
        (Grant(source_arn="a"), (), TOPIC_ARN, NO_INSTANCE),
        (Grant(encryption_context=(PAIR,)), (), TOPIC_ARN, True),
        (Grant(encryption_context=(PAIR,)), (), "another", False),
        (Grant(encryption_context=(PAIR,)), (), WHY, WHY),
        (Grant(encryption_context=((PAIR[0], WHY),)), (), TOPIC_ARN, WHY),
        (Grant(encryption_context=(PAIR, ("a", "b"))), (), TOPIC_ARN, False),
        (Grant(encryption_context=(("a", TOPIC_ARN),)), (), TOPIC_ARN, False),
        (Grant(encryption_context=WHY), (), TOPIC_ARN, WHY),
        (Grant(doubt=WHY), (), TOPIC_ARN, WHY),
        (Grant(doubt=WHY, grantee="x"), (), TOPIC_ARN, False),
    ],
    ids=str,
)
def test_a_grant_covers_requests_within_its_constraints(
    grant: Grant, sources: tuple[str, ...], topic: str | Unknown, expected: Truth
) -> None:
    assert grant_covers(grant, "connect.amazonaws.com", "kms:GenerateDataKey", topic, sources) == expected
