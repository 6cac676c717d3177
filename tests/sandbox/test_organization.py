"""Resource control policies: which requests of Connect and SNS they deny, on whose resources."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from checker.sandbox import scenes, seed

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

DENIED = "the resource control policy: ExplicitlyDenied for {}"
KEY = DENIED.format("kms:GenerateDataKey")


class Estate(NamedTuple):
    """A management account, and a member account two units below the root."""

    management: Account
    member: Account
    root: str
    outer: str
    inner: str

    @property
    def id(self) -> str:
        described = self.management.client("organizations").describe_organization()
        return str(described["Organization"]["Id"])

    def attach(self, target: str, *statements: seed.Statement) -> str:
        return scenes.attach_control_policy(self.management, target, *statements)


@pytest.fixture
def estate(account: Account) -> Estate:
    root = scenes.make_organization(account)
    outer = scenes.make_unit(account, root, "outer")
    inner = scenes.make_unit(account, outer, "inner")
    return Estate(account, scenes.make_member(account, root, inner), root, outer, inner)


def streamed(sandbox: Sandbox, account: Account, instance: str, topic: str) -> str:
    """The cause for which a message does not reach a topic."""
    started = seed.start_chat(account, instance, topic)
    seed.send_message(account, started, "hello")
    (cause,) = {one.cause for one in sandbox.deliveries() if one.contact == started.contact}
    return cause


TARGETS: dict[str, tuple[Callable[[Estate], str], str]] = {
    "root": (lambda estate: estate.root, KEY),
    "outer unit": (lambda estate: estate.outer, KEY),
    "inner unit": (lambda estate: estate.inner, KEY),
    "account": (lambda estate: estate.member.id, KEY),
    "another unit": (lambda estate: scenes.make_unit(estate.management, estate.root, "other"), ""),
    "management account": (lambda estate: estate.management.id, ""),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_policy_applies_to_the_accounts_below_its_target(
    sandbox: Sandbox, estate: Estate, case: str
) -> None:
    target, cause = TARGETS[case]
    instance = seed.make_instance(estate.member)
    topic = seed.encrypted_topic(estate.member, instance, grant=True).topic
    estate.attach(target(estate), scenes.control_statement("kms:*"))
    assert streamed(sandbox, estate.member, instance, topic) == cause


def test_a_policy_does_not_apply_to_the_management_account(sandbox: Sandbox, estate: Estate) -> None:
    instance = seed.make_instance(estate.management)
    topic = seed.encrypted_topic(estate.management, instance, grant=True).topic
    estate.attach(estate.root, scenes.control_statement("kms:*"))
    assert streamed(sandbox, estate.management, instance, topic) == ""


def test_a_policy_has_no_effect_on_topics_or_when_it_is_detached_or_its_type_disabled(
    sandbox: Sandbox, estate: Estate
) -> None:
    instance = seed.make_instance(estate.member)
    topic = seed.encrypted_topic(estate.member, instance, grant=True).topic
    estate.attach(estate.root, scenes.control_statement("sns:*"))
    assert streamed(sandbox, estate.member, instance, topic) == ""
    client = estate.management.client("organizations")
    policy = scenes.attach_control_policy(
        estate.management, estate.root, scenes.control_statement("kms:*"), name="kms"
    )
    assert streamed(sandbox, estate.member, instance, topic) == KEY
    client.detach_policy(PolicyId=policy, TargetId=estate.root)
    assert streamed(sandbox, estate.member, instance, topic) == ""
    client.attach_policy(PolicyId=policy, TargetId=estate.root)
    client.disable_policy_type(RootId=estate.root, PolicyType="RESOURCE_CONTROL_POLICY")
    assert streamed(sandbox, estate.member, instance, topic) == ""


CONDITIONS: dict[str, tuple[Callable[[Estate], dict[str, Any]], str]] = {
    "services": (lambda _: {"Bool": {"aws:PrincipalIsAWSService": "true"}}, KEY),
    "principals alone": (lambda _: {"Bool": {"aws:PrincipalIsAWSService": "false"}}, ""),
    "identity perimeter": (
        lambda estate: {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": estate.id},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
        "",
    ),
    "another service": (
        lambda _: {"StringNotEquals": {"aws:PrincipalServiceName": "connect.amazonaws.com"}},
        "",
    ),
    "resources of the organization": (
        lambda estate: {"StringEquals": {"aws:ResourceOrgID": estate.id}},
        KEY,
    ),
    "resources of a unit": (
        lambda estate: {
            "ForAnyValue:StringLike": {
                "aws:ResourceOrgPaths": f"{estate.id}/{estate.root}/{estate.outer}/*",
            }
        },
        KEY,
    ),
    "sources outside a unit": (
        lambda estate: {
            "ForAllValues:StringNotLike": {
                "aws:SourceOrgPaths": f"{estate.id}/{estate.root}/{estate.outer}/{estate.inner}/"
            }
        },
        "",
    ),
    "another encryption context": (
        lambda _: {"StringNotLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:*:*:chat"}},
        KEY,
    ),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_conditions_of_a_policy_see_the_keys_of_the_request_of_connect(
    sandbox: Sandbox, estate: Estate, case: str
) -> None:
    condition, cause = CONDITIONS[case]
    instance = seed.make_instance(estate.member)
    topic = seed.encrypted_topic(estate.member, instance, grant=True).topic
    estate.attach(estate.root, scenes.control_statement("kms:*", **condition(estate)))
    assert streamed(sandbox, estate.member, instance, topic) == cause


ASSUMPTIONS: dict[str, tuple[dict[str, bool], str, str]] = {
    "all keys": ({}, "", KEY),
    "no source keys on KMS": ({"connect_source_keys_on_kms": False}, "", ""),
    "no organization keys": ({"source_organization_keys": False}, KEY, KEY),
}


@pytest.mark.parametrize("case", ASSUMPTIONS)
def test_the_perimeter_of_aws_depends_on_keys_that_aws_does_not_document_for_connect(
    sandbox: Sandbox, estate: Estate, case: str
) -> None:
    chosen, own, of_others = ASSUMPTIONS[case]
    outside = sandbox.account("888877776666", estate.member.region)
    estate.attach(estate.root, scenes.perimeter_statement("kms:*", estate.id))
    sandbox.assume(**chosen)
    for owner, cause in ((estate.member, own), (outside, of_others)):
        instance = seed.make_instance(owner)
        topic = seed.encrypted_topic(estate.member, instance, owner.id, grant=True).topic
        assert streamed(sandbox, owner, instance, topic) == cause


def published(sandbox: Sandbox, account: Account, topic: str) -> str:
    account.client("sns").publish(TopicArn=topic, Message="{}")
    (cause,) = {one.cause for one in sandbox.notifications() if one.topic == topic}
    return cause


@pytest.mark.parametrize("action", ["sqs:SendMessage", "kms:Decrypt", "lambda:*"])
def test_a_policy_denies_sns_a_queue_and_its_key(sandbox: Sandbox, estate: Estate, action: str) -> None:
    topic = seed.default_topic(estate.member)
    key = estate.member.client("kms").create_key(
        Policy=seed.policy_text(
            seed.root_statement(estate.member.id), seed.key_statement("sns.amazonaws.com")
        )
    )["KeyMetadata"]["KeyId"]
    queue = seed.make_queue(estate.member, "inbox", KmsMasterKeyId=key)
    seed.set_queue_policy(estate.member, queue.url, seed.queue_statement(queue.arn, topic))
    seed.subscribe_queue(estate.member, topic, queue.arn)
    estate.attach(estate.inner, scenes.control_statement(action))
    expected = "" if action == "lambda:*" else DENIED.format(action)
    assert published(sandbox, estate.member, topic) == expected


PUT = DENIED.format("firehose:PutRecord")
ROLES: dict[str, tuple[seed.Statement, str]] = {
    "stream": (scenes.control_statement("firehose:*"), PUT),
    "role": (scenes.control_statement("sts:AssumeRole"), DENIED.format("sts:AssumeRole")),
    "services alone": (
        scenes.control_statement("firehose:*", Bool={"aws:PrincipalIsAWSService": "true"}),
        "",
    ),
    "another organization's principals": (
        scenes.control_statement("firehose:*", StringNotEquals={"aws:PrincipalOrgID": "o-other"}),
        PUT,
    ),
}


@pytest.mark.parametrize("case", ROLES)
def test_a_policy_denies_the_role_of_a_subscription(sandbox: Sandbox, estate: Estate, case: str) -> None:
    statement, cause = ROLES[case]
    topic = seed.default_topic(estate.member)
    stream = seed.make_stream(estate.member, f"chats-{estate.member.id}")[0]
    seed.subscribe_stream(estate.member, topic, stream, seed.make_stream_role(estate.member, stream))
    estate.attach(estate.member.id, statement)
    assert published(sandbox, estate.member, topic) == cause


def test_a_policy_applies_to_the_account_of_the_key_not_of_the_topic(
    sandbox: Sandbox, estate: Estate
) -> None:
    outside = sandbox.account("888877775555", estate.member.region)
    instance = seed.make_instance(outside)
    made = seed.encrypted_topic(estate.member, instance, grant=True)
    topic = seed.good_topic(outside, instance, "outside")
    seed.encrypt(outside, topic, made.key)
    estate.attach(estate.root, scenes.control_statement("kms:GenerateDataKey*"))
    assert streamed(sandbox, outside, instance, topic) == KEY


INVALID: dict[str, Any] = {
    "allow": {**scenes.control_statement("kms:*"), "Effect": "Allow"},
    "principal": {**scenes.control_statement("kms:*"), "Principal": {"AWS": "111122223333"}},
    "NotAction": {**scenes.control_statement("kms:*"), "NotAction": "kms:Decrypt"},
    "no resource": {"Effect": "Deny", "Principal": "*", "Action": "kms:*"},
    "no statement": [],
}


@pytest.mark.parametrize("case", INVALID)
def test_only_resource_control_policies_are_stored(estate: Estate, case: str) -> None:
    client = estate.management.client("organizations")
    content = json.dumps({"Version": "2012-10-17", "Statement": INVALID[case]})
    with pytest.raises(client.exceptions.MalformedPolicyDocumentException):
        client.create_policy(Name="x", Description="x", Type="RESOURCE_CONTROL_POLICY", Content=content)


def test_a_policy_can_be_attached_when_its_type_is_enabled_and_the_default_stays(account: Account) -> None:
    client = account.client("organizations")
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    with pytest.raises(client.exceptions.PolicyTypeNotEnabledException):
        scenes.attach_control_policy(account, root, scenes.control_statement("kms:*"))
    with pytest.raises(client.exceptions.ConstraintViolationException):
        client.detach_policy(PolicyId="p-RCPFullAWSAccess", TargetId=root)
