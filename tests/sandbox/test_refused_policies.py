"""Policies that SNS and KMS refuse, and the error messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.sandbox import seed

if TYPE_CHECKING:
    from checker.sandbox.running import Account

GONE = object()
SCOPE = "Invalid parameter: Policy statement action out of service scope!"
NULL = "Invalid parameter: Policy Error: null"
SINGLE = "Invalid parameter: Policy statement must apply to a single resource!"
NOT_FOUND = "Invalid parameter: Policy Error: PrincipalNotFound"
INVALID = "Policy contains a statement with one or more invalid principals."
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def error(call: Any, **parameters: Any) -> tuple[str, str]:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(**parameters)
    found = caught.value.response["Error"]
    return found["Code"], found["Message"]


def put(account: Account, topic: str, policy: str) -> None:
    account.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def policy_of(account: Account, topic: str) -> Any:
    return json.loads(account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Action": "sns:*"}, SCOPE),
        ({"Action": ["sns:Publish", "sns:CreateTopic"]}, SCOPE),
        ({"Action": "sqs:SendMessage"}, SCOPE),
        ({"Action": GONE}, NULL),
        ({"Principal": {"AWS": "connect.amazonaws.com"}}, NOT_FOUND),
        ({"Principal": {"AWS": "arn:aws:iam::12:root"}}, NOT_FOUND),
        ({"Principal": {}}, NULL),
        ({"Principal": GONE, "Principle": "*"}, NULL),
        ({"Effect": "allow"}, NULL),
        ({"Resource": ["*", "*"]}, SINGLE),
        ({"Resource": GONE}, NULL),
        (
            {"Resource": "arn:aws:sns:us-west-2:111122223333:other"},
            "Invalid parameter: Policy statement must apply to this topic.",
        ),
    ],
)
def test_a_statement_that_sns_does_not_accept_is_refused(
    account: Account, change: dict[str, Any], message: str
) -> None:
    topic = seed.default_topic(account)
    statement = {**seed.publish_statement(topic), **change}
    statement = {key: value for key, value in statement.items() if value is not GONE}
    before = policy_of(account, topic)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert error(put, account=account, topic=topic, policy=policy) == ("InvalidParameter", message)
    assert policy_of(account, topic) == before


@pytest.mark.parametrize(
    "policy", ["{", "[]", '{"Version": "2012-10-17", "Statement": []}', '{"Version": "today"}', '"' * 31_000]
)
def test_documents_that_are_not_a_policy_are_refused(account: Account, policy: str) -> None:
    topic = seed.default_topic(account)
    assert error(put, account=account, topic=topic, policy=policy) == ("InvalidParameter", NULL)
    arguments = {"Name": "new", "Attributes": {"Policy": policy}}
    assert error(account.client("sns").create_topic, **arguments) == ("InvalidParameter", NULL)


def test_sns_stores_an_account_id_as_the_arn_of_its_root(account: Account) -> None:
    topic = seed.default_topic(account)
    statement = {**seed.publish_statement(topic), "Principal": {"AWS": ["111122223333", "*"]}}
    put(account, topic, json.dumps({"Version": "2012-10-17", "Statement": statement}))
    (kept,) = policy_of(account, topic)["Statement"]
    assert kept["Principal"] == {"AWS": ["arn:aws:iam::111122223333:root", "*"]}


def test_an_unknown_attribute_is_refused(account: Account) -> None:
    arguments = {"TopicArn": seed.default_topic(account), "AttributeName": "Polcy", "AttributeValue": "{}"}
    assert error(account.client("sns").set_topic_attributes, **arguments)[0] == "InvalidParameter"


def put_key_policy(account: Account, *statements: dict[str, Any], **more: Any) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    kms.put_key_policy(**{"KeyId": key, "Policy": policy, **more})


def test_a_key_policy_that_locks_out_its_author_is_refused(account: Account) -> None:
    stranger = seed.root_statement("444455556666")
    for statement in (seed.key_statement(), stranger):
        with pytest.raises(Exception, match=LOCKED_OUT):
            put_key_policy(account, statement)
    put_key_policy(account, seed.key_statement(), BypassPolicyLockoutSafetyCheck=True)
    put_key_policy(account, seed.key_statement(), seed.root_statement(account.id))


@pytest.mark.parametrize("principal", [{"AWS": "connect.amazonaws.com"}, {"Service": "connect"}, {}])
def test_a_key_policy_with_an_invalid_principal_is_refused(
    account: Account, principal: dict[str, str]
) -> None:
    statement = {**seed.key_statement(), "Principal": principal}
    with pytest.raises(Exception, match=INVALID):
        put_key_policy(account, seed.root_statement(account.id), statement)


def test_key_policies_beyond_what_kms_documents(account: Account) -> None:
    root = seed.root_statement(account.id)
    condition = {"ForAllValues:StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": "t"}}
    with pytest.raises(Exception, match="OverlyPermissiveCondition"):
        put_key_policy(account, root, {**seed.key_statement(), "Condition": condition})
    with pytest.raises(Exception, match="LimitExceededException"):
        put_key_policy(account, {**root, "Sid": "x" * 33_000})
    with pytest.raises(Exception, match="AWS_RAM"):
        put_key_policy(account, root, PolicyName="AWS_RAM")
    for text in ("{", "[]", '{"Statement": ["x"]}'):
        with pytest.raises(Exception, match="MalformedPolicyDocumentException"):
            put_key_policy(account, root, Policy=text)
    with pytest.raises(Exception, match="MalformedPolicyDocumentException"):
        account.client("kms").create_key(Policy="{")


def test_the_aws_managed_key_for_sns_is_created_when_it_is_described(account: Account) -> None:
    kms = account.client("kms")

    def listed() -> Any:
        return next(one for one in kms.list_aliases()["Aliases"] if one["AliasName"] == "alias/aws/sns")

    assert kms.list_keys()["Keys"] == []
    assert "TargetKeyId" not in listed()
    made = kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]
    assert (made["KeyManager"], made["KeyState"]) == ("AWS", "Enabled")
    assert kms.describe_key(KeyId=made["Arn"])["KeyMetadata"]["KeyManager"] == "AWS"
    assert listed()["TargetKeyId"] == made["KeyId"]
    assert "kms:ViaService" in kms.get_key_policy(KeyId=made["KeyId"])["Policy"]
    with pytest.raises(Exception, match="AccessDeniedException"):
        kms.disable_key(KeyId=made["Arn"])
