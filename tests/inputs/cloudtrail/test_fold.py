"""Which topics stream at the same time: sequences of events as a table, and any order of them by a slow reference."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.inputs.cloudtrail.fold import EndedStream, Origin, StartedStream, at_once
from checker.inputs.cloudtrail.fragment import FilePosition
from checker.inputs.load import load
from tests.inputs.cloudtrail.events import (
    FORMS,
    Event,
    chat,
    event,
    json_lines,
    message,
    read,
    seen,
    start,
    stop,
    topics_of,
)

SEQUENCES: list[tuple[str, list[Event], list[str]]] = [
    ("one", [start("a")], ["a"]),
    ("two", [start("a"), start("b", 1)], ["ab"]),
    ("three", [start("a"), start("b", 1), start("c", 2)], ["abc"]),
    ("by-each-of-the-apis", [chat("a"), start("b", 1), message("c", 2)], ["abc"]),
    ("the-same-twice", [start("a"), start("a", 1, stream="s-2"), start("b", 2)], ["ab"]),
    ("a-stop-before-the-third", [start("a"), start("b", 1), stop("a", 2), start("c", 3)], ["ab", "bc"]),
    ("a-stop-after-the-third", [start("a"), start("b", 1), start("c", 2), stop("a", 3)], ["abc"]),
    ("a-stop-in-the-same-second", [start("a"), start("b"), stop("a", 1), start("c", 1)], ["ab", "bc"]),
    ("stopped-at-once", [start("a", 1), start("b", 1), stop("a", 1)], ["a", "b"]),
    ("one-after-the-other", [start("a"), stop("a", 1), start("b", 2), stop("b", 3)], ["a", "b"]),
    ("part-of-another", [start("a"), start("b"), stop("a", 1), stop("b", 2)], ["ab"]),
    ("one-of-two-streams-of-a-topic", [start("a"), start("a", 1, stream="2"), stop("a", 2), start("b", 3)], ["ab"]),
    ("stop-of-an-unknown-stream", [start("a"), start("b"), start("c"), stop("x", 0.5)], ["abc"]),
    ("stop-of-another-contact", [start("a"), stop("a", 1, contact="c2"), start("b", 2)], ["ab"]),
    ("a-stop-alone", [stop("a", 1)], []),
    ("stop-that-failed", [start("a"), stop("a", 1, errorCode="X"), start("b", 2)], ["ab"]),
    ("start-that-failed", [start("a"), start("b"), start("c", 1, errorCode="LimitExceededException")], ["ab"]),
    ("recorded-twice", [start("a"), start("a"), start("b", 1), start("b", 1)], ["ab"]),
    (
        "asked-for-again-and-answered-once",
        [start("a", repeat="t"), start("a", 1, repeat="t", responseElements=None), stop("a", 2), start("b", 3)],
        ["a", "b"],
    ),
    (
        "recorded-twice-without-a-token",
        [
            start("a", eventID="e1", repeat="***", responseElements=None),
            start("a", eventID="e1", repeat="***", responseElements=None),
        ],
        ["a"],
    ),
    ("a-stop-in-other-letters", [start("a"), stop("a", 1, contact="C1"), start("b", 2)], ["a", "b"]),
    ("nothing", [event("DescribeContact", 0, {}, {})], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "expected"), [(e, x) for _, e, x in SEQUENCES], ids=[n for n, *_ in SEQUENCES]
)
def test_sequences(events: list[Event], expected: list[str], tmp_path: Path) -> None:
    for order in list(permutations(events))[:24]:
        inventory = read(tmp_path, json_lines(order))
        assert not any(one.error for one in inventory.skipped)
        assert sorted("".join(sorted(topics_of(one))) for one in inventory.contacts) == expected


@pytest.mark.parametrize("name", FORMS)
def test_every_form_folds_alike(name: str, tmp_path: Path) -> None:
    for _, events, expected in SEQUENCES:
        found = read(tmp_path, FORMS[name](events), name).contacts
        assert sorted("".join(sorted(topics_of(one))) for one in found) == expected


NAMES = st.sampled_from("abcd")
STARTS = st.builds(
    lambda time, topic, stream, request: StartedStream(
        time, Origin(topic, "us-east-1", ""), 0, FilePosition(1, 1), tuple(n for n in (stream, request) if n)
    ),
    st.integers(0, 6),
    NAMES,
    st.sampled_from(["", "s1", "s2", "s3", "s4"]),
    st.sampled_from(["t1", "t2", "t3"]),
)
STOPS = st.builds(EndedStream, st.integers(0, 6), st.sampled_from(["s1", "s2", "s3", "s4", "s5"]))


def reference(starts: Sequence[StartedStream], stops: Sequence[EndedStream]) -> set[frozenset[str]]:
    """What there was at every moment, by asking every stream."""
    groups: list[set[str]] = []
    for one in starts:
        joined = set(one.names).union(*(group for group in groups if group & set(one.names)))
        groups = [group for group in groups if not group & joined] + [joined]
    spans = []
    for group in groups:
        began = min(one for one in starts if set(one.names) <= group)
        ended = min((stop.time for stop in stops if stop.name in group), default=10**9)
        spans.append((began.origin.topic, began.time, ended))
    found = set()
    for moment in range(8):
        there = frozenset(topic for topic, begins, ends in spans if begins <= moment < ends)
        before = frozenset(topic for topic, begins, ends in spans if begins < moment < ends)
        found |= {there} | {before | {topic} for topic, begins, ends in spans if begins == moment >= ends}
    return {one for one in found if one and not any(one < other for other in found)}


@given(st.lists(STARTS, max_size=7), st.lists(STOPS, max_size=6), st.randoms())
@settings(max_examples=400, deadline=None)
def test_the_fold_is_that_of_the_reference_in_any_order(
    starts: list[StartedStream], stops: list[EndedStream], random: Any
) -> None:
    expected = reference(starts, stops)
    random.shuffle(starts)
    random.shuffle(stops)
    found = at_once(starts, stops)
    assert {frozenset(one.origin.topic for one in streams) for streams in found} == expected
    assert [len(one) for one in found] == sorted((len(one) for one in found), reverse=True)
    random.shuffle(starts)
    assert at_once(starts, stops) == found


EVENTS = st.lists(
    st.builds(start, NAMES, st.integers(0, 5), contact=st.sampled_from(["c1", "c2"]))
    | st.builds(stop, NAMES, st.integers(0, 5), contact=st.sampled_from(["c1", "c2"])),
    max_size=10,
)


@given(events=EVENTS, random=st.randoms())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_may_be_cut_and_read_in_any_order(events: list[Event], random: Any, tmp_path: Path) -> None:
    whole = seen(read(tmp_path, json_lines([*events, event("X", 0, {}, {})])))
    random.shuffle(events)
    folder = tmp_path / "parts"
    folder.mkdir(exist_ok=True)

    for number, name in enumerate(("lines.jsonl", "s3.json.gz", "lookup.json")):
        some = [*events[number::3], *events[:2], event("X", 0, {}, {})]
        (folder / name).write_bytes(FORMS[name](some))
    assert seen(load([folder / "lines.jsonl", folder / "s3.json.gz", folder / "lookup.json"])) == whole
