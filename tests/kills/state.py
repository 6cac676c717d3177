"""What AWS holds in an account, and what is in a folder, so that they can be compared before and after a kill."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.live.aws.access import WATCHING

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

REGIONS = ("us-west-2", "us-east-1")


class State(NamedTuple):
    """What commands may write: topics, usable keys, aliases, lasting subscriptions, queues and roles.

    ``temporary`` is what a flow creates and deletes: queues and their subscriptions.
    """

    lasting: tuple[str, ...]
    temporary: tuple[str, ...]


def state_of(sandbox: Sandbox, account: str) -> State:
    """Read everything in an account that a command may write."""
    lines = [line for region in REGIONS for line in _region(sandbox.account(account, region))]
    lines += _roles(sandbox.account(account))
    temporary = tuple(sorted(line for line in lines if WATCHING in line))
    return State(tuple(sorted(line for line in lines if WATCHING not in line)), temporary)


@lru_cache(maxsize=64)
def _client(account: Account, service: str) -> Any:
    return account.client(service)


def _region(account: Account) -> list[str]:
    sns, sqs = _client(account, "sns"), _client(account, "sqs")
    lines = []
    for topic in sns.list_topics()["Topics"]:
        held = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        lines.append(f"topic {topic['TopicArn']} {held.get('KmsMasterKeyId')} {_policy(held['Policy'])}")
    lines += [
        f"subscription {one['TopicArn']} {one['Protocol']} {one['Endpoint']}"
        for one in sns.list_subscriptions()["Subscriptions"]
    ]
    for url in sqs.list_queues().get("QueueUrls", ()):
        held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        lines.append(f"queue {held['QueueArn']} {_policy(held.get('Policy', ''))}")
    return lines + _keys(_client(account, "kms"))


def _keys(kms: Any) -> list[str]:
    lines = []
    for key in kms.list_keys()["Keys"]:
        described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described["KeyState"] == "Enabled" and described["KeyManager"] == "CUSTOMER":
            policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
            lines.append(f"key {described['Arn']} {_policy(policy)}")
    named = (one for one in kms.list_aliases()["Aliases"] if not one["AliasName"].startswith("alias/aws/"))
    return lines + [f"alias {one['AliasName']} {one.get('TargetKeyId')}" for one in named]


def _roles(account: Account) -> list[str]:
    iam = _client(account, "iam")
    lines = []
    for role in iam.list_roles()["Roles"]:
        names = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        lines.append(f"role {role['Arn']} {sorted(names)}")
    return lines


def _policy(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True) if text else ""


_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def alike(state: State, account: str) -> list[str]:
    """Return the lasting part as it is for any account and any IDs."""
    return sorted(_UUID.sub("ID", line.replace(account, "ACCOUNT")) for line in state.lasting)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by name, without the temporary ones of a run that was killed."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".tmp")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
