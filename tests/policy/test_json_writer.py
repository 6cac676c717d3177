"""How values are written as JSON, and texts in quotes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.core.finding import Reference
from checker.core.unknown import Unknown
from checker.policy.node import Number, made
from checker.policy.source import Source
from checker.policy.text_json import double_quoted, json_text, listed, parse_json, plain, quoted, word

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(values, st.sampled_from(["", " ", "  ", "\t"]))
def test_values_are_written_as_the_standard_library_does(value: Any, indent: str) -> None:
    expected = json.dumps(value, indent=indent) if indent else json.dumps(value, separators=(",", ":"))
    assert json_text(value, indent) == expected
    assert plain(parse_json(Source("f", expected))) == value


def test_a_value_inside_others_is_indented_by_its_level() -> None:
    assert (
        json_text(["a", {"b": Number("1.50")}], "  ", 1) == '[\n    "a",\n    {\n      "b": 1.50\n    }\n  ]'
    )


@pytest.mark.parametrize(
    ("value", "written"), [(Number("1e5"), "1e5"), (True, "true"), (False, "false"), (None, "null")]
)
def test_words_are_written_alike_in_all_formats(value: Any, written: str) -> None:
    assert word(value) == written


def test_a_reference_is_no_json() -> None:
    with pytest.raises(TypeError, match=r"^not a number, boolean or null: Reference\(text='a\.b'\)$"):
        json_text({"a": Reference("a.b")})


def test_an_unknown_value_is_a_reference_by_its_name() -> None:
    node = made({"a": ["b", Unknown("why", "var.x")]}, Source("f", ""), 0, 0)
    assert plain(node) == {"a": ["b", Reference("var.x")]}


def test_a_single_value_is_a_list_of_one() -> None:
    assert (listed(["a"]), listed("a"), listed(Number("1"))) == (["a"], ["a"], [Number("1")])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a b~ ", "a b~ "),
        ('"\\', '\\"\\\\'),
        ("\n\r\t", "\\n\\r\\t"),
        ("\x00\x7f", "\\u0000\\u007f"),
        ("é\uffff", "\\u00e9\\uffff"),
        ("\U00010000\U0001f600", "\\U00010000\\U0001f600"),
    ],
)
def test_other_formats_escape_a_character_at_once(text: str, escaped: str) -> None:
    assert double_quoted(text) == f'"{escaped}"'
    assert quoted(text) == json.dumps(text)
