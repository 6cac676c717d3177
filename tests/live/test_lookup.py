"""A live command believes in no instance before AWS has shown it: explain, fix and audit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker.sandbox import seed
from tests.live.estate import checker

if TYPE_CHECKING:
    from pathlib import Path

    from checker.sandbox.running import Account

OTHER = "222222222222"


def mistyped(instance: str) -> str:
    return f"{instance[:-4]}ffff"


def elsewhere(instance: str) -> str:
    return instance.replace("us-east-1", "us-west-2")


def of_others(instance: str) -> str:
    head, _, _ = mistyped(instance).partition(":connect:")
    return f"{head}:connect:us-east-1:{OTHER}:{mistyped(instance).rpartition(':')[2]}"


@pytest.mark.parametrize(
    ("change", "said", "chain", "code"),
    [
        (str, "ok       instance", "whole", 1),
        (mistyped, "not found: account", "broken", 1),
        (elsewhere, "not found in us-west-2: the instance with this id is in us-east-1", "broken", 1),
        (of_others, f"not looked up: it belongs to account {OTHER}", "unknown", 1),
    ],
)
def test_each_reason_is_told_apart(account: Account, change: type, said: str, chain: str, code: int) -> None:
    real = seed.make_instance(account)
    topic, instance = seed.good_topic(account, real), change(real)
    _unpin(account, topic)
    done = checker("explain", topic, "--instance-arn", instance)
    assert (done.code, said in done.out) == (code, True), done.out
    shown = checker("explain", topic, "--instance-arn", instance, "--format", "json")
    assert json.loads(shown.out)["chain"] == chain


def _unpin(account: Account, topic: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": [seed.publish_statement(topic)]}
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )


@pytest.mark.parametrize(("change", "code"), [(mistyped, 2), (of_others, 3), (str, 0)])
def test_only_an_instance_that_was_looked_up_is_pinned_safely(
    account: Account, tmp_path: Path, change: type, code: int
) -> None:
    real = seed.make_instance(account)
    topic = seed.good_topic(account, real)
    _unpin(account, topic)
    asked = ("fix", "--isolated", "--topic-arn", topic, "--instance-arn", change(real))
    assert "(safe)" not in checker(*asked).out or code == 0
    done = checker(*asked, "--apply", "--yes", "--receipts", str(tmp_path))
    assert (done.code in (2, 3)) is (code > 0), done.err
    assert not code or done.code == code
    assert bool(list(tmp_path.iterdir())) is (code == 0)


def test_an_instance_that_cloudtrail_shows_is_not_cut_off(account: Account, tmp_path: Path) -> None:
    named, streaming = seed.make_instance(account), seed.make_instance(account)
    topic = seed.good_topic(account, named)
    _unpin(account, topic)
    seed.start_chat(account, streaming, topic)
    asked = ("fix", "--isolated", "--topic-arn", topic, "--receipts", str(tmp_path), "--apply", "--yes")
    done = checker(*asked, "--instance-arn", named)
    assert (done.code, f"--instance-arn {streaming}" in done.err) == (2, True)
    assert not list(tmp_path.iterdir())
    both = checker(*asked, "--instance-arn", named, "--instance-arn", streaming)
    assert both.code != 2, both.err
    assert list(tmp_path.iterdir())


def test_an_audit_refuses_an_instance_that_is_not_there(account: Account) -> None:
    real = seed.make_instance(account)
    seed.good_topic(account, real)
    assert checker("audit", "--isolated", "--instance-arn", mistyped(real)).code == 2
    unsure = checker("audit", "--isolated", "--instance-arn", of_others(real))
    assert (unsure.code, "not looked up" in unsure.err) == (3, True)
