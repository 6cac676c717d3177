"""Key grants that are limited to topics by the encryption context that SNS sets: as new grants, and for existing ones."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from checker.analysis.documented import KeyCondition
from checker.core.finding import Append, Operation
from checker.fix.rounds import repair
from checker.lint.fixes.grants import bound
from tests.cli.process import run, save
from tests.fix.workbench import reader
from tests.samples import INSTANCE_ARN, TOPIC_ARN, arn_of

CONTEXT = "kms:EncryptionContext:aws:sns:topicArn"
ACCOUNT = TOPIC_ARN.split(":")[4]
OTHER = TOPIC_ARN.replace(TOPIC_ARN.rpartition(":")[2], "other")
CONNECT = {"Service": "connect.amazonaws.com"}
USES = ["kms:GenerateDataKey*", "kms:Decrypt"]
ROOT = {
    "Sid": "Root",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
GRANT = {"Sid": "Connect", "Effect": "Allow", "Principal": CONNECT, "Action": USES, "Resource": "*"}
SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
UNSAFE = ("--unsafe-fixes",)
RULE = "unpinned-key-grant"


def pinned(*topics: str) -> dict[str, Any]:
    return {"StringEquals": {CONTEXT: topics[0] if len(topics) == 1 else list(topics)}}


def files(folder: Path, *statements: Any, topics: tuple[str, ...] = (TOPIC_ARN,)) -> Path:
    """Write a key with its policy, and topics that it encrypts; give the file of the policy."""
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0a1b2c3d-1111-4222-8333-444455556666"
    described = {"Arn": key, "KeyState": "Enabled", "KeyManager": "CUSTOMER"}
    save(
        folder / "key.json",
        {"KeyMetadata": {**described, "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}},
    )
    for number, topic in enumerate(topics):
        chat = {"Sid": "Chat", "Effect": "Allow", "Principal": CONNECT, "Action": "sns:Publish"}
        policy = {"Version": "2012-10-17", "Statement": [{**chat, "Resource": topic, "Condition": SOURCE}]}
        attributes = {
            "TopicArn": topic,
            "Owner": ACCOUNT,
            "Policy": json.dumps(policy),
            "KmsMasterKeyId": key,
        }
        save(folder / f"topic{number}.json", {"Attributes": attributes})
    return save(folder / "key-policy.json", {"Version": "2012-10-17", "Statement": list(statements)})


def fixed(policy: Path, *options: str) -> tuple[list[dict[str, Any]], str]:
    done = run("fix", policy.parent, "--instance-arn", INSTANCE_ARN, "--apply", *options)
    assert done.returncode in (0, 1), done.stderr
    statements: list[dict[str, Any]] = json.loads(policy.read_text())["Statement"]
    return statements, done.stdout


def repaired(policy: Path, options: Options) -> tuple[list[dict[str, Any]], str]:
    """Fix the files with less than a command; give the statements, and whether the fix is safe."""
    found = repair(reader([policy.parent]), unsafe=options.unsafe, kms_condition=options.limit)
    for path, text in found.texts.items():
        Path(path).write_text(text)
    statements: list[dict[str, Any]] = json.loads(policy.read_text())["Statement"]
    return statements, " ".join(one.fix.applicability.value for one in found.fixed)


class Options(NamedTuple):
    unsafe: bool = False
    limit: KeyCondition | None = None


ANY = Options(unsafe=True)
SAFE = Options()
TO_TOPICS, TO_INSTANCES = Options(limit=KeyCondition.TOPIC), Options(limit=KeyCondition.INSTANCE)


CASES: dict[str, tuple[list[Any], tuple[str, ...], Options, list[Any], str]] = {
    "an open grant": ([ROOT, GRANT], (TOPIC_ARN,), ANY, [ROOT, {**GRANT, "Condition": pinned(TOPIC_ARN)}], "unsafe"),
    "an open grant, safe fixes only": ([ROOT, GRANT], (TOPIC_ARN,), SAFE, [ROOT, GRANT], ""),
    "two topics": (
        [ROOT, GRANT],
        (TOPIC_ARN, OTHER),
        ANY,
        [ROOT, {**GRANT, "Condition": pinned(TOPIC_ARN, OTHER)}],
        "unsafe",
    ),
    "a condition that is always met": (
        [ROOT, {**GRANT, "Condition": {"StringEquals": {"aws:PrincipalServiceName": "connect.amazonaws.com"}}}],
        (TOPIC_ARN,),
        ANY,
        [
            ROOT,
            {
                **GRANT,
                "Condition": {
                    "StringEquals": {"aws:PrincipalServiceName": "connect.amazonaws.com", CONTEXT: TOPIC_ARN}
                },
            },
        ],
        "unsafe",
    ),
    "a statement for others, too": (
        [ROOT, {**GRANT, "Principal": {"Service": ["cloudwatch.amazonaws.com", "connect.amazonaws.com"]}}],
        (TOPIC_ARN,),
        ANY,
        [
            ROOT,
            {**GRANT, "Principal": {"Service": ["cloudwatch.amazonaws.com"]}},
            {**GRANT, "Sid": "AllowConnectToUseKey", "Condition": pinned(TOPIC_ARN)},
        ],
        "unsafe",
    ),
    "two open grants": (
        [ROOT, {**GRANT, "Action": "kms:Decrypt"}, {**GRANT, "Sid": "More"}],
        (TOPIC_ARN,),
        ANY,
        [
            ROOT,
            {**GRANT, "Action": "kms:Decrypt", "Condition": pinned(TOPIC_ARN)},
            {**GRANT, "Sid": "More", "Condition": pinned(TOPIC_ARN)},
        ],
        "unsafe",
    ),
    "two open grants, safe fixes only": (
        [ROOT, GRANT, {**GRANT, "Sid": "More"}],
        (TOPIC_ARN,),
        SAFE,
        [ROOT, GRANT, {**GRANT, "Sid": "More"}],
        "",
    ),
    "a grant beside one for Amazon Q in Connect": (
        [ROOT, GRANT, {**GRANT, "Sid": "Q", "Action": [*USES, "kms:DescribeKey"]}],
        (TOPIC_ARN,),
        ANY,
        [ROOT, GRANT, {**GRANT, "Sid": "Q", "Action": [*USES, "kms:DescribeKey"]}],
        "",
    ),
    "a part of a grant, which gets the rest": (
        [ROOT, {**GRANT, "Action": "kms:Decrypt"}],
        (TOPIC_ARN,),
        SAFE,
        [ROOT, {**GRANT, "Action": "kms:Decrypt"}, {**GRANT, "Sid": "AllowConnectToUseKey"}],
        "documented",
    ),
    "a statement for Amazon Q in Connect": (
        [ROOT, {**GRANT, "Action": [*USES, "kms:DescribeKey"]}],
        (TOPIC_ARN,),
        ANY,
        [ROOT, {**GRANT, "Action": [*USES, "kms:DescribeKey"]}],
        "",
    ),
    "another topic has the key already": (
        [ROOT, {**GRANT, "Condition": pinned(OTHER)}],
        (TOPIC_ARN, OTHER),
        SAFE,
        [ROOT, {**GRANT, "Condition": pinned(OTHER, TOPIC_ARN)}],
        "safe",
    ),
    "no grant, with the option": (
        [ROOT],
        (TOPIC_ARN, OTHER),
        TO_TOPICS,
        [ROOT, {**GRANT, "Sid": "AllowConnectToUseKey", "Condition": pinned(TOPIC_ARN, OTHER)}],
        "safe",
    ),
    "no grant, with the option for instances": (
        [ROOT],
        (TOPIC_ARN,),
        TO_INSTANCES,
        [ROOT, {**GRANT, "Sid": "AllowConnectToUseKey", "Condition": SOURCE}],
        "safe",
    ),
    "no topic, with the option": ([GRANT], (), TO_TOPICS._replace(unsafe=True), [GRANT], ""),
    "no grant, without the option": (
        [ROOT],
        (TOPIC_ARN,),
        SAFE,
        [ROOT, {**GRANT, "Sid": "AllowConnectToUseKey"}],
        "documented",
    ),
    "no other principal, with the option": (
        [GRANT],
        (TOPIC_ARN,),
        TO_TOPICS._replace(unsafe=True),
        [{**GRANT, "Condition": pinned(TOPIC_ARN)}, {**ROOT, "Sid": "Enable IAM User Permissions"}],
        "unsafe unsafe",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_grant_is_limited_to_the_topics_of_the_key(name: str, tmp_path: Path) -> None:
    before, topics, options, after, label = CASES[name]
    policy = files(tmp_path, *before, topics=topics)
    assert repaired(policy, options) == (after, label)
    assert repaired(policy, options) == (after, "")


@pytest.mark.parametrize(
    ("limit", "topics", "instances"),
    [(KeyCondition.TOPIC, 0, 1), (KeyCondition.INSTANCE, 1, 0), (KeyCondition.TOPIC, 0, 0)],
)
def test_a_limit_that_would_name_nothing_is_not_added(
    limit: KeyCondition, topics: int, instances: int
) -> None:
    grant: tuple[Operation, ...] = (Append(("Statement",), {"Action": [*USES]}),)
    topic = SimpleNamespace(symbol="", arn=arn_of(TOPIC_ARN))
    case: Any = SimpleNamespace(topics=(topic,) * topics, instances=(arn_of(INSTANCE_ARN),) * instances)
    assert bound(grant, case, limit) == grant
    case.topics, case.instances = (topic,), (arn_of(INSTANCE_ARN),)
    assert bound(grant, case, limit) != grant


def test_a_pin_takes_access_and_gives_none(tmp_path: Path) -> None:
    policy = files(tmp_path, ROOT, GRANT)
    _, shown = fixed(policy, *UNSAFE)
    assert "no longer allowed" in shown
    assert "newly allowed" not in shown


def test_the_condition_on_the_instance_is_labeled_unverified(tmp_path: Path) -> None:
    policy = files(tmp_path, ROOT)
    statements, shown = fixed(policy, "--kms-condition", "instance")
    assert "aws:SourceArn" in json.dumps(statements)
    assert "unverified" in shown
    assert "unverified" in " ".join(run("fix", "--help").stdout.split())


def test_the_help_names_the_topics_and_amazon_q(tmp_path: Path) -> None:
    policy = files(tmp_path, ROOT, {**GRANT, "Action": [*USES, "kms:DescribeKey"]})
    done = run("check", policy.parent, "--select", RULE, "--format", "json")
    (finding,) = json.loads(done.stdout)["findings"]
    assert "Amazon Q in Connect" in finding["help"]
    assert f"StringEquals `{CONTEXT}` `{TOPIC_ARN}`" in finding["help"]
    assert finding["fixes"] == []


TERRAFORM = """\
data "aws_caller_identity" "me" {}

resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
}

%s

resource "aws_sns_topic" "chat" {
  name              = "chat"
  kms_master_key_id = aws_kms_key.chat.arn
}

resource "aws_sns_topic" "voice" {
  name              = "voice"
  kms_master_key_id = aws_kms_key.chat.arn
}
"""
IN_THE_KEY = """\
resource "aws_kms_key" "chat" {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Connect"
        Effect    = "Allow"
        Principal = { Service = "connect.amazonaws.com" }
        Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
        Resource  = "*"
      },
    ]
  })
}
"""
BESIDE_THE_KEY = IN_THE_KEY.replace(
    'resource "aws_kms_key" "chat" {\n',
    'resource "aws_kms_key" "chat" {}\n\nresource "aws_kms_key_policy" "chat" {\n  key_id = aws_kms_key.chat.id\n',
)


def test_a_policy_beside_its_key_refers_to_the_topics(tmp_path: Path) -> None:
    main = tmp_path / "main.tf"
    main.write_text(TERRAFORM % BESIDE_THE_KEY)
    done = run("fix", main.parent, "--apply", *UNSAFE, "--select", RULE)
    assert "(unsafe): limit statement `Connect`" in done.stdout, done.stdout
    text = "".join(main.read_text().split())
    assert f'"{CONTEXT}"=[aws_sns_topic.chat.arn,aws_sns_topic.voice.arn' in text
    again = run("check", main.parent, "--select", RULE)
    assert (again.returncode, again.stdout) == (0, "")


def test_a_policy_inside_its_key_is_shown_because_a_reference_would_be_circular(tmp_path: Path) -> None:
    main = tmp_path / "main.tf"
    main.write_text(TERRAFORM % IN_THE_KEY)
    done = run("fix", main.parent, "--apply", *UNSAFE, "--select", RULE)
    assert main.read_text() == TERRAFORM % IN_THE_KEY
    assert "would be circular" in done.stdout
    assert "or move the key policy to an `aws_kms_key_policy` resource" in done.stdout
    assert '"arn:aws:sns:REGION:ACCOUNT_ID:chat"' in done.stdout
    assert "aws_sns_topic" not in done.stdout.partition("circular")[2]


def test_a_template_shows_the_statement_because_a_reference_would_be_circular(tmp_path: Path) -> None:
    statement = {**GRANT, "Sid": "Connect"}
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [statement]}}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat", "KmsMasterKeyId": {"Ref": "Key"}}},
    }  # fmt: skip
    template = save(tmp_path / "template.json", {"Resources": resources})
    before = template.read_text()
    done = run("fix", template, "--apply", *UNSAFE, "--select", RULE)
    assert template.read_text() == before
    assert "would be circular; write the topic's ARN literally" in done.stdout
    assert "aws_kms_key_policy" not in done.stdout
    assert '"arn:aws:sns:REGION:ACCOUNT_ID:chat"' in done.stdout
