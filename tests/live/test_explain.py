"""`explain` of a topic in AWS: the instance, the role, the last 24 hours and the likely cause of silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.endpoints import shown
from checker.sandbox import scenes, seed
from checker.sandbox.http.faults import denied
from tests.cli.process import run
from tests.live.estate import ACCOUNTS, checker
from tests.live.test_permissions import actions_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.sandbox.running import Account, Sandbox


def explained(topic: str, *options: str) -> dict[str, Any]:
    """Explain a topic as JSON."""
    done = checker("explain", topic, *options, "--format", "json")
    assert done.out, done.err
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def stream(account: Account, instance: str, *topics: str) -> None:
    """Start one chat that streams to topics; the sandbox refuses more than two."""
    connect, instance_id = account.client("connect"), instance.rpartition("/")[2]
    chat = connect.start_chat_contact(
        InstanceId=instance_id, ContactFlowId="flow", ParticipantDetails={"DisplayName": "c"}
    )
    for topic in topics:
        try:
            connect.start_contact_streaming(
                InstanceId=instance_id,
                ContactId=chat["ContactId"],
                ChatStreamingConfiguration={"StreamingEndpointArn": topic},
                ClientToken=topic,
            )
        except connect.exceptions.LimitExceededException:
            assert topic == topics[2]


def heard_topic(account: Account, instance: str, name: str = "chat") -> str:
    """Create a topic that Connect can publish to, with a queue that stores its messages."""
    topic = seed.good_topic(account, instance, name)
    seed.subscribed_queue(account, topic, name)
    return topic


def test_the_only_instance_of_the_account_needs_no_option(account: Account) -> None:
    instance = seed.make_instance(account)
    answer = explained(seed.default_topic(account))
    assert (answer["instance"], answer["pairings"][0]["source"]) == (instance, "account")


def test_of_several_instances_the_policy_or_cloudtrail_shows_the_one(account: Account) -> None:
    first, second = seed.make_instance(account, "first"), seed.make_instance(account, "second")
    named, shown = seed.good_topic(account, first), seed.default_topic(account)
    stream(account, second, shown)
    assert explained(named)["instance"] == first
    assert explained(shown)["instance"] == second
    unclear = checker(
        "explain", seed.good_topic(account, "arn:aws:connect:us-east-1:1:instance/x", "unclear")
    )
    assert (unclear.code, "no Connect instance is known" in unclear.err) == (2, True)
    assert first.rpartition("/")[2] in unclear.err


@pytest.mark.parametrize("command", ["explain", "fix", "flow"])
def test_an_instance_has_an_alias_and_an_id(account: Account, command: str) -> None:
    instance, topic = seed.make_instance(account, "my-alias"), seed.default_topic(account)
    named = (topic,) if command == "explain" else ("--topic-arn", topic)
    more = ("--contact-flow-id", "flow") if command == "flow" else ()
    for name in ("my-alias", instance.rpartition("/")[2]):
        done = checker(command, *named, "--instance", name, *more)
        assert (done.code, instance in done.out + done.err) == (1, True), done
    wrong = checker(command, *named, "--instance", "my-aliass", *more)
    assert (wrong.code, "did you mean `my-alias`?" in wrong.err) == (2, True), wrong
    both = checker(command, *named, "--instance", "my-alias", "--instance-arn", instance, *more)
    assert both.code == (1 if command == "fix" else 2)


@pytest.mark.parametrize("command", ["explain", "fix", "flow"])
def test_an_instance_is_looked_up_in_the_account_of_the_credentials(
    account: Account, sandbox: Sandbox, command: str
) -> None:
    owner = sandbox.account(str(next(ACCOUNTS)), account.region)
    seed.make_instance(owner, "theirs")
    topic = seed.good_topic(owner, seed.make_instance(owner))
    named = (topic,) if command == "explain" else ("--topic-arn", topic)
    more = ("--contact-flow-id", "flow") if command == "flow" else ()
    done = checker(command, *named, "--instance", "theirs", *more)
    asked = f"error: --instance: account {account.id}, us-east-1 has no instance `theirs`"
    whose = f"the credentials are of that account, the topic is of account {owner.id}"
    assert (done.code, f"{asked}; {whose}\n" in done.err) == (2, True), done
    assert f"or use credentials of account {owner.id}" in done.err
    role = f"arn:aws:iam::{owner.id}:role/reader"
    wrong = checker(command, *named, "--instance", "their", "--role-arn", role, *more)
    assert f"error: --instance: account {owner.id}, us-east-1 has no instance `their`\n" in wrong.err


@pytest.mark.parametrize("form", ["--instance ARN", "--instance=ARN", "--instance 'ARN'"])
@pytest.mark.parametrize(
    "command", ["explain TOPIC", "fix --topic-arn TOPIC", "fix .", "flow --topic-arn TOPIC"]
)
def test_the_arn_of_an_instance_belongs_to_another_option(command: str, form: str, tmp_path: Path) -> None:
    arn = "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    topic = "arn:aws:sns:us-east-1:111122223333:chat"
    more = " --contact-flow-id flow" if command.startswith("flow") else ""
    words = [word.replace("TOPIC", topic) for word in command.split()]
    done = run(*words, *(form.replace("ARN", arn).split()), *more.split(), cwd=tmp_path)
    assert done.returncode == 2
    assert f"error: --instance: `{arn}` is an ARN, not an alias or ID" in done.stderr
    named = f"`checker {' '.join(words)}{more} --instance-arn {arn}`"
    assert f"  = help: name it with `--instance-arn`: {named}" in done.stderr


def test_a_role_reaches_the_topic_and_the_instance_of_another_account(
    account: Account, sandbox: Sandbox
) -> None:
    other = sandbox.account(str(next(ACCOUNTS)), account.region)
    instance = seed.make_instance(other)
    topic = seed.good_topic(other, instance)
    assert explained(topic)["chain"] == "unknown"
    assert explained(topic, "--role-name", "reader")["chain"] == "whole"
    assert explained(topic, "--role-arn", f"arn:aws:iam::{other.id}:role/reader")["chain"] == "whole"
    own = seed.good_topic(account, seed.make_instance(account))
    sandbox.clear_calls()
    assert explained(own, "--role-name", "reader")["chain"] == "whole"
    assert not sandbox.calls("sts", "AssumeRole")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--role-arn", "reader"), "is not the ARN of a role"),
        (("--role-arn", "arn:aws:iam::1:role/r", "--role-name", "r"), "contradicts --role-arn"),
        (("--external-id", "x"), "requires --role-arn or --role-name"),
    ],
)
def test_options_for_access_that_contradict_each_other(options: tuple[str, ...], reason: str) -> None:
    done = checker("explain", "arn:aws:sns:us-east-1:111122223333:chat", *options)
    assert (done.code, reason in done.err) == (2, True)


def test_a_silent_topic_that_nobody_streams_to(account: Account) -> None:
    topic = heard_topic(account, seed.make_instance(account))
    answer = explained(topic)
    assert (answer["chain"], answer["activity"]["streams"]) == ("whole", 0)
    assert [cause["reason"] for cause in answer["causes"]] == [
        "no contact streamed to the topic in the last 24 hours"
    ]


def test_a_customer_who_is_not_marked_as_connected(account: Account) -> None:
    instance = seed.make_instance(account)
    topic = heard_topic(account, instance)
    stream(account, instance, topic)
    (cause,) = explained(topic)["causes"]
    assert "ConnectParticipant=true" in cause["help"]
    started = seed.start_chat(account, instance, topic)
    seed.send_message(account, started, "hello")
    answer = explained(topic)
    assert (answer["activity"]["counters"]["published"] >= 1, answer["causes"]) == (True, [])


def test_the_refused_third_topic_is_the_cause(account: Account) -> None:
    instance = seed.make_instance(account)
    topics = [heard_topic(account, instance, name) for name in ("one", "two", "three")]
    stream(account, instance, *topics)
    answer = explained(topics[2])
    (cause,) = answer["causes"]
    assert (cause["rule"], answer["activity"]["streams"]) == ("too-many-topics", 0)
    assert explained(topics[0])["activity"]["streams"] == 1
    assert "Likely cause of silence: AWS documents" in checker("explain", topics[2]).out


def test_nothing_competes_with_a_broken_link(account: Account) -> None:
    topic = seed.fifo_topic(account, seed.make_instance(account))
    shown = checker("explain", topic).out
    assert shown.index("No: the topic is a FIFO topic") < shown.index("Another problem: the topic has no")
    assert "Likely cause" not in shown
    assert [cause["link"] for cause in explained(topic)["causes"]] == ["topic_type", "subscription"]


def test_an_unknown_link_is_no_cause_beside_a_broken_one(account: Account, sandbox: Sandbox) -> None:
    instance = seed.make_instance(account)
    topic = seed.encrypted_topic(account, instance, grant=True).topic
    seed.subscribed_queue(account, topic)
    sandbox.fault(denied("kms", "GetKeyPolicy"))
    assert [cause["link"] for cause in explained(topic)["causes"]] == ["key_policy"]
    default = seed.default_topic(account)
    seed.encrypt(account, default, "alias/unknown-to-the-account")
    seed.subscribed_queue(account, default, "other")
    sandbox.fault(denied("kms", "DescribeKey"))
    answer = explained(default, "--instance-arn", instance)
    assert "unknown" in [link["status"] for link in answer["links"]]
    assert [cause["link"] for cause in answer["causes"]] == ["topic_policy"]


@pytest.mark.parametrize(
    ("scene", "rule"),
    [
        (scenes.topic_with_function, "undeliverable-subscription"),
        (scenes.topic_with_filter, "unmatchable-filter"),
        (scenes.topic_with_dead_letters, "undeliverable-subscription"),
        (scenes.topic_with_web_hook, "unconfirmed-subscription"),
    ],
)
def test_a_subscriber_that_gets_nothing_is_the_cause(
    account: Account, scene: Callable[[Account], scenes.Scene], rule: str
) -> None:
    made = scene(account)
    answer = explained(made.topic)
    assert (answer["chain"], answer["causes"][0]["rule"]) == ("whole", rule)
    assert checker("explain", made.topic).code == (0 if rule == "unconfirmed-subscription" else 1)
    assert shown(made.endpoint) in checker("explain", made.topic).out


def test_what_cannot_be_read_of_the_last_hours_leaves_the_proof(account: Account, sandbox: Sandbox) -> None:
    topic = heard_topic(account, seed.make_instance(account))
    for service in ("cloudtrail", "cloudwatch"):
        sandbox.fault(denied(service, account=account.id))
    answer = explained(topic)
    assert (answer["chain"], answer["activity"]["streams"], answer["activity"]["counters"]) == (
        "whole",
        None,
        None,
    )
    assert len(answer["activity"]["unread"]) == 2
    assert answer["causes"] == []


@pytest.mark.parametrize("command", ["explain", "fix", "flow"])
def test_the_permissions_include_the_options_for_access(command: str) -> None:
    options = () if command == "explain" else ("--instance",)
    done = checker("permissions", command, "--role-name", "reader", *options)
    assert {"sts:AssumeRole", "connect:ListInstances"} <= set(actions_of(json.loads(done.out)))
