"""The policies that `checker permissions` prints are enough, and no more than enough."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from checker.lint.engine import Scope
from checker.live.aws.access import Coverage
from checker.live.permissions import Extras, Limits, audit_policy, explain_policy, fix_policy, flow_policy
from tests.cli.process import run
from tests.live.cloud import ACCOUNT, Cloud
from tests.live.scene import audited, make_instance, make_topic, subscribe, whole
from tests.live.subscribers import make_function, make_role, make_stream, subscribe_to

FREE = {"sts:GetCallerIdentity"}
"""AWS answers it whatever the policies say."""

IMPLIED = {"connect:DescribeInstance", "ds:DescribeDirectories", "sns:ListSubscriptionsByTopic"}
"""What AWS asks for in the caller's name; what named instances need, and what takes the place of long lists."""


def test_an_audit_calls_what_it_is_said_to_need_and_nothing_else(cloud: Cloud) -> None:
    topic = whole(cloud)
    called = _called(cloud, hours=1, scope=Scope(tags=("stream",)))
    for number in range(3):
        subscribe(cloud, make_topic(cloud, f"t{number}", make_instance(cloud)))
    subscribe_to(cloud, topic, "lambda", make_function(cloud, "chat", topic))
    role = make_role(cloud, "writer", Action="firehose:PutRecord*", Resource="*")
    subscribe_to(cloud, topic, "firehose", make_stream(cloud, "chats"), SubscriptionRoleArn=role)
    called |= _called(cloud, coverage=Coverage(all_regions=True), scope=Scope(topics=(topic,)))
    called |= _called(cloud, coverage=Coverage(accounts=(ACCOUNT, "999988887777")), role="reader")
    policy = audit_policy(Limits(), Extras(role="reader", all_regions=True, tags=True))
    named = set(actions_of(policy))
    assert called - FREE == named - IMPLIED


def actions_of(policy: dict[str, Any]) -> Iterator[str]:
    for statement in policy["Statement"]:
        action = statement["Action"]
        yield from [action] if isinstance(action, str) else action


def _called(cloud: Cloud, **options: Any) -> set[str]:
    cloud.calls.clear()
    audited(cloud, **options)
    return {one.replace("tagging:", "tag:") for one in cloud.counts()}


@pytest.mark.parametrize(
    "policy",
    [audit_policy(Limits(), Extras()), explain_policy(Limits()), fix_policy(Limits()), flow_policy(Limits())],
)
def test_the_least_has_no_wildcard_in_an_action(policy: dict[str, Any]) -> None:
    assert not [one for one in actions_of(policy) if "*" in one]
    assert len({one["Sid"] for one in policy["Statement"]}) == len(policy["Statement"])


def test_an_audit_needs_nothing_that_writes() -> None:
    for action in actions_of(audit_policy(Limits(), Extras(tags=True, organization=True, all_regions=True))):
        assert action.partition(":")[2].startswith(("Get", "List", "Describe", "Lookup")), action


@pytest.mark.parametrize("command", ["audit", "explain", "fix", "flow"])
def test_the_command_prints_a_policy(command: str) -> None:
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:chat"
    done = run("permissions", command, "--topic-arn", topic)
    assert done.returncode == 0
    policy = json.loads(done.stdout)
    assert topic in [one["Resource"] for one in policy["Statement"]]
    assert len(done.stdout) < 6144  # the longest managed policy
    wrong = run("permissions", command, "--topic-arn", "chat")
    assert wrong.returncode == 2


@pytest.mark.parametrize("create", [[], ["--create"]])
@pytest.mark.parametrize("kind", ["sqs", "firehose"])
def test_what_retention_needs_comes_on_top_of_a_flow(kind: str, create: list[str]) -> None:
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:chat"
    plain = json.loads(run("permissions", "flow", "--topic-arn", topic).stdout)["Statement"]
    done = run("permissions", "flow", "--topic-arn", topic, "--retain", kind, *create)
    assert len(done.stdout) < 6144
    statements = json.loads(done.stdout)["Statement"]
    assert statements[: len(plain)] == plain
    assert len({one["Sid"] for one in statements}) == len(statements)
    resources = [one["Resource"] for one in statements]
    texts = [text for one in resources for text in (one if isinstance(one, list) else [one])]
    assert all(re.fullmatch(r"\*|arn:aws:[a-z]+:[\w*-]*:[\d*]*:[\w*:/-]+", text) for text in texts), texts
    more = [action for action in actions_of({"Statement": statements[len(plain) :]}) if "*" not in action]
    writing = [one for one in more if not one.partition(":")[2].startswith(("Get", "List", "Describe"))]
    assert bool(writing) == bool(create)


def test_create_goes_with_retain() -> None:
    done = run("permissions", "flow", "--create")
    assert done.returncode == 2
    assert "requires --retain" in done.stderr
