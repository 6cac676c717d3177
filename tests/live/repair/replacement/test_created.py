"""A replacement is created, is proven, and a chat's messages arrive by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.endpoints import shown
from checker.sandbox import seed
from tests.cli.process import run
from tests.live.repair.replacement.stage import (
    Scene,
    aliases,
    another_queue,
    far,
    fifo,
    let_send,
    managed,
    options,
    policy_of,
    topics,
    usable_keys,
    valid_report,
    written,
)

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def create(scene: Scene, folder: Path) -> str:
    """Create the replacement, and give the topic that is to be streamed to."""
    done = run("fix", *options(scene, folder), "--apply", "--yes", "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["applied"]
    assert {one["state"] for one in report["replacement"]["steps"]} == {"done"}
    topic: str = report["replacement"]["topic"]
    return topic


def explained(topic: str, instance: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        run("explain", topic, "--instance-arn", instance, "--format", "json").stdout
    )
    return said


def arrives(account: Account, scene: Scene, topic: str) -> bool:
    let_send(scene, topic)
    chat = seed.start_chat(account, scene.instance, topic)
    seed.send_message(account, chat, "is anybody there?")
    return "is anybody there?" in json.dumps(seed.receive_messages(scene.home, scene.queue))


def whole(topic: str, instance: str) -> bool:
    said = explained(topic, instance)
    words = (said["connect_can_publish"], said["confused_deputy"], said["public"])
    return words == ("yes", "closed", "no") and "broken" not in {one["status"] for one in said["links"]}


def test_a_fifo_topic_gets_a_standard_topic_with_all_that_it_can_have(
    account: Account, tmp_path: Path
) -> None:
    scene = fifo(account)
    another_queue(account, scene.topic, "inbox.fifo")
    topic = create(scene, tmp_path)
    assert topic == scene.topic.removesuffix(".fifo")
    sns = account.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["DisplayName"], attributes.get("FifoTopic", "false")) == ("Chats", "false")
    tags = {one["Key"]: one["Value"] for one in sns.list_tags_for_resource(ResourceArn=topic)["Tags"]}
    assert tags.pop("checker:receipt")
    assert tags == {"team": "chat", "checker:replaces": scene.topic}
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["Endpoint"].rpartition(":")[2] for one in listed] == ["inbox"]
    (one,) = listed
    own = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
    assert own["RawMessageDelivery"] == "true"
    assert scene.topic in topics(account)
    assert whole(topic, scene.instance)
    assert arrives(account, scene, topic)


def test_a_topic_in_another_region_gets_one_at_home_with_a_key_of_its_own(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scene = far(sandbox, account)
    topic = create(scene, tmp_path)
    assert topic == scene.topic.replace("us-east-1", "us-west-2")
    assert aliases(account) == ["alias/sns/chat"]
    assert whole(topic, scene.instance)
    assert arrives(account, scene, topic)


def test_an_aws_managed_key_gives_way_to_one_of_the_account(account: Account, tmp_path: Path) -> None:
    scene = managed(account)
    assert not arrives(account, scene, scene.topic)
    assert create(scene, tmp_path) == scene.topic
    assert len(usable_keys(account)) == 1
    assert whole(scene.topic, scene.instance)
    assert arrives(account, scene, scene.topic)


def test_the_policy_is_mended_before_the_topic_is_created(account: Account, tmp_path: Path) -> None:
    """A deputy that was let in to the old topic is never let in to the new one."""
    scene = fifo(account)
    statement = seed.publish_statement(scene.topic)
    account.client("sns").set_topic_attributes(
        TopicArn=scene.topic,
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    topic = create(scene, tmp_path)
    assert whole(topic, scene.instance)
    (mended,) = policy_of(account, topic)["Statement"]
    assert mended["Resource"] == topic
    assert mended["Condition"]["ArnEquals"] == {"aws:SourceArn": scene.instance}
    assert policy_of(account, scene.topic)["Statement"] == [statement]


def test_a_name_that_looks_like_json_is_a_name(account: Account, tmp_path: Path) -> None:
    scene = fifo(account)
    account.client("sns").set_topic_attributes(
        TopicArn=scene.topic, AttributeName="DisplayName", AttributeValue="{chats"
    )
    assert "DisplayName: {chats\n" in run("fix", *options(scene, tmp_path)).stdout


@pytest.mark.parametrize("make", [fifo, managed])
def test_a_plan_says_everything_and_changes_nothing(
    sandbox: Sandbox, account: Account, tmp_path: Path, make: Any
) -> None:
    scene = make(account)
    sandbox.clear_calls()
    done = run("fix", *options(scene, tmp_path))
    assert done.returncode == 1
    assert written(sandbox, account) == []
    assert not list(tmp_path.iterdir())
    assert "manual steps:" in done.stdout
    wanted = ("sns:CreateTopic", "tag team: chat", "DisplayName: Chats", "RawMessageDelivery: true")
    if make is managed:
        wanted = ("kms:CreateKey, kms:CreateAlias", "kms:GenerateDataKey*", "alias/sns/chat", "alias/aws/sns")
    assert [one for one in wanted if one not in done.stdout] == []


def test_a_plan_in_json_is_what_its_schema_says(sandbox: Sandbox, account: Account, tmp_path: Path) -> None:
    scene = far(sandbox, account)
    done = run("fix", *options(scene, tmp_path), "--format", "json")
    report = valid_report(done.stdout)
    assert [one["kind"] for one in report["replacement"]["steps"]] == ["new key", "new topic", "subscription"]


def test_a_second_run_finds_what_the_first_has_made(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    for scene in (far(sandbox, account), fifo(account)):
        create(scene, tmp_path)
        sandbox.clear_calls()
        again = run("fix", *options(scene, tmp_path), "--apply", "--yes")
        assert again.returncode == 0, again.stderr
        assert "exists, and no step remains" in again.stdout
        assert written(sandbox, account) == []


def test_a_topic_of_somebody_else_is_not_taken_for_the_new_one(account: Account, tmp_path: Path) -> None:
    """CreateTopic would give it as if it had been created."""
    scene = fifo(account)
    seed.default_topic(account, "ordered")
    assert create(scene, tmp_path).endswith(":ordered-2")


def test_what_listens_is_copied_as_far_as_a_standard_topic_can_have_it(
    sandbox: Sandbox, account: Account, tmp_path: Path
) -> None:
    scene = far(sandbox, account)
    letters = f"arn:aws:sqs:us-east-1:{account.id}:letters"
    redrive = json.dumps({"deadLetterTargetArn": letters})
    another_queue(scene.home, scene.topic, "second", FilterPolicy='{"a": ["b"]}', RedrivePolicy=redrive)
    sns = scene.home.client("sns")
    sns.subscribe(TopicArn=scene.topic, Protocol="email", Endpoint="ann@example.org")
    done = run("fix", *options(scene, tmp_path))
    assert 'FilterPolicy: {\n       "a"' in done.stdout
    assert f"not `{letters}`" in done.stdout
    assert f"subscription email `{shown('ann@example.org')}`: not confirmed" in done.stdout


def test_without_the_option_it_is_pointed_out(account: Account, tmp_path: Path) -> None:
    scene = fifo(account)
    done = run("fix", *options(scene, tmp_path)[:-1])
    assert "plan: replace the FIFO topic with a standard topic" in done.stdout
    assert "`--create-replacement` plans a new topic or key" in done.stderr


def test_what_is_managed_elsewhere_is_refused_without_force(account: Account, tmp_path: Path) -> None:
    scene = fifo(account)
    account.client("sns").tag_resource(
        ResourceArn=scene.topic, Tags=[{"Key": "ManagedBy", "Value": "Terraform"}]
    )
    done = run("fix", *options(scene, tmp_path), "--apply", "--yes")
    assert (done.returncode, topics(account)) == (2, [scene.topic])
    assert "--force-managed" in done.stderr
    topic = run("fix", *options(scene, tmp_path), "--apply", "--yes", "--force-managed")
    assert topic.returncode == 0
    tags = account.client("sns").list_tags_for_resource(ResourceArn=scene.topic.removesuffix(".fifo"))["Tags"]
    assert "ManagedBy" not in {one["Key"] for one in tags}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("examples",), "works only for a topic in AWS"),
        (("--topic-arn", "arn:aws:sns:us-west-2:111122223333:x", "--apply"), "not found: `"),
    ],
)
def test_what_cannot_be_replaced_is_refused(account: Account, arguments: tuple[str, ...], said: str) -> None:  # noqa: ARG001
    done = run("fix", "--create-replacement", "--isolated", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_region_has_to_be_known(account: Account, tmp_path: Path) -> None:
    scene = fifo(account)
    done = run("fix", "--create-replacement", "--isolated", "--topic-arn", scene.topic)
    assert done.returncode == 2
    assert "name the instance" in done.stderr
    assert not list(tmp_path.iterdir())


def test_nobody_says_yes_where_nobody_can_be_asked(account: Account, tmp_path: Path) -> None:
    scene = fifo(account)
    done = run("fix", *options(scene, tmp_path), "--apply")
    assert (done.returncode, topics(account)) == (2, [scene.topic])
    assert "not confirmed" in done.stderr
