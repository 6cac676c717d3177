"""Strict JSON with positions: accepted documents, and the position of every error."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.core.finding import Part, Position
from checker.inputs.schema import plain
from checker.inputs.text import TextDocument, parse_embedded
from checker.policy.node import Array, Node, Object, Scalar, find
from checker.policy.source import Source
from checker.policy.text_json import MAX_DEPTH, TextError, parse_json

OTHER_FORMAT = "another output format of the AWS CLI, use `--output json`"


def parse(text: str) -> Node:
    return parse_json(Source("f.json", text))


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "expected a JSON document, found the end of the file", 1, 1),
        ("\n\n", "expected a JSON document, found the end of the file", 3, 1),
        ('{\n  "a": 1,\n}', "trailing comma before `}`, remove the comma", 2, 9),
        ('{"a": [1, ]}', "trailing comma before `]`, remove the comma", 1, 9),
        ('{"a": 1, ]', "expected a key in double quotes, found `]`", 1, 10),
        ("[1, }", "expected a value, found `}`", 1, 5),
        ("{,}", "expected a key in double quotes, found `,`", 1, 2),
        ("hello", "not JSON, it begins with `h`", 1, 1),
        ("\n\x00", "not JSON, it begins with the character U+0000", 2, 1),
        ("<html>", "not JSON, but HTML or XML", 1, 1),
        ("\nAn error occurred (NotFound) when", "not JSON, but an error message of the AWS CLI", 2, 1),
        ("-----\n|  Get", f"not JSON, but {OTHER_FORMAT}", 1, 1),
        ("ATTRIBUTES\tarn", f"not JSON, but {OTHER_FORMAT}", 1, 1),
        ("---\na: 1", "not JSON, but YAML, whose file name must end in `.yaml`", 1, 1),
        ("Statement: []", "not JSON, but YAML, whose file name must end in `.yaml`", 1, 1),
        ("# why", "unexpected `#`, JSON has no comments", 1, 1),
        ("{'a': 1}", "unexpected `'`, strings need double quotes", 1, 2),
        ('{"a" 1}', "expected `:` after the key, found `1`", 1, 6),
        ('{"a": }', "expected a value, found `}`", 1, 7),
        ('{"a": 1', "expected `,` or `}`, found the end of the file", 1, 8),
        ("[1 2]", "expected `,` or `]`, found `2`", 1, 4),
        ('[1 "2"]', "expected `,` or `]`, found a string", 1, 4),
        ('{"a": 1} // why', "unexpected `/`, JSON has no comments", 1, 10),
        ('{"a": 1}\n{"b": 2}', "expected nothing after the JSON document, found `{`", 2, 1),
        ("[01]", "unexpected `0`", 1, 2),
        ("[NaN]", "unexpected `N`", 1, 2),
        ('{"a":\x01}', "unexpected the character U+0001", 1, 6),
        ('["abc', "invalid string: unterminated string", 1, 2),
        ('["a\tb"]', "invalid string: invalid control character", 1, 4),
        ("[" * 200_000, f"nested more than {MAX_DEPTH} levels deep", 1, MAX_DEPTH + 1),
    ],
)
def test_invalid_json_is_refused_with_its_position(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(TextError) as caught:
        parse(text)
    assert caught.value.message == str(caught.value) == message
    assert caught.value.position()[:2] == (line, column)


def test_an_error_has_one_character_unless_it_says_more_and_ends_with_the_text() -> None:
    source = Source("f", "abc\nde")
    assert TextError("m", source, 1).position() == Position(1, 2, 1, 3)
    assert TextError("m", source, 1, 6).position() == Position(1, 2, 2, 3)
    assert (
        TextError("m", source, 6).position()
        == TextError("m", source, 9, 12).position()
        == Position(2, 3, 2, 3)
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values, st.sampled_from([None, 1, 2, "\t"]), st.booleans())
def test_it_reads_what_the_standard_library_writes(value: Any, indent: Any, ascii_only: bool) -> None:
    assert plain(parse(json.dumps(value, indent=indent, ensure_ascii=ascii_only))) == value


@given(st.text(alphabet='{}[]:,"\\ntruefalse0123456789.eE+- \t\n', max_size=30))
def test_it_accepts_what_the_standard_library_accepts(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=lambda _: pytest.fail("not JSON"))
    except (json.JSONDecodeError, RecursionError):
        with pytest.raises(TextError):
            parse(text)
    else:
        assert plain(parse(text)) == expected


TOKENS = ("{", "}", "[", "]", ":", ",", '"a"', '","', '":"', "1", "true", " ")
BEGINNINGS = ("", "[1", '{"a"', '{"a":1', '{"a":1,"b":', "[[]", '[{"a":[]}')


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_it_accepts_all_texts_of_few_tokens_that_the_standard_library_accepts(beginning: str) -> None:
    """Also texts whose strings are marks."""
    for end in product(TOKENS, repeat=3):
        text = beginning + "".join(end)
        try:
            expected = json.loads(text)
        except json.JSONDecodeError:
            with pytest.raises(TextError):
                parse(text)
        else:
            assert plain(parse(text)) == expected


def test_a_huge_number_is_text() -> None:
    node = parse("9" * 100_000)
    assert isinstance(node, Scalar)


def test_a_repeated_key_keeps_both_places() -> None:
    node = parse('{"a": 1,\n "b": 2,\n "a": 3}')
    assert isinstance(node, Object)
    ((first, second),) = node.duplicates()
    assert node.source.position(first.start, first.end) == Position(1, 2, 1, 5)
    assert node.source.position(second.start, second.end) == Position(3, 2, 3, 5)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_routes_lead_to_keys_and_values(newline: str) -> None:
    text = newline.join(["{", '\t"Statement": {', '\t\t"Action": "sns:Publish"', "\t}", "}"])
    node = parse(text)
    assert find(node, ("Statement", 0, "Action", 0), Part.VALUE).position() == Position(3, 13, 3, 26)
    assert find(node, ("Statement", "Action"), Part.KEY).position() == Position(3, 3, 3, 11)
    assert node.source.line(3) == '\t\t"Action": "sns:Publish"'


def test_a_route_that_leads_nowhere_gives_its_nearest_ancestor() -> None:
    node = parse('{"Statement": [{"Sid": "x"}]}')
    assert find(node, ("Statement", 0, "Condition", "Bool"), Part.VALUE).position() == Position(1, 16, 1, 28)


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1, max_size=4), st.booleans())
def test_positions_in_an_embedded_document_are_positions_in_the_file(
    inside: dict[str, str], ascii_only: bool
) -> None:
    """Every key and value of the inner document, taken out of the outer file at its place, decodes to itself."""
    text = json.dumps(inside, ensure_ascii=ascii_only)
    outer = json.dumps({"Policy": text}, indent=1, ensure_ascii=ascii_only)
    source = Source("topic.json", outer)
    root = parse_json(source)
    assert isinstance(root, Object)
    wrapped = root.get("Policy")
    assert isinstance(wrapped, Scalar)
    embedded = parse_embedded(wrapped, text)
    assert isinstance(embedded.root, Object)
    for member in embedded.root.members:
        for start, end, expected in (
            (member.start, member.end, member.key),
            (member.value.start, member.value.end, inside[member.key]),
        ):
            at = embedded.source.position(start, end)
            assert at.line == at.end_line
            quoted = source.line(at.line)[at.column - 1 : at.end_column - 1]
            assert json.loads(json.loads(f'"{quoted}"')) == expected


def test_an_error_inside_a_string_has_its_position_in_the_file() -> None:
    from checker.core.errors import InputError

    source = Source("topic.json", '{\n "Policy": "{\\"Version\\": }"\n}')
    root = parse_json(source)
    assert isinstance(root, Object)
    node = root.get("Policy")
    assert isinstance(node, Scalar)
    with pytest.raises(InputError) as caught:
        parse_embedded(node, str(node.value))
    assert caught.value.reason == "inside the string: expected a value, found `}`"
    assert caught.value.position == Position(2, 27, 2, 28)


def test_nodes_distinguish_lists_from_scalars() -> None:
    assert isinstance(parse("[]"), Array)
    assert isinstance(TextDocument(Source("f", "[]"), parse("[]")).root, Array)
