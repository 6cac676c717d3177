"""A fix of the topics of an instance and of its replica: one plan, one receipt, both Regions or neither."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from checker.fix.live.receipt import TOPIC, read_receipt
from checker.live.aws import wait
from checker.live.repair.change_handler import POLICY
from checker.live.repair.rollback import HANDLERS
from checker.sandbox import seed
from checker.sandbox.http.faults import denied
from tests.live.estate import checker
from tests.live.repair.replacement.stage import policy_of, valid_report
from tests.live.repair.replacement.test_forged_receipts import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from checker.live.aws.calls import Calls
    from checker.sandbox.running import Account, Sandbox
    from tests.live.estate import Ended

EAST, WEST = "us-east-1", "us-west-2"
OTHER_ACCOUNT = "777788889999"


class Both(NamedTuple):
    """An instance in us-east-1 and its replica in us-west-2, and a topic with the default policy in each Region."""

    sandbox: Sandbox
    east: Account
    west: Account
    instance: str
    replica: str
    topic: str
    replica_topic: str
    folder: Path

    def fix(self, *options: str) -> Ended:
        named = ("--topic-arn", self.topic, "--topic-arn", self.replica_topic)
        instance = ("--instance-arn", self.instance, "--receipts", str(self.folder), "--isolated")
        return checker("fix", *named, *instance, *options)

    def apply(self, *options: str) -> Ended:
        return self.fix("--apply", "--yes", *options)

    def policies(self) -> tuple[Any, Any]:
        return policy_of(self.east, self.topic), policy_of(self.west, self.replica_topic)

    def receipt(self) -> Path:
        (receipt,) = self.folder.iterdir()
        return receipt

    def writes(self) -> list[tuple[str, str]]:
        calls = self.sandbox.calls()
        return [(one.region, one.action) for one in calls if one.action.startswith(("Set", "Put"))]


@pytest.fixture
def both(sandbox: Sandbox, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    monkeypatch.setattr(wait.until, "__defaults__", (1.0,))
    west = sandbox.account(account.id, WEST)
    instance = seed.make_instance(account)
    replica = seed.make_replica(account, instance, WEST)
    topic, other = seed.default_topic(account, "chat"), seed.default_topic(west, "chat")
    sandbox.clear_calls()
    return Both(sandbox, account, west, instance, replica, topic, other, tmp_path / "receipts")


def allowed_instance(policy: Any) -> str:
    """The instance that a fixed policy allows."""
    (statement,) = (
        one for one in policy["Statement"] if one["Principal"] == {"Service": "connect.amazonaws.com"}
    )
    return str(statement["Condition"]["ArnEquals"]["aws:SourceArn"])


def test_both_plans_are_shown_and_nothing_is_written(both: Both) -> None:
    before = both.policies()
    done = both.fix()
    assert done.code == 1
    for number, topic in enumerate((both.topic, both.replica_topic), 1):
        assert f"topic {number} of 2, {topic}: 1 finding to fix in 1 topic" in done.out
        assert f"+++ b/{topic}" in done.out
    assert "2 findings to fix in 2 topics" in done.err
    assert done.err.rstrip().endswith("--apply")
    assert "replica" not in done.err
    assert (both.policies(), both.writes(), both.folder.exists()) == (before, [], False)


def test_both_are_fixed_with_one_receipt_and_rolled_back_with_it(both: Both) -> None:
    key = both.west.client("kms").create_key()["KeyMetadata"]["Arn"]
    seed.encrypt(both.west, both.replica_topic, key)
    before = both.policies()
    both.sandbox.clear_calls()
    done = both.apply()
    assert done.code == 0, done.err
    assert [allowed_instance(policy) for policy in both.policies()] == [both.instance, both.replica]
    written = [(EAST, "SetTopicAttributes"), (WEST, "PutKeyPolicy"), (WEST, "SetTopicAttributes")]
    assert both.writes() == written
    changes = read_receipt(both.receipt()).changes
    assert [one.resource for one in changes] == [both.topic, key, both.replica_topic]
    assert f"flow --topic-arn {both.topic} --instance-arn {both.instance}" in done.err
    both.sandbox.clear_calls()
    back = checker("rollback", both.receipt(), "--yes")
    assert (back.code, both.policies()) == (0, before), back
    assert both.writes() == written[::-1]
    assert back.out.count("restore the previous policy of") == 3


def test_json_has_the_changes_of_both_in_one_object(both: Both) -> None:
    done = both.apply("--format", "json")
    result = valid_report(done.out)
    assert (done.code, result["applied"]) == (0, True)
    assert [one["path"] for one in result["files"]] == [both.topic, both.replica_topic]
    assert [one["resource"] for one in result["changes"]] == [both.topic, both.replica_topic]
    assert {one["finding"]["resource"] for one in result["mended"]} == {both.topic, both.replica_topic}


def _managed(both: Both) -> None:
    tags = [{"Key": "ManagedBy", "Value": "Terraform"}]
    both.west.client("sns").tag_resource(ResourceArn=both.replica_topic, Tags=tags)


def _gone(both: Both) -> None:
    both.west.client("sns").delete_topic(TopicArn=both.replica_topic)


REFUSED: dict[str, tuple[Callable[[Both], None], int, str]] = {
    "the second is managed": (_managed, 2, "is managed by terraform"),
    "the second does not exist": (_gone, 2, "not found"),
    "the second cannot be read": (
        lambda both: both.sandbox.fault(denied("sns", "GetTopicAttributes", region=WEST)),
        3,
        "`sns:GetTopicAttributes` is missing",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_written_if_the_second_is_refused(both: Both, name: str) -> None:
    refuse, code, reason = REFUSED[name]
    before = policy_of(both.east, both.topic)
    refuse(both)
    both.sandbox.clear_calls()
    done = both.apply()
    both.sandbox.clear_faults()
    assert (done.code, reason in done.err) == (code, True), done.err
    assert (both.writes(), policy_of(both.east, both.topic)) == ([], before)
    assert not both.folder.exists()


def test_without_confirmation_nothing_is_written(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    done = both.fix("--apply")
    assert (done.code, both.writes()) == (2, [])
    assert done.err.count("[y/N]") == 1
    assert f"write these 2 policies in {EAST} and {WEST}? [y/N]" in done.err


def test_a_write_that_is_denied_in_the_second_region_rolls_back_the_first(both: Both) -> None:
    before = both.policies()
    both.sandbox.fault(denied("sns", "SetTopicAttributes", region=WEST))
    done = both.apply()
    both.sandbox.clear_faults()
    assert (done.code, both.policies()) == (3, before), done.err
    assert f"{both.replica_topic}: access denied, `sns:SetTopicAttributes` is missing" in done.err
    assert f"rolled back: {both.topic}" in done.err


def test_a_proof_that_fails_in_the_second_region_rolls_back_both(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy of the second topic is widened between the write and the proof."""
    before = both.policies()
    theirs = seed.policy_text({**seed.publish_statement(both.replica_topic), "Principal": "*"})

    def widen(calls: Calls, change: Any, clock: Any) -> None:
        POLICY.do(calls, change, clock)
        if change.resource == both.replica_topic:
            parameters = {"AttributeName": "Policy", "AttributeValue": theirs}
            both.west.client("sns").set_topic_attributes(TopicArn=change.resource, **parameters)

    monkeypatch.setitem(HANDLERS, TOPIC, POLICY._replace(do=widen))
    done = both.apply()
    assert done.code == 3
    assert "the check after the write failed" in done.err
    assert f"rolled back: {both.topic}" in done.err
    assert f"not rolled back, changed by others since: {both.replica_topic}" in done.err
    assert both.policies() == (before[0], json.loads(theirs))


@pytest.mark.parametrize(("signals", "fixed"), [(1, 2), (2, 1)])
def test_an_interruption_between_the_two_ends_with_both_or_with_a_receipt_for_both(
    both: Both, monkeypatch: pytest.MonkeyPatch, signals: int, fixed: int
) -> None:
    before = both.policies()

    def interrupt(calls: Calls, change: Any, clock: Any) -> None:
        POLICY.do(calls, change, clock)
        for _ in range(signals if change.resource == both.topic else 0):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setitem(HANDLERS, TOPIC, POLICY._replace(do=interrupt))
    done = both.apply()
    changed = [now != old for now, old in zip(both.policies(), before, strict=True)]
    assert (done.code, changed) == (130, [True, fixed == 2]), done.err
    assert f"checker rollback {both.receipt()}" in done.err
    back = checker("rollback", both.receipt(), "--yes")
    assert (back.code, both.policies()) == (0, before)
    assert back.out.count("already as it was, nothing to roll back") == 2 - fixed


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("SetTopicAttributes", "not rolled back: access denied"),
        ("GetTopicAttributes", "not rolled back, its account and Region could not be read: access denied"),
    ],
)
@pytest.mark.parametrize("shut", [EAST, WEST])
def test_a_region_without_access_does_not_stop_a_rollback_in_the_other(
    both: Both, shut: str, action: str, reason: str
) -> None:
    before = both.policies()
    assert both.apply().code == 0
    fixed = both.policies()
    both.sandbox.fault(denied("sns", action, region=shut))
    back = checker("rollback", both.receipt(), "--yes")
    both.sandbox.clear_faults()
    is_east = shut == EAST
    stuck, other = (both.topic, both.replica_topic) if is_east else (both.replica_topic, both.topic)
    left = (fixed[0], before[1]) if is_east else (before[0], fixed[1])
    assert (back.code, both.policies()) == (3, left), back
    assert f"{other}: rolled back" in back.err
    assert f"{stuck}: {reason}" in back.out + back.err
    assert "run the same command again to continue" in back.out + back.err
    assert checker("rollback", both.receipt(), "--yes").code == 0
    assert both.policies() == before


def test_topics_of_several_accounts_are_fixed_and_rolled_back_each_in_its_own(both: Both) -> None:
    there = both.sandbox.account(OTHER_ACCOUNT, WEST)
    scene = both._replace(west=there, replica_topic=seed.default_topic(there, f"chat-{both.east.id}"))
    before = scene.policies()
    done = scene.apply("--role-name", "fixer")
    assert done.code == 0, done.err
    assert [allowed_instance(policy) for policy in scene.policies()] == [both.instance, both.replica]
    back = checker("rollback", scene.receipt(), "--yes", "--role-name", "fixer")
    assert (back.code, scene.policies()) == (0, before), back
    assert f"account  {both.east.id}, {OTHER_ACCOUNT}" in back.out


def _share_a_key(both: Both) -> tuple[Both, str]:
    """Two topics of one Region that are encrypted with one key, whose policy does not allow Connect."""
    key = str(both.east.client("kms").create_key()["KeyMetadata"]["Arn"])
    scene = both._replace(west=both.east, replica_topic=seed.default_topic(both.east, "second"))
    for topic in (scene.topic, scene.replica_topic):
        seed.encrypt(both.east, topic, key)
    both.sandbox.clear_calls()
    return scene, key


def test_a_key_that_both_topics_use_is_written_once(both: Both) -> None:
    scene, key = _share_a_key(both)
    before = scene.policies()
    done = scene.apply("--format", "json")
    assert done.code == 0, done.err
    assert [action for _, action in scene.writes()].count("PutKeyPolicy") == 1
    result = json.loads(done.out)
    assert sorted(one["resource"] for one in result["changes"]) == sorted(
        (key, scene.topic, scene.replica_topic)
    )
    assert "in 2 topics and 1 key" in done.err
    assert checker("rollback", scene.receipt(), "--yes").code == 0
    assert scene.policies() == before


def test_different_policies_of_a_key_that_both_topics_use_are_refused(both: Both) -> None:
    scene, key = _share_a_key(both)
    done = scene.apply("--kms-condition", "topic")
    assert (done.code, scene.writes()) == (2, [])
    assert f"{key}: several of the topics use this key" in done.err
    assert "fix one topic at a time" in done.err


def test_an_instance_and_its_replica_may_both_be_named(both: Both) -> None:
    done = both.apply("--instance-arn", both.replica)
    assert done.code == 0, done.err
    assert [allowed_instance(policy) for policy in both.policies()] == [both.instance, both.replica]


def test_a_topic_that_is_named_twice_is_one_topic(both: Both) -> None:
    done = both._replace(replica_topic=both.topic).fix()
    assert "1 finding to fix in 1 topic" in done.err
    assert "topic 1 of" not in done.out


@pytest.mark.parametrize(
    "options",
    [("--create-replacement",), ("--test-flow", "--apply", "--contact-flow-id", "c")],
)
def test_what_works_with_one_topic_only_is_refused(both: Both, options: tuple[str, ...]) -> None:
    done = both.fix(*options)
    assert (done.code, both.sandbox.calls()) == (2, [])
    assert f"{options[0]}: works with one topic only" in done.err


def fix_one(both: Both, *options: str) -> Ended:
    return checker("fix", "--isolated", "--topic-arn", both.topic, "--instance-arn", both.instance, *options)


def test_the_topic_of_the_other_region_is_named_if_cloudtrail_shows_it(both: Both) -> None:
    seed.start_chat(both.west, both.replica, both.replica_topic)
    done = fix_one(both)
    named = f"--topic-arn {both.topic} --topic-arn {both.replica_topic} --instance-arn {both.instance}"
    assert done.err.rstrip().endswith(f"next: checker fix {named}"), done.err
    assert done.err.count("next: ") == 1
    assert "TOPIC_ARN" not in done.err
    assert f"streams to {both.replica_topic}, according to CloudTrail" in done.err


@pytest.mark.parametrize("is_denied", [False, True])
def test_a_topic_of_the_other_region_that_is_not_known_has_a_placeholder(both: Both, is_denied: bool) -> None:
    if is_denied:
        both.sandbox.fault(denied("cloudtrail", "LookupEvents", region=WEST))
    done = fix_one(both)
    both.sandbox.clear_faults()
    assert f"checker fix --topic-arn TOPIC_ARN --instance-arn {both.replica}" in done.err
    assert ("not known to which topics it streams: access denied" in done.err) == is_denied
    assert (done.code, done.err.rstrip().endswith("--apply")) == (1, True)


def _of_another_account(receipt: Any) -> None:
    receipt["account"] = OTHER_ACCOUNT


def _creating_elsewhere(receipt: Any) -> None:
    receipt["changes"][1].update(kind="encryption", old="alias/a", new="alias/b")


@pytest.mark.parametrize("forge", [_of_another_account, _creating_elsewhere])
def test_a_receipt_of_several_regions_holds_policies_of_its_account_first(
    both: Both, forge: Callable[[Any], None]
) -> None:
    assert both.apply().code == 0
    forged = json.loads(both.receipt().read_text())
    forge(forged)
    both.receipt().write_text(json.dumps(forged))
    both.sandbox.clear_calls()
    done = checker("rollback", both.receipt(), "--yes", "--force")
    assert (done.code, both.sandbox.calls()) == (2, [])
    assert "not a valid receipt" in done.err
