"""Temporary resources are removed after any failure, and those that remain are listed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

import pytest

from checker.fix.live.flow_result import FAILED, End, FlowResult, Step
from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.cli.process import CHECKER
from tests.live.flow.stage import flow, stops, temporary

if TYPE_CHECKING:
    from checker.sandbox.http.faults import Fault
    from checker.sandbox.running import Account, Sandbox

CALLS = {
    "GetCallerIdentity": "sts",
    "CreateQueue": "sqs",
    "Subscribe": "sns",
    "StartChatContact": "connect",
    "StartContactStreaming": "connect",
    "CreateParticipantConnection": "connectparticipant",
    "SendMessage": "connectparticipant",
    "ReceiveMessage": "sqs",
}
STEPS = {"ReceiveMessage": "message"}
CLEARING = {
    "Unsubscribe": ("sns", "the subscription of"),
    "DeleteQueue": ("sqs", "the queue `"),
}


FAULTS: dict[str, Callable[[str, str], Fault]] = {"denied": faults.denied, "failing": faults.server_error}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("action", CALLS)
def test_a_failed_call_leaves_no_temporary_resources(
    sandbox: Sandbox, account: Account, action: str, fault: str
) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    sandbox.fault(FAULTS[fault](CALLS[action], action))
    result = flow(account, instance, topic)
    assert result.end is End.REFUSED
    assert result.cause is not None
    assert result.cause.reason.startswith(f"{STEPS.get(action, action)}: ")
    assert action in result.cause.reason
    assert temporary(sandbox, account) == (0, 0, 0)
    assert not result.left_behind


@pytest.mark.parametrize("action", CLEARING)
def test_a_resource_that_cannot_be_removed_is_listed_and_all_others_are_removed(
    sandbox: Sandbox, account: Account, action: str
) -> None:
    instance = seed.make_instance(account)
    service, named = CLEARING[action]
    sandbox.fault(faults.denied(service, action))
    result = flow(account, instance, seed.good_topic(account, instance))
    assert result.end is End.ARRIVED
    (left,) = result.left_behind
    assert left.startswith(named)
    assert f"`{service}:{action}` is missing" in left
    sandbox.clear_faults()
    assert sum(temporary(sandbox, account)) == 1
    for url in account.client("sqs").list_queues().get("QueueUrls", ()):
        account.client("sqs").delete_queue(QueueUrl=url)


def test_a_stream_that_cannot_be_stopped_ends_with_its_chat(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    sandbox.fault(faults.denied("connect", "StopContactStreaming"))
    result = flow(account, instance, seed.good_topic(account, instance))
    assert [one.name for one in result.steps if one.status == FAILED] == ["StopContactStreaming"]
    assert not result.left_behind
    assert not sandbox.chats(account.id)


def test_a_chat_that_the_contact_flow_ends_is_not_reported_as_a_missing_permission(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)

    def end_it(step: Step) -> None:
        if step.name == "StartContactStreaming":
            (chat,) = sandbox.chats(account.id)
            identity = instance.rpartition("/")[2]
            account.client("connect").stop_contact(InstanceId=identity, ContactId=chat)

    result = flow(account, instance, topic, show=end_it)
    assert result.end is End.REFUSED
    assert result.cause is not None
    assert "the chat has ended" in result.cause.reason
    assert "contact flow" in result.cause.help
    assert not result.left_behind


def test_the_chat_is_stopped_if_the_customer_cannot_disconnect(sandbox: Sandbox, account: Account) -> None:
    instance = seed.make_instance(account)
    sandbox.fault(faults.denied("connectparticipant", "DisconnectParticipant"))
    result = flow(account, instance, seed.good_topic(account, instance))
    assert not result.left_behind
    assert not sandbox.chats(account.id)


def test_a_chat_whose_start_was_not_answered_is_found_by_its_token_and_stopped(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    sandbox.fault(faults.connection_reset("connect", "StartChatContact", times=1))
    result = flow(account, instance, topic)
    assert result.end is End.REFUSED
    assert not sandbox.chats(account.id)
    assert not result.left_behind


def interrupted(account: Account, instance: str, topic: str, at: int) -> FlowResult:
    """Run a flow that is interrupted after its n-th step."""
    stopping = stops()
    numbers = count(1)

    def interrupt(_: Step) -> None:
        if next(numbers) == at:
            stopping.flow.set()

    return flow(account, instance, topic, show=interrupt, stopping=stopping)


def test_an_interrupt_after_any_step_leaves_no_temporary_resources(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    steps = len(flow(account, instance, topic).steps)
    for number in range(1, steps + 1):
        result = interrupted(account, instance, topic, number)
        assert result.end in (End.INTERRUPTED, End.ARRIVED)
        assert not result.left_behind
        assert temporary(sandbox, account) == (0, 0, 0), number


def test_a_second_interrupt_ends_the_cleanup_and_lists_the_remaining_resources(account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    stopping = stops()

    def impatient(step: Step) -> None:
        if step.name == "StopContactStreaming":
            stopping.cleanup.set()

    result = flow(account, instance, topic, show=impatient, stopping=stopping)
    assert [one.partition("`")[0] for one in result.left_behind] == [
        "the chat ",
        "the subscription of ",
        "the queue ",
    ]
    assert all(one.endswith("interrupted") for one in result.left_behind)
    account.client("sqs").delete_queue(QueueUrl=account.client("sqs").list_queues()["QueueUrls"][0])
    (chat,) = result.contact.split()
    account.client("connect").stop_contact(InstanceId=instance.rpartition("/")[2], ContactId=chat)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_flow_waits_for_the_message_cleans_up(
    sandbox: Sandbox, account: Account, number: signal.Signals
) -> None:
    instance = seed.make_instance(account)
    topic = seed.default_topic(account)
    options = ("--instance-arn", instance, "--topic-arn", topic, "--contact-flow-id", "flow", "--force")
    with subprocess.Popen(
        [*CHECKER, "flow", *options, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if " SendMessage " in line:
                break
        process.send_signal(number)
        out, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted: deleting temporary resources" in error
    assert json.loads(out)["end"] == "interrupted"
    assert temporary(sandbox, account) == (0, 0, 0)
