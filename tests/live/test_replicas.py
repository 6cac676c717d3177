"""The commands for one topic in AWS know the replica of its instance, and the topic of the replica."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from checker.sandbox import seed
from checker.sandbox.http.faults import ANSWER, Fault
from tests.live.estate import checker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.sandbox.running import Account, Sandbox

EAST, WEST = "us-east-1", "us-west-2"


class Replicated(NamedTuple):
    account: Account
    west: Account
    instance: str
    topic: str

    @property
    def replica(self) -> str:
        return self.instance.replace(EAST, WEST)


@pytest.fixture
def replicated(account: Account, sandbox: Sandbox) -> Iterator[Replicated]:
    """An instance in us-east-1 that AWS describes as replicated to us-west-2."""
    instance = seed.make_instance(account)
    statuses = [{"Region": one, "ReplicationStatus": "INSTANCE_REPLICATION_COMPLETE"} for one in (EAST, WEST)]
    answer = json.dumps(
        {
            "Instance": {"Arn": instance, "InstanceStatus": "ACTIVE"},
            "ReplicationConfiguration": {"SourceRegion": EAST, "ReplicationStatusSummaryList": statuses},
        }
    )
    sandbox.fault(Fault(ANSWER, "connect", "DescribeInstance", account.id, EAST, message=answer, status=200))
    yield Replicated(account, sandbox.account(account.id, WEST), instance, seed.good_topic(account, instance))
    sandbox.clear_faults()


def explained(*arguments: str) -> tuple[int, Any]:
    done = checker("explain", *arguments, "--format", "json")
    return done.code, json.loads(done.out)


def test_a_replica_without_a_known_topic_is_said(replicated: Replicated) -> None:
    code, shown = explained(replicated.topic, "--instance-arn", replicated.instance)
    (chain,) = shown["replicas"]
    assert (code, shown["chain"]) == (0, "whole")
    assert chain == {
        "instance": replicated.replica,
        "region": WEST,
        "chain": "unknown",
        "topic": None,
        "links": [],
    }
    done = checker("explain", replicated.topic, "--instance-arn", replicated.instance)
    assert f"Replica in {WEST}: not known: no topic in {WEST} is known for it." in done.out
    assert "--replica-topic-arn TOPIC_ARN" in done.err
    assert f"--replica-region {WEST}" in done.err


def test_the_wrong_region_for_the_topic_of_a_replica_is_refused(replicated: Replicated) -> None:
    asked = (replicated.topic, "--instance-arn", replicated.instance, "--replica-topic-arn", replicated.topic)
    done = checker("explain", *asked)
    assert (done.code, "the Region of the instance itself" in done.err) == (2, True)


@pytest.mark.parametrize(("names", "status"), [("replica", "ok"), ("instance", "broken")])
def test_the_chain_of_a_replica_is_explained(replicated: Replicated, names: str, status: str) -> None:
    topic = seed.good_topic(replicated.west, getattr(replicated, names))
    asked = (replicated.topic, "--instance-arn", replicated.instance, "--replica-topic-arn", topic)
    code, shown = explained(*asked)
    (chain,) = shown["replicas"]
    assert (code, chain["topic"], chain["region"]) == (1, topic, WEST)
    links = {one["link"]: one["status"] for one in chain["links"]}
    assert links["topic_policy"] == status
    assert links["instance"] == "broken"  # the sandbox has no such instance in us-west-2


def test_a_fix_names_the_command_for_the_other_region(replicated: Replicated) -> None:
    topic = seed.default_topic(replicated.account)
    done = checker("fix", "--isolated", "--topic-arn", topic, "--instance-arn", replicated.instance)
    assert done.code == 1
    assert f"checker fix --topic-arn TOPIC_ARN --instance-arn {replicated.replica}" in done.err


def test_an_instance_stands_for_its_replica_in_the_region_of_the_topic(
    replicated: Replicated, tmp_path: Path
) -> None:
    topic = seed.default_topic(replicated.west)
    asked = ("fix", "--isolated", "--topic-arn", topic, "--instance-arn", replicated.instance)
    done = checker(*asked, "--apply", "--yes", "--receipts", str(tmp_path))
    assert done.code == 0, done.err
    policy = replicated.west.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    assert replicated.replica in policy
    assert replicated.instance not in policy
    _, shown = explained(topic, "--instance-arn", replicated.instance)
    assert (shown["instance"], shown["chain"]) == (replicated.replica, "whole")
