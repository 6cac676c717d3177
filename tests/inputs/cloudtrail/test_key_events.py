"""Events of KMS: who used the key of a topic, who changed its policy, and streams that Connect refused to start."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.analysis.observation import REFUSED, SERVED, Observation, policy_digest
from checker.inputs.cloudtrail import key_history
from checker.inputs.cloudtrail.event import NoTimeError, read_refusal
from checker.inputs.cloudtrail.key_event import read_change, read_use
from checker.inputs.cloudtrail.key_history import KeyHistory
from checker.inputs.load import load
from tests.inputs.cloudtrail.events import chat, event_bridge, json_lines, lookup, s3, start, topic

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = topic("chat")
SERVICE = {"type": "AWSService", "invokedBy": "connect.amazonaws.com"}
POLICY = '{"Version": "2012-10-17", "Statement": []}'


def event(name: str, **more: Any) -> dict[str, Any]:
    found = {
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "eventTime": "2026-11-20T10:00:00Z",
        "eventID": "e-1",
        "userIdentity": SERVICE,
        "requestParameters": {"encryptionContext": {"aws:sns:topicArn": TOPIC}},
        "resources": [{"ARN": KEY, "type": "AWS::KMS::Key"}],
    }
    return {key: value for key, value in {**found, **more}.items() if value is not None}


USED = Observation(
    KEY, TOPIC, "connect.amazonaws.com", "kms:Decrypt", SERVED, 1795168800000, "CloudTrail event e-1"
)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (event("Decrypt"), USED),
        (event("decrypt", eventSource="KMS.amazonaws.com"), USED),
        (event("GenerateDataKey"), USED._replace(action="kms:GenerateDataKey")),
        (event("Decrypt", eventID=None), USED._replace(source="CloudTrail event without an ID")),
        (event("Decrypt", userIdentity={"invokedBy": "connect.amazonaws.com"}), USED),
        (event("Decrypt", userIdentity={"TYPE": "AWSService", "INVOKEDBY": "Connect.amazonaws.com"}), USED),
        (
            event("Decrypt", userIdentity={"type": "AWSService", "invokedBy": "cloudwatch.amazonaws.com"}),
            USED._replace(principal="cloudwatch.amazonaws.com"),
        ),
        (
            event("Decrypt", errorCode="AccessDenied", errorMessage="no"),
            USED._replace(outcome=REFUSED, code="AccessDenied", message="no"),
        ),
        (
            event("Decrypt", errorCode="AccessDeniedException"),
            USED._replace(outcome=REFUSED, code="AccessDeniedException"),
        ),
        (event("Decrypt", resources=None), USED._replace(key="")),
        (event("Decrypt", resources="***"), USED._replace(key="")),
        (
            event("Decrypt", resources=None, requestParameters={
                "keyId": KEY, "encryptionContext": {"aws:sns:topicArn": TOPIC}}),
            USED,
        ),
    ],
)  # fmt: skip
def test_a_use_of_the_key_of_a_topic(record: Any, expected: Observation) -> None:
    assert read_use(record) == expected


ROLE = {"type": "AssumedRole", "invokedBy": "connect.amazonaws.com", "arn": "arn:aws:sts::1:assumed-role/r/s"}


@pytest.mark.parametrize(
    "record",
    [
        event("Decrypt", userIdentity=ROLE),  # Connect with the credentials of a role, which needs the access
        event("Decrypt", userIdentity={key: value for key, value in ROLE.items() if key != "type"}),
        event("Decrypt", userIdentity={}),
        event("Decrypt", userIdentity=None),
        event("Decrypt", userIdentity={"type": "AWSService"}),
        event("Decrypt", eventSource=None),
        event("Decrypt", eventSource="s3.amazonaws.com"),
        event("Decrypt", requestParameters=None),
        event("Decrypt", requestParameters={"encryptionContext": {"aws:s3:arn": "x"}}),
        event("Decrypt", requestParameters={"encryptionContext": {"aws:sns:topicArn": "***"}}),
        event("Decrypt", errorCode="DisabledException"),  # says nothing about the policy
        event("Decrypt", errorCode="ThrottlingException"),
        event("GenerateDataKeyWithoutPlaintext"),
        event("DescribeKey"),
        [],
        None,
    ],
)
def test_what_is_no_use_by_a_service(record: Any) -> None:
    assert read_use(record) is None


@pytest.mark.parametrize(
    ("record", "resource", "digest"),
    [
        (
            event("PutKeyPolicy", requestParameters={"keyId": KEY, "policy": POLICY}),
            KEY,
            policy_digest(POLICY),
        ),
        (event("PutKeyPolicy", requestParameters={"policy": "***"}), KEY, ""),
        (event("PutKeyPolicy", requestParameters=None), KEY, ""),
        (event("CreateGrant"), KEY, ""),
        (event("RETIREGRANT"), KEY, ""),
        (event("RevokeGrant", resources=None, requestParameters={"keyId": KEY}), KEY, ""),
        (
            event(
                "SetTopicAttributes", eventSource="sns.amazonaws.com", requestParameters={"topicArn": TOPIC}
            ),
            TOPIC,
            "",
        ),
        (
            event("CreateTopic", eventSource="sns.amazonaws.com", responseElements={"topicArn": TOPIC}),
            TOPIC,
            "",
        ),
    ],
)
def test_a_change_of_who_can_use_a_key_or_publish(record: Any, resource: str, digest: str) -> None:
    change = read_change(record)
    assert change is not None
    assert (change.resource, change.digest) == (resource, digest)


@pytest.mark.parametrize(
    "record",
    [
        event("PutKeyPolicy", errorCode="AccessDenied"),
        event("PutKeyPolicy", eventSource="sns.amazonaws.com"),
        event("AddPermission", eventSource="lambda.amazonaws.com"),
        event("SetTopicAttributes"),
        event("PutKeyPolicy", resources=None, requestParameters=None),
    ],
)
def test_what_changes_nothing(record: Any) -> None:
    assert read_change(record) is None


def test_a_lookup_by_key_knows_the_key_of_an_event_that_does_not_show_it() -> None:
    use, change = (
        read_use(event("Decrypt", resources=None), KEY),
        read_change(event("CreateGrant", resources=None), KEY),
    )
    assert use is not None
    assert change is not None
    assert (use.key, change.resource) == (KEY, KEY)


@pytest.mark.parametrize("read", [read_use, read_change])
def test_an_event_without_a_time_is_an_error(read: Any) -> None:
    record = event("Decrypt" if read is read_use else "PutKeyPolicy", eventTime="***")
    with pytest.raises(NoTimeError):
        read(record)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(
    name=st.sampled_from(
        ["Decrypt", "PutKeyPolicy", "CreateGrant", "SetTopicAttributes", "StartContactStreaming"]
    ),
    member=st.sampled_from([*event("Decrypt"), "errorCode", "responseElements"]),
    value=VALUES,
)
def test_any_type_anywhere_is_tolerated(name: str, member: str, value: Any) -> None:
    for read in (read_use, read_change, read_refusal):
        try:
            read({**event(name), member: value})
        except NoTimeError:
            assert member == "eventTime"


FORMATS: dict[str, Callable[[Any], bytes]] = {
    "s3.json": s3,
    "lookup.json": lookup,
    "lines.jsonl": json_lines,
    "bridge.jsonl": lambda events: json_lines([event_bridge(one) for one in events]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_the_uses_the_changes_and_the_refusals(name: str, tmp_path: Path) -> None:
    refused = start("c", 1, errorCode="LimitExceededException", errorMessage="too many")
    change = event("PutKeyPolicy", requestParameters={"policy": POLICY})
    (tmp_path / name).write_bytes(FORMATS[name]([event("Decrypt"), change, refused, start("a"), refused]))
    inventory = load([tmp_path])
    assert not inventory.skipped
    assert inventory.evidence is not None
    assert [one._replace(source="") for one in inventory.evidence.observations] == [USED._replace(source="")]
    assert [(one.name, one.digest) for one in inventory.evidence.changes] == [
        ("PutKeyPolicy", policy_digest(POLICY))
    ]
    assert [(one.code, one.message, one.topic, one.contact) for one in inventory.refused_starts] == [
        ("LimitExceededException", "too many", topic("c"), "c1")
    ]
    assert len(inventory.contacts) == 1


def test_only_the_refused_start_of_a_stream_is_kept() -> None:
    assert read_refusal(start("a")) is None
    assert read_refusal({**start("a"), "errorCode": "X", "eventSource": "kms.amazonaws.com"}) is None
    without = chat("a", errorCode="LimitExceededException")
    without["requestParameters"].pop("ChatStreamingConfiguration", None)
    assert read_refusal(without) is None
    shown = read_refusal(chat("a", errorCode="LimitExceededException"))
    assert shown is not None
    assert (shown.name, shown.topic) == ("StartChatContact", topic("a"))
    hidden = start("a", errorCode="X")
    hidden["requestParameters"] = None
    unknown = read_refusal(hidden)
    assert unknown is not None
    assert (unknown.topic, unknown.contact) == ("", "")


def test_memory_is_bounded_and_an_overflow_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_history, "MOST", 3)
    history = KeyHistory()
    for hour in range(5):
        assert history.add(event("Decrypt", eventTime=f"2026-11-20T0{hour}:00:00Z"))
    evidence = history.evidence()
    assert evidence is not None
    assert [one.time for one in evidence.observations] == [USED.time - 6 * 3_600_000]
    for number in range(3):
        context = {"encryptionContext": {"aws:sns:topicArn": topic(f"t{number}")}}
        history.add(event("Decrypt", requestParameters=context))
    assert (history.lost, history.evidence()) == (1, None)


def test_a_file_with_events_of_keys_alone_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "trail.json").write_text(json.dumps({"Records": [event("Decrypt")]}))
    assert not load([tmp_path / "trail.json"]).skipped
