"""`checker permissions fix` prints what a live repair and its rollback call, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.sandbox import seed
from tests.cli.process import run
from tests.live.repair.replacement.stage import Scene, far, fifo, managed, options

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

FREE = {"sts:GetCallerIdentity"}
"""AWS answers it whatever the policies say."""

IN_PLACE = {"cloudtrail:LookupEvents"}
"""What a fix asks only where it takes access from somebody on the topic itself."""

IMPLIED = {"kms:TagResource", "sns:TagResource"}
"""What AWS asks of a caller who creates something with tags."""


def allowed(*arguments: str) -> set[str]:
    policy = json.loads(run("permissions", "fix", *arguments).stdout)
    return set(_actions(policy))


def _actions(policy: dict[str, Any]) -> Iterator[str]:
    for statement in policy["Statement"]:
        action = statement["Action"]
        yield from [action] if isinstance(action, str) else action


def called(sandbox: Sandbox, account: Account) -> set[str]:
    return {f"{one.service}:{one.action}" for one in sandbox.calls() if one.account == account.id} - FREE


def there_and_back(folder: Path, *arguments: str) -> None:
    assert run("fix", *arguments, "--apply", "--yes").returncode == 0
    (receipt,) = folder.iterdir()
    assert run("rollback", receipt, "--yes").returncode == 0
    receipt.unlink()


def test_a_repair_in_place_calls_what_it_is_said_to_need(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    instance = seed.make_instance(account)
    sealed = seed.encrypted_topic(account, instance, grant=False)
    account.client("kms").create_alias(AliasName="alias/chat", TargetKeyId=sealed.key)
    seed.encrypt(account, sealed.topic, "alias/chat")
    policy = {"Version": "2012-10-17", "Statement": [seed.publish_statement(sealed.topic)]}
    account.client("sns").set_topic_attributes(
        TopicArn=sealed.topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    scene = Scene(account, instance, sealed.topic, "")
    sandbox.clear_calls()
    there_and_back(tmp_path, *options(scene, tmp_path)[:-1])
    assert called(sandbox, account) == allowed()


def test_a_replacement_calls_what_it_is_said_to_need(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scenes = [far(sandbox, account), fifo(account), managed(account)]
    sealed = seed.encrypted_topic(account, scenes[0].instance, "sealed", grant=False)
    fifo_sealed = seed.fifo_topic(account, scenes[0].instance, "sealed")
    seed.encrypt(account, fifo_sealed, sealed.key)
    scenes.append(Scene(account, scenes[0].instance, fifo_sealed, ""))
    sandbox.clear_calls()
    for scene in scenes:
        there_and_back(tmp_path, *options(scene, tmp_path))
    assert called(sandbox, account) == allowed("--create-replacement") - IMPLIED - IN_PLACE


def test_what_is_deleted_has_to_be_of_the_repair_itself() -> None:
    topic = "arn:aws:sns:us-east-1:111122223333:chat.fifo"
    done = run("permissions", "fix", "--create-replacement", "--topic-arn", topic)
    statements = {one["Sid"]: one for one in json.loads(done.stdout)["Statement"]}
    ours = {"Null": {"aws:ResourceTag/checker:replaces": "false"}}
    assert statements["RollBackTopics"]["Condition"] == statements["RollBackKeys"]["Condition"] == ours
    assert statements["CreateTopics"]["Resource"] == "arn:aws:sns:*:111122223333:chat*"
