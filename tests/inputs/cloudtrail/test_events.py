"""What each event starts and stops, whatever it looks like."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.core.finding import Part
from checker.inputs.cloudtrail.event import HiddenTopicError, NoTimeError, Start, Stop, read_event
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.inputs.cloudtrail.events import (
    FORMS,
    INSTANCE_ID,
    Event,
    chat,
    event,
    json_lines,
    message,
    read,
    seen,
    start,
    stop,
    topic,
)
from tests.samples import ACCOUNT, INSTANCE_ARN, document, statement


def edited(one: Event, way: str, value: Any) -> Event:
    """Put a value, or nothing for ``...``, at the end of a way of keys."""
    copy: Event = json.loads(json.dumps(one))
    node, *_ = copy, None
    *steps, last = way.split(".")
    for step in steps:
        node = node[step]
    node[last] = value
    if value is ...:
        del node[last]
    return copy


@pytest.mark.parametrize(
    ("one", "contact", "stream"),
    [
        (start("a"), "c1", "s-a"),
        (chat("a"), "c1", "s-a"),
        (message("a"), "c1", ""),
        (edited(start("a"), "responseElements", None), "c1", ""),
        (edited(start("a"), "responseElements", ...), "c1", ""),
        (edited(start("a"), "responseElements.StreamingId", "***"), "c1", ""),
        (edited(start("a"), "requestParameters.ClientToken", "***"), "c1", "s-a"),
        (edited(start("a"), "requestParameters.ContactId", "***"), "", "s-a"),
        (edited(start("a"), "requestParameters.ContactId", 5), "", "s-a"),
        (edited(chat("a"), "responseElements", None), "", ""),
        (edited(message("a"), "responseElements", None), "", ""),
        (edited(start("a"), "errorCode", None), "c1", "s-a"),
        (edited(start("a"), "errorCode", ""), "c1", "s-a"),
        (edited(start("a"), "eventSource", ...), "c1", "s-a"),
    ],
)
def test_an_event_that_starts_a_stream(one: Event, contact: str, stream: str) -> None:
    found = read_event(one)
    assert isinstance(found, Start)
    assert (found.contact, found.stream, found.topic, found.region) == (
        contact,
        stream,
        topic("a"),
        "us-east-1",
    )


@pytest.mark.parametrize(
    "one",
    [
        edited(start("a"), "errorCode", "InvalidRequestException"),
        edited(stop("a", 1), "errorCode", "ResourceNotFoundException"),
        edited(start("a"), "eventSource", "ivs.amazonaws.com"),
        edited(start("a"), "eventName", "StartContactRecording"),
        edited(start("a"), "requestParameters", None),
        edited(start("a"), "requestParameters", "***"),
        edited(start("a"), "requestParameters.ChatStreamingConfiguration", ...),
        edited(chat("a"), "requestParameters.ChatStreamingConfiguration", ...),
        edited(chat("a"), "responseElements.StreamingId", ...),
        message("a", created=False),
        edited(stop("a", 1), "requestParameters.StreamingId", "***"),
        edited(stop("a", 1), "requestParameters", None),
        {},
        [],
        None,
        "StartContactStreaming",
        5,
    ],
    ids=lambda one: json.dumps(one)[:60],
)
def test_what_starts_and_stops_nothing(one: Any) -> None:
    assert read_event(one) is None


HIDDEN = ["***", "*", "", "HIDDEN_DUE_TO_SECURITY_REASONS", "Value hidden due to security reasons"]


@pytest.mark.parametrize("value", [*HIDDEN, None, 5, ["a"], {"a": 1}])
def test_a_topic_that_is_hidden_is_not_taken_for_a_topic(value: Any) -> None:
    way = "requestParameters.ChatStreamingConfiguration.StreamingEndpointArn"
    with pytest.raises(HiddenTopicError):
        read_event(edited(start("a"), way, value))


@pytest.mark.parametrize(
    "value", ["", "soon", "2026-13-45T00:00:00Z", "2026-11-22T25:00:00Z", 1.5, None, [], "0000", "9" * 5000]
)
@pytest.mark.parametrize("one", [start("a"), stop("a", 1)], ids=["start", "stop"])
def test_a_date_that_is_none(one: Event, value: Any) -> None:
    with pytest.raises(NoTimeError):
        read_event(edited(one, "eventTime", value))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00.000Z",
        "2026-11-22T11:00:00+01:00",
        "2026-11-22 10:00:00",
        "20261122T100000Z",
    ],
)
def test_a_moment_is_the_same_however_it_is_written(text: str) -> None:
    found = read_event(edited(start("a"), "eventTime", text))
    assert isinstance(found, Start)
    assert found.time == 1_795_341_600_000


ENCODED = INSTANCE_ARN.replace(":", "%3A").replace("/", "%2F")


@pytest.mark.parametrize(
    ("named", "more", "expected"),
    [
        (INSTANCE_ID, {}, INSTANCE_ARN),
        (INSTANCE_ARN, {}, INSTANCE_ARN),
        (ENCODED, {}, INSTANCE_ARN),
        (ENCODED.lower(), {}, INSTANCE_ARN),
        (INSTANCE_ID, {"recipientAccountId": ...}, INSTANCE_ARN),
        (INSTANCE_ID, {"awsRegion": "us-gov-west-1"}, INSTANCE_ARN),
        (INSTANCE_ARN, {"awsRegion": "eu-west-2"}, INSTANCE_ARN),
        (INSTANCE_ID, {"recipientAccountId": ..., "userIdentity": {}}, ""),
        (INSTANCE_ID, {"awsRegion": ...}, ""),
        ("***", {}, ""),
        (topic("a"), {}, ""),
        ("arn%3Aaws%ZZ", {}, ""),
        (f"{INSTANCE_ARN}/contact/5", {}, ""),
    ],
)
def test_an_instance_is_an_id_or_an_arn(named: str, more: Event, expected: str) -> None:
    if more.get("awsRegion") == "us-gov-west-1":
        expected = f"arn:aws-us-gov:connect:us-gov-west-1:{ACCOUNT}:instance/{INSTANCE_ID}"
    found = read_event(start("a", instance=named, **more))
    assert isinstance(found, Start)
    assert found.instance == expected


def recased(value: Any, recase: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {recase(key): recased(one, recase) for key, one in value.items()}


@pytest.mark.parametrize(
    "recase", [str.lower, str.upper, str.swapcase, lambda key: key[:1].lower() + key[1:]]
)
@pytest.mark.parametrize(
    "one", [start("a"), chat("a"), message("a"), stop("a", 1)], ids=lambda e: e["eventName"]
)
def test_keys_are_compared_without_case(one: Event, recase: Any) -> None:
    assert read_event(recased(one, recase)) == read_event(one) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("***"),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=5,
)
WAYS = [
    *start("a"),
    *(f"requestParameters.{key}" for key in start("a")["requestParameters"]),
    "requestParameters.ChatStreamingConfiguration.StreamingEndpointArn",
    "responseElements.StreamingId",
]


@given(one=st.sampled_from([start("a"), chat("a")]), way=st.sampled_from(WAYS), value=JSON)
def test_any_type_anywhere_is_put_up_with(one: Event, way: str, value: Any) -> None:
    if way == "requestParameters.ContactId" and "ContactId" not in one["requestParameters"]:
        return
    try:
        found = read_event(edited(one, way, value))
    except (NoTimeError, HiddenTopicError):
        return
    assert found is None or isinstance(found, Start | Stop)


EVENTS = [
    start("a"),
    chat("b", 1),
    message("c", 2),
    event("DescribeContact", 2, {"ContactId": "c1"}, {}),
    stop("a", 3),
    start("far", 4, contact="ü-c2", stream="straße"),
]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_has_the_same_contacts_at_their_own_places(name: str, tmp_path: Path) -> None:
    inventory = read(tmp_path, FORMS[name](EVENTS), name)
    assert inventory.skipped == ()
    assert seen(inventory) == [("c1", ["a", "b", "c"], 1), ("ü-c2", ["far"], 1)]
    plain = (tmp_path / name).read_bytes()
    if name.endswith(".gz"):
        plain = gzip.decompress(plain)
    lines = plain.decode("utf-8-sig").split("\n")
    for contact in inventory.contacts:
        assert str(contact.instance) == INSTANCE_ARN or contact.instance is None
        for text, place in contact.topics:
            at = place.document.locate(place.route, Part.VALUE)
            assert at is not None
            assert lines[at.line - 1][at.column - 1 : at.end_column - 1] == text
            assert place.document.text_of(place.route, Part.VALUE) is None


def test_contacts_span_files_and_folders_that_overlap(tmp_path: Path) -> None:
    for number, some in enumerate((EVENTS[2:], EVENTS[:3], EVENTS[1:5])):
        folder = tmp_path / f"2026/11/{number}"
        folder.mkdir(parents=True)
        (folder / "events.jsonl").write_bytes(json_lines(some))
    inventory = load([tmp_path])
    assert seen(inventory) == [("c1", ["a", "b", "c"], 1), ("ü-c2", ["far"], 1)]


def test_a_topic_that_is_streamed_to_is_in_scope(tmp_path: Path) -> None:
    for name in ("a", "b"):
        policy = json.dumps(document(statement(Principal={"Service": "s3.amazonaws.com"})))
        attributes = {"Attributes": {"TopicArn": topic(name), "Owner": ACCOUNT, "Policy": policy}}
        (tmp_path / f"{name}.json").write_text(json.dumps(attributes))
    (tmp_path / "trail.jsonl").write_bytes(json_lines([start("a")]))
    report = judge(load([tmp_path]), all_rules())
    assert [one.resource for one in report.examined if one.kind == "topic"] == [topic("a")]
    assert report.not_judged == 1
