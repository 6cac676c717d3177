"""A live command believes in no instance before AWS has shown it: explain, fix and audit."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from checker.live.audit.securityhub import DeletedResources
from checker.live.aws.access import Access, Unit
from checker.live.aws.calls import Calls
from checker.live.aws.session import sign_in
from checker.sandbox import seed
from checker.sandbox.http.faults import ANSWER, Fault, denied
from tests.live.estate import checker

if TYPE_CHECKING:
    from pathlib import Path

    from checker.sandbox.running import Account, Sandbox

Describe = Callable[[str, str], dict[str, Any]]
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
        (of_others, f"not looked up: it belongs to account {OTHER}", "unknown", 3),
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


def in_oregon(instance: str, status: str) -> dict[str, Any]:
    """Describe an instance whose replica is asked for, with the status of the replica."""
    listed = [{"Region": "us-east-1", "ReplicationStatus": status}]
    described = {"Arn": instance.replace("us-east-1", "us-west-2"), "InstanceStatus": "ACTIVE"}
    return {"Instance": described, "ReplicationConfiguration": {"ReplicationStatusSummaryList": listed}}


def with_status(instance: str, status: str) -> dict[str, Any]:
    return {"Instance": {"Arn": instance, "InstanceStatus": status}}


def without_status(instance: str, _: str) -> dict[str, Any]:
    return {"Instance": {"Arn": instance}}


@pytest.mark.parametrize(
    ("described", "status", "chain", "code"),
    [
        (with_status, "ACTIVE", "whole", 1),
        (with_status, "CREATION_IN_PROGRESS", "unknown", 3),
        (without_status, "", "unknown", 3),
        (with_status, "CREATION_FAILED", "broken", 1),
        (in_oregon, "INSTANCE_REPLICATION_COMPLETE", "whole", 1),
        (in_oregon, "INSTANCE_REPLICATION_FAILED", "broken", 1),
        (in_oregon, "INSTANCE_REPLICA_DELETING", "broken", 1),
    ],
)
def test_an_instance_is_there_once_it_is_active_or_a_replica(
    account: Account, sandbox: Sandbox, described: Describe, status: str, chain: str, code: int
) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    _unpin(account, topic)
    answer = json.dumps(described(instance, status))
    sandbox.fault(Fault(ANSWER, "connect", "DescribeInstance", account.id, message=answer, status=200))
    shown = checker("explain", topic, "--instance-arn", instance, "--format", "json")
    sandbox.clear_faults()
    assert (json.loads(shown.out)["chain"], shown.code) == (chain, code)


def test_an_instance_that_was_not_created_is_not_the_only_one(account: Account, sandbox: Sandbox) -> None:
    instance = seed.make_instance(account)
    failed = {"Arn": mistyped(instance), "InstanceStatus": "CREATION_FAILED"}
    listed = json.dumps({"InstanceSummaryList": [{"Arn": instance, "InstanceStatus": "ACTIVE"}, failed]})
    topic = seed.default_topic(account)
    sandbox.fault(Fault(ANSWER, "connect", "ListInstances", account.id, message=listed, status=200))
    done = checker("audit", "--isolated", "--topic-arn", topic, "--format", "json")
    sandbox.clear_faults()
    (examined,) = (one for one in json.loads(done.out)["examined"] if one["kind"] == "topic")
    assert [one["instance"] for one in examined["pairings"]] == [instance]


@pytest.mark.parametrize("action", ["GetKeyPolicy", "ListGrants"])
def test_an_explanation_without_an_answer_of_aws_is_incomplete(
    account: Account, sandbox: Sandbox, action: str
) -> None:
    instance = seed.make_instance(account)
    topic = seed.encrypted_topic(account, instance, grant=True).topic
    assert checker("explain", topic, "--instance-arn", instance).code == 0
    sandbox.fault(denied("kms", action, account=account.id))
    done = checker("explain", topic, "--instance-arn", instance)
    sandbox.clear_faults()
    assert (done.code, f"kms:{action}" in done.err) == (3, True)


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
    dry = checker(*asked[:-2], "--instance-arn", named)
    assert (dry.code, f"--instance-arn {streaming}" in dry.err) == (1, True)
    both = checker(*asked, "--instance-arn", named, "--instance-arn", streaming)
    assert both.code != 2, both.err
    assert list(tmp_path.iterdir())


def test_no_fix_is_safe_if_cloudtrail_cannot_show_other_instances(
    account: Account, sandbox: Sandbox, tmp_path: Path
) -> None:
    named, streaming = seed.make_instance(account), seed.make_instance(account)
    topic = seed.good_topic(account, named)
    _unpin(account, topic)
    seed.start_chat(account, streaming, topic)
    sandbox.fault(denied("cloudtrail", "LookupEvents", account=account.id))
    asked = ("fix", "--isolated", "--topic-arn", topic, "--receipts", str(tmp_path), "--instance-arn", named)
    planned, done = checker(*asked), checker(*asked, "--apply", "--yes")
    sandbox.clear_faults()
    assert "(safe)" not in planned.out
    assert "not known whether the fix would cut off another instance" in planned.err
    assert (done.code, list(tmp_path.iterdir())) == (3, []), done.err


def test_a_fix_says_that_cloudtrail_was_not_read_to_the_end(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = seed.make_instance(account)
    topic = seed.good_topic(account, named)
    _unpin(account, topic)
    seed.start_chat(account, named, topic)
    asked = ("fix", "--isolated", "--topic-arn", topic, "--instance-arn", named)
    assert checker(*asked).code == 1
    monkeypatch.setattr("checker.live.audit.instances._MOST_PAGES", 0)
    done = checker(*asked)
    assert (done.code, "only the newest 0 `" in done.err) == (3, True)


@pytest.mark.parametrize(
    ("described", "status", "gone", "noted"),
    [
        (with_status, "ACTIVE", False, 0),
        (with_status, "CREATION_FAILED", False, 0),
        (with_status, "CREATION_IN_PROGRESS", False, 1),
        (without_status, "", False, 1),
        (lambda instance, _: with_status(mistyped(instance), "ACTIVE"), "", False, 0),
        (None, "", True, 0),
    ],
)
def test_only_what_aws_does_not_find_is_taken_for_deleted(
    account: Account, sandbox: Sandbox, described: Describe | None, status: str, gone: bool, noted: int
) -> None:
    instance = seed.make_instance(account)
    if described is None:
        instance = mistyped(instance)
    else:
        answer = json.dumps(described(instance, status))
        sandbox.fault(Fault(ANSWER, "connect", "DescribeInstance", account.id, message=answer, status=200))
    calls = Calls(sign_in(Access(endpoint=account.endpoint)), Unit(account.id, account.region), Event())
    found = DeletedResources(calls)(instance)
    sandbox.clear_faults()
    assert (found, len(calls.skipped)) == (gone, noted)


def test_an_audit_refuses_an_instance_that_is_not_there(account: Account) -> None:
    real = seed.make_instance(account)
    seed.good_topic(account, real)
    assert checker("audit", "--isolated", "--instance-arn", mistyped(real)).code == 2
    unsure = checker("audit", "--isolated", "--instance-arn", of_others(real))
    assert (unsure.code, "not looked up" in unsure.err) == (3, True)
