"""Where the characters of a text are in its file, also of a text inside another."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.core.finding import Position
from checker.policy.source import (
    Source,
    offsets_at,
    offsets_of_json,
    offsets_of_lines,
    offsets_of_string,
    offsets_of_yaml,
)

TEXT = "ab\r\n\ncd\n"


@pytest.mark.parametrize(
    ("start", "end", "position"),
    [
        (0, 0, (1, 1, 1, 1)),
        (1, 3, (1, 2, 1, 4)),
        (3, 4, (1, 4, 2, 1)),
        (4, 5, (2, 1, 3, 1)),
        (6, 8, (3, 2, 4, 1)),
        (8, 8, (4, 1, 4, 1)),
    ],
)
def test_offsets_are_lines_and_columns_from_one(
    start: int, end: int, position: tuple[int, int, int, int]
) -> None:
    assert Source("f", TEXT).position(start, end) == Position(*position)


def test_lines_are_without_their_ends() -> None:
    source = Source("f", TEXT)
    assert [source.line(number) for number in (1, 2, 3, 4)] == ["ab", "", "cd", ""]
    assert [source.line_start(number) for number in (1, 2, 3, 4, 5)] == [0, 4, 5, 8, 8]
    assert Source("f", "ab").line(1) == "ab"


def test_a_text_inside_another_has_the_places_and_the_secrecy_of_its_file() -> None:
    outer = Source("f", "12\n3456", quotable=False)
    inner = Source("g", "xyz", outer, [4, 3, 6, 7])
    assert (inner.quotable, inner.name, inner.line(2)) == (False, "g", "3456")
    assert inner.position(0, 3) == Position(2, 2, 2, 5)
    assert inner.position(0, 1) == Position(2, 2, 2, 2)  # the end is never before the start
    assert Source("h", "q", inner, [1, 2]).position(0, 1) == Position(2, 1, 2, 4)
    assert Source("g", "xyz").quotable
    assert Source("g", "xyz", outer).position(1, 2) == Position(1, 2, 1, 3)
    assert Source("g", "xyz", Source("f", "")).quotable


class Generated(Source):
    """A generated file whose values have pointers."""

    def pointer_at(self, offset: int) -> str:
        return f"/{offset}"


def test_a_text_in_a_generated_file_has_the_pointer_of_its_place() -> None:
    outer = Generated("f", "text")
    assert Source("g", "ab", outer, [2, 3, 4]).pointer_at(1) == "/3"
    assert Source("g", "ab", outer).pointer_at(1) is None
    assert Source("g", "ab", None, [2, 3, 4]).pointer_at(1) is None
    assert Source("f", "text").pointer_at(1) is None


letters = st.text(st.sampled_from('a"\\/\n\x01é\uffff\U0001f600\ud800\udc00\udfff\ud7ff\ue000'), max_size=8)


@given(letters, st.booleans())
def test_each_character_of_a_json_string_is_mapped_to_what_encodes_it(text: str, ascii_only: bool) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    raw = f"  {json.dumps(text, ensure_ascii=ascii_only)}"
    offsets = offsets_of_string(raw, 2, len(text))
    pieces = [raw[start:end] for start, end in pairwise(offsets)]
    assert [json.loads(f'"{piece}"') for piece in pieces] == list(text)
    assert (offsets[0], offsets[-1]) == (3, len(raw) - 1)


@pytest.mark.parametrize(
    ("raw", "start", "length", "offsets"),
    [
        ('"ab"', 0, 2, [1, 2, 3]),
        ("ab", 0, 2, [0, 0, 0]),
        ('x"ab"', 1, 2, [2, 3, 4]),
        ('"a', 0, 3, [0, 0, 0, 0]),
        ('"\\uzzzz"', 0, 1, [0, 0]),
        ("", 0, 1, [0, 0]),
        ('"\\ud800\\udc00"', 0, 1, [1, 13]),
        ('"\\ud800\\u0041"', 0, 2, [1, 7, 13]),
        ('"\\udbff\\udfff"', 0, 1, [1, 13]),
        ('"\\udc00\\udc00"', 0, 2, [1, 7, 13]),
        ('"\\ud800\\ue000"', 0, 2, [1, 7, 13]),
        ('"\\n\\u0041b"', 0, 3, [1, 3, 9, 10]),
    ],
)
def test_a_text_that_is_not_a_json_string_is_mapped_as_a_whole(
    raw: str, start: int, length: int, offsets: list[int]
) -> None:
    assert list(offsets_of_string(raw, start, length)) == offsets


def test_offsets_begin_where_they_are_told() -> None:
    assert list(offsets_of_json("ab\\nc", 1, 3)) == [1, 2, 4, 5]
    assert list(offsets_at(3, 2)) == [3, 3, 3]


@pytest.mark.parametrize(
    ("written", "start", "text", "places"),
    [
        ("k: |\n  ab\n  c\n", 3, "ab\nc", [7, 8, 9, 12, 13]),
        ("k: |\n  ab\n\n  c\n", 3, "ab\n\nc", [7, 8, 9, 10, 13, 14]),
        ("k: |\r\n  ab\r\n", 3, "ab", [8, 9, 10]),
        ("k: |\n  ab\n", 3, "xyz", [5, 6, 7, 8]),
        ("k: |\n  ab", 3, "ab\nc", [7, 8, 9, 9, 10]),
        ("k: ab c", 3, "ab c", [3, 4, 5, 6, 7]),
        ("k: 'ab'", 3, "ab", [4, 5, 6]),
        ('k: "ab"', 3, "ab", [4, 5, 6]),
        ('k: "a\\nb"', 3, "a\nb", [4, 5, 7, 8]),
        ('k: "a\n b"', 3, "a b", [4, 4, 4, 4]),
        ("k: 'a''b'", 3, "a'b", [4, 4, 4, 4]),
        ("k: >\n  ab\n  c\n", 3, "ab c\n", [3, 3, 3, 3, 3, 3]),
    ],
)
def test_yaml_scalars_are_mapped_by_their_style(
    written: str, start: int, text: str, places: list[int]
) -> None:
    assert list(offsets_of_yaml(Source("f", written), start, text)) == places


def test_lines_of_a_text_are_lines_of_the_file() -> None:
    outer = Source("f", "a\n\tbc\nd\n")
    assert list(offsets_of_lines(outer, 2, "bc\nd")) == [3, 4, 5, 6, 7]
    assert list(offsets_of_lines(outer, 2, "\tbc\nxx")) == [2, 3, 4, 5, 6, 7, 8]
