"""Every failure is reported with its cause, and no temporary resources remain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import pytest

from checker.fix.live.flow_result import End
from checker.live.flow.request import ApplicationMistake
from checker.report.context import Paint
from checker.report.flow import flow_text
from checker.sandbox import seed
from checker.sandbox.http import faults
from tests.live.flow.stage import flow, temporary, topic_with

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

OTHER_ACCOUNT = "444455556666"


class Failure(NamedTuple):
    """A chain that is broken: how to build it, how the forced flow ends, and what is named as the cause."""

    build: Callable[[Sandbox, Account, str], str]
    end: End
    link: str
    rule: str


def source_owner(sandbox: Sandbox, account: Account, instance: str) -> str:
    del sandbox, instance
    return topic_with(account, "owner", StringEquals={"AWS:SourceOwner": account.id})


def wrong_account(sandbox: Sandbox, account: Account, instance: str) -> str:
    del sandbox
    return topic_with(
        account,
        "account",
        StringEquals={"aws:SourceAccount": OTHER_ACCOUNT},
        ArnEquals={"aws:SourceArn": instance.replace(account.id, OTHER_ACCOUNT)},
    )


def wrong_instance(sandbox: Sandbox, account: Account, instance: str) -> str:
    del sandbox, instance
    return seed.good_topic(account, seed.make_instance(account, "another"), "instance")


def below_the_instance(sandbox: Sandbox, account: Account, instance: str) -> str:
    del sandbox
    return topic_with(account, "below", ArnLike={"aws:SourceArn": f"{instance}/*"})


def other_region(sandbox: Sandbox, account: Account, instance: str) -> str:
    return seed.good_topic(sandbox.account(account.id, "us-west-2"), instance, "west")


def disabled_key(sandbox: Sandbox, account: Account, instance: str) -> str:
    del sandbox
    sealed = seed.encrypted_topic(account, instance, grant=True)
    account.client("kms").disable_key(KeyId=sealed.key)
    return sealed.topic


def managed_key(sandbox: Sandbox, account: Account, instance: str) -> str:
    del sandbox
    topic = seed.good_topic(account, instance, "managed")
    seed.encrypt(account, topic, "alias/aws/sns")
    return topic


FAILURES = {
    "default policy": Failure(
        lambda _, account, __: seed.default_topic(account), End.SILENT, "topic_policy", "source-owner"
    ),
    "SourceOwner": Failure(source_owner, End.SILENT, "topic_policy", "source-owner"),
    "wrong account": Failure(wrong_account, End.SILENT, "topic_policy", "connect-not-allowed"),
    "wrong instance": Failure(wrong_instance, End.SILENT, "topic_policy", "connect-not-allowed"),
    "below the instance": Failure(below_the_instance, End.SILENT, "topic_policy", "unmatchable-condition"),
    "FIFO topic": Failure(
        lambda _, account, instance: seed.fifo_topic(account, instance),
        End.REFUSED,
        "topic_type",
        "fifo-topic",
    ),
    "other Region": Failure(other_region, End.REFUSED, "region", "cross-region"),
    "missing key grant": Failure(
        lambda _, account, instance: seed.encrypted_topic(account, instance, grant=False).topic,
        End.SILENT,
        "key_policy",
        "connect-cannot-use-key",
    ),
    "disabled key": Failure(disabled_key, End.SILENT, "key", "unusable-key"),
    "alias/aws/sns": Failure(managed_key, End.SILENT, "key", "aws-managed-key"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_broken_link_blocks_the_flow_and_is_the_cause_if_the_flow_is_forced(
    sandbox: Sandbox, account: Account, name: str
) -> None:
    failure = FAILURES[name]
    instance = seed.make_instance(account)
    topic = failure.build(sandbox, account, instance)
    before = temporary(sandbox, account)
    sandbox.clear_calls()
    held = flow(account, instance, topic)
    assert held.end is End.BLOCKED
    assert not [one for one in sandbox.calls() if not one.action.startswith(("Get", "List", "Describe"))]
    forced = flow(account, instance, topic, force=True)
    assert forced.end is failure.end
    for cause in (held.topics[0].cause, forced.topics[0].cause, forced.cause or forced.topics[0].cause):
        assert cause is not None
        assert (cause.link, cause.rule) == (failure.link, failure.rule)
        assert cause.reason
        assert cause.help
    assert temporary(sandbox, account) == before
    assert not forced.left_behind


MISTAKES = {
    ApplicationMistake.NO_CONNECT_PARTICIPANT: "the customer was not marked as connected after streaming started",
    ApplicationMistake.LATE_STREAMING: "the message was sent before streaming started",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_of_an_application_are_detected_by_the_order_of_the_steps(
    sandbox: Sandbox, account: Account, mistake: ApplicationMistake
) -> None:
    instance = seed.make_instance(account)
    result = flow(account, instance, seed.good_topic(account, instance), mistake=mistake)
    assert result.end is End.SILENT
    cause = result.topics[0].cause
    assert cause is not None
    assert MISTAKES[mistake] in cause.reason
    assert temporary(sandbox, account) == (0, 0, 0)


def test_a_third_topic_is_refused_by_aws_and_cloudtrail_shows_the_others(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    topics = [seed.good_topic(account, instance, f"chat-{number}") for number in range(3)]
    result = flow(account, instance, *topics, force=True)
    assert result.end is End.REFUSED
    assert result.cause is not None
    assert result.cause.rule == "too-many-topics"
    assert "two topics" in result.cause.evidence[0]
    assert {topic in str(result.cause.evidence) for topic in topics[:2]} == {True}
    assert temporary(sandbox, account) == (0, 0, 0)


def test_the_broken_one_of_two_topics_is_named(account: Account) -> None:
    instance = seed.make_instance(account)
    good, bad = seed.good_topic(account, instance), seed.default_topic(account)
    result = flow(account, instance, good, bad, force=True)
    assert result.end is End.SILENT
    assert [bool(one.arrival) for one in result.topics] == [True, False]
    assert [one.cause.rule if one.cause else "" for one in result.topics] == ["", "source-owner"]
    shown = "\n".join(flow_text(result, Paint()))
    assert "reason: the topic policy: Connect cannot publish" in shown
    assert "likely cause" not in shown


def test_a_topic_that_does_not_exist_blocks_the_flow(account: Account) -> None:
    instance = seed.make_instance(account)
    result = flow(account, instance, f"arn:aws:sns:us-east-1:{account.id}:nowhere")
    assert result.end is End.BLOCKED
    cause = result.topics[0].cause
    assert cause is not None
    assert "not found" in cause.reason


def test_an_unreadable_link_does_not_block_the_flow_but_is_the_likely_cause(
    sandbox: Sandbox, account: Account
) -> None:
    instance = seed.make_instance(account)
    sealed = seed.encrypted_topic(account, instance, grant=False)
    sandbox.fault(faults.denied("kms", "GetKeyPolicy"))
    result = flow(account, instance, sealed.topic)
    assert result.end is End.SILENT
    cause = result.topics[0].cause
    assert cause is not None
    assert (cause.link, cause.rule) == ("key_policy", "connect-cannot-use-key")
    assert cause.evidence[0] == "CloudTrail shows that KMS denied GenerateDataKey for the topic"
    sandbox.fault(faults.denied("cloudtrail"))
    sandbox.clear_calls()
    less = flow(account, instance, sealed.topic).topics[0].cause
    assert less is not None
    assert less.link == "key_policy"
    assert "not known" in less.reason
    sandbox.fault(faults.denied("sns", "GetTopicAttributes"))
    blind = flow(account, instance, sealed.topic)
    assert blind.end is End.SILENT
    assert blind.topics[0].cause is not None
    assert "could not be read" in blind.topics[0].cause.reason


def test_an_instance_that_does_not_exist_blocks_the_flow(account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    account.client("connect").delete_instance(InstanceId=instance.rpartition("/")[2])
    result = flow(account, instance, topic)
    assert result.end is End.BLOCKED
    cause = result.topics[0].cause
    assert cause is not None
    assert "has no such instance in us-east-1" in cause.reason
    forced = flow(account, instance, topic, force=True)
    assert forced.end is End.REFUSED
    assert forced.cause is not None
    assert forced.cause.reason.startswith("StartChatContact: ")
