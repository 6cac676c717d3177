"""The function that events start, on the sandbox: it audits what an event names, and trusts nothing else of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from checker.app.hub.on_change import OnChange
from checker.core.errors import Skipped
from checker.inputs.cloudtrail.change_event import EVENTS, GRANTS, ChangeEvent, read_change
from checker.live.aws.calls import Calls
from checker.live.aws.errors import CallError, Fault
from checker.sandbox import seed
from checker.sandbox.aws.upstream import Clients
from checker.sandbox.http.faults import denied, throttled
from checker.sandbox.running import Account, Sandbox

REGION = "us-east-1"
OTHER = "999999999999"
CALLS = [(service, name) for service, names in EVENTS.items() for name in names]


class Scene(NamedTuple):
    """An account with a stream to an encrypted topic, and the bucket for results."""

    sandbox: Sandbox
    account: Account
    topic: str
    key: str
    instance: str = f"arn:aws:connect:{REGION}:111122223333:instance/{uuid4()}"

    def event(self, service: str, name: str, **parameters: Any) -> dict[str, Any]:
        """An event as EventBridge sends it."""
        detail = {
            "eventVersion": "1.08",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "eventTime": "2026-11-28T02:00:00Z",
            "awsRegion": REGION,
            "requestParameters": parameters,
            "responseElements": None,
            "eventID": str(uuid4()),
            "eventType": "AwsApiCall",
            "recipientAccountId": self.account.id,
        }
        return {
            "version": "0",
            "id": str(uuid4()),
            "detail-type": "AWS API Call via CloudTrail",
            "source": f"aws.{service}",
            "account": self.account.id,
            "time": "2026-11-28T02:00:01Z",
            "region": REGION,
            "resources": [],
            "detail": detail,
        }

    def of(self, service: str, name: str) -> dict[str, Any]:
        """The event of a call about the topic, its key or its instance."""
        if name.endswith("Alias"):
            return self.event(service, name, aliasName="alias/chat")
        if service == "kms":
            made = self.event(service, name, keyId=self.key.rpartition("/")[2])
            made["detail"]["resources"] = [{"ARN": self.key, "accountId": self.account.id}]
            return made
        if service == "connect":
            return self.stream(self.topic, name)
        if name in ("SetSubscriptionAttributes", "Unsubscribe"):
            return self.event(service, name, subscriptionArn=f"{self.topic}:{uuid4()}")
        if name == "CreateTopic":
            made = self.event(service, name)
            made["detail"]["responseElements"] = {"topicArn": self.topic}
            return made
        return self.event(service, name, topicArn=self.topic)

    def stream(self, topic: str, name: str = "StartContactStreaming") -> dict[str, Any]:
        """The event of a contact of the instance that streams to a topic."""
        asked = {"ChatStreamingConfiguration": {"StreamingEndpointArn": topic}}
        return self.event("connect", name, InstanceId=self.instance.rpartition("/")[2], **asked)

    def results(self) -> dict[str, Any]:
        """The stored objects by key."""
        s3 = self.account.client("s3")
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=self.bucket).get("Contents", ())]
        return {key: s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    @property
    def bucket(self) -> str:
        return f"checker-results-{self.account.id}"

    def statuses(self) -> list[dict[str, Any]]:
        return [json.loads(text) for key, text in self.results().items() if key.endswith("/status.json")]


def batch(*events: object) -> dict[str, Any]:
    return {
        "Records": [{"messageId": f"m{number}", "body": json.dumps(one)} for number, one in enumerate(events)]
    }


def failed(*names: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


@pytest.fixture
def scene(account: Account, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Scene:
    instance = seed.make_instance(account)
    encrypted = seed.encrypted_topic(account, instance, grant=False)
    made = Scene(sandbox, account, encrypted.topic, encrypted.key, instance)
    account.client("s3").create_bucket(Bucket=made.bucket)
    monkeypatch.setenv("CHECKER_BUCKET", made.bucket)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    _start_audits_a_second_apart(monkeypatch)
    sandbox.clear_calls()
    return made


def _start_audits_a_second_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two audits of one event in the same second would be stored in one folder."""
    first = datetime.now(UTC)
    times = (first + timedelta(seconds=seconds) for seconds in count())
    monkeypatch.setattr("checker.app.hub.change_audit.now", lambda: next(times))


@pytest.mark.parametrize(("service", "name"), CALLS)
def test_each_call_leads_to_an_audit_of_what_it_names(scene: Scene, service: str, name: str) -> None:
    event = scene.of(service, name)
    assert OnChange()(batch(event), None) == failed()
    results = scene.results()
    folder, *_ = {key.rpartition("/")[0] for key in results}
    assert folder.startswith(f"changes/{REGION}/20")
    assert folder.endswith(event["detail"]["eventID"])
    assert {key.rpartition("/")[2] for key in results} >= {"report.json", "report.txt", "status.json"}
    (status,) = scene.statuses()
    (described,) = status["events"]
    alias = f"arn:aws:kms:{REGION}:{scene.account.id}:alias/chat"
    named = {"kms": alias if name.endswith("Alias") else scene.key, "sns": scene.topic}
    resource = named.get(service) or (scene.instance if name == "DeleteInstance" else scene.topic)
    is_checked = resource in (scene.topic, scene.key)
    assert (described["name"], described["resource"], described["checked"]) == (name, resource, is_checked)
    assert (status["exit_code"], status["ended"]) == (1, "findings")
    report = json.loads(results[f"{folder}/report.json"])
    assert {one["rule"] for one in report["findings"]} >= {"connect-cannot-use-key"}


def test_a_deleted_topic_is_reported_as_such_and_needs_no_second_delivery(scene: Scene) -> None:
    event = scene.of("sns", "DeleteTopic")
    scene.account.client("sns").delete_topic(TopicArn=scene.topic)
    assert OnChange()(batch(event), None) == failed()
    (status,) = scene.statuses()
    assert status["exit_code"] in (0, 1)
    assert [one["checked"] for one in status["events"]] == [False]


def test_a_batch_is_one_audit_for_each_account_and_region(scene: Scene) -> None:
    again = scene.of("sns", "SetTopicAttributes")
    events = [again, again, scene.of("kms", "PutKeyPolicy"), scene.of("sns", "AddPermission")]
    assert OnChange()(batch(*events), None) == failed()
    (status,) = scene.statuses()
    assert [one["name"] for one in status["events"]] == [
        "SetTopicAttributes",
        "PutKeyPolicy",
        "AddPermission",
    ]
    assert len(scene.sandbox.calls("sns", "ListTopics")) == 1


def test_a_replay_is_audited_again_and_says_so(scene: Scene) -> None:
    event, handler = scene.of("sns", "SetTopicAttributes"), OnChange()
    for _ in range(2):
        assert handler(batch(event), None) == failed()
    assert len(scene.sandbox.calls("sns", "ListTopics")) == 2


def test_the_streams_of_a_busy_contact_center_are_audited_once_an_hour(scene: Scene) -> None:
    time = [0.0]
    handler = OnChange(lambda: time[0])
    for seconds, audits in ((0, 1), (60, 1), (3599, 1), (3600, 2), (3700, 2)):
        time[0] = seconds
        handler(batch(scene.of("connect", "StartContactStreaming")), None)
        assert len(scene.sandbox.calls("sns", "ListTopics")) == audits
    other = scene._replace(instance=seed.make_instance(scene.account, "other"))
    handler(batch(other.stream(scene.topic)), None)  # another instance that begins to stream to the topic
    assert len(scene.sandbox.calls("sns", "ListTopics")) == 3
    handler(batch(scene.of("sns", "SetTopicAttributes")), None)
    assert len(scene.sandbox.calls("sns", "ListTopics")) == 4


def test_a_call_about_a_topic_that_nothing_connects_to_connect_is_no_finding(scene: Scene) -> None:
    """It is named by an event and not by a user. A stream to it is another matter."""
    billing = seed.default_topic(scene.account, "billing")
    scene.account.client("sns").delete_topic(TopicArn=scene.topic)
    handler = OnChange()
    assert handler(batch(scene.event("sns", "SetTopicAttributes", topicArn=billing)), None) == failed()
    (status,) = scene.statuses()
    assert (status["ended"], [one["checked"] for one in status["events"]]) == ("clean", [False])
    assert handler(batch(scene.stream(billing)), None) == failed()
    (streamed,) = [one for one in scene.statuses() if one["ended"] != "clean"]
    assert (streamed["ended"], [one["checked"] for one in streamed["events"]]) == ("findings", [True])


ELSEWHERE = {
    "another Region": ("arn:aws:sns:eu-west-2:{}:chat", [REGION, "eu-west-2"], "findings"),
    "an account that is not audited": (f"arn:aws:sns:{REGION}:{OTHER}:exfil", [REGION], "incomplete"),
}


@pytest.mark.parametrize(("topic", "regions", "end"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_stream_to_elsewhere_is_audited_where_it_begins(
    scene: Scene, topic: str, regions: list[str], end: str
) -> None:
    event = scene.stream(topic.format(scene.account.id))
    assert OnChange()(batch(event), None) == failed()
    statuses = scene.statuses()
    assert sorted(one["region"] for one in statuses) == sorted(regions)
    (status,) = [one for one in statuses if one["region"] == REGION]
    assert (status["ended"], status["accounts"]) == (end, [scene.account.id])
    (described,) = status["events"]
    assert (described["checked"], described["instance"]) == (False, scene.instance)
    assert ("unread" in described) == (OTHER in topic)


@pytest.mark.parametrize("name", GRANTS)
def test_a_grant_of_a_key_that_no_topic_uses_starts_no_audit(scene: Scene, name: str) -> None:
    key = scene.account.client("kms").create_key()["KeyMetadata"]
    assert OnChange()(batch(scene.event("kms", name, keyId=key["KeyId"])), None) == failed()
    assert scene.statuses() == []
    scene.account.client("kms").create_alias(AliasName="alias/chat", TargetKeyId=key["KeyId"])
    seed.encrypt(scene.account, scene.topic, "alias/chat")
    assert OnChange()(batch(scene.event("kms", name, keyId=key["KeyId"])), None) == failed()
    assert len(scene.statuses()) == 1
    scene.sandbox.fault(denied("sns", "GetTopicAttributes"))  # then nobody knows
    assert OnChange()(batch(scene.of("kms", name)), None) == failed()
    assert len(scene.statuses()) == 2


class Context:
    """Lambda's context with so many seconds left."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = list(seconds)

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds.pop(0) * 1000)


def test_what_there_is_no_time_for_is_delivered_again(scene: Scene) -> None:
    here = scene.of("sns", "AddPermission")
    there = scene.stream(f"arn:aws:sns:eu-west-2:{scene.account.id}:chat")
    assert OnChange()(batch(here, there), Context(300, 119)) == failed("m1")
    assert [one["region"] for one in scene.statuses()] == [REGION]


def test_what_security_hub_did_not_take_is_delivered_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKER_SECURITY_HUB", "true")
    event = batch(scene.of("kms", "PutKeyPolicy"))
    assert OnChange()(event, None) == failed()
    make = Calls.make

    def refuse(calls: Calls, service: str, operation: str, what: str, **parameters: object) -> Any:
        if operation == "batch_import_findings":
            raise CallError(Fault.THROTTLED, Skipped(what, "throttled", error=True))
        return make(calls, service, operation, what, **parameters)

    monkeypatch.setattr(Calls, "make", refuse)
    assert OnChange()(event, None) == failed("m0")
    assert "incomplete" in [one["ended"] for one in scene.statuses()]


def test_what_could_not_be_read_for_a_temporary_reason_is_delivered_again(scene: Scene) -> None:
    handler, stream = OnChange(), scene.of("connect", "StartContactStreaming")
    scene.sandbox.fault(throttled(1, "sns", "GetTopicAttributes"))
    assert handler(batch(stream, scene.of("sns", "AddPermission")), None) == failed("m0", "m1")
    (status,) = scene.statuses()
    assert (status["ended"], [one["checked"] for one in status["events"]]) == ("incomplete", [False, False])
    scene.sandbox.clear_faults()
    assert handler(batch(stream), None) == failed()
    assert len(scene.statuses()) == 2


def test_what_could_not_be_stored_is_delivered_again(scene: Scene) -> None:
    stream, changed = scene.of("connect", "StartContactStreaming"), scene.of("sns", "AddPermission")
    handler = OnChange()
    scene.account.client("s3").delete_bucket(Bucket=scene.bucket)
    assert handler(batch(stream, "nothing", changed), None) == failed("m0", "m2")
    scene.account.client("s3").create_bucket(Bucket=scene.bucket)
    assert handler(batch(stream), None) == failed()
    assert len(scene.statuses()) == 1


def test_an_incomplete_audit_is_stored_as_such(scene: Scene) -> None:
    scene.sandbox.fault(denied("sns", "GetTopicAttributes"))
    assert OnChange()(batch(scene.of("sns", "SetTopicAttributes")), None) == failed()
    (status,) = scene.statuses()
    assert (status["exit_code"], status["ended"]) == (3, "incomplete")
    assert [one["checked"] for one in status["events"]] == [False]


@pytest.mark.parametrize("accounts", ["", "444455556666"])
def test_an_event_about_another_account_assumes_no_role(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], accounts: str
) -> None:
    monkeypatch.setenv("CHECKER_ROLE_NAME", "CheckerAudit")
    monkeypatch.setenv("CHECKER_ACCOUNTS", accounts)
    foreign = f"arn:aws:sns:{REGION}:{OTHER}:chat"
    event = scene.event("sns", "AddPermission", topicArn=foreign)
    event["account"] = event["detail"]["recipientAccountId"] = OTHER
    assert OnChange()(batch(event), None) == failed()
    assert f"account {OTHER} is not audited" in capsys.readouterr().err
    assert not scene.sandbox.calls("sts", "AssumeRole")
    assert scene.results() == {}


def test_the_accounts_of_an_organization_are_those_that_aws_lists(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    organizations = scene.account.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    monkeypatch.setenv("CHECKER_ACCOUNTS", "organization")
    monkeypatch.setenv("CHECKER_ROLE_NAME", "CheckerAudit")
    event = scene.of("sns", "AddPermission")
    assert OnChange()(batch(event), None) == failed()
    assert len(scene.statuses()) == 1
    scene.sandbox.fault(denied("organizations", "ListAccounts"))
    with pytest.raises(Exception, match="organizations:ListAccounts"):
        OnChange()(batch(event), None)


Spoil = Callable[[dict[str, Any]], object]


def detail(**members: Any) -> Spoil:
    return lambda event: event["detail"].update(members)


SPOILED: dict[str, tuple[Spoil, str]] = {
    "no detail": (lambda event: event.pop("detail"), "not an API call"),
    "a detail that is a list": (lambda event: event.update(detail=[1]), "not an API call"),
    "another type": (lambda event: event.update({"detail-type": "Scheduled Event"}), "not an API call"),
    "another source": (lambda event: event.update(source="aws.s3"), "may change a stream"),
    "a source that is no text": (lambda event: event.update(source=["aws.sns"]), "may change a stream"),
    "a custom source": (lambda event: event.update(source="my.app"), "may change a stream"),
    "the event source of another service": (
        detail(eventSource="lambda.amazonaws.com"),
        "may change a stream",
    ),
    "another call": (detail(eventName="Publish"), "may change a stream"),
    "no call": (lambda event: event["detail"].pop("eventName"), "may change a stream"),
    "no account": (lambda event: event.pop("account"), "account is not valid"),
    "an account that is a path": (lambda event: event.update(account="../../etc"), "account is not valid"),
    "the record of another account": (detail(recipientAccountId=OTHER), "not that of the record"),
    "a Region that is a host": (lambda event: event.update(region="x.evil.example/"), "Region is not valid"),
    "the record of another Region": (detail(awsRegion="eu-west-2"), "not that of the record"),
    "no ID": (lambda event: event["detail"].pop("eventID"), "no valid ID"),
    "an ID that is a path": (detail(eventID="../latest"), "no valid ID"),
    "a call that failed": (detail(errorCode="AccessDenied"), "nothing changed"),
    "no parameters": (detail(requestParameters=None), "names no topic"),
    "parameters that are a list": (detail(requestParameters=["topicArn"]), "names no topic"),
    "a number": (detail(requestParameters={"topicArn": 7}), "names no topic"),
    "a wildcard": (
        detail(requestParameters={"topicArn": "arn:aws:sns:us-east-1:111122223333:*"}),
        "names no topic",
    ),
    "another service": (
        detail(requestParameters={"topicArn": "arn:aws:s3:::bucket"}),
        "names no topic",
    ),
    "a long ARN": (
        detail(requestParameters={"topicArn": "arn:aws:sns:us-east-1:111122223333:" + "x" * 9999}),
        "names no topic",
    ),
    "a topic of another Region": (
        detail(requestParameters={"topicArn": "arn:aws:sns:eu-west-2:111122223333:chat"}),
        "another Region or partition",
    ),
    "a topic of another partition": (
        detail(requestParameters={"topicArn": "arn:aws-cn:sns:us-east-1:111122223333:chat"}),
        "another Region or partition",
    ),
}


@pytest.mark.parametrize(("spoil", "reason"), SPOILED.values(), ids=SPOILED)
def test_an_event_that_is_not_as_aws_documents_it_is_ignored_with_the_reason(
    spoil: Spoil, reason: str
) -> None:
    account = Account("", Clients(), "111122223333", REGION)
    scene = Scene(Sandbox("", Clients(), ""), account, "arn:aws:sns:us-east-1:111122223333:chat", "")
    event = scene.of("sns", "SetTopicAttributes")
    assert isinstance(read_change(event), ChangeEvent)
    spoil(event)
    result = read_change(event)
    assert isinstance(result, str)
    assert reason in result


BODIES = [None, 7, "", "{", "[]", "null", "[" * 100_000, '{"detail-type": 1}', '"\\u001b[31m"']


def test_messages_without_an_event_are_ignored_and_do_not_stop_the_others(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    records: list[Any] = [{"messageId": "\x1b[31mred", "body": body} for body in BODIES]
    records += [None, [], "text", {"body": "{}"}, *batch(scene.of("sns", "RemovePermission"))["Records"]]
    assert OnChange()({"Records": records}, None) == failed()
    said = capsys.readouterr().err
    assert said.count("ignored message") == len(BODIES) + 4
    assert "\x1b" not in said
    assert len(scene.statuses()) == 1


@pytest.mark.parametrize("event", [None, [], "text", {}, {"Records": None}, {"Records": "x"}])
def test_anything_else_is_ignored(scene: Scene, event: object) -> None:
    assert OnChange()(event, None) == failed()
    assert scene.sandbox.calls("sns") == []


def test_a_single_event_is_handled_as_well(scene: Scene) -> None:
    assert OnChange()(scene.of("sns", "SetTopicAttributes"), None) == failed()
    assert len(scene.statuses()) == 1
