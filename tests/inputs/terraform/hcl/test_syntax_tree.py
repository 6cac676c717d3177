"""What is not HCL is refused where it goes wrong, and what HCL allows is read, however it is written."""

from __future__ import annotations

import pytest

from checker.core.errors import InputError
from checker.inputs.terraform.hcl.expression import Access, Interpolation, Literal, ObjectOf, Template
from checker.inputs.terraform.hcl.parse import parse, parse_value
from checker.policy.node import Number
from checker.policy.source import Source

FAULTS = [
    ('resource "a" "b" {\n  name = "t"\n', "this `{` is not closed", 1, 18),
    ('a = [1, 2\nb = 3\nc "d" {\n}\n', "this `[` is not closed", 1, 5),
    ('resource "a" "b" {\n  name = [1\n}\n', "this `[` is not closed", 2, 10),
    ("a = 1\n}\n", "unexpected `}`", 2, 1),
    ('a = "b\nc = 1\n', "this string is not closed", 1, 5),
    ("a = <<EOT\nb\n", "this heredoc is not closed", 1, 5),
    ("a = 1\n/* b = 2\n", "this comment is not closed", 2, 1),
    ("a = [1 2]\n", "unexpected `2`", 1, 8),
    ("a = { b = 1; c = 2 }\n", "unexpected `;`", 1, 12),
    ("a =\nb = 2\n", "unexpected `=`", 2, 3),
    ("resource 'a' 'b' {\n}\n", "unexpected `'`", 1, 10),
    ('{"a": 1}\n', '`{"a": 1}`', 1, 1),
    ("a = 1 b = 2\n", "unexpected `b = 2`", 1, 7),
    ("a { b = 1 c = 2 }\n", "unexpected `c = 2`", 1, 11),
    ("a = 1\n\0b = 2\n", "unexpected character U+0000", 2, 1),
    ("# é\na = [é 2]\n", "unexpected `2`", 2, 8),
]


@pytest.mark.parametrize(("text", "reason", "line", "column"), FAULTS)
def test_a_fault_is_named_with_its_place(text: str, reason: str, line: int, column: int) -> None:
    with pytest.raises(InputError) as raised:
        parse(Source("main.tf", text))
    assert reason in raised.value.reason
    position = raised.value.position
    assert position is not None
    assert (position.line, position.column) == (line, column)


@pytest.mark.parametrize("number", ["1", "-1", "2.5", "1e5", "1.5E-3", "-2e+10"])
def test_numbers_are_kept_as_they_are_written(number: str) -> None:
    value = parse_value(Source("main.tf", f"a = {number}\n"))
    assert isinstance(value, Literal)
    assert value.value == Number(number)
    text = parse_value(Source("main.tf", f'a = "b ${{{number}}} 1e9"\n'))
    assert isinstance(text, Template)
    assert isinstance(text.parts[1], Interpolation)
    assert isinstance(text.parts[1].value, Literal)
    assert text.parts[1].value.value == Number(number)


@pytest.mark.parametrize("first", ["a", "var.a", "1", '"a"', "true"])
def test_a_key_in_parentheses_begins_a_line_after_any_value(first: str) -> None:
    value = parse_value(Source("main.tf", f"x = {{\n  k = {first}\n  (local.key) = 2\n}}\n"))
    assert isinstance(value, ObjectOf)
    assert [type(one.key) for one in value.elements] == [Literal, Access]


@pytest.mark.parametrize("marker", ["EOT", "_EOT", "ÄÖ", "a-b", "E1"])
@pytest.mark.parametrize("content", ["x\n", "${y}\n", "", "${\n", '{"k": "${a.b}"}\n', "MARKER x\n", "é\n"])
@pytest.mark.parametrize("blanks", ["", "  "])
def test_a_heredoc_ends_with_the_line_of_its_marker(marker: str, content: str, blanks: str) -> None:
    written = content.replace("MARKER", marker)
    body = parse(Source("main.tf", f"a = <<{marker}\n{written}{marker}{blanks}\nb = 1\n"))
    assert list(body.arguments) == ["a", "b"]
    at = body.arguments["a"].expression.at
    assert at.source.text[at.start : at.end] == f"<<{marker}\n{written}{marker}"


def test_offsets_count_characters_and_not_bytes() -> None:
    source = Source("main.tf", '# ünïcödé 🎉\na = "é${var.x}ß"\nb = 1\n')
    value = parse(source).arguments["a"].expression
    assert isinstance(value, Template)
    pieces = [source.text[value.at.start : value.at.end], str(value.parts[0].text)]  # type: ignore[union-attr]
    assert pieces == ['"é${var.x}ß"', "é"]
    assert source.text[parse(source).arguments["b"].at.start :] == "b = 1\n"
