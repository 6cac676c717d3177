"""Two places that have nothing to do with each other say together what each says alone.

dev/ and prod/ are two accounts with the same names for everything. What is known in one, an instance, a key or an
alias, is not known in the other: no verdict changes when both are checked in one run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.field.running import Launcher, Output, environment
from tests.samples import document, statement

DEV, PROD = "111122223333", "444455556666"
KEY_ID = "mrk-1234abcd12ab34cd56ef1234567890ab"
Files = Mapping[str, str]


def instance(account: str) -> str:
    return f"arn:aws:connect:us-east-1:{account}:instance/{account[:8]}-aaaa-4bbb-8ccc-000000000001"


def policy(account: str, resource: Any) -> dict[str, Any]:
    pinned = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnEquals": {"aws:SourceArn": instance(account)},
    }
    return document(statement(Sid="AllowConnect", Resource=resource, Condition=pinned))


def key_policy(account: str, *, grant: bool = True) -> dict[str, Any]:
    owner = {"AWS": f"arn:aws:iam::{account}:root"}
    use = ["kms:GenerateDataKey*", "kms:Decrypt"]
    statements = [
        statement(Sid="Root", Principal=owner, Action="kms:*", Resource="*"),
        statement(Sid="Connect", Action=use, Resource="*"),
    ]
    return document(*statements[: 2 if grant else 1])


def topic_output(account: str, key: str = "") -> str:
    arn = f"arn:aws:sns:us-east-1:{account}:chat"
    attributes = {"TopicArn": arn, "Policy": json.dumps(policy(account, arn))}
    return json.dumps({"Attributes": attributes | ({"KmsMasterKeyId": key} if key else {})})


def instance_output(account: str) -> str:
    described = {"Arn": instance(account), "InstanceAlias": "desk", "InstanceStatus": "ACTIVE"}
    return json.dumps({"Instance": described})


def key_outputs(account: str, *, grant: bool = True) -> Files:
    arn = f"arn:aws:kms:us-east-1:{account}:key/{KEY_ID}"
    metadata = {"KeyId": KEY_ID, "Arn": arn, "AWSAccountId": account, "KeyState": "Enabled"} | {
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyManager": "CUSTOMER",
    }
    written = {"PolicyName": "default", "Policy": json.dumps(key_policy(account, grant=grant))}
    return {"key.json": json.dumps({"KeyMetadata": metadata}), "key-policy.json": json.dumps(written)}


def terraform(account: str, key: str = "") -> str:
    """A root in Terraform's JSON syntax, with a topic that may have a key."""
    topic = {"name": "chat"} | ({"kms_master_key_id": key} if key else {})
    written = {"arn": "${aws_sns_topic.chat.arn}"}
    written["policy"] = json.dumps(policy(account, "${aws_sns_topic.chat.arn}"))
    provider = {"region": "us-east-1", "allowed_account_ids": [account]}
    resources = {"aws_sns_topic": {"chat": topic}, "aws_sns_topic_policy": {"chat": written}}
    return json.dumps({"provider": {"aws": provider}, "resource": resources})


def terraform_key(account: str, *, grant: bool = True) -> str:
    key = {"policy": json.dumps(key_policy(account, grant=grant))}
    alias = {"name": "alias/chat", "target_key_id": "${aws_kms_key.chat.key_id}"}
    return json.dumps({"resource": {"aws_kms_key": {"chat": key}, "aws_kms_alias": {"chat": alias}}})


def template(account: str, *, key: bool | None = None) -> str:
    """A template with a topic; ``key`` declares its key, with the grant or without."""
    topic = {"TopicName": "chat"} | ({} if key is None else {"KmsMasterKeyId": {"Ref": "Key"}})
    written = {"Topics": [{"Ref": "Chat"}], "PolicyDocument": policy(account, {"Ref": "Chat"})}
    resources: dict[str, Any] = {
        "Chat": {"Type": "AWS::SNS::Topic", "Properties": topic},
        "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": written},
    }
    if key is not None:
        properties = {"KeyPolicy": key_policy(account, grant=key)}
        resources["Key"] = {"Type": "AWS::KMS::Key", "Properties": properties}
    return json.dumps({"Resources": resources})


def manifest(account: str) -> str:
    return f"instances: ['{instance(account)}']\ntopics:\n  - attributes: topic.json\n"


def loose(account: str, key: str = "") -> Files:
    return {"topic.json": topic_output(account, key), "instance.json": instance_output(account)}


PLACES: dict[str, tuple[Files, Files]] = {
    "an instance in each": (loose(DEV), loose(PROD)),
    "an instance in one": (loose(DEV), {"topic.json": topic_output(PROD)}),
    "a manifest in each": (
        {"topic.json": topic_output(DEV), "streaming.yaml": manifest(DEV)},
        {"topic.json": topic_output(PROD), "streaming.yaml": manifest(PROD)},
    ),
    "a manifest in one": (
        {"topic.json": topic_output(DEV), "streaming.yaml": manifest(DEV)},
        {"main.tf.json": terraform(PROD), "template.json": template(PROD)},
    ),
    "a multi-Region key in each": (
        {**loose(DEV, KEY_ID), **key_outputs(DEV)},
        {**loose(PROD, KEY_ID), **key_outputs(PROD, grant=False)},
    ),
    "a multi-Region key in one": ({**loose(DEV, KEY_ID), **key_outputs(DEV)}, loose(PROD, KEY_ID)),
    "an alias in each root": (
        {"main.tf.json": terraform(DEV, "alias/chat"), "key.tf.json": terraform_key(DEV, grant=False)},
        {"main.tf.json": terraform(PROD, "alias/chat"), "key.tf.json": terraform_key(PROD)},
    ),
    "an alias in one root": (
        {"main.tf.json": terraform(DEV, "alias/chat"), "key.tf.json": terraform_key(DEV)},
        {"main.tf.json": terraform(PROD, "alias/chat")},
    ),
    "a broken alias in one root": (
        {"main.tf.json": terraform(DEV, "alias/chat"), "key.tf.json": terraform_key(DEV, grant=False)},
        {"main.tf.json": terraform(PROD, "alias/chat")},
    ),
    "an alias in a root, output beside": (
        {"main.tf.json": terraform(DEV, "alias/chat"), "key.tf.json": terraform_key(DEV)},
        loose(PROD, "alias/chat"),
    ),
    "a key in each template": (
        {"template.json": template(DEV, key=False)},
        {"template.json": template(PROD, key=True)},
    ),
    "an instance beside a template": (loose(DEV), {"template.json": template(PROD)}),
    "an instance beside a root": (loose(DEV), {"main.tf.json": terraform(PROD)}),
}


def verdicts(output: Output) -> Counter[str]:
    """The verdicts of all targets, in any order."""
    return Counter(
        f"{target['kind']} {rule}: {verdict}"
        for target in output.report["examined"]
        for rule, verdict in target["verdicts"].items()
    )


@pytest.mark.parametrize("name", PLACES)
def test_places_say_together_what_each_says_alone(name: str, launcher: Launcher, tmp_path: Path) -> None:
    for place, files in zip(("dev", "prod"), PLACES[name], strict=True):
        (tmp_path / place).mkdir()
        for file, text in files.items():
            (tmp_path / place / file).write_text(text)
    dev, prod, together = (
        launcher.run(
            {"args": ["check", *places, "--format", "json"]}, tmp_path, environment(tmp_path), tmp_path
        )
        for places in (["dev"], ["prod"], ["dev", "prod"])
    )
    assert min(len(verdicts(dev)), len(verdicts(prod))) > 10
    alone = verdicts(dev) + verdicts(prod)
    assert sorted((verdicts(together) - alone) + (alone - verdicts(together))) == []
    assert together.code == max(dev.code, prod.code)
