"""What all rules say about policies with references in a template, and about other settings of topics and keys.

`CHECKER_GOLDEN=write pytest tests/rules/test_references_and_settings.py` writes the files anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory
from tests.golden import is_as_written
from tests.rules.cases import HERE
from tests.rules.other_policies import (
    BOTH,
    CONTEXT,
    DENY,
    ELSEWHERE,
    KEY_ARN,
    OTHERS,
    PINNED,
    ROLE,
    USES,
    account,
    both,
    source,
)
from tests.rules.test_other_policies import Notes, read
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

CONNECT = "connect.amazonaws.com"
CHAT, UNREAD, OWN = {"Ref": "Chat"}, {"Ref": "Unread"}, {"Ref": "AWS::AccountId"}
DECLARED = {"Fn::Sub": "arn:aws:connect:${AWS::Region}:${AWS::AccountId}:instance/${Unread}"}
MANAGER = "arn:aws:iam::111122223333:root"

# fmt: off
REFERENCES: dict[str, list[Any]] = {
    "documented": [{}],
    "documented, with references": [{"Condition": both(account(OWN), source(DECLARED))}],
    "no condition": [{"Condition": None}],
    "no condition, for others too": [{"Condition": None, "Principal": BOTH}],
    "the account": [{"Condition": account(OWN)}],
    "an account": [{"Condition": account(UNREAD)}],
    "an account, among others": [{"Condition": account([ACCOUNT, UNREAD])}],
    "an account, and not another": [{"Condition": both(account(UNREAD), account(ELSEWHERE, "StringNotEquals"))}],
    "an ARN": [{"Condition": source(UNREAD)}],
    "an ARN, with the account": [{"Condition": both(account(), source(UNREAD))}],
    "an ARN, among others": [{"Condition": both(account(), source([INSTANCE_ARN, UNREAD]))}],
    "an ARN, after another service": [{"Condition": source([f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", UNREAD])}],
    "an ARN by pattern": [{"Condition": source({"Fn::Sub": "arn:aws:connect:*:${AWS::AccountId}:instance/*"}, "ArnLike")}],
    "an ARN below the instance": [{"Condition": source({"Fn::Sub": "${Unread}/*"}, "ArnLike")}],
    "conditions": [{"Condition": UNREAD}],
    "a condition beside the account": [{"Condition": {**account(), "ArnEquals": UNREAD}}],
    "conditions beside an organization": [{"Condition": {**account("o-1", key="aws:PrincipalOrgID"), "ArnEquals": UNREAD}}],
    "Connect and other callers": [{"Principal": {"Service": CONNECT, "Fn::If": ["Some", {"AWS": ROLE}, {"Ref": "AWS::NoValue"}]}, "Condition": None}],
    "an owner": [{"Condition": account(UNREAD, key="AWS:SourceOwner")}],
    "an organization": [{"Condition": both(PINNED, account(UNREAD, key="aws:PrincipalOrgID"))}],
    "a principal": [{"Principal": UNREAD}],
    "a principal, open": [{"Principal": UNREAD, "Condition": None}],
    "a service beside Connect": [{"Principal": {"Service": [CONNECT, UNREAD]}, "Condition": None}],
    "a caller beside Connect": [{"Principal": {"Service": CONNECT, "AWS": UNREAD}, "Condition": None}],
    "a caller beside Connect, with the account": [{"Principal": {"Service": CONNECT, "AWS": UNREAD}, "Condition": account()}],
    "unread services": [{"Principal": {"Service": UNREAD}}],
    "another caller": [{}, {**OTHERS, "Principal": {"AWS": UNREAD}}],
    "another caller, who subscribes": [{}, {**OTHERS, "Principal": {"AWS": UNREAD}, "Action": ["sns:Subscribe", "sns:Publish"]}],
    "the account of the stack": [{}, {**OTHERS, "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}}],
    "an action": [{"Action": ["sns:Publish", UNREAD]}],
    "actions": [{"Action": UNREAD}],
    "actions, for others too": [{"Action": UNREAD, "Principal": BOTH}],
    "a resource": [{"Resource": UNREAD}],
    "a resource, open": [{"Resource": UNREAD, "Condition": None}],
    "a resource beside this": [{"Resource": [CHAT, UNREAD]}],
    "every other resource": [{"Resource": None, "NotResource": UNREAD}],
    "every resource but this": [{"Resource": None, "NotResource": CHAT}],
    "every resource": [{"Resource": "*", "Condition": None, "Principal": BOTH}],
    "another topic": [{"Resource": TOPIC_ARN}],
    "two topics": [{"Resource": TOPIC_ARN}, {"Sid": "B", "Resource": TOPIC_ARN + "2"}],
    "a queue": [{"Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:chat"}],
    "a placeholder as account": [{"Condition": both(account("YOUR_ACCOUNT_ID"), source())}],
    "a placeholder as instance": [{"Condition": both(account(), source("YOUR_INSTANCE_ARN"))}],
    "a placeholder as resource": [{"Resource": "arn:aws:sns:us-east-1:YOUR_ACCOUNT_ID:chat"}],
    "an effect": [{"Effect": UNREAD}],
    "an effect, for others": [{}, {**OTHERS, "Effect": UNREAD}],
    "everyone": [{}, {**DENY, "Effect": "Allow", "Condition": account(UNREAD, key="aws:PrincipalOrgID")}],
    "everyone, with conditions": [{}, {**DENY, "Effect": "Allow", "Condition": UNREAD}],
    "everyone but a caller": [{}, {**DENY, "Effect": "Allow", "Principal": None, "NotPrincipal": {"AWS": UNREAD}}],
    "denied": [{}, DENY],
    "denied for a caller": [{}, {**DENY, "Principal": {"AWS": UNREAD}}],
    "denied but for a caller": [{}, {**DENY, "Principal": None, "NotPrincipal": {"AWS": UNREAD}}],
    "denied for an action": [{}, {**DENY, "Action": UNREAD}],
    "denied for a resource": [{}, {**DENY, "Resource": UNREAD}],
    "denied for an account": [{}, {**DENY, "Condition": account(UNREAD, "StringNotEquals")}],
    "denied for an ARN": [{}, {**DENY, "Condition": source(UNREAD, "ArnNotEquals")}],
    "denied with conditions": [{}, {**DENY, "Condition": UNREAD}],
    "denied for an address": [{}, {**DENY, "Condition": account([UNREAD, "192.0.2.0/24"], "NotIpAddress", "aws:SourceIp")}],
    "more statements": [{}, UNREAD],
    "only other statements": [UNREAD],
}

ROOT = {"Sid": "Root", "Principal": {"AWS": MANAGER}, "Action": "kms:*", "Resource": "*"}
USE = {"Sid": "Connect", "Action": USES, "Resource": "*"}
KEYS: dict[str, list[Any]] = {
    "documented": [ROOT, USE],
    "no statement": [],
    "a statement": [ROOT, UNREAD],
    "only other statements": [UNREAD],
    "pinned": [ROOT, {**USE, "Condition": account(UNREAD, key=CONTEXT)}],
    "pinned to its topic": [ROOT, {**USE, "Condition": account(CHAT, key=CONTEXT)}],
    "pinned to other topics": [ROOT, {**USE, "Condition": account([TOPIC_ARN], key=CONTEXT)}],
    "a condition": [ROOT, {**USE, "Condition": UNREAD}],
    "an account": [ROOT, {**USE, "Condition": account(UNREAD)}],
    "a principal": [ROOT, {**USE, "Principal": UNREAD}],
    "a service": [ROOT, {**USE, "Principal": {"Service": UNREAD}}],
    "a service beside Connect": [ROOT, {**USE, "Principal": {"Service": [CONNECT, UNREAD]}}],
    "a manager": [{**ROOT, "Principal": {"AWS": UNREAD}}, USE],
    "managers": [{**ROOT, "Principal": UNREAD}, USE],
    "a manager beside another": [{**ROOT, "Principal": {"AWS": [UNREAD, ROLE]}}, USE],
    "the account": [{**ROOT, "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}}, USE],
    "another account": [{**ROOT, "Principal": {"AWS": ELSEWHERE}}, USE],
    "a role": [{**ROOT, "Principal": {"AWS": ROLE}}, USE],
    "a role and a user": [{**ROOT, "Principal": {"AWS": [ROLE, ROLE.replace("role", "user")]}}, USE],
    "no manager": [USE],
    "an action": [ROOT, {**USE, "Action": [*USES, UNREAD]}],
    "actions": [ROOT, {**USE, "Action": UNREAD}],
    "a resource": [ROOT, {**USE, "Resource": UNREAD}],
    "every action": [ROOT, {**USE, "Action": "kms:*", "Principal": BOTH}],
    "an effect": [ROOT, {**USE, "Effect": UNREAD}],
    "denied": [ROOT, USE, {**DENY, "Action": "kms:Decrypt", "Resource": "*"}],
    "denied for a caller": [ROOT, USE, {**DENY, "Principal": {"AWS": UNREAD}, "Action": "kms:*", "Resource": "*"}],
    "denied for an account": [ROOT, USE, {**DENY, "Action": "kms:*", "Resource": "*", "Condition": account(UNREAD, "StringNotEquals", "kms:CallerAccount")}],
    "everyone": [ROOT, {**USE, "Principal": "*"}],
    "everyone, with a condition": [ROOT, USE, {**USE, "Sid": "All", "Principal": "*", "Condition": account(UNREAD, key="kms:CallerAccount")}],
    "everyone, with conditions": [ROOT, USE, {**USE, "Sid": "All", "Principal": "*", "Condition": UNREAD}],
    "everyone changes, with conditions": [ROOT, USE, {**ROOT, "Sid": "All", "Principal": "*", "Condition": UNREAD}],
    "everyone but a caller": [ROOT, USE, {**USE, "Sid": "All", "Principal": None, "NotPrincipal": {"AWS": UNREAD}}],
    "a placeholder": [ROOT, USE, {**ROOT, "Sid": "All", "Principal": {"AWS": "YOUR_ACCOUNT_ID"}}],
}

KEY = {"Arn": KEY_ARN, "KeyState": "Enabled", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}
OTHER_REGION = KEY_ARN.replace("us-east-1", "us-west-2")
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "documented": ({}, {}),
    **{f"a key that is {state}": ({}, {"KeyState": state}) for state in
       ("Disabled", "PendingDeletion", "PendingImport", "Unavailable", "Updating", "Creating", "PendingReplicaDeletion")},
    "a key of AWS": ({}, {"KeyManager": "AWS"}),
    "a key of AWS, by alias": ({"KmsMasterKeyId": "alias/aws/sns"}, {"KeyManager": "AWS"}),
    "an asymmetric key": ({}, {"KeySpec": "RSA_2048"}),
    "a key for signatures": ({}, {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
    "a key for HMAC": ({}, {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
    "a key of another Region": ({"KmsMasterKeyId": OTHER_REGION}, {"Arn": OTHER_REGION}),
    "a key of another account": ({"KmsMasterKeyId": KEY_ARN.replace(ACCOUNT, ELSEWHERE)}, {"Arn": KEY_ARN.replace(ACCOUNT, ELSEWHERE)}),
    "a key of another partition": ({"KmsMasterKeyId": KEY_ARN.replace("aws:", "aws-cn:", 1)}, {"Arn": KEY_ARN.replace("aws:", "aws-cn:", 1)}),
    "a key without its state": ({}, {"KeyState": None}),
    "a key without its manager": ({}, {"KeyManager": None}),
    "a key without its type": ({}, {"KeySpec": None, "KeyUsage": None}),
    "a key by its ID": ({"KmsMasterKeyId": KEY_ARN.rpartition("/")[2]}, {}),
    **{f"encrypted with {name}": ({"KmsMasterKeyId": name}, {}) for name in
       ("alias/aws/sns", "alias/aws/s3", "aws/sns", "aws/s3", "alias/chat", "chat", OTHER_REGION, "mrk-1234abcd12ab34cd56ef1234567890ab",
        f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/chat", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/aws/sns", "arn:aws:sns:us-east-1:1:chat")},
    "not encrypted": ({"KmsMasterKeyId": None}, {}),
    "encrypted with nothing": ({"KmsMasterKeyId": ""}, {}),
    "a FIFO topic": ({"TopicArn": TOPIC_ARN + ".fifo", "FifoTopic": "true"}, {}),
    "a FIFO topic by its name": ({"TopicArn": TOPIC_ARN + ".fifo"}, {}),
    **{f"a topic of {region}": ({"TopicArn": TOPIC_ARN.replace("us-east-1", region)}, {}) for region in
       ("us-west-2", "us-east-2", "us-east", "cn-north-1", "us-gov-west-1", "eu-nowhere-9")},
    "a topic of another account": ({"TopicArn": TOPIC_ARN.replace(ACCOUNT, ELSEWHERE)}, {}),
    "a topic of another partition": ({"TopicArn": TOPIC_ARN.replace("aws:", "aws-cn:", 1)}, {}),
    **{f"{claim} as the topic": ({"TopicArn": claim}, {}) for claim in
       ("chat", TOPIC_ARN + ":1234", f"arn:aws:sqs:us-east-1:{ACCOUNT}:chat", "arn:aws:sns:us-east-1:1:chat", TOPIC_ARN + " ")},
}
# fmt: on


def read_template(folder: Path, statements: list[Any]) -> Inventory:
    """Read a template whose policy refers to its own topic, and to a parameter without a value."""
    base = {"Resource": CHAT, "Condition": PINNED}
    written = [one if one is UNREAD else statement(**{**base, **one}) for one in statements]
    policy = {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [CHAT], "PolicyDocument": document(*written)},
    }
    resources = {"Chat": {"Type": "AWS::SNS::Topic"}, "ChatPolicy": policy}
    return read(folder, template={"Parameters": {"Unread": {"Type": "String"}}, "Resources": resources})


def read_key(folder: Path, statements: list[Any]) -> Inventory:
    """Read a template with a key, and a topic that it encrypts."""
    written = [one if one is UNREAD else statement(**one) for one in statements]
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}}
    grant = document(statement(Resource=CHAT, Condition=PINNED))
    policy = {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [CHAT], "PolicyDocument": grant}}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(*written)}}
    resources = {"Chat": topic, "ChatPolicy": policy, "Key": key}
    return read(folder, template={"Parameters": {"Unread": {"Type": "String"}}, "Resources": resources})


def read_settings(folder: Path, topic: dict[str, Any], key: dict[str, Any]) -> Inventory:
    """Read a topic and its key with these settings; ``None`` leaves one out."""
    chat = document(statement(Condition=PINNED))
    attributes = {"TopicArn": TOPIC_ARN, "KmsMasterKeyId": KEY_ARN, "Policy": json.dumps(chat), **topic}
    return read(
        folder,
        topic={"Attributes": known(attributes)},
        key={"KeyMetadata": known({**KEY, **key})},
        policy=document(statement(**ROOT), statement(**USE)),
    )


def known(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


def reference_lines(folder: Path) -> Iterator[str]:
    notes = Notes(folder)
    for name, statements in REFERENCES.items():
        inventory = read_template(folder, statements)
        yield f"# {name}"
        yield from notes.of({"one instance": (inventory, (INSTANCE_ARN,)), "no instance": (inventory, ())})


def key_lines(folder: Path) -> Iterator[str]:
    notes = Notes(folder)
    for name, statements in KEYS.items():
        yield f"# {name}"
        yield from notes.of({"one instance": (read_key(folder, statements), (INSTANCE_ARN,))})


def setting_lines(folder: Path) -> Iterator[str]:
    notes = Notes(folder)
    for name, (topic, key) in SETTINGS.items():
        yield f"# {name}"
        yield from notes.of({"one instance": (read_settings(folder, topic, key), (INSTANCE_ARN,))})


LINES = {"references": reference_lines, "references-of-keys": key_lines, "settings": setting_lines}


@pytest.mark.parametrize("part", LINES)
def test_what_all_rules_say_is_as_written(part: str, tmp_path: Path) -> None:
    assert is_as_written(HERE / "policies" / f"{part}.txt", "\n".join([*LINES[part](tmp_path), ""]))
