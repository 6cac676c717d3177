"""Files that are damaged, hostile or large: what can be read is read, the rest is named with its place."""

from __future__ import annotations

import gzip
import json
import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from checker.analysis.inventory import Inventory
from checker.core.errors import InputError, Skipped
from checker.core.finding import Part
from checker.inputs.cloudtrail.fold import Store
from checker.inputs.cloudtrail.fragment import MAX_PIECE
from checker.inputs.cloudtrail.trail import read_streams, read_trail
from checker.inputs.collect import Facts, Given
from checker.inputs.link import link_facts
from tests.endings import ends_soon
from tests.inputs.cloudtrail.events import Event, json_lines, lookup, read, s3, seen, start, stop, topic
from tests.samples import ACCOUNT

GOOD = json_lines([start("a"), start("b", 1)])
AB = [("c1", ["a", "b"], 1)]


def direct(folder: Path, content: bytes) -> Inventory:
    """Read a file that other readers would not take for CloudTrail's."""
    path = folder / "trail"
    path.write_bytes(content)
    facts = Facts(Given())
    read_trail(path, facts)
    return link_facts(facts)


def said(skipped: Skipped) -> tuple[str, int, int]:
    assert skipped.error
    assert skipped.position is not None
    return skipped.reason, skipped.position.line, skipped.position.column


HALF = GOOD[: GOOD.index(b"\n") - 40]
FIRST, SECOND = GOOD.splitlines()
OTHER = json_lines([start("x", eventName="DescribeContact")])


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (FIRST + b"\n" + HALF + b"\n" + SECOND, "1 line is not JSON", 2),
        (HALF + b"\n" + GOOD, "1 line is not JSON", 1),
        (GOOD + HALF, "1 line is not JSON", 3),
        (FIRST + b"\nwhat?\n\n" + SECOND + b"\nno\nno\n", "3 lines are not JSON; this is the first", 2),
        (OTHER * 5 + b"torn off\n" + GOOD, "1 line is not JSON", 6),
        (OTHER * 5 + b'{"eventName": "Descri\n' + GOOD, "1 line is not JSON", 6),
        (GOOD.replace(b"\n", b"\r\n") + b"\xff\xfe{}\r\n", "1 line is not JSON", 3),
        (GOOD + b'{"eventName": "StartChatContact", "x": ' + b"[" * 99_999 + b"]" * 99_999 + b"}", "1 line is not JSON", 3),
        (GOOD + b'{"x": "' + b"x" * 3 * MAX_PIECE + b'"}\n', "1 line is too long for an event", 3),
        (FIRST + b'\n{"x": "' + b"x" * 3 * MAX_PIECE + b'"}\n' + SECOND, "1 line is too long for an event", 2),
        (GOOD + json_lines([start("c", eventTime="soon")]), "1 event has no time", 3),
    ],
)  # fmt: skip
def test_a_broken_line_is_counted_and_the_others_are_read(
    content: bytes, reason: str, line: int, tmp_path: Path
) -> None:
    for inventory in (read(tmp_path, content), read(tmp_path, gzip.compress(content), "trail.jsonl.gz")):
        assert seen(inventory) == AB
        assert [said(one)[:2] for one in inventory.skipped] == [(reason, line)]


def test_values_of_lines_that_are_no_events_are_no_fault(tmp_path: Path) -> None:
    inventory = read(tmp_path, GOOD + b'null\n[]\n5\n"StartContactStreaming"\n{"StartChatContact": []}\n')
    assert seen(inventory) == AB
    assert inventory.skipped == ()


def test_an_event_without_a_date_takes_none_of_its_line_with_it(tmp_path: Path) -> None:
    """Files of S3 that are joined line by line have several events in each."""
    odd = start("x", eventTime="soon"), start("***")
    inventory = read(tmp_path, OTHER + s3([*odd, start("a"), start("b", 1)]))
    assert seen(inventory) == AB
    assert [one.reason for one in inventory.skipped] == [
        "1 event has no time",
        "1 event does not show the topic ARN",
    ]


def test_a_topic_that_cloudtrail_hides_is_no_fault_of_the_file(tmp_path: Path) -> None:
    (skipped,) = read(tmp_path, GOOD + json_lines([start("***")])).skipped
    assert (skipped.reason, skipped.error) == ("1 event does not show the topic ARN", False)


def document(*records: bytes) -> bytes:
    return b'{"Records":[' + b",".join(records) + b"]}"


RECORD = json.dumps(start("a"), separators=(",", ":")).encode()
LAST = json.dumps(start("b", 1), separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "broken",
    [
        RECORD[:-60],
        RECORD.replace(b":", b"", 1),
        RECORD.replace(b'"requestParameters"', b'requestParameters"'),
        b'{"eventVersion":' + b"[" * 99_999,
        b'{"eventVersion":"1.10","x":"' + b"x" * 3 * MAX_PIECE + b'"}',
        b'{"eventVersion":"1.10","x":\x00\x01\x02}',
    ],
    ids=["cut", "colon", "quote", "nested", "long", "binary"],
)
def test_a_broken_record_is_counted_and_the_others_are_read(broken: bytes, tmp_path: Path) -> None:
    inventory = read(tmp_path, document(RECORD, broken, LAST), "trail.json")
    assert seen(inventory) == AB
    (skipped,) = inventory.skipped
    assert said(skipped) == ("1 record is not JSON", 1, len(document(RECORD)) - 1 + 1)


def test_records_are_read_as_they_come_and_not_as_a_whole(tmp_path: Path) -> None:
    """A record may lie across the chunks in which a file is read."""
    filler = json.dumps({"eventVersion": "1.10", "x": "y" * 70_001}).encode()
    content = document(RECORD, *[filler] * 60, LAST)
    inventory = read(tmp_path, content, "trail.json")
    assert seen(inventory) == AB
    at = inventory.contacts[0].topics[1][1].document.locate((), Part.VALUE)
    assert at is not None
    assert content[at.column - 1 : at.end_column - 1].decode() == topic("b")


@pytest.mark.parametrize("length", [300, 800, 20_000])
def test_a_packed_file_that_is_cut_off_is_read_as_far_as_it_goes(length: int, tmp_path: Path) -> None:
    noise = [
        start("b", 1, contact=f"c{n}", eventName="Describe", userAgent=str(n * n)) for n in range(20_000)
    ]
    packed = gzip.compress(json_lines([start("a"), *noise]))
    inventory = direct(tmp_path, packed[:length])
    assert all(one.error for one in inventory.skipped)
    assert "truncated" in inventory.skipped[-1].reason
    assert seen(inventory) == ([("c1", ["a"], 1)] if length > 300 else [])


def test_a_packed_file_that_is_damaged_is_read_up_to_there(tmp_path: Path) -> None:
    packed = gzip.compress(GOOD)
    for damaged in (packed + b"what?", packed + packed[:10] + b"\xff" * 99, packed[:-8] + bytes(8)):
        inventory = direct(tmp_path, damaged)
        assert seen(inventory) == AB
        (skipped,) = inventory.skipped
        assert skipped.error
        assert "cannot be decompressed" in skipped.reason


HOSTILE = {
    "zeros": bytes(30_000_000),
    "newlines": b"\n" * 20_000_000,
    "short-lines": b"x\n" * 1_000_000,
    "broken-objects": b'{"StartChatContact"}\n' * 100_000,
    "brackets": b"[" * 5_000_000,
    "braces": b"{" * 1_000_000,
    "nested": b'{"Records":[' * 100_000,
    "nested-events": b'{"eventName":' * 100_000,
    "one-string": b'{"Records":["' + b"x" * 10_000_000,
    "quotes": b'{"Records":[' + b'"' * 1_000_000,
    "numbers": b'{"Records":[' + b"1," * 500_000,
    "one-number": b'{"Records":[' + b"1" * 5_000_000,
    "huge-number": b'{"eventName":"StartChatContact","x":' + b"9" * 1_000_000 + b"}\n",
    "surrogates": json_lines([start("a", contact="\ud800", repeat="\udfff")]),
    "no-date": json_lines([start("a", eventTime="9" * 100_000)]),
    "late": json_lines([start("a", eventTime="9999-12-31T23:59:59-23:59")]),
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_soon(name: str, tmp_path: Path) -> None:
    with ends_soon():
        inventory = direct(tmp_path, gzip.compress(HOSTILE[name], 1))
    assert inventory.topics == ()


@pytest.mark.parametrize("name", ["zeros", "short-lines", "nested", "one-string", "quotes", "numbers"])
def test_hostile_files_take_no_memory(name: str, tmp_path: Path) -> None:
    packed = gzip.compress(HOSTILE[name], 1)
    tracemalloc.start()
    try:
        direct(tmp_path, packed)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


def test_a_line_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checker.inputs.cloudtrail.documents._ENDLESS", 5_000_000)
    inventory = read(tmp_path, GOOD + bytes(9_000_000) + b"\n" + json_lines([start("c", 2)]))
    assert seen(inventory) == AB
    assert inventory.skipped[0].reason == "unterminated line; the rest was not read"


def test_many_contacts_are_few_objects(tmp_path: Path) -> None:
    """Contacts that are alike are one, with their number; what was seen of each is kept on disk."""
    many = [start(f"t{n % 7}", n % 1000, contact=f"contact-{n}") for n in range(3_500)]
    path = tmp_path / "trail.jsonl"
    path.write_bytes(json_lines(many))
    del many
    tracemalloc.start()
    try:
        facts = Facts(Given())
        read_trail(path, facts)
        inventory = link_facts(facts)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert [one.alike for one in inventory.contacts] == [500] * 7


def test_a_hundred_contacts_with_too_many_topics_are_shown_each_and_the_rest_is_counted(
    tmp_path: Path,
) -> None:
    events = [start(name, contact=f"c{n:03}") for n in range(250) for name in "abc"]
    contacts = read(tmp_path, json_lines(events)).contacts
    assert [one.alike for one in contacts] == [1] * 100 + [150]
    assert len({one.id for one in contacts}) == 101


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([start(f"t{n}") for n in range(1_001)], "contacts with too many events"),
        (
            [start(f"t{n}", contact=f"c{n}") for n in range(10_001)],
            "1 event exceeds the limit of topics and instances",
        ),
    ],
    ids=["events", "topics"],
)
def test_what_is_too_much_is_said(events: list[Event], reason: str, tmp_path: Path) -> None:
    (skipped,) = read(tmp_path, json_lines(events)).skipped
    assert skipped.error
    assert reason in skipped.reason


@pytest.mark.parametrize("content", [OTHER * 20_000, gzip.compress(OTHER * 20_000)], ids=["plain", "packed"])
def test_progress_is_told_in_bytes_of_the_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trail"
    path.write_bytes(content)
    told: list[tuple[int, int]] = []
    facts = Facts(Given())
    read_streams(path, facts, lambda done, total: told.append((done, total)))
    link_facts(facts)
    assert told == sorted(told)
    assert told[-1] == (len(content), len(content))


def test_a_file_that_is_gone_is_an_error_with_its_name(tmp_path: Path) -> None:
    facts = Facts(Given())
    with pytest.raises(InputError, match="no such file"):
        read_trail(tmp_path / "gone", facts)
    assert link_facts(facts).contacts == ()


def test_no_room_for_the_temporary_file_is_an_error_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Store) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Store, "_flush", full)
    for count, what in ((2, "CloudTrail"), (2_000, "trail.jsonl")):
        inventory = read(tmp_path, OTHER + GOOD * count)
        assert inventory.contacts == ()
        assert what in inventory.skipped[0].what
        assert "database or disk is full" in inventory.skipped[0].reason
        assert "SQLITE_TMPDIR" in inventory.skipped[0].help


def test_places_are_named_by_the_topic_alone(tmp_path: Path) -> None:
    one = read(tmp_path, GOOD).contacts[0].topics[0][1]
    other = read(tmp_path, OTHER * 7 + s3([stop("z", 1)]) + b"\n" + GOOD).contacts[0].topics[0][1]
    assert one.document.anchor(one.route) == other.document.anchor(other.route)
    assert topic("a") in one.document.anchor(one.route)
    assert one.document.pointer_to(one.route, Part.VALUE) is None


def test_a_lookup_whose_event_is_no_json(tmp_path: Path) -> None:
    content = lookup([start("a"), start("b", 1)]).replace(rb"\"eventVersion\":", rb"\"eventVersion\"", 1)
    inventory = read(tmp_path, content, "lookup.json")
    assert [len(one.topics) for one in inventory.contacts] == [1]
    assert said(inventory.skipped[0])[:2] == ("1 line is not JSON", 3)


@pytest.mark.parametrize("form", [s3, json_lines])
def test_a_column_counts_characters(form: Callable[[list[Event]], bytes], tmp_path: Path) -> None:
    who = {"type": "IAMUser", "userName": "Zo\u00eb \u65e5\u672c", "accountId": ACCOUNT}
    events = [start(name, minute, userIdentity=who) for minute, name in enumerate("ab")]
    content = json.dumps(json.loads(s3(events)), ensure_ascii=False) if form is s3 else None
    text = content or "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in events)
    (contact,) = read(tmp_path, text.encode(), "trail.json").contacts
    for name, place in contact.topics:
        at = place.document.locate(place.route, Part.VALUE)
        assert at is not None
        assert text.split("\n")[at.line - 1][at.column - 1 : at.end_column - 1] == name
