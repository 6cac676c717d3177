"""Findings in Security Hub: the same id in every run, archived when mended and only then."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from checker.core.errors import Skipped
from checker.core.finding import Finding, Location, Severity, Verdict
from checker.lint.engine import Scope
from checker.lint.report import UNMET, Report
from checker.live.audit.securityhub import send
from checker.live.aws.access import Access, Unit
from checker.live.aws.session import sign_in
from checker.report.asff import Owner, earlier_of, finding_asff
from checker.report.judgment import Earlier
from checker.report.record import RecordedPlace
from tests.cli.process import run
from tests.live.cloud import ACCOUNT, KEYS, REGION, Answer, Call, Cloud, refuse
from tests.live.scene import audited, make_instance, make_topic, said_of, streams, subscribe
from tests.live.subscribers import make_function

UNIT = Unit(ACCOUNT, REGION)


class Hub:
    """Security Hub as AWS documents it: findings by id, at most a hundred a call."""

    def __init__(self) -> None:
        self.findings: dict[str, dict[str, Any]] = {}
        self.imports: list[int] = []
        self.rejects = ""

    def __call__(self, call: Call) -> Answer:
        if call.service != "securityhub":
            return None
        asked = json.loads(call.body)
        if "Filters" in asked:
            shown = [one for one in self.findings.values() if one["RecordState"] == "ACTIVE"]
            return 200, {"Findings": shown}
        assert len(asked["Findings"]) <= 100
        self.imports.append(len(asked["Findings"]))
        bad = [one for one in asked["Findings"] if self.rejects and self.rejects in one["Resources"][0]["Id"]]
        taken = {one["Id"]: one for one in asked["Findings"] if one not in bad}
        self.findings.update(taken)
        failed = [{"Id": one["Id"], "ErrorCode": "InvalidInput", "ErrorMessage": "no"} for one in bad]
        return 200, {"SuccessCount": len(taken), "FailedCount": len(bad), "FailedFindings": failed}

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
    done = run("audit", *options, "--format", "json")
    assert done.returncode == 3
    assert "securityhub:BatchImportFindings" in done.stderr
    where = f"Security Hub of account {ACCOUNT}, {REGION}"
    assert f"{where}: 0 imported, 0 archived, 1 rejected" in done.stderr
    (counts,) = json.loads(done.stdout)["security_hub"]
    assert counts == {"account": ACCOUNT, "region": REGION, "imported": 0, "archived": 0, "rejected": 1}


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


def test_what_was_sent_is_counted(cloud: Cloud, hub: Hub) -> None:
    instance = make_instance(cloud)
    first, second = make_topic(cloud, "first", instance), make_topic(cloud, "second", instance)

    def counts() -> tuple[int, ...]:
        return send(sign_in(Access(endpoint=cloud.url, attempts=1)), UNIT, audited(cloud)).findings[2:]

    assert counts() == (2, 0, 0)
    subscribe(cloud, first)
    assert counts() == (1, 1, 0)
    hub.rejects = "second"
    assert counts() == (0, 0, 1)
    hub.rejects = ""
    subscribe(cloud, second)
    assert counts() == (0, 1, 0)


def archived_rules(hub: Hub) -> set[str]:
    return {one["GeneratorId"][8:] for one in hub.findings.values() if one["RecordState"] == "ARCHIVED"}


def test_a_finding_stays_if_its_subscription_is_not_read_and_another_one_still_fails(
    cloud: Cloud, hub: Hub
) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    still, fixed = make_function(cloud, "still"), make_function(cloud, "fixed")
    for function in (still, fixed):
        cloud.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    sent(cloud, audited(cloud))
    known = {one for one in hub.active() if "undeliverable-subscription" in one}
    assert len(known) == 2
    cloud.client("lambda").add_permission(
        FunctionName="fixed",
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    cloud.fault = lambda call: _denied(call) or hub(call)
    sent(cloud, audited(cloud))
    assert known <= hub.active()
    cloud.fault = hub
    sent(cloud, audited(cloud))
    assert len(known & hub.active()) == 1


def _denied(call: Call) -> Answer:
    return (403, {"__type": "AccessDeniedException"}) if call.operation == "GetPolicy" else None


SOURCES = [
    # rule, what its run read, what this run read, whether it judged the finding
    ("denied-by-organization-policy", ("organization",), (), False),
    ("denied-by-organization-policy", (), (), False),
    ("denied-by-organization-policy", ("organization",), ("organization",), True),
    ("denied-by-organization-policy", ("organization",), ("rcp:1",), False),
    ("denied-by-organization-policy", ("rcp:1",), ("rcp:1", "rcp:2"), True),
    ("denied-by-organization-policy", ("rcp:1",), ("rcp:2",), False),
    ("denied-by-organization-policy", ("rcp:1",), ("organization",), True),
    ("undeliverable-subscription", ("organization",), ("trail",), False),
    ("undeliverable-subscription", ("organization", "trail"), ("organization",), True),
    ("evidence-contradicts-analysis", ("trail",), ("organization",), False),
    ("evidence-contradicts-analysis", ("trail",), ("trail",), True),
    ("evidence-contradicts-analysis", ("evidence:1",), ("trail",), False),
    ("evidence-contradicts-analysis", ("evidence:1",), ("evidence:2",), False),
    ("evidence-contradicts-analysis", ("evidence:1",), ("evidence:1", "trail"), True),
    ("public-topic", ("organization", "trail"), (), True),
]


@pytest.mark.parametrize(("rule", "before", "now", "judged"), SOURCES)
def test_a_finding_stays_if_what_it_rests_on_was_not_read(
    cloud: Cloud, hub: Hub, rule: str, before: tuple[str, ...], now: tuple[str, ...], judged: bool
) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    subscribe(cloud, topic)
    report = audited(cloud)
    (examined,) = report.examined
    clean = report._replace(examined=(examined._replace(verdicts={**examined.verdicts, rule: Verdict.PASS}),))
    place = Location(RecordedPlace(topic, "TopicArn"), ("TopicArn",))
    broken = Finding(rule, Severity.ERROR, "a problem", topic, (place,))
    sent(cloud, report._replace(findings=(broken,)), *before)
    sent(cloud, clean, *now)
    assert archived_rules(hub) == ({rule} if judged else set())


@pytest.mark.parametrize(
    ("results", "judged"),
    [
        ({}, False),
        ({"another": Verdict.PASS}, False),
        ({"mine": Verdict.UNDETERMINED}, False),
        ({"mine": Verdict.PASS}, True),
    ],
)
def test_a_finding_stays_if_its_expectation_was_not_proven(
    cloud: Cloud, hub: Hub, results: dict[str, Verdict], judged: bool
) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    subscribe(cloud, topic)
    report = audited(cloud)
    (examined,) = report.examined
    verdicts = {**examined.verdicts, UNMET: Verdict.PASS}
    proven = report._replace(examined=(examined._replace(verdicts=verdicts, expectations=results),))
    place = Location(RecordedPlace(topic, "TopicArn"), ("TopicArn",))
    unmet = Finding(UNMET, Severity.ERROR, "unmet", topic, (place,), expectation="mine")
    sent(cloud, report._replace(findings=(unmet,)))
    sent(cloud, proven)
    assert archived_rules(hub) == ({UNMET} if judged else set())


def test_findings_that_the_tool_of_another_account_or_region_sent_stay(cloud: Cloud, hub: Hub) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    sent(cloud, audited(cloud))
    (mine,) = hub.findings.values()
    for prefix in (f"eu-west-2/{ACCOUNT}", f"{REGION}/999999999999", f"{REGION}/{ACCOUNT}/other"):
        name = mine["Id"].replace(f"{REGION}/{ACCOUNT}", prefix)
        hub.findings[name] = {**mine, "Id": name}
    hub.findings[f"{mine['Id']}x"] = {**mine, "Id": f"{mine['Id']}x", "GeneratorId": "checker/unknown-rule"}
    others = hub.active() - {mine["Id"]}
    subscribe(cloud, topic)
    sent(cloud, audited(cloud))
    assert hub.active() == others


@pytest.mark.parametrize(("number", "is_whole"), [(1, True), (31, True), (100, True), (2000, False)])
def test_a_finding_says_what_it_is_about_or_that_its_record_was_cut(number: int, is_whole: bool) -> None:
    """Security Hub takes 32 resources and 50 fields, so that a finding about very many is never archived."""
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    topics = tuple(f"arn:aws:sns:{REGION}:{ACCOUNT}:topic-{n}" for n in range(number))
    instances = tuple(f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{n:036}" for n in range(number))
    found = Finding(
        "connect-cannot-use-key", Severity.ERROR, "broken", key, (Location(RecordedPlace(key, ""), ()),)
    )
    sources = ("trail", "rcp:1")
    owner = Owner("aws", ACCOUNT, REGION)
    asff = finding_asff(found._replace(affects=topics), owner, "now", "", instances, sources)
    assert len(asff["Resources"]) <= 32
    assert len(asff["ProductFields"]) <= 40
    assert all(len(text) <= 1024 for text in asff["ProductFields"].values())
    earlier = earlier_of(asff)
    assert earlier.whole == is_whole
    if is_whole:
        assert earlier == Earlier(found.rule, key, topics, instances, frozenset(sources))
