"""An audit of several Regions finds the replicas of instances that stream to no topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from checker.sandbox import seed
from checker.sandbox.http.faults import ANSWER, Fault, denied
from tests.live.estate import checker

if TYPE_CHECKING:
    from pathlib import Path

    from checker.sandbox.running import Account, Sandbox

RULE = "replica-not-streaming"
EAST, WEST = "us-east-1", "us-west-2"
AUDIT = ("audit", "--isolated", "--format", "json", "--trail-hours", "0")


class Replicated(NamedTuple):
    """An instance in us-east-1 with a topic, and its replica in us-west-2 as AWS would list it."""

    account: Account
    sandbox: Sandbox
    instance: str
    topic: str

    @property
    def replica(self) -> str:
        return self.instance.replace(EAST, WEST)

    @property
    def replica_topic(self) -> str:
        return self.topic.replace(EAST, WEST)

    def make_replica_topic(self, instance: str) -> None:
        """Make a topic in us-west-2 that an instance may publish to."""
        west = self.sandbox.account(self.account.id, WEST)
        arn = seed.default_topic(west, self.topic.rpartition(":")[2])
        policy = seed.policy_text(seed.publish_statement(arn, instance))
        west.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def answer(self, action: str, answer: dict[str, Any], region: str = "") -> None:
        text = json.dumps(answer)
        self.sandbox.fault(
            Fault(ANSWER, "connect", action, self.account.id, region, message=text, status=200)
        )

    def audited(self, *options: str) -> tuple[int, dict[str, Any], str]:
        """Audit; return the exit code, the report, and the verdict for the topic in us-east-1."""
        done = checker(*AUDIT, *options)
        report = json.loads(done.out)
        (examined,) = (one for one in report["examined"] if one["resource"] == self.topic)
        return done.code, report, examined["verdicts"][RULE].lower()


@pytest.fixture
def replicated(account: Account, sandbox: Sandbox) -> Any:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    seed.subscribed_queue(account, topic)
    found = Replicated(account, sandbox, instance, topic)
    statuses = [{"Region": one, "ReplicationStatus": "INSTANCE_REPLICATION_COMPLETE"} for one in (EAST, WEST)]
    configuration = {"SourceRegion": EAST, "ReplicationStatusSummaryList": statuses}
    described = {"Arn": instance, "InstanceStatus": "ACTIVE"}
    found.answer("DescribeInstance", {"Instance": described, "ReplicationConfiguration": configuration})
    found.answer(
        "ListInstances", {"InstanceSummaryList": [{"Arn": found.replica, "InstanceStatus": "ACTIVE"}]}, WEST
    )
    yield found
    sandbox.clear_faults()


def said(report: dict[str, Any], resource: str) -> list[str]:
    return [
        one["message"] for one in report["findings"] if (one["rule"], one["resource"]) == (RULE, resource)
    ]


def test_a_replica_without_a_topic_is_a_warning(replicated: Replicated, tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    code, report, verdict = replicated.audited("--region", f"{EAST},{WEST}", "--journal", journal)
    assert (code, verdict) == (1, "fail")
    (message,) = said(report, replicated.topic)
    assert "has a replica in us-west-2, but no topic there is checked for it" in message
    _, resumed, _ = replicated.audited("--region", f"{EAST},{WEST}", "--resume", journal)
    assert resumed["findings"] == report["findings"]
    assert resumed["examined"] == report["examined"]


def test_a_replica_with_a_topic_of_its_own_is_none(replicated: Replicated) -> None:
    replicated.make_replica_topic(replicated.replica)
    _, report, verdict = replicated.audited("--region", f"{EAST},{WEST}")
    assert (verdict, said(report, replicated.topic)) == ("pass", [])
    assert not [one for one in report["findings"] if one["severity"] == "error"]


def test_a_topic_that_names_the_source_is_reported_once(replicated: Replicated) -> None:
    replicated.make_replica_topic(replicated.instance)
    _, report, verdict = replicated.audited("--region", f"{EAST},{WEST}")
    assert (verdict, said(report, replicated.topic)) == ("pass", [])
    errors = [(one["rule"], one["resource"]) for one in report["findings"] if one["severity"] == "error"]
    assert errors == [("connect-not-allowed", replicated.replica_topic)]


def test_a_region_that_was_not_audited_is_not_known(replicated: Replicated) -> None:
    assert replicated.audited("--region", EAST)[0] == 0
    code, report, verdict = replicated.audited("--region", EAST, "--strict")
    assert (code, verdict) == (3, "undetermined")
    (message,) = said(report, replicated.topic)
    assert f"account {replicated.account.id} was not audited there" in message
    (help_text,) = (one["help"] for one in report["findings"] if one["rule"] == RULE)
    assert "checker audit --region us-east-1,us-west-2" in help_text


def test_a_region_that_was_not_audited_completely_is_not_known(replicated: Replicated) -> None:
    replicated.sandbox.fault(denied("sns", "ListTopics", region=WEST))
    code, report, verdict = replicated.audited("--region", f"{EAST},{WEST}")
    assert (code, verdict) == (3, "undetermined")
    assert "is not complete there" in said(report, replicated.topic)[0]


def test_a_topic_that_may_be_of_any_instance_leaves_it_open(replicated: Replicated) -> None:
    others = [replicated.replica, replicated.replica.replace("instance/", "instance/0")]
    replicated.answer("ListInstances", {"InstanceSummaryList": [{"Arn": one} for one in others]}, WEST)
    replicated.make_replica_topic("")
    _, report, verdict = replicated.audited("--region", f"{EAST},{WEST}")
    assert verdict == "undetermined"
    assert f"which instance streams to `{replicated.replica_topic}`" in said(report, replicated.topic)[0]


@pytest.mark.parametrize("named", [True, False])
def test_an_instance_is_described_once(replicated: Replicated, *, named: bool) -> None:
    replicated.sandbox.clear_calls()
    options = ("--instance-arn", replicated.instance) if named else ()
    assert replicated.audited("--region", EAST, *options)[2] == "undetermined"
    calls = [one for one in replicated.sandbox.calls() if one.action == "DescribeInstance"]
    assert len(calls) == 1


def test_an_instance_that_could_not_be_described_is_not_known(account: Account, sandbox: Sandbox) -> None:
    topic = seed.good_topic(account, seed.make_instance(account))
    sandbox.fault(denied("connect", "DescribeInstance", account=account.id))
    done = checker(*AUDIT)
    sandbox.clear_faults()
    report = json.loads(done.out)
    (examined,) = (one for one in report["examined"] if one["resource"] == topic)
    assert (done.code, examined["verdicts"][RULE].lower()) == (3, "undetermined")
    assert any("connect:DescribeInstance" in json.dumps(one) for one in report["skipped"])


def test_an_instance_without_a_replica_passes(account: Account) -> None:
    topic = seed.good_topic(account, seed.make_instance(account))
    report = json.loads(checker(*AUDIT).out)
    (examined,) = (one for one in report["examined"] if one["resource"] == topic)
    assert examined["verdicts"][RULE].lower() == "pass"
    assert not said(report, topic)
