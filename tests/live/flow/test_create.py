"""`checker flow --retain --create` shows what it would create, asks for confirmation, and writes a receipt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from checker.sandbox import seed
from checker.sandbox.http.faults import denied
from tests.live.estate import checker

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

WRITES = {"CreateQueue", "Subscribe"}


def options(topic: str, instance: str, receipts: Path) -> tuple[str, ...]:
    named = ("--topic-arn", topic, "--instance-arn", instance, "--contact-flow-id", "f")
    return ("flow", *named, "--retain", "sqs", "--create", "--receipts", str(receipts))


def queues(account: Account) -> list[str]:
    listed = account.client("sqs").list_queues(QueueNamePrefix="checker-").get("QueueUrls", [])
    return [str(one).rpartition("/")[2] for one in listed]


def test_nothing_is_created_before_it_is_shown_and_confirmed(account: Account, tmp_path: Path) -> None:
    instance = seed.make_instance(account)
    command = options(seed.good_topic(account, instance), instance, tmp_path)
    plan = checker(*command, "--dry-run")
    assert plan.code == 1
    assert "1. sqs:CreateQueue" in plan.out
    assert "2. sns:Subscribe" in plan.out
    refused = checker(*command)
    assert refused.code == 2
    assert "1. sqs:CreateQueue" in refused.err
    assert "not confirmed, nothing was changed" in refused.err
    assert (queues(account), list(tmp_path.iterdir())) == ([], [])
    assert checker(*command, "--yes").code == 0
    (name,) = queues(account)
    (receipt,) = tmp_path.iterdir()
    assert {one["action"].partition(":")[2] for one in json.loads(receipt.read_text())["calls"]} == WRITES
    assert name == "checker-retain-" + command[2].rpartition(":")[2]
    assert "nothing to create" in checker(*command, "--dry-run").out
    undo = checker("rollback", str(receipt))
    assert (undo.code, "aws sqs delete-queue" in undo.err) == (2, True)


def test_a_plan_without_a_look_at_the_queue_is_incomplete(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    instance = seed.make_instance(account)
    command = options(seed.good_topic(account, instance), instance, tmp_path)
    sandbox.fault(denied("sqs", "GetQueueUrl"))
    plan = checker(*command, "--dry-run")
    assert (plan.code, plan.out) == (3, "")
    assert "`sqs:GetQueueUrl` is missing" in plan.err
