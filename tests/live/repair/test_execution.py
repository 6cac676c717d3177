"""Live repair: written only on what it was made for, proven afterwards, and rolled back whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.process import run
from tests.live.cloud import ACCOUNT, Cloud
from tests.live.scene import make_instance, make_key, make_topic


def options(cloud: Cloud, topic: str, instance: str, folder: Path) -> tuple[str, ...]:
    return (
        *("--topic-arn", topic, "--instance-arn", instance, "--endpoint-url", cloud.url),
        *("--receipts", str(folder), "--isolated"),
    )


def policy_of(cloud: Cloud, topic: str) -> dict[str, Any]:
    found = cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    policy: dict[str, Any] = json.loads(found)
    return policy


def key_policy(cloud: Cloud, key: str) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(
        cloud.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    )
    return policy


def test_a_plan_is_shown_and_nothing_is_written(cloud: Cloud, tmp_path: Path) -> None:
    instance, topic = make_instance(cloud), make_topic(cloud, "chat")
    before = policy_of(cloud, topic)
    done = run("fix", *options(cloud, topic, instance, tmp_path))
    assert done.returncode == 1
    assert "can be fixed (safe): add a statement that lets Connect publish" in done.stdout
    assert '+      "Sid": "AllowConnectChatStreaming",' in done.stdout
    assert policy_of(cloud, topic) == before
    assert not list(tmp_path.iterdir())


def test_topic_and_key_are_mended_the_key_first_and_rolled_back(cloud: Cloud, tmp_path: Path) -> None:
    instance, key = make_instance(cloud), make_key(cloud, "alias/chat", connect=False)
    topic = make_topic(cloud, "chat", key="alias/chat")
    before = policy_of(cloud, topic), key_policy(cloud, key)
    cloud.calls.clear()
    done = run("fix", "--apply", "--yes", *options(cloud, topic, instance, tmp_path))
    assert done.returncode == 0, done.stderr
    writes = [one.operation for one in cloud.calls if one.operation in ("PutKeyPolicy", "SetTopicAttributes")]
    assert writes == ["PutKeyPolicy", "SetTopicAttributes"]
    assert "BypassPolicyLockoutSafetyCheck" not in "".join(one.body for one in cloud.calls)
    assert policy_of(cloud, topic)["Statement"][-1]["Principal"] == {"Service": "connect.amazonaws.com"}
    assert key_policy(cloud, key)["Statement"][-1]["Action"] == ["kms:GenerateDataKey*", "kms:Decrypt"]
    again = run("fix", *options(cloud, topic, instance, tmp_path))
    assert "nothing can be fixed, 2 remaining" in again.stderr
    (receipt,) = tmp_path.iterdir()
    back = run("rollback", receipt, "--yes", "--endpoint-url", cloud.url)
    assert back.returncode == 0, back.stderr
    assert (policy_of(cloud, topic), key_policy(cloud, key)) == before
    twice = run("rollback", receipt, "--yes", "--endpoint-url", cloud.url)
    assert "already as it was, nothing to roll back" in twice.stdout


def test_without_somebody_to_ask_nothing_is_written(cloud: Cloud, tmp_path: Path) -> None:
    instance, topic = make_instance(cloud), make_topic(cloud, "chat")
    before = policy_of(cloud, topic)
    done = run("fix", "--apply", *options(cloud, topic, instance, tmp_path))
    assert done.returncode == 2
    assert "not confirmed" in done.stderr
    assert policy_of(cloud, topic) == before


def test_what_a_deployment_manages_is_refused_without_force(cloud: Cloud, tmp_path: Path) -> None:
    instance, topic = make_instance(cloud), make_topic(cloud, "chat")
    cloud.client("sns").tag_resource(ResourceArn=topic, Tags=[{"Key": "ManagedBy", "Value": "Terraform"}])
    done = run("fix", "--apply", "--yes", *options(cloud, topic, instance, tmp_path))
    assert done.returncode == 2
    assert "is managed by terraform" in done.stderr
    assert "--force-managed" in done.stderr
    forced = run("fix", "--apply", "--yes", "--force-managed", *options(cloud, topic, instance, tmp_path))
    assert forced.returncode == 0


def test_a_rollback_leaves_alone_what_somebody_changed_since(cloud: Cloud, tmp_path: Path) -> None:
    instance, topic = make_instance(cloud), make_topic(cloud, "chat")
    assert run("fix", "--apply", "--yes", *options(cloud, topic, instance, tmp_path)).returncode == 0
    theirs = policy_of(cloud, topic)
    theirs["Statement"] = theirs["Statement"][:1]
    theirs["Statement"][0]["Action"] = ["SNS:Publish"]
    cloud.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(theirs)
    )
    (receipt,) = tmp_path.iterdir()
    done = run("rollback", receipt, "--yes", "--endpoint-url", cloud.url)
    assert done.returncode == 1
    assert "left alone: it was changed since the repair" in done.stdout
    assert policy_of(cloud, topic) == theirs
    assert run("rollback", receipt, "--yes", "--force", "--endpoint-url", cloud.url).returncode == 0


def test_a_topic_that_is_not_there_is_said_so(cloud: Cloud, tmp_path: Path) -> None:
    instance = make_instance(cloud)
    missing = f"arn:aws:sns:us-east-1:{ACCOUNT}:nowhere"
    done = run("fix", *options(cloud, missing, instance, tmp_path))
    assert done.returncode == 2
    assert "not found: `" in done.stderr


def test_what_the_options_leave_out_is_not_mended(cloud: Cloud, tmp_path: Path) -> None:
    instance, topic = make_instance(cloud), make_topic(cloud, "chat")
    done = run("fix", "--ignore", "source-owner", *options(cloud, topic, instance, tmp_path))
    assert done.stderr.startswith("nothing ")
    assert "AllowConnectChatStreaming" not in done.stdout
