"""Which files are read as what, and how what they say is tied together."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory, Key, Topic
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.change import read_change
from checker.inputs.load import load
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ID = KEY_ARN.rpartition("/")[2]
POLICY = document(statement())
KEY_POLICY = document(statement(Action=["kms:Decrypt"], Resource="*"))
ATTRIBUTES = {
    "TopicArn": TOPIC_ARN,
    "Owner": ACCOUNT,
    "Policy": json.dumps(POLICY),
    "KmsMasterKeyId": "alias/chat",
}
SUBSCRIPTION = {
    "SubscriptionArn": f"{TOPIC_ARN}:1",
    "TopicArn": TOPIC_ARN,
    "Owner": ACCOUNT,
    "Protocol": "sqs",
}
METADATA = {"KeyMetadata": {"Arn": KEY_ARN, "KeyId": KEY_ID, "KeyState": "Enabled", "KeyManager": "CUSTOMER"}}


def write(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def read(folder: Path, **files: Any) -> Inventory:
    return load([write(folder, {name.replace("__", "."): content for name, content in files.items()})])


@pytest.mark.parametrize(
    ("content", "topics", "keys", "instances"),
    [
        (POLICY, 1, 0, 0),
        ({"Attributes": ATTRIBUTES}, 1, 0, 0),
        (ATTRIBUTES, 1, 0, 0),
        ({"ResponseMetadata": {}, "Attributes": ATTRIBUTES}, 1, 0, 0),
        ({"status_code": 200, "data": {"Attributes": ATTRIBUTES}}, 1, 0, 0),
        (json.dumps(POLICY), 1, 0, 0),
        (KEY_POLICY, 0, 1, 0),
        ({"Policy": json.dumps(KEY_POLICY), "PolicyName": "default"}, 0, 1, 0),
        ({"Policy": json.dumps(json.dumps(KEY_POLICY))}, 0, 1, 0),
        (METADATA, 0, 1, 0),
        ({"Instance": {"Id": "x", "Arn": INSTANCE_ARN}}, 0, 0, 1),
        ({"InstanceSummaryList": [{"Arn": INSTANCE_ARN}, {"Arn": INSTANCE_ARN[:-1] + "e"}]}, 0, 0, 2),
        (SUBSCRIPTION, 0, 0, 0),
        ({"Type": "Notification", "TopicArn": TOPIC_ARN, "Message": "sns:Publish"}, 0, 0, 0),
        ({"Policy": "round-robin", "topic": TOPIC_ARN}, 0, 0, 0),
        ({"Policy": json.dumps(POLICY)}, 1, 0, 0),
        ({"Statment": [statement()]}, 1, 0, 0),
        ({"services": {"sns": {}}}, 0, 0, 0),
        ([POLICY], 0, 0, 0),
    ],
    ids=lambda value: json.dumps(value)[:60] if not isinstance(value, int) else "",
)
def test_kinds_are_told_by_content(
    content: Any, topics: int, keys: int, instances: int, tmp_path: Path
) -> None:
    path = tmp_path / "any-name.json"
    path.write_text(json.dumps(content))
    found = load([path])
    assert (len(found.topics), len(found.keys), len(found.instances)) == (topics, keys, instances)
    assert [one.error for one in found.skipped] == [True] * (topics + keys + instances == 0)


def only_topic(inventory: Inventory) -> Topic:
    assert [one for one in inventory.skipped if one.error] == []
    (topic,) = inventory.topics
    return topic


def key_of(inventory: Inventory) -> Key:
    key = inventory.key_of(only_topic(inventory))
    assert isinstance(key, Key)
    return key


@pytest.mark.parametrize(
    "reference",
    [KEY_ARN, KEY_ID, "alias/chat", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/chat"],
    ids=["arn", "id", "alias", "alias-arn"],
)
def test_a_key_is_found_by_all_four_forms_of_its_name(reference: str, tmp_path: Path) -> None:
    manifest = {
        "topics": [{"arn": TOPIC_ARN, "policy": "topic.json", "key": reference}],
        "keys": [{"arn": KEY_ARN, "aliases": ["alias/chat"], "policy": "key-policy.json"}],
    }
    write(
        tmp_path,
        {"streaming.yaml": json.dumps(manifest), "topic.json": POLICY, "key-policy.json": KEY_POLICY},
    )
    assert str(key_of(load([tmp_path / "streaming.yaml"])).arn) == KEY_ARN


def test_the_only_key_policy_of_a_folder_belongs_to_its_only_key(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        topic__json={"Attributes": ATTRIBUTES},
        key__json=METADATA,
        policy__json={"Policy": json.dumps(KEY_POLICY)},
    )
    key = key_of(inventory)
    assert str(key.arn) == KEY_ARN
    assert not isinstance(key.policy, Unknown)
    assert len(inventory.keys) == 1


def test_two_key_policies_are_not_guessed_between(tmp_path: Path) -> None:
    other = {"Policy": json.dumps(document(statement(Action="kms:*", Resource="*")))}
    inventory = read(
        tmp_path,
        topic__json={"Attributes": ATTRIBUTES},
        key__json=METADATA,
        a__json={"Policy": json.dumps(KEY_POLICY)},
        b__json=other,
    )
    assert isinstance(inventory.key_of(only_topic(inventory)), Unknown)
    assert all(isinstance(key.policy, Unknown) for key in inventory.keys if not isinstance(key.arn, Unknown))


def test_a_key_with_another_id_is_not_taken_for_the_topics(tmp_path: Path) -> None:
    attributes = {**ATTRIBUTES, "KmsMasterKeyId": KEY_ID.replace("1", "2")}
    inventory = read(tmp_path, topic__json={"Attributes": attributes}, key__json=METADATA)
    assert isinstance(inventory.key_of(only_topic(inventory)), Unknown)


def test_subscriptions_and_grants_are_tied_by_arn(tmp_path: Path) -> None:
    subscriptions = [
        {"SubscriptionArn": f"{TOPIC_ARN}:1", "Protocol": "sqs", "Endpoint": "q", "TopicArn": TOPIC_ARN},
        {
            "SubscriptionArn": "PendingConfirmation",
            "Protocol": "email",
            "Endpoint": "a@b.c",
            "TopicArn": TOPIC_ARN,
        },
    ]
    grants = [
        {
            "KeyId": KEY_ARN,
            "GranteeServicePrincipal": "connect.amazonaws.com",
            "Operations": ["Decrypt"],
            "GrantId": "1",
        }
    ]
    inventory = read(
        tmp_path,
        topic__json={"Attributes": ATTRIBUTES},
        key__json=METADATA,
        s__json={"Subscriptions": subscriptions},
        g__json={"Grants": grants},
    )
    found = only_topic(inventory).subscriptions
    assert not isinstance(found, Unknown)
    assert [(one.protocol, one.confirmed) for one in found] == [("sqs", True), ("email", False)]
    listed = key_of(inventory).grants
    assert not isinstance(listed, Unknown)
    assert listed[0].operations == ("Decrypt",)


def test_a_folder_is_walked_for_what_may_matter_and_a_name_is_taken_at_its_word(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a/policy.json": POLICY,
            "node_modules/policy.json": POLICY,
            ".git/policy.json": POLICY,
            "package.json": '{"name": "x", // comments are not read',
            "notes.txt": "sns",
        },
    )
    walked = load([tmp_path])
    assert [topic.named for topic in walked.topics] == [False]
    assert walked.skipped == ()
    named = load([tmp_path, tmp_path / "a" / "policy.json"])
    assert [topic.named for topic in named.topics] == [True]


def test_an_instance_arn_in_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "instance.txt"
    path.write_text(INSTANCE_ARN + "\n")
    assert str(load([path]).instances[0].arn) == INSTANCE_ARN
    path.write_text(TOPIC_ARN)
    assert load([path]).skipped[0].error


def manifest(tmp_path: Path, text: str, **files: Any) -> Inventory:
    write(
        tmp_path,
        {"streaming.yaml": text, **{name.replace("__", "."): content for name, content in files.items()}},
    )
    return load([tmp_path])


def test_a_manifest_ties_everything_together(tmp_path: Path) -> None:
    text = f"""
version: 1
instances: [{INSTANCE_ARN}]
topics:
  - attributes: topic.json
    policy: proposed.json
    subscriptions: subscriptions.json
keys:
  - description: key.json
    aliases: [alias/chat]
    policy: key-policy.json
    grants: grants.json
contacts:
  - id: web
    topics: [{TOPIC_ARN}, {TOPIC_ARN}-2]
"""
    proposed = document(statement(Sid="Proposed"))
    inventory = manifest(
        tmp_path,
        text,
        topic__json={"Attributes": ATTRIBUTES},
        proposed__json=proposed,
        subscriptions__json={"Subscriptions": []},
        key__json=METADATA,
        **{"key-policy__json": {"Policy": json.dumps(KEY_POLICY)}},
        grants__json={"Grants": []},
    )
    topic = only_topic(inventory)
    assert topic.named
    assert not isinstance(topic.policy, Unknown)
    assert topic.policy.policy.known_statements()[0].sid == "Proposed"
    assert not isinstance(key_of(inventory).policy, Unknown)
    assert [len(contact.topics) for contact in inventory.contacts] == [2]
    assert len(inventory.keys) == 1


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("topics:\n  - arn: 5\n", 2, "`topics[0].arn`: expected a string, found `5`"),
        ("topics:\n  - {}\n", 2, ""),
        ("topics: []\ntopcs: []\n", 2, "unknown key `topcs`"),
        ("version: 2\ntopics: []\n", 1, "1 was expected"),
        ("topics:\n  - arn: [sns\n", 3, ""),
        ("topics: &a\n  - *b\n", 2, "unknown alias"),
        ("topics: []\n---\ntopics: []\n", 2, "expected one document"),
        (
            f"instances:\n  - arn: {INSTANCE_ARN}\n    replicas: [{INSTANCE_ARN.split(':')[3]}]\ntopics:\n  - policy: a.json\n",
            3,
            "Region of the instance itself",
        ),
    ],
)
def test_a_fault_of_a_manifest_has_its_place(text: str, line: int, part: str, tmp_path: Path) -> None:
    path = tmp_path / "streaming.yaml"
    path.write_text(text)
    (skipped,) = load([path]).skipped
    assert skipped.error
    assert skipped.position is not None
    assert skipped.position.line == line
    assert part in skipped.reason


def test_a_file_that_a_manifest_names_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    (skipped,) = manifest(tmp_path, "topics:\n  - policy: no-such-sns-policy.json\n").skipped
    assert skipped.error
    assert skipped.what.endswith("no-such-sns-policy.json")


def test_yaml_is_read_as_it_is_written() -> None:
    """Account ids with a leading zero, dates and `on` keep their text; YAML 1.1 would turn all three."""
    from checker.inputs.text import parse_text
    from checker.policy.read import read_policy
    from checker.policy.vocabulary import TOPIC

    text = """
Version: 2012-10-17
Statement:
  Effect: Allow
  Principal: {AWS: "012345678901"}
  Action: sns:Publish
  Resource: "*"
  Condition:
    StringEquals: {aws:SourceAccount: 012345678901, aws:PrincipalTag/on: on}
"""
    parsed = parse_text("p.yaml", text)
    policy, problems = read_policy(parsed.root, TOPIC)
    assert problems == ()
    assert policy.version == "2012-10-17"
    values = [c.values for c in policy.known_statements()[0].conditions if not isinstance(c, Unknown)]
    assert values == [("012345678901",), ("on",)]
    at = parsed.locate(("Statement", 0, "Action", 0), Part.VALUE)
    assert (at.line, at.column) == (6, 11)


EVENT = {"eventTime": "2026-11-22T00:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets"}
ELSEWHERE: dict[str, Any] = {
    "template.json": {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"B": {"Type": "AWS::S3::Bucket"}}},
    "trail.json": {"Records": [EVENT]},
    "trail.jsonl": json.dumps(EVENT) + "\n",
    "plan.json": {"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": []},
    "state.json": {"format_version": "1.0", "terraform_version": "1.9.0"},
    "policy.json": document(statement(Action="*", Resource="*")),
    "list.json": [],
}  # fmt: skip
UNRECOGNIZED = ("policy.json", "list.json")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_file_about_something_else_is_noted_if_somebody_chose_it(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, {name: ELSEWHERE[name]}) / name
    (skipped,) = load([path]).skipped
    assert skipped.what == path.as_posix()
    assert skipped.error is (name in UNRECOGNIZED)
    assert load([tmp_path]).skipped == ()
    assert load([path], changed=True).skipped == ()


@pytest.mark.parametrize("damage", [b"\xff" * 9000, b""])
def test_a_packed_file_is_told_by_what_of_it_can_be_unpacked(damage: bytes, tmp_path: Path) -> None:
    packer = zlib.compressobj(0, wbits=31)
    whole = packer.compress(json.dumps(EVENT).encode() + b"\n" * 9000) + packer.flush(zlib.Z_FULL_FLUSH)
    (tmp_path / "trail.json.gz").write_bytes(gzip.compress(b"") + whole + damage)
    (skipped,) = load([tmp_path]).skipped
    assert skipped.error
    assert skipped.reason.startswith("the file ")


SERVICE = {"Service": "connect.amazonaws.com"}
OTHER_POLICIES: dict[str, tuple[Any, str]] = {
    "identity": (document(statement(Principal=None)), "identity policy"),
    "service-control": (
        document(statement(Principal=None, Effect="Deny", Action="kms:*")),
        "service control",
    ),
    "bucket": (document(statement(Action="s3:GetObject", Resource="arn:aws:s3:::b/*")), "policy for s3"),
    "bucket-with-a-key": (
        document(statement(Action=["s3:*", "kms:Decrypt"], Resource="arn:aws:s3:::b/*")),
        "policy for s3",
    ),
    "queue": (
        document(statement(Action="sqs:SendMessage", Resource=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q")),
        "policy for sqs",
    ),
    "trust": (document(statement(Action="sts:AssumeRole", Principal=SERVICE)), "trust policy"),
    "endpoint": (
        document(statement(Principal="*", Action=["sns:*", "kms:*"], Resource="*")),
        "several services",
    ),
    "function-permission": (
        {
            "Policy": json.dumps(
                document(statement(Action="lambda:InvokeFunction", Resource="arn:aws:lambda:::f"))
            )
        },
        "policy for lambda",
    ),
    **{
        f"resource-control-{name}": (
            document(statement(Effect="Deny", Principal=principal, Action=action, Resource=resource)),
            "resource control policy",
        )
        for name, principal, action, resource in (
            ("kms", "*", "kms:*", "*"),
            ("several", "*", ["sqs:*", "kms:*", "s3:*"], "*"),
            ("aws", {"AWS": "*"}, ["sns:Publish", "kms:Decrypt"], "*"),
            ("arns", "*", ["kms:*", "s3:*"], ["arn:aws:kms:*:*:key/*", "arn:aws:s3:::*"]),
        )
    },
}


@pytest.mark.parametrize("name", OTHER_POLICIES)
def test_the_policy_of_something_else_is_left_alone_and_named_for_what_it_is(
    name: str, tmp_path: Path
) -> None:
    content, what = OTHER_POLICIES[name]
    path = write(tmp_path, {"policy.json": content}) / "policy.json"
    for inventory in (load([tmp_path]), load([path], changed=True)):
        assert (inventory.topics, inventory.keys, inventory.skipped) == ((), (), ())
    named = load([path])
    (skipped,) = named.skipped
    assert (named.topics, named.keys, skipped.error) == ((), (), True)
    assert what in skipped.reason


@pytest.mark.parametrize(
    ("policy", "topics", "keys"),
    [
        (document(statement(Action=["kms:Decrypt", "sns:Publish"], Principal=SERVICE, Resource="*")), 1, 0),
        (
            document(statement(Action="kms:*", Resource="*"), statement(Action="sns:Publish", Resource="*")),
            1,
            0,
        ),
        (document(*[statement(Action="kms:*", Resource="*")] * 2, statement(Resource="*")), 0, 1),
        (document(statement(Resource=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q")), 1, 0),
        (document(statement(Effect="Deny", Principal="*", Resource="*")), 1, 0),
        (document(statement(Effect="Deny", Principal="*", Action="*")), 1, 0),
        (document(statement(Resource="YOUR_TOPIC_ARN")), 1, 0),
    ],
)
def test_a_topic_or_key_policy_with_faults_is_judged(
    policy: Any, topics: int, keys: int, tmp_path: Path
) -> None:
    found = load([write(tmp_path, {"policy.json": policy})])
    assert (len(found.topics), len(found.keys)) == (topics, keys)


@pytest.mark.parametrize(
    "text",
    [
        "topics:\n  - name: parcels\n    partitions: 12\n",
        "version: 1\ntopics:\n  - name: parcels\n    policy: compact\n",
        "topics:\n  - {name: chat, service: connect.amazonaws.com, key: alias/aws/sns}\n",
        "topics: [parcels, letters]\ninstances: 3\n",
        "contacts:\n  - {name: Ada, mail: ada@example.com}\n",
        "topics: sns\n",
        "apiVersion: v1\nkind: Namespace\n---\napiVersion: v1\ndata: {topics: parcels}\n",
        "apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaTopic\nspec: {topicName: a}\n---\ntopics: []\n",
        "{{- range .Values.topics }}\n- name: {{ . }}\n{{- end }}\n",
    ],
)
def test_topics_and_contacts_of_other_programs_are_no_manifest(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"topics.yaml": text}) / "topics.yaml"
    for inventory in (load([tmp_path]), load([path], changed=True)):
        assert inventory == Inventory()
    assert all(one.error for one in load([path]).skipped)


TEMPLATE = """\
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
 "Action": "sns:Publish", "Resource": "${topic}", "Condition": ${condition}}]}
"""
RENDERS = """\
resource "aws_sns_topic" "chat" {
  name   = "chat"
  policy = templatefile("${path.module}/policies/chat.json", {
    topic     = "TOPIC"
    condition = jsonencode({ StringEquals = { "aws:SourceAccount" = "111122223333" } })
  })
}
""".replace("TOPIC", TOPIC_ARN)


@pytest.mark.parametrize(
    ("named", "changed"),
    [
        (("policies/chat.json",), False),
        (("policies/chat.json",), True),
        (("main.tf", "policies/chat.json"), False),
        (("main.tf", "policies/chat.json"), True),
        ((".",), False),
    ],
)
def test_a_template_is_judged_where_terraform_renders_it(
    named: tuple[str, ...], changed: bool, tmp_path: Path
) -> None:
    write(tmp_path, {".git/HEAD": "", "main.tf": RENDERS, "policies/chat.json": TEMPLATE})
    paths = [tmp_path / name for name in named]
    inventory = load(read_change(paths, lambda _: False).paths if changed else paths, changed=changed)
    topic = only_topic(inventory)
    assert topic.address == "aws_sns_topic.chat"
    assert not isinstance(topic.policy, Unknown)
    assert inventory.skipped == ()


def test_a_template_that_is_not_evaluated_is_listed_if_it_names_connect(tmp_path: Path) -> None:
    queue = RENDERS.replace("aws_sns_topic", "aws_sqs_queue")
    write(tmp_path, {"main.tf": queue, "policies/chat.json": TEMPLATE})
    (skipped,) = load([tmp_path]).skipped
    assert (skipped.what, skipped.error) == ((tmp_path / "policies/chat.json").as_posix(), False)
    (tmp_path / "policies/chat.json").write_text(TEMPLATE.replace("connect.", "sqs."))
    assert load([tmp_path]).skipped == ()


def test_data_of_a_module_is_no_manifest_though_it_looks_like_one(tmp_path: Path) -> None:
    module = """\
locals {
  data = yamldecode(file("${path.module}/topics.yaml"))
}
resource "aws_sns_topic" "chat" {
  name   = local.data.topics[0].arn
  policy = file("${path.module}/${local.data.topics[0].policy}")
}
"""
    topics = f"topics: [{{arn: '{TOPIC_ARN}', policy: chat.json}}]"
    policy = json.dumps(document(statement()))
    write(tmp_path, {"main.tf": module, "topics.yaml": topics, "chat.json": policy})
    assert load([tmp_path]).skipped == ()


PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_sns_topic.chat",
                    "mode": "managed",
                    "type": "aws_sns_topic",
                    "values": {"name": "chat", "policy": json.dumps(document(statement()))},
                }
            ]
        }
    },
    "configuration": {"root_module": {}},
    "complete": True,
}


@pytest.mark.parametrize("sort_keys", [False, True])
@pytest.mark.parametrize("size", [0, 6_000_000])
def test_a_plan_is_one_whatever_its_name_size_and_order(sort_keys: bool, size: int, tmp_path: Path) -> None:
    plan = {**PLAN, "configuration": {"root_module": {"variables": {"x": {"default": "x" * size}}}}}
    text = json.dumps(plan, sort_keys=sort_keys)
    write(tmp_path, {"plan.tf.json": text, "main.tf": 'variable "x" {}'})
    assert only_topic(load([tmp_path])).address == "aws_sns_topic.chat"
    assert only_topic(load([tmp_path / "plan.tf.json"])).address == "aws_sns_topic.chat"


@pytest.mark.parametrize("paths", [["."], ["a/topic.json", "a/../a/topic.json", "a/link.json"], [".", "a"]])
def test_a_file_is_read_once_by_whatever_names_and_again_in_another_folder(
    paths: list[str], tmp_path: Path
) -> None:
    write(tmp_path, {"a/topic.json": json.dumps(document(statement()))})
    (tmp_path / "a" / "link.json").symlink_to("topic.json")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "topic.json").symlink_to("../a/topic.json")
    found = load([*(tmp_path / one for one in paths), tmp_path / "b"])
    names = [Path(one.place.document.name).relative_to(tmp_path).as_posix() for one in found.topics]
    assert sorted(names) == ["a/topic.json", "b/topic.json"]


SOURCE = "git::https://example.com/chat.git?ref=v1"
OPEN_MODULE = (
    f'resource "aws_sns_topic" "chat" {{\n  policy = jsonencode({json.dumps(document(statement()))})\n}}\n'
)


@pytest.mark.parametrize(
    ("key", "source", "folder", "read"),
    [
        ("a", SOURCE, ".terraform/modules/a", True),
        ("a", f"registry/{SOURCE}", ".terraform/modules/a", True),
        ("a", SOURCE.replace("v1", "v2"), ".terraform/modules/a", False),
        ("a", f"other-{SOURCE}", ".terraform/modules/a", False),
        ("b", SOURCE, ".terraform/modules/a", False),
        ("a", SOURCE, ".terraform/modules/missing", False),
        ("a", SOURCE, "../outside", False),
    ],
)
def test_a_module_is_read_where_terraform_has_downloaded_it(
    key: str, source: str, folder: str, read: bool, tmp_path: Path
) -> None:
    listed = {
        "Modules": [{"Key": "", "Source": "", "Dir": "."}, {"Key": key, "Source": source, "Dir": folder}]
    }
    files = {
        "root/main.tf": f'module "a" {{\n  source = "{SOURCE}"\n}}\n',
        "root/.terraform/modules/modules.json": listed,
        "root/.terraform/modules/a/main.tf": OPEN_MODULE,
        "outside/main.tf": OPEN_MODULE,
    }
    found = load([write(tmp_path, files) / "root"])
    assert [one.address for one in found.topics] == ["module.a.aws_sns_topic.chat"] * read
    assert not any(one.error for one in found.skipped)


def test_a_downloaded_module_is_read_with_those_that_it_calls(tmp_path: Path) -> None:
    listed = [
        {"Key": key, "Source": SOURCE, "Dir": f".terraform/modules/{key}"} for key in ("wrap", "wrap.chat")
    ]
    call = f'{{\n  for_each = toset(["x.y"])\n  source = "{SOURCE}"\n}}\n'
    files = {
        "main.tf": f'module "wrap" {call}',
        ".terraform/modules/modules.json": {"Modules": listed},
        ".terraform/modules/wrap/main.tf": f'module "chat" {call}',
        ".terraform/modules/wrap.chat/main.tf": OPEN_MODULE,
    }
    topic = only_topic(load([write(tmp_path, files)]))
    assert topic.address == 'module.wrap["x.y"].module.chat["x.y"].aws_sns_topic.chat'


@pytest.mark.parametrize("text", ["", "[]", '{"Modules": 1}', '{"Modules": [1, {"Key": 2}]}', "[" * 5000])
def test_a_list_of_downloads_that_cannot_be_read_lists_nothing(text: str, tmp_path: Path) -> None:
    files = {
        "main.tf": f'module "a" {{\n  source = "{SOURCE}"\n}}\n',
        ".terraform/modules/modules.json": text,
    }
    assert load([write(tmp_path, files)]).topics == ()


@pytest.mark.parametrize(
    ("text", "is_error"),
    [
        (f"topics: [{{arn: '{TOPIC_ARN}', queue: orders}}]", False),
        (f"topics: [{{arn: '{TOPIC_ARN}', instnces: []}}]", True),
        (f"topics: [{{arn: '{TOPIC_ARN}', queue: orders}}]\ninstances: ['{INSTANCE_ARN}']", True),
    ],
)
@pytest.mark.parametrize("how", ["folder", "changed", "named"])
def test_topics_of_another_program_are_listed_and_no_error_unless_chosen(
    text: str, is_error: bool, how: str, tmp_path: Path
) -> None:
    path = write(tmp_path, {"topics.yaml": text}) / "topics.yaml"
    (skipped,) = load([tmp_path if how == "folder" else path], changed=how == "changed").skipped
    assert skipped.error is (is_error or how == "named")


@pytest.mark.parametrize(
    "text", ['variable "x" {}', "# aws_sns_topic lives elsewhere", 'resource "aws_kms_alias" "a" {}']
)
def test_a_named_module_that_declares_nothing_to_judge_is_listed(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"main.tf": text}) / "main.tf"
    assert [one.what for one in load([path]).skipped] == [path.as_posix()]
    assert load([tmp_path]).skipped == ()


@pytest.mark.parametrize(
    ("text", "is_error"),
    [
        ("Resources:\n  T:\n    Type: AWS::SNS::Topic\n   Bad: [\n", True),
        ("Resources:\n  K:\n    Type: AWS::KMS::Key\n   Bad: [\n", True),
        ("resource:\n  aws_sns_topic: [\n", True),
        ("resource:\n  aws_kms_key: [\n", True),
        ("Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Tags: 'sns:'\n   Bad: [\n", False),
    ],
)
def test_a_broken_file_that_declares_a_topic_or_key_is_an_error(
    text: str, is_error: bool, tmp_path: Path
) -> None:
    write(tmp_path, {"stack.yaml": text})
    (skipped,) = load([tmp_path]).skipped
    assert skipped.error is is_error


def test_a_policy_that_is_null_was_not_supplied(tmp_path: Path) -> None:
    topics = [{"TopicArn": TOPIC_ARN, "Policy": None}, {"TopicArn": f"{TOPIC_ARN}-2", "Policy": None}]
    first, second = load([write(tmp_path, {"topics.json": topics})]).topics
    assert first.policy == second.policy == Unknown("no policy was supplied: `Policy` is null")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps(POLICY).encode() + b" \xe9", "not UTF-8 text: byte 0xe9 on line 1"),
        (json.dumps(POLICY).encode("utf-16-le"), "not UTF-8 text: byte 0x00 on line 1"),
        (json.dumps(POLICY).encode("utf-32"), "not UTF-16 text: it has null characters"),
        (json.dumps(POLICY).encode("utf-16")[:-1], "not UTF-16 text: truncated data"),
        (json.dumps(POLICY)[:-1].encode(), "expected `,` or `}`, found the end of the file"),
        (b"Type: AWS::SNS::Topic # \xe9", "not UTF-8 text: byte 0xe9 on line 1"),
    ],
)
def test_a_policy_that_cannot_be_decoded_is_an_error_like_a_truncated_one(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "policy.json").write_bytes(content)
    (skipped,) = load([tmp_path]).skipped
    assert (skipped.error, skipped.reason) == (True, reason)


def test_a_file_of_something_else_that_cannot_be_decoded_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(b'{"name": "caf\xe9"}')
    assert not any(one.error for one in load([tmp_path]).skipped)
