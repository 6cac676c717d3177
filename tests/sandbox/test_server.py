"""Rates, event history, metrics, accounts, the control endpoint and the command of the sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from checker.sandbox import seed
from checker.sandbox.aws.upstream import Assumptions
from tests.sandbox.metrics import counted

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def test_the_documented_rates_are_enforced(sandbox: Sandbox, account: Account) -> None:
    from botocore.exceptions import ClientError

    sandbox.ask("throttles", on=True)
    client = account.client("connect", retries={"total_max_attempts": 1})

    def many() -> None:
        for _ in range(12):
            client.list_instances()

    with pytest.raises(ClientError) as caught:
        many()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert 5 <= len(sandbox.calls("connect", "ListInstances")) <= 8
    other = sandbox.account("999911112222", account.region)  # the rate is an account's and a Region's
    other.client("connect").list_instances()


def test_the_rates_of_participants_are_those_of_their_instance(sandbox: Sandbox, account: Account) -> None:
    from botocore.exceptions import ClientError

    sandbox.ask("throttles", on=True)
    client = account.client("connectparticipant", retries={"total_max_attempts": 1})

    def many(token: str, times: int) -> None:
        for _ in range(times):
            client.send_message(ContentType="text/plain", Content="hello", ConnectionToken=token)

    busy, quiet = (
        account.client("connect").start_chat_contact(
            InstanceId=seed.make_instance(account, name),
            ContactFlowId="flow",
            ParticipantDetails={"DisplayName": "Customer"},
            ConnectionTypes=["CONNECTION_CREDENTIALS"],
        )["ConnectionCredentials"]["ConnectionToken"]
        for name in ("busy", "quiet")
    )
    with pytest.raises(ClientError, match="ThrottlingException"):
        many(busy, 60)
    many(quiet, 1)


def test_the_trail_has_the_streaming_calls_with_their_outcome(account: Account) -> None:
    from botocore.exceptions import ClientError

    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    started = seed.start_chat(account, instance, topic)
    with pytest.raises(ClientError):
        seed.start_chat(account, instance, f"{topic}.fifo")
    trail = account.client("cloudtrail")
    asked = {"AttributeKey": "EventName", "AttributeValue": "StartContactStreaming"}
    found = trail.lookup_events(LookupAttributes=[asked])["Events"]
    failed, done = (json.loads(one["CloudTrailEvent"]) for one in found)
    assert failed["errorCode"] == "InvalidParameterException"
    assert done["requestParameters"]["ChatStreamingConfiguration"] == {"StreamingEndpointArn": topic}
    assert done["responseElements"] == {"StreamingId": started.streaming}
    assert (done["recipientAccountId"], done["awsRegion"]) == (account.id, account.region)
    chats = trail.lookup_events(LookupAttributes=[{**asked, "AttributeValue": "StartChatContact"}])["Events"]
    assert json.loads(chats[-1]["CloudTrailEvent"])["responseElements"]["ParticipantToken"] == "***"


def test_the_trail_is_read_in_pages_within_a_time_range(account: Account) -> None:
    instance = seed.make_instance(account)
    client = account.client("connect")
    for _ in range(3):
        client.start_chat_contact(
            InstanceId=instance, ContactFlowId="flow", ParticipantDetails={"DisplayName": "Customer"}
        )
    trail = account.client("cloudtrail")
    pages = trail.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["Events"]) for page in pages] == [2, 1]
    past = datetime.now(UTC) - timedelta(days=2)
    trail = account.client("cloudtrail")
    assert trail.lookup_events(StartTime=past, EndTime=past + timedelta(days=1))["Events"] == []


def test_sns_counts_only_accepted_messages(account: Account) -> None:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    seed.subscribed_queue(account, topic)
    started = seed.start_chat(account, instance, topic)
    account.client("sns").publish(TopicArn=topic, Message="by hand")
    assert counted(account, "NumberOfMessagesPublished") == 2  # one of them says that the customer has joined
    assert counted(account, "NumberOfNotificationsDelivered") == 2
    default = {"Version": "2012-10-17", "Statement": {**seed.publish_statement(topic), "Effect": "Deny"}}
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(default)
    )
    seed.send_message(account, started, "hello")
    assert counted(account, "NumberOfMessagesPublished") == 2


def test_a_role_in_another_account_sees_that_account(sandbox: Sandbox, account: Account) -> None:
    there = sandbox.account("333344445555", account.region)
    topic = seed.default_topic(there, f"of{account.id}")
    role = {"RoleArn": "arn:aws:iam::333344445555:role/Auditor", "RoleSessionName": "audit"}
    credentials = account.client("sts").assume_role(**role)["Credentials"]
    import boto3

    session = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], "us-west-2"
    )
    sns = session.client("sns", endpoint_url=sandbox.endpoint)
    assert topic in {one["TopicArn"] for one in sns.list_topics()["Topics"]}
    identity = session.client("sts", endpoint_url=sandbox.endpoint).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::333344445555:assumed-role/Auditor/audit"
    assert sandbox.calls("sns", "ListTopics")[-1].account == "333344445555"


def test_an_organization_lists_its_accounts(account: Account) -> None:
    organizations = account.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    organizations.create_account(AccountName="second", Email="second@example.com")
    accounts = organizations.list_accounts()["Accounts"]
    assert {one["Name"] for one in accounts} == {"master", "second"}


def test_instances_keep_their_attributes_and_creation_time(account: Account) -> None:
    connect = account.client("connect")
    instance = seed.make_instance(account)
    given = {"InstanceId": instance.rpartition("/")[2], "AttributeType": "EARLY_MEDIA"}
    assert connect.describe_instance_attribute(**given)["Attribute"]["Value"] == "false"
    connect.update_instance_attribute(**given, Value="true")
    assert connect.describe_instance_attribute(**given)["Attribute"]["Value"] == "true"
    listed = connect.list_instance_attributes(InstanceId=given["InstanceId"])["Attributes"]
    assert {"AttributeType": "EARLY_MEDIA", "Value": "true"} in listed
    made = connect.describe_instance(InstanceId=given["InstanceId"])["Instance"]["CreatedTime"]
    assert made.tzinfo is not None


def test_an_unsupported_operation_of_connect_is_an_error(sandbox: Sandbox, account: Account) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="UnknownOperation"):
        account.client("connect").list_bots(InstanceId="i", LexVersion="V2")
    with pytest.raises(ClientError, match="us-east-2"):
        sandbox.account(account.id, "us-east-2").client("connect").list_instances()


def test_the_control_endpoint_refuses_invalid_choices_and_tokens(sandbox: Sandbox) -> None:
    default = asdict(Assumptions())
    chosen = {"source_organization_keys": False}
    assert sandbox.ask("assume", **chosen) == default | chosen
    assert sandbox.ask("assume") == default
    for verb, given in (
        ("assume", {"source_organization_keys": "false"}),
        ("assume", {"source": False}),
        ("confirm", {"token": "none"}),
    ):
        with pytest.raises(HTTPError, match="400"):
            sandbox.ask(verb, **given)


def test_a_second_sandbox_in_one_process_is_refused(sandbox: Sandbox) -> None:
    from checker.sandbox.running import running_sandbox
    from checker.sandbox.server import BusyError

    del sandbox
    with pytest.raises(BusyError), running_sandbox():
        pass


@pytest.mark.parametrize("way", ["SIGINT", "SIGTERM", "control"])
def test_the_sandbox_command_prints_commands_to_paste_and_stops_on_request(way: str) -> None:
    pytest.importorskip("moto")
    command = [sys.executable, "-m", "checker", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(5)]
        exported = dict(line.removeprefix("export ").split("=") for line in lines)
        endpoint = exported["AWS_ENDPOINT_URL"]
        assert endpoint.startswith("http://127.0.0.1:")
        assert exported["AWS_ACCESS_KEY_ID"]
        if way == "control":
            headers = {"X-Sandbox-Token": exported["CHECKER_SANDBOX_TOKEN"]}
            urlopen(Request(f"{endpoint}/_sandbox/stop", b"", headers), timeout=10).close()  # noqa: S310
        else:
            process.send_signal(signal.Signals[way])
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read().endswith("stopped\n")


def test_a_port_in_use_is_an_error_message_without_a_traceback(sandbox: Sandbox) -> None:
    port = sandbox.endpoint.rpartition(":")[2]
    command = [sys.executable, "-m", "checker", "sandbox", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot listen on port" in done.stderr
    assert "Traceback" not in done.stderr
