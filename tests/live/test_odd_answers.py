"""Answers that AWS gives seldom: the run goes on, says what it could not read, and is never clean."""

from __future__ import annotations

import json
from html import escape

import pytest

from checker.lint.engine import Scope
from tests.live.cloud import REGION, Answer, Call, Cloud, refuse
from tests.live.scene import audited, make_instance, make_topic, rules_of, said_of, whole

ATTRIBUTES = (
    "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes>{}</Attributes>"
    "</GetTopicAttributesResult></GetTopicAttributesResponse>"
)


def test_the_keys_that_can_be_read_are_judged_though_one_is_denied(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    for number in range(3):
        make_topic(cloud, f"t{number}", instance, f"key-{number}")

    def deny_one(call: Call) -> Answer:
        return (400, {"__type": "AccessDeniedException"}) if "key-1" in call.body else None

    cloud.fault = deny_one
    report = audited(cloud)
    assert len([one for one in report.examined if one.kind == "topic"]) == 3
    assert said_of(report).count("access denied") == 3  # description, policy, grants of the one key


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_a_call_that_is_put_off_for_good_is_said(cloud: Cloud, code: str) -> None:
    whole(cloud)
    cloud.fault = refuse("DescribeKey", code, 500)
    report = audited(cloud)
    assert report.unreadable
    assert "kms:DescribeKey" in said_of(report)
    assert "connect-cannot-use-key" not in rules_of(report)


@pytest.mark.parametrize("policy", ["{nope", "", '{"a": "connect.amazonaws.com"', '"text"', "[]", "\x00"])
def test_a_policy_that_is_no_json_is_said(cloud: Cloud, policy: str) -> None:
    topic = make_topic(cloud, "chat")
    entries = {"TopicArn": topic, "Policy": policy}
    shown = "".join(
        f"<entry><key>{key}</key><value>{escape(value)}</value></entry>" for key, value in entries.items()
    )
    cloud.fault = lambda call: (
        (200, ATTRIBUTES.format(shown)) if call.operation == "GetTopicAttributes" else None
    )
    report = audited(cloud, scope=Scope(all_topics=True))
    assert report.unreadable or report.findings
    assert {one.resource for one in report.examined} <= {topic}


def test_attributes_without_a_policy_are_not_taken_for_a_topic_without_one(cloud: Cloud) -> None:
    topic = make_topic(cloud, "chat")
    shown = f"<entry><key>TopicArn</key><value>{topic}</value></entry>"
    cloud.fault = lambda call: (
        (200, ATTRIBUTES.format(shown)) if call.operation == "GetTopicAttributes" else None
    )
    report = audited(cloud)
    assert report.unreadable
    assert "cannot read" in said_of(report)


def test_without_credentials_nothing_is_audited_and_the_help_says_how(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checker.core.errors import InputError

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InputError, match="credentials"):
        audited(cloud)


def test_a_key_of_another_account_is_not_taken_for_one_without_a_grant(cloud: Cloud) -> None:
    instance = make_instance(cloud)
    arn = f"arn:aws:kms:{REGION}:999988887777:key/k"
    make_topic(cloud, "chat", instance, arn)
    metadata = {"Arn": arn, "KeyId": "k", "KeyState": "Enabled", "KeyManager": "CUSTOMER"}
    described = {**metadata, "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}
    cloud.fault = lambda call: (
        (200, json.loads(json.dumps({"KeyMetadata": described}))) if call.operation == "DescribeKey" else None
    )
    report = audited(cloud)
    assert "kms:GetKeyPolicy" in said_of(report)
    assert report.unreadable
