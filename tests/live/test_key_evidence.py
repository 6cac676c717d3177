"""CloudTrail decides what documentation leaves open, with calls only for keys of which it is open."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.core.finding import Verdict
from checker.lint.report import Report
from tests.cli.process import run
from tests.live.cloud import ACCOUNT, Cloud, refuse
from tests.live.scene import audited, make_instance, make_key, make_topic, said_of, subscribe, whole

RULE = "unverified-key-condition"


class Scene:
    """An encrypted topic, whose key lets Connect use it under a condition that AWS does not document."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.instance = make_instance(cloud)
        self.key = make_key(cloud, "alias/chat", connect=False)
        self.topic = make_topic(cloud, "chat", self.instance, "alias/chat")
        subscribe(cloud, self.topic)
        kms = cloud.client("kms")
        policy = json.loads(kms.get_key_policy(KeyId=self.key, PolicyName="default")["Policy"])
        policy["Statement"].append(
            {
                "Sid": "c",
                "Effect": "Allow",
                "Principal": {"Service": "connect.amazonaws.com"},
                "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
                "Resource": "*",
                "Condition": {"ArnLike": {"aws:SourceArn": self.instance}},
            }
        )
        kms.put_key_policy(KeyId=self.key, PolicyName="default", Policy=json.dumps(policy))
        cloud.calls.clear()

    def event(self, name: str, hour: int, **more: Any) -> dict[str, Any]:
        event = {
            "eventSource": "kms.amazonaws.com",
            "eventName": name,
            "eventTime": f"2026-11-20T{hour:02}:00:00Z",
            "eventID": f"{name}-{hour}",
            "awsRegion": "us-east-1",
            "recipientAccountId": ACCOUNT,
            "resources": [{"ARN": self.key, "type": "AWS::KMS::Key"}],
        }
        self.cloud.events.append({**event, **more})
        return self.cloud.events[-1]

    def use(self, action: str, hour: int, service: str = "connect.amazonaws.com", **more: Any) -> None:
        self.event(
            action,
            hour,
            userIdentity={"type": "AWSService", "invokedBy": service},
            requestParameters={"encryptionContext": {"aws:sns:topicArn": self.topic}},
            **more,
        )

    def served(self, hour: int) -> None:
        self.use("GenerateDataKey", hour)
        self.use("Decrypt", hour)

    @property
    def lookups(self) -> list[str]:
        bodies = [json.loads(one.body) for one in self.cloud.calls if one.operation == "LookupEvents"]
        values = [one["LookupAttributes"][0] for one in bodies]
        return [one["AttributeKey"] for one in values if one["AttributeKey"] == "ResourceName"] + [
            one["AttributeValue"] for one in values if one["AttributeValue"] == "SetTopicAttributes"
        ]


def verdict(report: Report, scene: Scene) -> Verdict:
    return next(one.verdicts[RULE] for one in report.examined if one.resource == scene.key)


def message(report: Report) -> str:
    return next((one.message for one in report.findings if one.rule == RULE), "")


def test_uses_that_the_policy_in_force_served_decide(cloud: Cloud) -> None:
    scene = Scene(cloud)
    scene.event("PutKeyPolicy", 8)
    scene.served(9)
    report = audited(cloud, hours=1)
    assert verdict(report, scene) is Verdict.PASS
    assert not report.findings
    assert "seen to work on 2026-11-20" in str([one.assumptions for one in report.examined])
    assert scene.lookups == ["ResourceName", "SetTopicAttributes"]


def test_a_refusal_is_an_error_that_names_the_statement(cloud: Cloud) -> None:
    scene = Scene(cloud)
    scene.use("GenerateDataKey", 9, errorCode="AccessDenied", errorMessage="not authorized")
    report = audited(cloud, hours=1)
    assert verdict(report, scene) is Verdict.FAIL
    assert "seen to be refused on 2026-11-20" in message(report)
    assert "the condition of statement `c` was not met" in message(report)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("PutKeyPolicy", "`PutKeyPolicy` changed the key"),
        ("RetireGrant", "`RetireGrant` changed the key"),
        ("SetTopicAttributes", "`SetTopicAttributes` changed the topic"),
    ],
)
def test_uses_before_a_change_do_not_count(cloud: Cloud, change: str, reason: str) -> None:
    scene = Scene(cloud)
    scene.served(9)
    if change == "SetTopicAttributes":
        scene.event(change, 10, eventSource="sns.amazonaws.com", requestParameters={"topicArn": scene.topic})
    else:
        scene.event(change, 10)
    report = audited(cloud, hours=1)
    assert verdict(report, scene) is Verdict.UNDETERMINED
    assert f"does not count: {reason}" in message(report)


def test_a_change_that_was_refused_changes_nothing(cloud: Cloud) -> None:
    scene = Scene(cloud)
    scene.served(9)
    scene.event("PutKeyPolicy", 10, errorCode="AccessDenied")
    assert verdict(audited(cloud, hours=1), scene) is Verdict.PASS


def test_no_key_is_looked_up_whose_result_is_known(cloud: Cloud) -> None:
    whole(cloud)
    audited(cloud, hours=1)
    attributes = [one.body for one in cloud.calls if one.operation == "LookupEvents"]
    assert attributes
    assert not [one for one in attributes if "ResourceName" in one]


def test_without_the_trail_nothing_is_looked_up(cloud: Cloud) -> None:
    scene = Scene(cloud)
    scene.served(9)
    assert verdict(audited(cloud, hours=0), scene) is Verdict.UNDETERMINED
    assert "lookup_events" not in str(cloud.counts()).lower()


def test_the_lookup_is_bounded_and_says_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.live.aws.key_evidence._MOST_PAGES", 2)
    scene = Scene(cloud)
    scene.served(5)
    for _ in range(110):
        scene.use("Decrypt", 9, service="cloudwatch.amazonaws.com")
    report = audited(cloud, hours=1)
    assert verdict(report, scene) is Verdict.UNDETERMINED
    assert "only the newest 100 CloudTrail events of the key were looked at" in said_of(report)


def test_an_event_that_cannot_be_read_may_be_a_change(cloud: Cloud) -> None:
    scene = Scene(cloud)
    scene.served(9)
    scene.event("PutKeyPolicy", 10)["eventTime"] = "***"
    report = audited(cloud, hours=1)
    assert verdict(report, scene) is Verdict.UNDETERMINED
    assert "CloudTrail events of the key are incomplete" in said_of(report)


def test_a_refused_lookup_is_reported(cloud: Cloud) -> None:
    scene = Scene(cloud)
    cloud.fault = refuse("LookupEvents")
    report = audited(cloud, hours=1)
    assert verdict(report, scene) is Verdict.UNDETERMINED
    assert f"{scene.key}: access denied, `cloudtrail:LookupEvents` is missing" in said_of(report)


def test_explain_shows_what_was_seen_as_the_reason(cloud: Cloud) -> None:
    scene = Scene(cloud)
    command = ("explain", scene.topic, "--instance-arn", scene.instance, "--endpoint-url", cloud.url)
    undecided = run(*command, "--format", "json")
    assert json.loads(undecided.stdout)["kms"] == "unknown"
    scene.served(9)
    done = run(*command, "--format", "json", "--strict")
    links = {one["link"]: one for one in json.loads(done.stdout)["links"]}
    assert links["key_policy"]["status"] == "ok"
    assert links["key_policy"]["evidence"].startswith("seen to work on 2026-11-20")
    assert "was seen, and is not proven" in run(*command).stdout
