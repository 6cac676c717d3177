"""The parts of a topic that its replacement gets, and those that it cannot have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.fix.live.copied_parts import (
    Subscribed,
    copied,
    copied_attributes,
    copied_tags,
    lost_attributes,
    lost_parts,
    lost_tags,
    replace_arn,
    why_not,
)
from checker.fix.live.replacement import alias_names, mark, to_new_topic, topic_names
from checker.fix.result import Outcome, policy_changes
from checker.fix.rounds import repair
from checker.fix.text.edits import CannotEditError
from checker.live.aws.facts import topic_of
from checker.live.aws.topic import TopicState
from checker.report.repair import repair_json
from tests.live.repair.replacement.stage import arn, judged
from tests.samples import INSTANCE_ARN

OLD = arn("arn:aws:sns:us-east-1:111122223333:chat.fifo")
NEW = arn("arn:aws:sns:us-west-2:111122223333:chat")


def queue(name: str = "inbox", region: str = "us-west-2", account: str = "111122223333") -> str:
    return f"arn:aws:sqs:{region}:{account}:{name}"


def test_names_start_with_the_old_name_and_are_then_numbered() -> None:
    names = [one.resource for one in topic_names(OLD, "us-west-2")]
    assert names[:3] == ["chat", "chat-2", "chat-3"]
    assert {one.region for one in topic_names(OLD, "us-west-2")} == {"us-west-2"}
    assert str(next(alias_names(NEW))) == "arn:aws:kms:us-west-2:111122223333:alias/sns/chat"


def test_the_longest_names_stay_within_the_limits_of_aws() -> None:
    long = OLD._replace(resource=f"{'x' * 251}.fifo")
    assert max(len(one.resource) for one in topic_names(long, "us-west-2")) <= 256
    assert max(len(one.resource) for one in alias_names(long)) <= 256
    assert len(mark(long)) == 256


def test_the_copied_policy_names_the_new_topic() -> None:
    other = "arn:aws:sns:us-east-1:111122223333:other"
    policy = {
        "Statement": [{"Sid": str(OLD), "Resource": [str(OLD), other], "Condition": {"a": {"b": str(OLD)}}}]
    }
    (statement,) = json.loads(replace_arn(json.dumps(policy), OLD, NEW))["Statement"]
    assert statement["Resource"] == [str(NEW), other]
    assert statement["Condition"] == {"a": {"b": str(NEW)}}


def test_attributes_of_fifo_topics_are_omitted_and_reported() -> None:
    attributes = {
        "DisplayName": "Chats",
        "SQSFailureFeedbackRoleArn": "arn:aws:iam::111122223333:role/log",
        "SubscriptionsConfirmed": "3",
        "Policy": "{}",
        "KmsMasterKeyId": "alias/x",
        "FifoTopic": "true",
        "ContentBasedDeduplication": "true",
        "FifoThroughputScope": "Topic",
    }
    assert set(copied_attributes(attributes)) == {"DisplayName", "SQSFailureFeedbackRoleArn"}
    lost = [one.what for one in lost_attributes(attributes)]
    assert lost == ["ContentBasedDeduplication", "FifoThroughputScope"]


def test_tags_that_would_be_wrong_are_omitted_and_reported() -> None:
    tags = {
        "team": "chat",
        "aws:cloudformation:stack-name": "s",
        "ManagedBy": "terraform",
        "checker:replaces": "x",
    }
    managing = frozenset(["ManagedBy"])
    assert copied_tags(tags, managing) == {"team": "chat"}
    assert len(list(lost_tags(tags, managing))) == 3


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (Subscribed("sqs", queue(), {}), ""),
        (Subscribed("sqs", queue(region="us-east-1"), {}), ""),
        (Subscribed("sqs", queue("inbox.fifo"), {}), "does not accept a FIFO queue"),
        (Subscribed("email", "ann@example.org", {}), ""),
        (Subscribed("email", "ann@example.org", {}, confirmed=False), "not confirmed"),
        (Subscribed("lambda", "arn:aws:lambda:us-east-1:111122223333:function:f", {}), ""),
        (Subscribed("firehose", "arn:aws:firehose:us-west-2:111122223333:deliverystream/d", {}), ""),
        (
            Subscribed("firehose", "arn:aws:firehose:us-east-1:111122223333:deliverystream/d", {}),
            "other Regions",
        ),
    ],
)
def test_subscriptions_that_a_standard_topic_can_have(one: Subscribed, reason: str) -> None:
    assert reason in why_not(one, NEW)
    assert bool(why_not(one, NEW)) == bool(reason)


def test_attributes_of_a_copied_subscription() -> None:
    attributes = {
        "RawMessageDelivery": "true",
        "FilterPolicy": '{"a": ["b"]}',
        "FilterPolicyScope": "MessageBody",
        "Owner": "111122223333",
        "ReplayPolicy": "{}",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": queue("letters", "us-east-1")}),
    }
    one = Subscribed("sqs", queue(), attributes)
    kept = copied(one, NEW).attributes
    assert set(kept) == {"RawMessageDelivery", "FilterPolicy", "FilterPolicyScope"}
    assert len(list(lost_parts(one, NEW))) == 2
    near = attributes | {"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue("letters")})}
    assert "RedrivePolicy" in copied(Subscribed("sqs", queue(), near), NEW).attributes


@pytest.mark.parametrize(
    ("one", "asked"),
    [
        (Subscribed("sqs", queue(), {}), False),
        (Subscribed("sqs", queue(account="444455556666"), {}), True),
        (Subscribed("https", "https://example.org/x", {}), True),
        (Subscribed("email-json", "ann@example.org", {}), True),
        (Subscribed("sms", "+15551234567", {}), False),
    ],
)
def test_subscriptions_that_require_confirmation(one: Subscribed, asked: bool) -> None:
    assert one.needs_confirmation(NEW) is asked
    said = "\n".join(to_new_topic(OLD, NEW, [one]))
    assert ("must confirm it" in said) is asked


def refused(_: object) -> None:
    raise CannotEditError("not this one")


def test_a_statement_that_cannot_be_written_into_a_live_policy_is_shown_as_json() -> None:
    name = str(NEW)
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
    }
    policy["Statement"].append({**statement, "Resource": name})
    found = TopicState(topic_of(name, {"TopicArn": name, "Policy": json.dumps(policy)}), None)
    done = repair(lambda texts: judged(found.inventory((), texts), INSTANCE_ARN), check=refused)
    shown = repair_json(Outcome(done, {}, {}, policy_changes(done)))
    (text, *_) = [text for unfixed in shown["left"] for text in unfixed["statements"]]
    assert json.loads(text)["Condition"]["ArnEquals"]["aws:SourceArn"] == INSTANCE_ARN
