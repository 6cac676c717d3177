"""Whatever a call comes to, the run goes on, says what it could not read, and is never clean."""

from __future__ import annotations

import itertools
import json
from html import escape

import pytest

from checker.engine import Scope
from tests.live.cloud import REGION, Answer, Call, Cloud, refuse
from tests.live.scene import audited, make_instance, make_topic, rules_of, said_of, whole

CALLS = {
    "GetCallerIdentity": "sts:GetCallerIdentity",
    "ListTopics": "sns:ListTopics",
    "GetTopicAttributes": "sns:GetTopicAttributes",
    "ListSubscriptions": "sns:ListSubscriptions",
    "ListInstances": "connect:ListInstances",
    "LookupEvents": "cloudtrail:LookupEvents",
    "ListAliases": "kms:ListAliases",
    "DescribeKey": "kms:DescribeKey",
    "GetKeyPolicy": "kms:GetKeyPolicy",
    "ListGrants": "kms:ListGrants",
    "GetResources": "tag:GetResources",
}
TAGGED = Scope(tags=("stream",))
ATTRIBUTES = (
    "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes>{}</Attributes>"
    "</GetTopicAttributesResult></GetTopicAttributesResponse>"
)


@pytest.mark.parametrize("operation", CALLS)
def test_a_call_that_is_denied_names_what_is_missing_and_the_rest_is_read(
    cloud: Cloud, operation: str
) -> None:
    topic = whole(cloud)
    code = "AuthorizationError" if CALLS[operation].startswith("sns:") else "AccessDeniedException"
    cloud.fault = refuse(operation, code)
    report = audited(cloud, scope=TAGGED, hours=int(operation == "LookupEvents"))
    assert report.unreadable
    assert CALLS[operation] in said_of(report)
    assert "access denied" in said_of(report)
    wanted = set() if operation in ("ListTopics", "GetTopicAttributes") else {topic}
    assert {one.resource for one in report.examined if one.kind == "topic"} == wanted
    assert cloud.counts()["cloudtrail:LookupEvents"] <= 1
    missed = {"GetCallerIdentity", "ListTopics", "GetTopicAttributes"}
    assert operation in missed or {one.kind for one in report.examined} == {"topic", "key"}


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


def test_a_storm_of_throttling_and_resets_is_lived_through(cloud: Cloud) -> None:
    topic = whole(cloud)
    numbers = itertools.count()

    def storm(_call: Call) -> Answer:
        number = next(numbers)
        if number % 10 in (1, 5):
            return 400, {"__type": "Throttling"}
        return (500, {"__type": "InternalFailure"}) if number % 10 == 8 else None

    cloud.fault = storm
    report = audited(cloud, attempts=8)
    assert not report.skipped
    assert topic in {one.resource for one in report.examined}


def test_a_connection_that_breaks_is_no_end(cloud: Cloud) -> None:
    whole(cloud)
    broken = itertools.count()

    def reset(call: Call) -> Answer:
        if call.operation == "GetTopicAttributes" and next(broken) == 0:
            raise ConnectionResetError
        return None

    cloud.fault = reset
    assert not audited(cloud, attempts=4).skipped


@pytest.mark.parametrize("what", ["GetTopicAttributes", "DescribeKey"])
def test_what_is_deleted_between_list_and_read_is_said(cloud: Cloud, what: str) -> None:
    whole(cloud)
    cloud.fault = refuse(what, "NotFoundException" if what == "DescribeKey" else "NotFound", 404)
    report = audited(cloud)
    assert report.unreadable
    assert "not any more" in said_of(report)
    assert ("unusable-key" in rules_of(report)) == (what == "DescribeKey")


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
    assert "may not see" in said_of(report)


@pytest.mark.parametrize(
    ("code", "said"), [("InvalidClientTokenId", "switched off"), ("ExpiredToken", "expired")]
)
def test_a_unit_that_cannot_go_on_ends_with_one_word_about_it(cloud: Cloud, code: str, said: str) -> None:
    whole(cloud)
    calls = itertools.count()

    def end(call: Call) -> Answer:
        if call.service == "sts" or (code == "ExpiredToken" and next(calls) < 3):
            return None
        return 403, {"__type": code}

    cloud.fault = end
    report = audited(cloud, threads=1)
    assert report.unreadable
    assert said_of(report).count(said) == 1
    assert len(cloud.calls) <= 8


def test_without_credentials_nothing_is_audited_and_the_help_says_how(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checker.inputs.text import InputError

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
