"""Each scene has its one defect, and without it a chat message arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from checker.sandbox import scenes, seed
from tests.sandbox.metrics import counted

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox
    from checker.sandbox.scenes import Scene

Make = Callable[["Account"], "Scene"]
HOOK = "https://example.com/{}"
LOST: dict[str, tuple[str, Make]] = {
    "function": ("the function policy: ImplicitlyDenied", scenes.topic_with_function),
    "function, allowed": ("", lambda account: scenes.topic_with_function(account, allowed=True)),
    "filter, of another policy": (
        "",
        lambda account: scenes.topic_with_filter(account, policy='{"Type": ["EVENT", "MESSAGE"]}'),
    ),
    "filter, of the body": (
        "",
        lambda account: scenes.topic_with_filter(
            account, policy='{"ParticipantRole": ["CUSTOMER"]}', scope="MessageBody"
        ),
    ),
    "dead letters": ("the queue policy: ImplicitlyDenied", scenes.topic_with_dead_letters),
}


def chatted(scene: Scene) -> str:
    """Send a message to the topic of a scene and return the contact."""
    started = seed.start_chat(scene.account, scene.instance, scene.topic)
    seed.send_message(scene.account, started, "hello")
    return started.contact


@pytest.mark.parametrize("case", LOST)
def test_a_message_is_lost_at_the_endpoint(sandbox: Sandbox, account: Account, case: str) -> None:
    cause, make = LOST[case]
    scene = make(account)
    chatted(scene)
    found = {(one.endpoint, one.cause) for one in sandbox.notifications() if one.topic == scene.topic}
    assert found == {(scene.endpoint, cause)}


def test_no_message_of_a_chat_passes_the_filter(sandbox: Sandbox, account: Account) -> None:
    scene = scenes.topic_with_filter(account)
    chatted(scene)
    assert [one for one in sandbox.notifications() if one.topic == scene.topic] == []
    assert counted(account, "NumberOfNotificationsFilteredOut-MessageAttributes") == 2


@pytest.mark.parametrize("accepted", [True, False])
def test_the_dead_letter_queue_accepts_or_refuses(sandbox: Sandbox, account: Account, accepted: bool) -> None:
    scene = scenes.topic_with_dead_letters(account, accepted=accepted)
    chatted(scene)
    redriven = {one.redriven for one in sandbox.notifications() if one.topic == scene.topic}
    assert redriven == {scene.aside if accepted else ""}


def test_a_web_hook_receives_messages_when_it_has_confirmed(sandbox: Sandbox, account: Account) -> None:
    scene = scenes.topic_with_web_hook(account, url=HOOK.format(account.id))
    chatted(scene)
    assert [one for one in sandbox.notifications() if one.topic == scene.topic] == []
    sandbox.confirm(scene.endpoint)
    chatted(scene)
    assert {one.cause for one in sandbox.notifications() if one.topic == scene.topic} == {""}


@pytest.mark.parametrize("action", ["kms:*", "s3:*"])
def test_the_policy_of_the_organization_denies_the_key(
    sandbox: Sandbox, account: Account, action: str
) -> None:
    statement = scenes.control_statement(action)
    scene = scenes.topic_in_organization(account, "sealed", statement)
    contact = chatted(scene)
    denied = "the resource control policy: ExplicitlyDenied for kms:GenerateDataKey"
    causes = {one.cause for one in sandbox.deliveries() if one.contact == contact}
    assert causes == {denied if action == "kms:*" else ""}


def test_the_region_of_the_replica_has_no_topic(sandbox: Sandbox, account: Account) -> None:
    scene = scenes.replica_without_topic(account)
    there = sandbox.account(account.id, "us-east-1")
    assert there.client("sns").list_topics()["Topics"] == []
    (listed,) = there.client("connect").list_instances()["InstanceSummaryList"]
    assert listed["Arn"] == scene.aside
    connect = there.client("connect")
    with pytest.raises(connect.exceptions.InvalidParameterException):
        seed.start_chat(there, scene.aside, scene.topic)
