"""Findings in Security Hub: the same id in every run, archived when mended and only then."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from checker.core.errors import Skipped
from checker.core.finding import Severity
from checker.lint.engine import Scope
from checker.lint.report import Report
from checker.live.audit.securityhub import send
from checker.live.aws.access import Access, Unit
from checker.live.aws.session import sign_in
from tests.cli.process import run
from tests.live.cloud import ACCOUNT, KEYS, REGION, Answer, Call, Cloud, refuse
from tests.live.scene import audited, make_instance, make_topic, said_of, streams, subscribe

UNIT = Unit(ACCOUNT, REGION)


class Hub:
    """Security Hub as AWS documents it: findings by id, at most a hundred a call."""

    def __init__(self) -> None:
        self.findings: dict[str, dict[str, Any]] = {}
        self.imports: list[int] = []

    def __call__(self, call: Call) -> Answer:
        if call.service != "securityhub":
            return None
        asked = json.loads(call.body)
        if "Filters" in asked:
            shown = [one for one in self.findings.values() if one["RecordState"] == "ACTIVE"]
            return 200, {"Findings": shown}
        assert len(asked["Findings"]) <= 100
        self.imports.append(len(asked["Findings"]))
        self.findings.update({one["Id"]: one for one in asked["Findings"]})
        return 200, {"SuccessCount": len(asked["Findings"]), "FailedCount": 0, "FailedFindings": []}

    def active(self) -> set[str]:
        return {one["Id"] for one in self.findings.values() if one["RecordState"] == "ACTIVE"}


@pytest.fixture
def hub(cloud: Cloud) -> Hub:
    made = Hub()
    cloud.fault = made
    return made


def sent(cloud: Cloud, report: Report, *sources: str) -> tuple[Skipped, ...]:
    return send(sign_in(Access(endpoint=cloud.url, attempts=1)), UNIT, report, sources).skipped


def test_a_finding_keeps_its_id_and_is_archived_once_mended(cloud: Cloud, hub: Hub) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    assert sent(cloud, audited(cloud)) == ()
    (first,) = hub.findings.values()
    assert first["GeneratorId"] == "checker/no-durable-subscriber"
    assert first["Resources"] == [{"Type": "AwsSnsTopic", "Id": topic, "Partition": "aws", "Region": REGION}]
    sent(cloud, audited(cloud))
    (again,) = hub.findings.values()
    assert (again["Id"], again["CreatedAt"]) == (first["Id"], first["CreatedAt"])
    assert again["UpdatedAt"] >= first["UpdatedAt"]
    subscribe(cloud, topic)
    sent(cloud, audited(cloud))
    assert hub.active() == set()
    assert set(hub.findings) == {first["Id"]}


def test_what_could_not_be_read_is_not_taken_for_mended(cloud: Cloud, hub: Hub) -> None:
    make_topic(cloud, "chat", make_instance(cloud))
    sent(cloud, audited(cloud))
    known = hub.active()
    cloud.fault = refuse("GetTopicAttributes", "AuthorizationError")
    unread = audited(cloud)
    cloud.fault = hub
    sent(cloud, unread)
    assert hub.active() == known


def test_many_findings_go_in_batches_and_each_is_as_the_api_wants_it(cloud: Cloud, hub: Hub) -> None:
    make_topic(cloud, "chat", make_instance(cloud))
    report = audited(cloud)
    (one,) = report.findings
    many = tuple(
        one._replace(resource=f"{one.resource}{n}", message=f"{'x' * 2000} `{n}`", severity=Severity.ERROR)
        for n in range(250)
    )
    sent(cloud, report._replace(findings=many))
    assert hub.imports == [100, 100, 50]
    model = boto3.client("securityhub", region_name=REGION, **KEYS).meta.service_model
    shape = model.operation_model("BatchImportFindings").input_shape
    some = list(hub.findings.values())[:100]
    assert not ParamValidator().validate({"Findings": some}, shape).has_errors()
    assert all(len(found["Title"]) <= 256 and len(found["Description"]) <= 1024 for found in some)


def test_what_cannot_be_sent_makes_the_run_incomplete(cloud: Cloud) -> None:
    make_topic(cloud, "chat", make_instance(cloud))
    cloud.fault = lambda call: (
        (403, {"__type": "AccessDeniedException"}) if call.service == "securityhub" else None
    )
    options = ("--endpoint-url", cloud.url, "--isolated", "--trail-hours", "0", "--security-hub")
    done = run("audit", *options)
    assert done.returncode == 3
    assert "securityhub:BatchImportFindings" in done.stderr


def test_moto_takes_the_findings(cloud: Cloud) -> None:
    make_topic(cloud, "chat", make_instance(cloud))
    cloud.client("securityhub").enable_security_hub()
    report = audited(cloud)
    assert said_of(report._replace(skipped=sent(cloud, report))) == ""
    (found,) = cloud.client("securityhub").get_findings()["Findings"]
    assert found["RecordState"] == "ACTIVE"


@pytest.mark.parametrize("narrower", [{"hours": 0}, {"hours": 1, "instances": "other"}])
def test_a_finding_stays_for_an_instance_that_the_run_does_not_judge(
    cloud: Cloud, hub: Hub, narrower: dict[str, Any]
) -> None:
    allowed, streaming = make_instance(cloud), make_instance(cloud)
    topic = make_topic(cloud, "chat", allowed)
    subscribe(cloud, topic)
    streams(cloud, streaming, topic)
    sent(cloud, audited(cloud, hours=1))
    known = hub.active()
    assert {one.split("/")[3] for one in known} == {"connect-not-allowed"}
    chosen = {**narrower, "instances": (allowed,)} if "instances" in narrower else narrower
    cloud.events.clear()
    sent(cloud, audited(cloud, **chosen))
    assert hub.active() == known
    cloud.client("connect").delete_instance(InstanceId=streaming.rpartition("/")[2])
    sent(cloud, audited(cloud, **chosen))
    assert hub.active() == set()


def test_findings_of_a_deleted_topic_are_archived_and_not_as_passed(cloud: Cloud, hub: Hub) -> None:
    instance = make_instance(cloud)
    kept, deleted = make_topic(cloud, "kept", instance), make_topic(cloud, "deleted", instance)
    sent(cloud, audited(cloud))
    assert len(hub.active()) == 2
    cloud.client("sns").delete_topic(TopicArn=deleted)
    sent(cloud, audited(cloud, scope=Scope(topics=(kept,))))
    archived = [one for one in hub.findings.values() if one["RecordState"] == "ARCHIVED"]
    assert [one["Resources"][0]["Id"] for one in archived] == [deleted]
    assert archived[0]["Compliance"] == {"Status": "FAILED"}


def test_findings_stay_for_a_topic_that_may_have_been_deleted(cloud: Cloud, hub: Hub) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    report = audited(cloud)
    sent(cloud, report)
    known = hub.active()
    cloud.client("sns").delete_topic(TopicArn=topic)
    cloud.fault = lambda call: hub(call) or refuse("GetTopicAttributes", "AuthorizationError")(call)
    (unread,) = sent(cloud, audited(cloud))
    assert unread.what == topic
    assert hub.active() == known
