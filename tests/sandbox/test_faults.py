"""Every fault can be injected, and every call is logged."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from checker.sandbox import seed
from checker.sandbox.http import faults

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

ONCE = {"retries": {"total_max_attempts": 1}}


def code_of(call: Any, **parameters: Any) -> str:
    from botocore.exceptions import ClientError

    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_any_action_can_be_denied_and_no_other_is(sandbox: Sandbox, account: Account) -> None:
    topic = seed.default_topic(account)
    for fault in (
        faults.denied("sns", "GetTopicAttributes"),
        faults.denied("kms", "ListKeys"),
        faults.denied("connect", "ListInstances"),
        faults.denied("cloudwatch", "ListMetrics"),
        faults.denied("organizations", "ListAccounts", account=account.id),
    ):
        sandbox.fault(fault)
    assert code_of(account.client("sns").get_topic_attributes, TopicArn=topic) == "AuthorizationError"
    assert code_of(account.client("kms").list_keys) == "AccessDeniedException"
    assert code_of(account.client("connect").list_instances) == "AccessDeniedException"
    assert code_of(account.client("cloudwatch").list_metrics) == "AccessDenied"
    assert code_of(account.client("organizations").list_accounts) == "AccessDeniedException"
    assert code_of(account.client("sns").list_topics) == ""


def test_one_resource_can_be_denied(sandbox: Sandbox, account: Account) -> None:
    one, other = seed.default_topic(account, "one"), seed.default_topic(account, "other")
    sandbox.fault(faults.denied("sns", "GetTopicAttributes", contains=one))
    assert code_of(account.client("sns").get_topic_attributes, TopicArn=one) == "AuthorizationError"
    assert code_of(account.client("sns").get_topic_attributes, TopicArn=other) == ""


def test_a_fraction_of_the_calls_is_throttled(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault(faults.throttled(0.3, "sqs", "ListQueues"))
    client = account.client("sqs", **ONCE)
    codes = [code_of(client.list_queues) for _ in range(20)]
    assert codes.count("ThrottlingException") == 6
    assert codes.count("") == 14


def test_a_connection_is_reset(sandbox: Sandbox, account: Account) -> None:
    from botocore.exceptions import ConnectionClosedError

    sandbox.fault(faults.connection_reset("sns", "ListTopics", times=1))
    with pytest.raises(ConnectionClosedError):
        account.client("sns", **ONCE).list_topics()
    sandbox.fault(faults.connection_reset("sns", "ListTopics", times=1))
    assert account.client("sns").list_topics()["Topics"] == []  # the client tries again by itself
    assert sandbox.calls("sns")[0].error == "connection"


def test_a_service_answers_500(sandbox: Sandbox, account: Account) -> None:
    from botocore.exceptions import ClientError

    sandbox.fault(faults.server_error("kms", "ListKeys", times=1))
    with pytest.raises(ClientError) as caught:
        account.client("kms", **ONCE).list_keys()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_a_topic_and_a_key_are_deleted_between_list_and_read(sandbox: Sandbox, account: Account) -> None:
    made = seed.encrypted_topic(account, seed.make_instance(account), grant=True)
    sandbox.fault(faults.deleted_topic(made.topic))
    sandbox.fault(faults.deleted_key(made.key))
    assert len(account.client("sns").list_topics()["Topics"]) == 1
    assert code_of(account.client("sns").get_topic_attributes, TopicArn=made.topic) == "NotFound"
    state = account.client("kms").describe_key(KeyId=made.key)["KeyMetadata"]["KeyState"]
    assert state == "PendingDeletion"


def test_a_topic_policy_changes_before_the_nth_read(sandbox: Sandbox, account: Account) -> None:
    topic = seed.default_topic(account)
    other = {"Version": "2012-10-17", "Statement": [seed.publish_statement(topic)]}
    sandbox.fault(faults.concurrent_write(topic, json.dumps(other), at_read=2))
    sns = account.client("sns")
    read = [
        json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"][0]["Sid"]
        for _ in range(3)
    ]
    assert read == ["__default_statement_ID", "AllowConnectChatStreaming", "AllowConnectChatStreaming"]


def test_a_key_policy_changes_before_a_read(sandbox: Sandbox, account: Account) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    other = json.dumps(
        {"Version": "2012-10-17", "Statement": [seed.root_statement(account.id), seed.key_statement()]}
    )
    sandbox.fault(faults.concurrent_write(key, other, at_read=1))
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"]) == json.loads(other)


def test_credentials_expire(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault(faults.expired_credentials(first=3))
    clients = [account.client(name) for name in ("sns", "sqs", "kms", "sts")]
    codes = [
        code_of(getattr(client, name))
        for client, name in zip(
            clients, ("list_topics", "list_queues", "list_keys", "get_caller_identity"), strict=True
        )
    ]
    assert codes == ["", "", "ExpiredTokenException", "ExpiredToken"]


def test_a_policy_that_is_not_valid_json_is_refused(sandbox: Sandbox, account: Account) -> None:
    made = seed.encrypted_topic(account, seed.make_instance(account), grant=True)
    sandbox.fault(faults.unreadable_policy(made.topic, "{<&"))
    sandbox.fault(faults.unreadable_policy(made.key))
    attributes = account.client("sns").get_topic_attributes(TopicArn=made.topic)["Attributes"]
    assert attributes["Policy"] == "{<&"
    assert attributes["TopicArn"] == made.topic
    assert account.client("kms").get_key_policy(KeyId=made.key)["Policy"] == "{not JSON"


def test_a_disabled_region_is_refused(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault(faults.disabled_region("eu-south-1"))
    there = sandbox.account(account.id, "eu-south-1")
    assert code_of(there.client("sns").list_topics) == "InvalidClientTokenId"
    assert code_of(there.client("kms").list_keys) == "UnrecognizedClientException"
    assert code_of(account.client("sns").list_topics) == ""


def test_calls_are_counted_by_service_action_account_and_region(sandbox: Sandbox, account: Account) -> None:
    account.client("sns").list_topics()
    account.client("kms").list_keys()
    sandbox.account(account.id, "eu-central-1").client("sns").list_topics()
    code_of(account.client("sns").get_topic_attributes, TopicArn="arn:aws:sns:us-west-2:111122223333:none")
    assert [tuple(one) for one in sandbox.calls()] == [
        ("sns", "ListTopics", account.id, "us-west-2", ""),
        ("kms", "ListKeys", account.id, "us-west-2", ""),
        ("sns", "ListTopics", account.id, "eu-central-1", ""),
        ("sns", "GetTopicAttributes", account.id, "us-west-2", "404"),
    ]
    assert len(sandbox.calls("sns", "ListTopics")) == 2


def test_an_unknown_control_verb_is_an_error(sandbox: Sandbox) -> None:
    from urllib.error import HTTPError

    for verb, given in (("nonsense", {}), ("fault", {"nonsense": 1}), ("advance", {})):
        with pytest.raises(HTTPError) as caught:
            sandbox.ask(verb, **given)
        caught.value.close()


def test_the_control_endpoint_refuses_requests_that_a_web_page_could_send(sandbox: Sandbox) -> None:
    """Pages can send a GET, or a POST under their own name, and do not know the token."""
    host = sandbox.endpoint.removeprefix("http://")
    known = {"X-Sandbox-Token": sandbox.token, "Host": host}
    for method, path, headers, status in (
        ("GET", "/_sandbox/calls", known, 405),
        ("OPTIONS", "/_sandbox/calls", known, 405),
        ("POST", "/_sandbox/calls", {"Host": host}, 403),
        ("POST", "/_sandbox/calls", {**known, "X-Sandbox-Token": ""}, 403),
        ("POST", "/_sandbox/calls", {**known, "X-Sandbox-Token": "0" * 32}, 403),
        ("POST", "/_sandbox/calls", {**known, "Host": "rebound.example.com"}, 403),
        (
            "POST",
            "/_sandbox/calls",
            {**known, "Host": f"127.0.0.1.example.com:{host.rpartition(':')[2]}"},
            403,
        ),
        ("POST", "/moto-api/reset", known, 403),
        ("POST", "/_sandbox/calls", {**known, "Host": host.replace("127.0.0.1", "localhost")}, 200),
    ):
        connection = HTTPConnection(host, timeout=10)
        connection.request(method, path, b"", headers)
        assert connection.getresponse().status == status, (method, path, headers)
        connection.close()


def test_faults_produce_invalid_answers(sandbox: Sandbox, account: Account) -> None:
    from botocore.exceptions import ReadTimeoutError

    kms = account.client("kms", read_timeout=0.3, **ONCE)
    sandbox.fault(faults.bad_answer('{"Keys": []}', "kms", "CreateKey"))
    assert "KeyMetadata" not in kms.create_key()
    assert len(kms.list_keys()["Keys"]) == 1  # the call was carried out
    sandbox.fault(faults.truncated_answer("kms", "ListKeys"))
    assert "Keys" not in kms.list_keys()  # botocore makes nothing of half an answer
    sandbox.fault(faults.no_answer("kms", "ListKeys"))
    with pytest.raises(ReadTimeoutError):
        kms.list_keys()
