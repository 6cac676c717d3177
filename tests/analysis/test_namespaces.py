"""Names have namespaces: key ids and aliases of a topic's account and Region, addresses of a Terraform root."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from checker.analysis.inventory import Key
from checker.app.run import Options, examine
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Inventory

DEV, PROD = "111122223333", "444455556666"
ID, MRK = "aaaabbbb-1111-2222-3333-ccccddddeeee", "mrk-0123456789abcdef0123456789abcdef"

KEY_POLICY = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}]}'
)


def topic(key: str, region: str = "us-west-2", account: str = DEV) -> str:
    arn = f"arn:aws:sns:{region}:{account}:chat"
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}}]}
    return json.dumps({"Attributes": {"TopicArn": arn, "KmsMasterKeyId": key, "Policy": json.dumps(policy)}})


def key(name: str, region: str = "us-west-2", account: str = DEV) -> str:
    arn = f"arn:aws:kms:{region}:{account}:key/{name}"
    return json.dumps({"KeyMetadata": {"Arn": arn, "KeyId": name, "KeyState": "Enabled"}})


def manifest(*keys: str) -> str:
    listed = "".join(f"  - {{description: {name}, aliases: [alias/chat]}}\n" for name in keys)
    return f"version: 1\ntopics: [{{attributes: t.json}}]\nkeys:\n{listed}"


PROVIDERS = """
provider "aws" { region = "us-east-1" }
provider "aws" {
  alias  = "west"
  region = "us-west-2"
}
"""
PAIR = """
resource "aws_kms_key" "primary" { multi_region = true }
resource "aws_kms_replica_key" "west" {
  provider        = aws.west
  primary_key_arn = aws_kms_key.primary.arn
}
"""
ALIASES = """
resource "aws_kms_alias" "east" {
  name          = "alias/chat"
  target_key_id = aws_kms_key.primary.key_id
}
resource "aws_kms_alias" "west" {
  provider      = aws.west
  name          = "alias/chat"
  target_key_id = aws_kms_key.primary.key_id
}
"""


def encrypted(reference: str, provider: str = "aws.west") -> str:
    return f"""
resource "aws_sns_topic" "chat" {{
  provider          = {provider}
  name              = "chat"
  kms_master_key_id = {reference}
}}
"""


class Case(NamedTuple):
    """Files, and the key of the topic in each: its file or address, or what is said of one that is not known."""

    why: str
    files: dict[str, str]
    expected: dict[str, str]


def west(*parts: str) -> dict[str, str]:
    return {"main.tf": "".join((PROVIDERS, *parts))}


CASES = (
    Case("a key id", {"t.json": topic(ID), "k.json": key(ID)}, {"t.json": "k.json"}),
    Case(
        "the id of another account's key",
        {"t.json": topic(ID), "k.json": key(ID, account=PROD)},
        {"t.json": f"means a key in account {DEV}"},
    ),
    Case(
        "the ARN of another account's key",
        {"t.json": topic(f"arn:aws:kms:us-west-2:{PROD}:key/{ID}"), "k.json": key(ID, account=PROD)},
        {"t.json": "k.json"},
    ),
    Case(
        "a multi-Region key",
        {"t.json": topic(MRK), "a.json": key(MRK, "us-east-1"), "b.json": key(MRK)},
        {"t.json": "b.json"},
    ),
    Case(
        "one alias in two Regions",
        {
            "m.yaml": manifest("a.json", "b.json"),
            "t.json": topic("alias/chat"),
            "a.json": key(ID, "us-east-1"),
        }
        | {"b.json": key(MRK)},
        {"t.json": "b.json"},
    ),
    Case(
        "a key policy without a key in each of two folders",
        {
            f"{name}/{file}": text
            for name, account in (("dev", DEV), ("prod", PROD))
            for file, text in (
                ("t.json", topic("alias/chat", account=account)),
                ("k.json", json.dumps({"Policy": KEY_POLICY, "PolicyName": "default"})),
            )
        },
        {"dev/t.json": "dev/k.json", "prod/t.json": "prod/k.json"},
    ),
    Case(
        "the id of a primary key means the replica of the topic's Region",
        west(PAIR, encrypted("aws_kms_key.primary.key_id")),
        {"main.tf": "aws_kms_replica_key.west"},
    ),
    Case(
        "the id of a replica means the primary in its Region",
        west(PAIR, encrypted("aws_kms_replica_key.west.key_id", "aws")),
        {"main.tf": "aws_kms_key.primary"},
    ),
    Case(
        "an ARN means one key",
        west(PAIR, encrypted("aws_kms_key.primary.arn")),
        {"main.tf": "aws_kms_key.primary"},
    ),
    Case(
        "an alias means the key of the topic's Region",
        west(PAIR, ALIASES, encrypted("aws_kms_alias.east.name")),
        {"main.tf": "aws_kms_replica_key.west"},
    ),
    Case(
        "an alias that two keys of the topic's Region have",
        west(
            *(
                f'resource "aws_kms_key" "{one}" {{ provider = aws.west }}\n'
                f'resource "aws_kms_alias" "{one}" {{\n  provider = aws.west\n  name = "alias/chat"\n'
                f"  count = var.{one}\n  target_key_id = aws_kms_key.{one}.id\n}}\n"
                for one in ("dev", "prod")
            ),
            encrypted('"alias/chat"'),
        ),
        {"main.tf": "2 keys share the alias `alias/chat`"},
    ),
    Case(
        "the id of a key that the topic's Region does not have",
        west('resource "aws_kms_key" "east" {}', encrypted("aws_kms_key.east.id")),
        {"main.tf": "is declared in another Region or account"},
    ),
    Case(
        "one address in two roots",
        {
            f"{name}/main.tf": 'resource "aws_kms_key" "primary" {}'
            + encrypted("aws_kms_key.primary.id", "aws")
            for name in ("dev", "prod")
        },
        {"dev/main.tf": "dev/: aws_kms_key.primary", "prod/main.tf": "prod/: aws_kms_key.primary"},
    ),
)


def lay_out(files: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Inventory:
    monkeypatch.chdir(folder)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return examine(Options(isolated=True)).inventory


def named(found: Key | Unknown | None) -> str:
    if not isinstance(found, Key):
        return str(found)
    return found.name if found.address else found.place.document.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_a_topic_means_a_key_of_its_own_namespace(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = lay_out(case.files, tmp_path, monkeypatch)
    found = {one.place.document.name: named(inventory.key_of(one)) for one in inventory.topics}
    assert {name: case.expected[name] for name, said in found.items() if case.expected[name] in said} == (
        case.expected
    ), found


MODULE = """
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Sid = "Connect", Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }
    Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
  }] })
}
"""


def test_a_finding_in_a_shared_module_is_told_for_each_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = 'module "chat" { source = "../modules/chat" }'
    lay_out({"modules/chat/main.tf": MODULE, "dev/a.tf": call, "prod/a.tf": call}, tmp_path, monkeypatch)
    report = examine(Options(isolated=True)).report
    open_ = [one for one in report.findings if one.rule == "missing-source-account"]
    address = "module.chat.aws_sns_topic.chat"
    assert [one.declared_as for one in open_] == [f"dev/: {address}", f"prod/: {address}"]
    assert [one.resource for one in open_] == [one.declared_as for one in open_]
