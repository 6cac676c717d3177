"""Whatever is refused, breaks off or changes in between: the report and the receipt say how it stands."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.core.errors import AwsError, RefusedError
from checker.fix.live.copied_parts import why_not
from checker.fix.live.receipt import read_receipt
from checker.live.aws.access import Access
from checker.live.aws.topic import reach
from checker.live.repair.execution import check, execute, record
from checker.live.repair.joint import join
from checker.live.repair.new_topic import subscriptions_of
from checker.live.repair.rollback import roll_back
from checker.sandbox import seed
from checker.sandbox.http.faults import denied, server_error
from tests.cli.process import CHECKER, run
from tests.live.cloud import Call, Cloud
from tests.live.repair.replacement.stage import (
    Scene,
    aliases,
    arn,
    far,
    fifo,
    managed,
    options,
    planned,
    topics,
    usable_keys,
)
from tests.live.scene import make_instance, make_topic

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

CREATING = (("kms", "CreateKey"), ("kms", "CreateAlias"), ("sns", "CreateTopic"))
READING = (
    ("kms", "DescribeKey"),
    ("kms", "GetKeyPolicy"),
    ("kms", "ListAliases"),
    ("kms", "ListKeys"),
    ("kms", "ListResourceTags"),
    ("sns", "GetTopicAttributes"),
    ("sns", "ListSubscriptionsByTopic"),
    ("sns", "ListTagsForResource"),
)


def states(outcome: Any) -> list[str]:
    return [one.state.value for one in outcome.replacement.steps]


@pytest.mark.parametrize(("service", "action"), CREATING)
def test_a_call_that_is_refused_takes_everything_back(
    sandbox: Sandbox, account: Account, tmp_path: Path, service: str, action: str
) -> None:
    scene = far(sandbox, account)
    plan = planned(scene)
    sandbox.fault(denied(service, action))
    path = record(join([plan]), tmp_path)
    done = execute(join([plan]))
    sandbox.clear_faults()
    assert done.fault is not None
    assert f"`{service}:{action}` is missing" in done.fault.reason
    assert not done.outcome.applied
    assert "done" not in states(done.outcome)
    assert (topics(account), aliases(account), usable_keys(account)) == ([], [], [])
    undone = roll_back(join([plan]).reached, read_receipt(path).changes)
    assert len(undone.untouched) == len(plan.changes)


@pytest.mark.parametrize(("service", "action"), READING)
def test_a_call_that_is_refused_after_the_plan_leaves_the_truth(
    sandbox: Sandbox, account: Account, tmp_path: Path, service: str, action: str
) -> None:
    """What is made cannot be seen then, so it may be left; the report says so, and the receipt rolls it back."""
    scene = far(sandbox, account)
    plan = planned(scene)
    path = record(join([plan]), tmp_path)
    sandbox.fault(denied(service, action, region="us-west-2"))
    done = execute(join([plan]))
    sandbox.clear_faults()
    said = {one.change.kind: one.state.value for one in done.outcome.replacement.steps}  # type: ignore[union-attr]
    kept = {kind for kind, state in said.items() if state in ("done", "left")}
    there = {"new topic": topics(account), "new key": usable_keys(account)}
    assert {kind for kind, found in there.items() if found} == kept - {"subscription"}
    assert (done.fault is None) == done.outcome.applied
    undone = roll_back(join([plan]).reached, read_receipt(path).changes)
    assert not undone.drifted
    assert not undone.stuck
    assert (topics(account), aliases(account), usable_keys(account)) == ([], [], [])


@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("sts", "GetCallerIdentity"),
        ("sns", "GetTopicAttributes"),
        ("sns", "ListTagsForResource"),
        ("sns", "ListSubscriptionsByTopic"),
        ("sns", "GetSubscriptionAttributes"),
        ("kms", "ListAliases"),
    ],
)
def test_what_cannot_be_read_is_not_copied_by_halves(
    sandbox: Sandbox, account: Account, service: str, action: str
) -> None:
    scene = far(sandbox, account)
    sandbox.fault(denied(service, action))
    with pytest.raises(AwsError) as refused:
        planned(scene)
    assert f"{service}:{action}" in str(refused.value) or "could not be read" in str(refused.value)


def test_a_plan_without_the_tags_to_copy_is_incomplete(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scene = far(sandbox, account)
    sandbox.fault(denied("sns", "ListTagsForResource"))
    done = run("fix", *options(scene, tmp_path))
    assert done.returncode == 3
    assert "its tags could not be read, but must be copied" in done.stderr


def test_a_subscriber_that_is_refused_leaves_the_topic_where_it_is(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scene = fifo(account)
    sandbox.fault(denied("sns", "Subscribe"))
    done = run("fix", *options(scene, tmp_path), "--apply", "--yes", "--format", "json")
    sandbox.clear_faults()
    assert done.returncode == 3
    steps = json.loads(done.stdout)["replacement"]["steps"]
    assert [one["state"] for one in steps] == ["done", "failed"]
    assert "`sns:Subscribe` is missing" in steps[1]["reason"]
    again = run("fix", *options(scene, tmp_path), "--apply", "--yes", "--format", "json")
    assert [one["kind"] for one in json.loads(again.stdout)["replacement"]["steps"]] == ["subscription"]


def test_what_cannot_be_taken_back_is_said_to_be_left(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scene = far(sandbox, account)
    sandbox.fault(denied("sns", "CreateTopic"))
    sandbox.fault(denied("kms", "ScheduleKeyDeletion"))
    done = run("fix", *options(scene, tmp_path), "--apply", "--yes", "--format", "json")
    sandbox.clear_faults()
    assert done.returncode == 3
    steps = json.loads(done.stdout)["replacement"]["steps"]
    assert [one["state"] for one in steps] == ["left", "not done", "not done"]
    assert "kms:ScheduleKeyDeletion" in steps[0]["reason"]
    assert len(usable_keys(account)) == 1
    (receipt,) = tmp_path.iterdir()
    assert run("rollback", receipt, "--yes").returncode == 0
    assert usable_keys(account) == []


def test_a_key_that_cannot_be_switched_to_is_taken_back(sandbox: Sandbox, account: Account) -> None:
    scene = managed(account)
    plan = planned(scene)
    sandbox.fault(denied("sns", "SetTopicAttributes"))
    done = execute(join([plan]))
    sandbox.clear_faults()
    assert states(done.outcome) == ["taken back", "not done"]
    assert usable_keys(account) == []


def test_a_proof_that_fails_takes_everything_back(sandbox: Sandbox, account: Account) -> None:
    scene = fifo(account)
    plan = planned(scene)
    after = plan.repair.after._replace(report=plan.repair.after.report._replace(findings=()))
    sandbox.fault(server_error("sns", "ListTagsForResource", times=1))
    done = execute(join([plan._replace(repair=plan.repair._replace(after=after))]))
    assert done.fault is not None
    assert topics(account) == [scene.topic]


def test_a_topic_that_somebody_makes_in_between_is_not_taken_over(account: Account) -> None:
    scene = fifo(account)
    plan = planned(scene)
    seed.default_topic(account, "ordered")
    done = execute(join([plan]))
    assert done.fault is not None
    assert "the topic exists now" in done.fault.reason
    assert states(done.outcome) == ["not done", "not done"]
    assert len(topics(account)) == 2


def test_a_replacement_that_would_not_be_right_is_not_made(account: Account) -> None:
    scene = fifo(account)
    everybody = {**seed.publish_statement(scene.topic), "Principal": "*"}
    account.client("sns").set_topic_attributes(
        TopicArn=scene.topic,
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}),
    )
    with pytest.raises(RefusedError, match="nothing was written"):
        check(planned(scene), force_managed=False)


def test_a_replacement_is_taken_back_whole(sandbox: Sandbox, account: Account, tmp_path: Path) -> None:
    for scene in (far(sandbox, account), fifo(account), managed(account)):
        before = topics(account)
        assert run("fix", *options(scene, tmp_path), "--apply", "--yes").returncode == 0
        (receipt,) = tmp_path.iterdir()
        back = run("rollback", receipt, "--yes")
        assert back.returncode == 0, back.stderr
        assert (topics(account), aliases(account), usable_keys(account)) == (before, [], [])
        twice = run("rollback", receipt, "--yes")
        assert "rolled back" not in twice.stderr
        receipt.unlink()
    key = account.client("sns").get_topic_attributes(TopicArn=scene.topic)["Attributes"]["KmsMasterKeyId"]
    assert key == "alias/aws/sns"


def test_what_somebody_uses_by_now_is_left_with_its_key(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scene = far(sandbox, account)
    assert run("fix", *options(scene, tmp_path), "--apply", "--yes").returncode == 0
    (topic,) = topics(account)
    seed.subscribed_queue(account, topic, "somebody")
    (receipt,) = tmp_path.iterdir()
    back = run("rollback", receipt, "--yes")
    assert back.returncode == 1
    assert back.stdout.count("left alone") == 2
    assert (topics(account), len(usable_keys(account))) == ([topic], 1)
    assert run("rollback", receipt, "--yes", "--force").returncode == 0
    assert (topics(account), usable_keys(account)) == ([], [])


def test_a_key_with_another_name_by_now_is_left(account: Account, tmp_path: Path) -> None:
    scene = managed(account)
    assert run("fix", *options(scene, tmp_path), "--apply", "--yes").returncode == 0
    (key,) = usable_keys(account)
    account.client("kms").create_alias(AliasName="alias/theirs", TargetKeyId=key)
    (receipt,) = tmp_path.iterdir()
    back = run("rollback", receipt, "--yes")
    assert (back.returncode, usable_keys(account)) == (1, [key]), back.stderr
    assert "left alone" in back.stdout + back.stderr
    assert run("rollback", receipt, "--yes", "--force").returncode == 0
    assert usable_keys(account) == []


@pytest.mark.parametrize(("action", "keys"), [("CreateAlias", 2), ("CreateTopic", 1), ("Subscribe", 1)])
def test_a_run_that_is_killed_is_resumed_and_each_receipt_rolls_back_its_own_run(
    cloud: Cloud, tmp_path: Path, action: str, keys: int
) -> None:
    """Killed just before the call is answered: what came before it is there; a key without its alias is not found."""
    instance, topic = make_instance(cloud), make_topic(cloud, "chat", region="eu-west-1", key="alias/aws/sns")
    queue = f"arn:aws:sqs:eu-west-1:{topic.split(':')[4]}:chats"
    cloud.client("sqs", "eu-west-1").create_queue(QueueName="chats")
    cloud.client("sns", "eu-west-1").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    command = (
        *("fix", "--topic-arn", topic, "--instance-arn", instance, "--endpoint-url", cloud.url),
        *("--receipts", str(tmp_path), "--isolated", "--create-replacement", "--apply", "--yes"),
    )
    process = subprocess.Popen([*CHECKER, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def killer(call: Call) -> Any:
        if call.operation == action:
            process.kill()
            return 500, {"__type": "InternalError"}
        return None

    cloud.fault = killer
    assert process.wait(60) < 0
    cloud.fault = None
    assert len(_enabled(cloud)) == 1
    (first,) = tmp_path.iterdir()
    again = run(*command)
    assert again.returncode == 0, again.stderr
    assert len(_enabled(cloud)) == keys
    assert len(cloud.client("sns").list_subscriptions()["Subscriptions"]) == 1
    second = max(tmp_path.iterdir(), key=lambda one: one.stat().st_mtime_ns)
    for receipt in (second, first):
        back = run("rollback", receipt, "--yes", "--endpoint-url", cloud.url)
        assert back.returncode == (action == "Subscribe" and receipt == second), back.stderr
    assert _enabled(cloud) == []
    assert cloud.client("sns").list_topics()["Topics"] == []


def _enabled(cloud: Cloud) -> list[str]:
    kms = cloud.client("kms")
    found = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    return [one["Arn"] for one in found if one["KeyState"] == "Enabled"]


def test_a_receipt_names_all_that_is_about_to_be_created(account: Account, tmp_path: Path) -> None:
    scene: Scene = managed(account)
    changes = read_receipt(record(join([planned(scene)]), tmp_path)).changes
    assert [one.kind for one in changes] == ["new key", "encryption"]
    assert "kms:GenerateDataKey*" in changes[0].specification["Policy"]
    assert (changes[1].old, changes[1].new) == ("alias/aws/sns", "alias/sns/chat")


def test_a_subscription_that_another_account_keeps_to_itself_is_left_out(
    sandbox: Sandbox, account: Account
) -> None:
    scene = fifo(account)
    calls = reach(Access(endpoint=account.endpoint, attempts=1), arn(scene.topic))
    sandbox.fault(denied("sns", "GetSubscriptionAttributes"))
    with pytest.raises(AwsError):
        list(subscriptions_of(calls, scene.topic))
    calls.unit = calls.unit._replace(account="444455556666")
    (one,) = subscriptions_of(calls, scene.topic)
    assert "must subscribe it again" in why_not(one, arn(scene.topic))
