"""What an audit and an explanation say about the subscribers of a topic, and which calls that takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.lint.report import Report
from checker.live.permissions import Limits, explain_policy
from tests.cli.process import run
from tests.live.cloud import ACCOUNT, REGION, Cloud, refuse
from tests.live.scene import audited, make_instance, make_key, make_topic, said_of
from tests.live.subscribers import (
    make_function,
    make_queue,
    make_role,
    make_stream,
    subscribe_to,
)

ELSEWHERE = "arn:aws:sns:us-east-1:111122223333:chat"
OTHERS = f"arn:aws:lambda:{REGION}:999988887777:function:chat"
Arrange = Callable[[Cloud, str], object]


def with_function(*sources: str, own: bool = True, alias: str = "", at: str = "") -> Arrange:
    """Subscribe a function, or a qualifier of it, that SNS may invoke for the topic or other sources."""

    def arrange(cloud: Cloud, topic: str) -> None:
        arn = make_function(cloud, "chat", *sources, *([topic] if own else []), alias=alias)
        subscribe_to(cloud, topic, "lambda", arn + at)

    return arrange


def with_filter(policy: dict[str, Any], **attributes: Any) -> Arrange:
    return lambda cloud, topic: subscribe_to(
        cloud, topic, "sqs", make_queue(cloud, "second", topic), FilterPolicy=policy, **attributes
    )


def with_dead_letter(*, accepts: bool) -> Arrange:
    def arrange(cloud: Cloud, topic: str) -> None:
        dead = make_queue(cloud, "dead", *([topic] if accepts else []))
        target = {"deadLetterTargetArn": dead}
        subscribe_to(cloud, topic, "sqs", make_queue(cloud, "second", topic), RedrivePolicy=target)

    return arrange


def with_stream(statement: dict[str, Any]) -> Arrange:
    def arrange(cloud: Cloud, topic: str) -> None:
        stream = make_stream(cloud, "chats")
        role = make_role(cloud, "writer", **statement)
        subscribe_to(cloud, topic, "firehose", stream, SubscriptionRoleArn=role)

    return arrange


WRITING = {"Action": ["firehose:PutRecord", "firehose:PutRecordBatch"], "Resource": "*"}
CASES: dict[str, tuple[Arrange, str, str]] = {
    "function with a permission": (with_function(), "", "ok"),
    "function without a policy": (with_function(own=False), "undeliverable-subscription", "broken"),
    "function for another topic": (
        with_function(ELSEWHERE, own=False),
        "undeliverable-subscription",
        "broken",
    ),
    "alias with a permission": (with_function(alias="live"), "", "ok"),
    "alias, but the permission is on the function": (
        with_function(at=":live"),
        "undeliverable-subscription",
        "broken",
    ),
    "function that is gone": (
        lambda cloud, topic: subscribe_to(
            cloud, topic, "lambda", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gone"
        ),
        "undeliverable-subscription",
        "broken",
    ),
    "function of another account": (
        lambda cloud, topic: subscribe_to(cloud, topic, "lambda", OTHERS),
        "undeliverable-subscription",
        "unknown",
    ),
    "queue that refuses": (
        lambda cloud, topic: subscribe_to(cloud, topic, "sqs", make_queue(cloud, "second")),
        "undeliverable-subscription",
        "broken",
    ),
    "filter that matches nothing": (with_filter({"Channel": ["CHAT"]}), "unmatchable-filter", "broken"),
    "filter on the body by an attribute": (
        with_filter({"MessageVisibility": ["ALL"]}, FilterPolicyScope="MessageBody"),
        "unmatchable-filter",
        "broken",
    ),
    "filter on visibility": (
        with_filter({"MessageVisibility": ["CUSTOMER", "ALL"]}),
        "selective-filter",
        "ok",
    ),
    "dead letters": (with_dead_letter(accepts=True), "", "ok"),
    "dead letters that are refused": (with_dead_letter(accepts=False), "undeliverable-dead-letter", "ok"),
    "stream": (with_stream(WRITING), "", "ok"),
    "stream that the role cannot write to": (
        with_stream({"Action": "firehose:ListDeliveryStreams", "Resource": "*"}),
        "undeliverable-subscription",
        "broken",
    ),
}
ABOUT = {
    "undeliverable-subscription",
    "unmatchable-filter",
    "selective-filter",
    "undeliverable-dead-letter",
    "unconfirmed-subscription",
    "open-subscriber",
    "no-durable-subscriber",
}


def scene(cloud: Cloud) -> tuple[str, str]:
    """A topic of an instance, with a queue that gets the messages."""
    instance = make_instance(cloud)
    topic = make_topic(cloud, "chat", instance)
    subscribe_to(cloud, topic, "sqs", make_queue(cloud, "first", topic))
    return topic, instance


def about_subscribers(report: Report) -> list[str]:
    return [one.rule for one in report.findings if one.rule in ABOUT]


@pytest.mark.parametrize("case", CASES)
def test_an_audit_and_an_explanation_agree_on_a_subscriber(cloud: Cloud, case: str) -> None:
    arrange, rule, status = CASES[case]
    topic, instance = scene(cloud)
    arrange(cloud, topic)
    assert about_subscribers(audited(cloud)) == ([rule] if rule else [])
    done = explained(cloud, topic, instance)
    first, second = done["subscriptions"]
    assert (first["status"], first["rule"]) == ("ok", None)
    assert second["status"] == status
    assert second["rule"] == (rule if status == "broken" else None)
    assert bool(second["steps"])


def explained(cloud: Cloud, topic: str, instance: str, *options: str) -> dict[str, Any]:
    arguments = ("explain", topic, "--instance-arn", instance, "--endpoint-url", cloud.url)
    value: dict[str, Any] = json.loads(run(*arguments, "--format", "json", *options).stdout)
    return value


def test_the_text_names_each_subscriber_with_its_reason(cloud: Cloud) -> None:
    topic, instance = scene(cloud)
    with_function(own=False)(cloud, topic)
    done = run("explain", topic, "--instance-arn", instance, "--endpoint-url", cloud.url)
    assert "Subscribers:" in done.stdout
    assert "BROKEN   lambda" in done.stdout
    assert "does not exist or has no resource policy" in done.stdout
    assert "aws lambda add-permission" in done.stdout


def test_a_queue_that_refuses_does_not_store_the_messages(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    topic = make_topic(cloud, "chat", instance)
    subscribe_to(cloud, topic, "sqs", make_queue(cloud, "only"))
    report = audited(cloud)
    assert about_subscribers(report) == ["undeliverable-subscription"]
    (examined,) = [one for one in report.examined if one.kind == "topic"]
    assert examined.verdicts["no-durable-subscriber"].value != "PASS"


@pytest.mark.parametrize("denied", ["GetPolicy", "GetSubscriptionAttributes", "GetQueueAttributes"])
def test_what_cannot_be_read_is_not_known_with_the_reason(cloud: Cloud, denied: str) -> None:
    topic, instance = scene(cloud)
    with_function()(cloud, topic)
    cloud.fault = refuse(denied)
    report = audited(cloud)
    assert denied in said_of(report)
    assert "error" not in {one.severity.value for one in report.findings if one.rule in ABOUT}
    statuses = [one["status"] for one in explained(cloud, topic, instance)["subscriptions"]]
    assert "broken" not in statuses
    assert "unknown" in statuses


def test_each_endpoint_is_read_once_and_topics_without_subscriptions_cost_nothing(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    topics = [make_topic(cloud, f"t{number}", instance) for number in range(3)]
    function, queue = make_function(cloud, "chat", *topics), make_queue(cloud, "chats", *topics)
    make_topic(cloud, "none", instance)
    outside = make_topic(cloud, "outside")
    for topic in (*topics, outside):
        subscribe_to(cloud, topic, "lambda", function)
        subscribe_to(cloud, topic, "sqs", queue, RedrivePolicy={"deadLetterTargetArn": queue})
    cloud.calls.clear()
    assert "undeliverable-subscription" not in about_subscribers(audited(cloud))
    counts = cloud.counts()
    assert counts["lambda:GetPolicy"] == counts["sqs:GetQueueUrl"] == counts["sqs:GetQueueAttributes"] == 1
    assert counts["sns:GetSubscriptionAttributes"] == 2 * len(topics)


def test_an_explanation_calls_what_it_is_said_to_need_and_nothing_else(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    make_key(cloud, "alias/chat")
    topic = make_topic(cloud, "chat", instance, "alias/chat")
    for arrange in (with_function(), with_dead_letter(accepts=True), with_stream(WRITING)):
        arrange(cloud, topic)
    cloud.calls.clear()
    explained(cloud, topic, instance)
    called = {
        one.replace("connect:/instance/" + instance.rpartition("/")[2], "connect:DescribeInstance")
        for one in cloud.counts()
    }
    actions = [one["Action"] for one in explain_policy(Limits())["Statement"]]
    named = {action for one in actions for action in ([one] if isinstance(one, str) else one)}
    assert called - {"sts:GetCallerIdentity"} == named - {"ds:DescribeDirectories"}


def test_a_resumed_audit_judges_the_subscribers_again(cloud: Cloud, tmp_path: Path) -> None:
    topic, _ = scene(cloud)
    with_function(own=False)(cloud, topic)
    journal = str(tmp_path / "journal.jsonl")
    cloud.fault = refuse("ListSubscriptions", "Throttling", 400)
    options = ("--endpoint-url", cloud.url, "--isolated", "--trail-hours", "0", "--format", "json")
    first = run("audit", *options, "--journal", journal)
    cloud.fault = None
    again = run("audit", "--resume", journal, "--endpoint-url", cloud.url, "--format", "json")
    before, after = ({one["rule"] for one in json.loads(done.stdout)["findings"]} for done in (first, again))
    assert after - before == {"undeliverable-subscription"}
