"""Declared resources, tied by reference: who writes a policy, which key a topic uses, what AWS implies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.analysis.inventory import Instance, Inventory, Key, Place, PolicyText, Setting, TopicSettings
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.collect import Facts, Given
from checker.inputs.declared import (
    NOT_KNOWN,
    DeclaredAlias,
    DeclaredGrant,
    DeclaredKey,
    DeclaredPolicy,
    DeclaredSubscription,
    DeclaredTopic,
)
from checker.inputs.resolve import assemble
from checker.inputs.text import TextDocument
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.policy.node import Array, Node, Scalar
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, arn_of, document, statement

HERE = Path("infra")
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
TOPIC, KEY = "aws_sns_topic.chat", "aws_kms_key.chat"


def reference(name: str) -> Unknown:
    return Unknown("known only after deployment", name)


def node(value: object, name: str = "main.tf") -> Node:
    return parse_json(Source(name, json.dumps(value, indent=1)))


def place(name: str = "main.tf") -> Place:
    return Place(TextDocument(Source(name, "resource\n"), node({}, name)), ())


def with_unknown(root: Node, text: str, unknown: Unknown) -> Node:
    """Put an unknown value wherever a text stands."""
    if isinstance(root, Scalar):
        return root._replace(value=unknown) if root.value == text else root
    if isinstance(root, Array):
        return root._replace(items=tuple(with_unknown(one, text, unknown) for one in root.items))
    members = (one._replace(value=with_unknown(one.value, text, unknown)) for one in root.members)
    return root._replace(members=tuple(members))


POLICY = with_unknown(
    node(document(statement(Resource="ITSELF", Condition=PINNED))), "ITSELF", reference(f"{TOPIC}.arn")
)


def topic(**more: object) -> DeclaredTopic:
    settings = TopicSettings(Setting(False), Setting(more.pop("key", None)))  # type: ignore[arg-type]  # as below
    base = DeclaredTopic(TOPIC, (f"{TOPIC}.arn", f"{TOPIC}.id"), place(), NOT_KNOWN, settings)
    return base._replace(**more)  # type: ignore[arg-type]  # a table of fields


def assembled(facts: Facts) -> Inventory:
    for folder, declared in facts.declared.items():
        assemble(declared, facts, folder)
    topics, keys = tuple(one for _, one in facts.topics), tuple(one for _, one in facts.keys)
    return Inventory(topics, keys, (Instance(arn_of(INSTANCE_ARN)),), skipped=tuple(facts.skipped))


def found(inventory: Inventory) -> list[str]:
    report = judge(inventory, all_rules(), Scope(all_topics=True))
    assert not report.crashed
    return sorted(
        {f"{one.severity.value} {one.rule}" for one in report.findings if one.verdict.value == "FAIL"}
    )


@pytest.mark.parametrize("arn", [reference("x"), arn_of(TOPIC_ARN)], ids=["unknown-arn", "known-arn"])
def test_a_policy_that_refers_to_its_own_topic_is_judged_as_if_it_named_it(arn: Arn | Unknown) -> None:
    facts = Facts(Given())
    declared = facts.declarations(HERE)
    declared.topics.append(topic(arn=arn))
    declared.topic_policies.append(
        DeclaredPolicy("aws_sns_topic_policy.chat", place(), (reference(f"{TOPIC}.arn"),), POLICY)
    )
    assert found(assembled(facts)) == []


def test_a_topic_without_a_policy_has_the_default_one() -> None:
    facts = Facts(Given())
    facts.declarations(HERE).topics.append(topic(arn=arn_of(TOPIC_ARN)))
    inventory = assembled(facts)
    assert found(inventory) == ["error source-owner"]
    (finding,) = judge(inventory, all_rules(), Scope(all_topics=True, topics=("*",))).findings
    assert finding.locations[0].source == "main.tf"
    assert finding.address == TOPIC


def writers(*owners: tuple[Unknown, ...], inline: bool = False) -> list[str]:
    facts = Facts(Given())
    declared = facts.declarations(HERE)
    declared.topics.append(topic(arn=arn_of(TOPIC_ARN), policy=POLICY if inline else None))
    declared.topics.append(
        topic()._replace(address="aws_sns_topic.other", names=("aws_sns_topic.other.arn",))
    )
    for number, one in enumerate(owners):
        declared.topic_policies.append(DeclaredPolicy(f"policy.{number}", place(), one, POLICY))
    return [one for one in found(assembled(facts)) if "competing" in one]


ITSELF, OTHER = reference(f"{TOPIC}.arn"), reference("aws_sns_topic.other.arn")


def test_last_writer_wins_is_a_finding() -> None:
    assert writers() == writers((ITSELF,)) == writers(inline=True) == writers((ITSELF,), (OTHER,)) == []
    assert (
        writers((ITSELF,), (ITSELF,))
        == writers((ITSELF,), inline=True)
        == ["warning competing-topic-policies"]
    )
    assert writers((ITSELF, OTHER)) == ["error competing-topic-policies"]


@pytest.mark.parametrize(
    ("key", "alias"),
    [
        (reference(f"{KEY}.arn"), None),
        (reference(f"{KEY}.key_id"), None),
        (reference("aws_kms_alias.chat.name"), ("aws_kms_alias.chat.name", "alias/chat")),
        ("alias/chat", ("aws_kms_alias.chat.name", "alias/chat")),
        (f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1", None),
    ],
    ids=["by-arn", "by-id", "by-alias-reference", "by-alias-name", "by-literal-arn"],
)
def test_a_topic_finds_its_key_however_it_refers_to_it(
    key: str | Unknown, alias: tuple[str, ...] | None
) -> None:
    facts = Facts(Given())
    declared = facts.declarations(HERE)
    declared.topics.append(topic(policy=POLICY, key=key))
    arn = arn_of(f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1")
    names = (f"{KEY}.arn", f"{KEY}.key_id")
    declared.keys.append(DeclaredKey(KEY, names, place(), arn=arn))
    declared.keys.append(DeclaredKey("aws_kms_key.other", ("aws_kms_key.other.arn",), place()))
    if alias:
        declared.aliases.append(DeclaredAlias(alias, reference(f"{KEY}.key_id")))
    inventory = assembled(facts)
    used = inventory.key_of(inventory.topics[0])
    assert isinstance(used, Key)
    assert used.address == KEY
    assert isinstance(used.policy, PolicyText)
    assert "error connect-cannot-use-key" in found(inventory)


OF_ACCOUNT = statement(
    Sid="Root", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:*", Resource="*"
)
TO_CONNECT = statement(Sid="Use", Action=["kms:GenerateDataKey*", "kms:Decrypt"], Resource="*")
CLOSED, USABLE = node(document(OF_ACCOUNT)), node(document(OF_ACCOUNT, TO_CONNECT))
USABLE_TOO = node(document(TO_CONNECT, OF_ACCOUNT))
COMPETING = ["undetermined connect-cannot-use-key", "warning connect-cannot-use-key"]


@pytest.mark.parametrize(
    ("inline", "separate", "expected"),
    [
        (USABLE, [CLOSED], COMPETING),
        (CLOSED, [USABLE], COMPETING),
        (None, [USABLE, CLOSED], COMPETING),
        (CLOSED, [reference("var.policy")], COMPETING),
        (USABLE, [USABLE_TOO], COMPETING[:1]),
        (CLOSED, [CLOSED], COMPETING[:1]),
        (USABLE, [], []),
        (None, [USABLE], []),
    ],
    ids=[
        "inline-grants",
        "inline-denies",
        "no-inline",
        "not-known",
        "alike",
        "alike-closed",
        "inline",
        "one",
    ],
)
def test_several_policies_of_a_key_are_a_warning_if_they_differ_for_connect(
    inline: Node | None, separate: list[Node | Unknown], expected: list[str]
) -> None:
    facts = Facts(Given())
    declared = facts.declarations(HERE)
    declared.topics.append(topic(arn=arn_of(TOPIC_ARN), policy=POLICY, key=reference(f"{KEY}.arn")))
    declared.keys.append(DeclaredKey(KEY, (f"{KEY}.arn",), place(), policy=inline))
    for policy in separate:
        declared.key_policies.append(DeclaredPolicy("policy", place(), (reference(f"{KEY}.arn"),), policy))
    report = judge(assembled(facts), all_rules(), Scope(all_topics=True))
    own = (one for one in report.findings if one.rule == "connect-cannot-use-key")
    words = (one.severity.value if one.verdict.value == "FAIL" else "undetermined" for one in own)
    assert sorted(f"{word} connect-cannot-use-key" for word in words) == expected


def test_grants_and_key_policies_are_tied_to_their_key() -> None:
    facts = Facts(Given())
    declared = facts.declarations(HERE)
    declared.topics.append(topic(arn=arn_of(TOPIC_ARN), policy=POLICY, key=reference(f"{KEY}.arn")))
    declared.keys.append(DeclaredKey(KEY, (f"{KEY}.arn", f"{KEY}.key_id"), place()))
    operations = ("GenerateDataKey", "Decrypt")
    declared.grants.append(
        DeclaredGrant("grant", reference(f"{KEY}.key_id"), "connect.amazonaws.com", operations)
    )
    assert found(assembled(facts)) == []


def test_others_than_the_declared_subscriptions_may_exist_and_some_are_not_known_to_be_confirmed() -> None:
    for protocol, known in (("sqs", True), ("firehose", True), ("lambda", True), ("email", False)):
        facts = Facts(Given())
        declared = facts.declarations(HERE)
        declared.topics.append(topic(policy=POLICY))
        declared.subscriptions.append(
            DeclaredSubscription("subscription", reference(f"{TOPIC}.arn"), protocol, reference("queue"))
        )
        (one,) = assembled(facts).topics
        assert not isinstance(one.subscriptions, Unknown)
        (subscription,) = one.subscriptions
        assert (subscription.confirmed is True) is known
        assert subscription.endpoint == reference("queue")
        assert one.unlisted is not None


def test_a_policy_that_is_no_json_is_an_error_with_its_place() -> None:
    facts = Facts(Given())
    broken = parse_json(Source("main.tf", '"{nope"'))
    facts.declarations(HERE).topics.append(topic(policy=broken))
    inventory = assembled(facts)
    (skipped,) = inventory.skipped
    assert skipped.error
    assert skipped.position is not None
    assert "inside the string" in skipped.reason
    assert isinstance(inventory.topics[0].policy, Unknown)
