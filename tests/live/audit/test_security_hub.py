"""Findings in Security Hub: the same id in every run, archived when mended and only then."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from checker.core.errors import Skipped
from checker.core.finding import Finding, Location, Severity, Verdict
from checker.lint.audited import AuditedUnit
from checker.lint.engine import Scope
from checker.lint.registry import all_rules
from checker.lint.report import UNMET, Report
from checker.lint.scope import FOLLOWED
from checker.live.audit.securityhub import Sent, send
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
            return 200, {"Findings": [one for one in self.findings.values() if _shows(asked["Filters"], one)]}
        assert len(asked["Findings"]) <= 100
        self.imports.append(len(asked["Findings"]))
        bad = [one for one in asked["Findings"] if self.rejects and self.rejects in one["Resources"][0]["Id"]]
        taken = {one["Id"]: one for one in asked["Findings"] if one not in bad}
        self.findings.update(taken)
        failed = [{"Id": one["Id"], "ErrorCode": "InvalidInput", "ErrorMessage": "no"} for one in bad]
        return 200, {"SuccessCount": len(taken), "FailedCount": len(bad), "FailedFindings": failed}

    def active(self) -> set[str]:
        return {one["Id"] for one in self.findings.values() if one["RecordState"] == "ACTIVE"}


def _shows(filters: dict[str, Any], finding: dict[str, Any]) -> bool:
    """True for a finding that has one of the values of each filter."""
    (state,) = filters["RecordState"]
    since = filters.get("UpdatedAt", [{"Start": ""}])[0]["Start"]
    return bool(finding["RecordState"] == state["Value"] and finding["UpdatedAt"] >= since)


@pytest.fixture
def hub(cloud: Cloud) -> Hub:
    made = Hub()
    cloud.fault = made
    return made


def sent(cloud: Cloud, report: Report, *sources: str, read_at: datetime | None = None) -> tuple[Skipped, ...]:
    return _send(cloud, report, read_at, *sources).skipped


def _send(cloud: Cloud, report: Report, read_at: datetime | None, *sources: str) -> Sent:
    """Send a report whose reads began just now, or at another time."""
    sessions = sign_in(Access(endpoint=cloud.url, attempts=1))
    looked = AuditedUnit(UNIT.account, UNIT.region, complete=True, sources=sources, keys=())
    return send(sessions, UNIT, report, read_at or datetime.now(UTC), looked)


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
    assert counts == {
        "account": ACCOUNT,
        "region": REGION,
        "imported": 0,
        "archived": 0,
        "rejected": 1,
        "newer": 0,
    }


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
        return _send(cloud, audited(cloud), None).findings[2:5]

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
    (note,) = sent(cloud, audited(cloud))
    assert hub.active() == others
    assert note.reason == "1 finding left of rules that this version does not have: `unknown-rule`"
    assert note.complete


def test_the_severity_that_an_analyst_gave_is_not_sent_back(cloud: Cloud, hub: Hub) -> None:
    topic = make_topic(cloud, "chat", make_instance(cloud))
    sent(cloud, audited(cloud))
    (mine,) = hub.findings.values()
    mine["Severity"] = {"Label": "CRITICAL"}
    subscribe(cloud, topic)
    sent(cloud, audited(cloud))
    (archived,) = hub.findings.values()
    assert (archived["RecordState"], archived["Severity"]["Label"]) == ("ARCHIVED", "LOW")


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("later", [timedelta(0), SECOND])
@pytest.mark.parametrize("mended_last", [True, False])
def test_a_result_of_later_reads_stays(cloud: Cloud, hub: Hub, later: timedelta, mended_last: bool) -> None:
    """A report may be sent hours after its reads. Meanwhile, another audit may have reported a change."""
    topic = make_topic(cloud, "chat", make_instance(cloud))
    broken = audited(cloud)
    subscribe(cloud, topic)
    mended = audited(cloud)
    reports = (broken, mended) if mended_last else (mended, broken)
    began = datetime(2026, 11, 28, 2, tzinfo=UTC)
    sent(cloud, broken, read_at=began - SECOND)
    sent(cloud, reports[1], read_at=began + later)
    (before,) = hub.findings.values()
    assert before["RecordState"] == ("ARCHIVED" if mended_last else "ACTIVE")
    assert _send(cloud, reports[0], began).findings[2:] == (0, 0, 0, 1)
    assert list(hub.findings.values()) == [before]
    assert _send(cloud, reports[0], began + later + SECOND).findings[-1] == 0
    assert bool(hub.active()) == mended_last


def test_the_time_of_a_finding_is_that_of_the_reads(cloud: Cloud, hub: Hub) -> None:
    make_topic(cloud, "chat", make_instance(cloud))
    sent(cloud, audited(cloud), read_at=datetime(2026, 11, 28, 2, tzinfo=UTC))
    (one,) = hub.findings.values()
    assert one["UpdatedAt"] == one["CreatedAt"] == "2026-11-28T02:00:00.000Z"


def _publish(principal: dict[str, str] | str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


OPEN, PLAIN = _publish({"Service": "connect.amazonaws.com"}), _publish({"AWS": ACCOUNT})


def _audit(cloud: Cloud, *options: str) -> dict[str, Any]:
    """Run the command with Security Hub, and return its report."""
    shared = ("--endpoint-url", cloud.url, "--isolated", "--format", "json")
    done = run("audit", *shared, *(options or ("--security-hub",)))
    assert done.returncode in (0, 1), done.stderr
    return dict(json.loads(done.stdout))


def test_an_open_topic_that_no_longer_names_connect_is_judged_once_more(cloud: Cloud, hub: Hub) -> None:
    """Its natural fix takes it out of scope. Nothing else is reported about it then."""
    make_instance(cloud)
    topic = make_topic(cloud, "open")
    _set_policy(cloud, topic, OPEN)
    reported = {one["rule"] for one in _audit(cloud)["findings"]}
    assert {"missing-source-account", "no-durable-subscriber"} <= reported
    _set_policy(cloud, topic, PLAIN)
    (examined,) = _audit(cloud)["examined"]
    assert (examined["resource"], examined["in_scope"]) == (topic, FOLLOWED)
    assert set(examined["verdicts"]) <= reported | {rule.id for rule in all_rules() if rule.opens}
    assert {one["GeneratorId"][8:] for one in hub.findings.values()} == reported
    (open_,) = [one for one in hub.findings.values() if "missing-source-account" in one["Id"]]
    assert (open_["RecordState"], open_["Compliance"]["Status"]) == ("ARCHIVED", "PASSED")
    assert {one.split("/")[3] for one in hub.active()} == {"no-durable-subscriber"}
    subscribe(cloud, topic)
    _audit(cloud)
    assert hub.active() == set()
    assert _audit(cloud)["examined"] == []


def test_an_open_topic_that_becomes_public_is_not_mended(cloud: Cloud, hub: Hub) -> None:
    make_instance(cloud)
    topic = make_topic(cloud, "open")
    _set_policy(cloud, topic, OPEN)
    subscribe(cloud, topic)
    before = {one["rule"] for one in _audit(cloud)["findings"]}
    _set_policy(cloud, topic, _publish("*"))
    assert [one["rule"] for one in _audit(cloud)["findings"]] == ["public-topic"]
    assert {one.split("/")[3] for one in hub.active()} == {*before, "public-topic"}


def test_an_error_that_is_not_known_any_more_is_not_clean(cloud: Cloud, tmp_path: Path) -> None:
    topic = make_topic(cloud, "open", make_instance(cloud))
    _set_policy(cloud, topic, OPEN)
    subscribe(cloud, topic)
    first = tmp_path / "first.json"
    first.write_text(json.dumps(_audit(cloud, "--trail-hours", "0")))
    _set_policy(cloud, topic, _publish({"Service": "*"}))
    options = ("--trail-hours", "0", "--since", str(first))
    shared = ("--endpoint-url", cloud.url, "--isolated", *options)
    assert run("audit", *shared).returncode == 3
    assert run("audit", *shared, "--fail-on-new").returncode == 0


@pytest.mark.parametrize("instances", [1, 2])
def test_the_same_is_fixed_in_a_comparison(cloud: Cloud, tmp_path: Path, instances: int) -> None:
    """A second instance means that nothing pairs the topic with the first one, which its policy allowed."""
    make_instance(cloud)
    topic = make_topic(cloud, "open")
    _set_policy(cloud, topic, OPEN)
    subscribe(cloud, topic)
    first = _audit(cloud, "--trail-hours", "0")
    (tmp_path / "first.json").write_text(json.dumps(first))
    _set_policy(cloud, topic, PLAIN)
    for _ in range(1, instances):
        make_instance(cloud)
    history = _audit(cloud, "--trail-hours", "0", "--since", str(tmp_path / "first.json"))["history"]
    fixed = {one["finding"]["rule"] for one in history["fixed"]}
    assert "missing-source-account" in fixed
    assert history["not_audited"] == []


def _set_policy(cloud: Cloud, topic: str, policy: dict[str, Any]) -> None:
    cloud.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )


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
