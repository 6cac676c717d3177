"""What nodes are called, where routes lead, and how contents are written."""

from __future__ import annotations

import pytest

from checker.core.finding import Part, Position, Route
from checker.core.unknown import Unknown
from checker.policy.change import fresh
from checker.policy.node import (
    Array,
    Node,
    Number,
    Object,
    Scalar,
    anchor,
    children,
    describe,
    find,
    items,
    made,
    meaning,
    rendered,
    scalar_text,
    text_of,
)
from checker.policy.source import Source
from checker.policy.text_json import parse_json

EXAMPLES = {
    '"x"': ("a string", "x", "x"),
    "1.50": ("a number", "1.50", None),
    "true": ("a boolean", "true", None),
    "false": ("a boolean", "false", None),
    "null": ("null", None, None),
    "[]": ("a list", None, None),
    "{}": ("an object", None, None),
}


def parse(text: str) -> Node:
    return parse_json(Source("f.json", text))


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_type_has_a_name_and_a_text(text: str) -> None:
    node = parse(text)
    assert (describe(node), scalar_text(node), text_of(node)) == EXAMPLES[text]
    assert rendered(node) == text


def test_an_unknown_value_is_named_by_its_place() -> None:
    unknown = Unknown("it is not read", "var.x")
    node = made({"a": [unknown, "b"], "c": fresh("d")}, Source("f", "text"), 1, 3)
    assert isinstance(node, Object)
    value = items(children(node)[0])[0]
    assert (describe(value), scalar_text(value), text_of(value)) == ("unknown", unknown, None)
    assert rendered(node) == '{"a":["var.x","b"],"c":"d"}'
    assert [child.start for child in (node, *children(node))] == [1, 1, 0]
    assert text_of(None) is None


@pytest.mark.parametrize(
    ("text", "written", "content"),
    [
        ('{"b": 1, "a": ["x", true]}', '{"b":1,"a":["x",true]}', "{'a':[\"x\",true],'b':1}"),
        ('{"a": ["x"]}', '{"a":["x"]}', "{'a':\"x\"}"),
        ("[[]]", "[[]]", "[]"),
        ("[1, [2]]", "[1,[2]]", "[1,2]"),
    ],
)
def test_contents_are_written_as_given_and_in_one_form(text: str, written: str, content: str) -> None:
    assert (rendered(parse(text)), meaning(parse(text))) == (written, content)


def test_children_are_values_or_items() -> None:
    node = parse('{"a": 1, "b": [2, 3]}')
    assert [rendered(child) for child in children(node)] == ["1", "[2,3]"]
    assert [rendered(child) for child in children(children(node)[1])] == ["2", "3"]
    assert children(children(node)[0]) == ()


DOCUMENT = """{"Statement": [
 {"Sid": "x", "Action": ["b", "c"]},
 {"id": "", "arn": "r", "Sid": {}},
 {"B": 1, "A": [true, null]},
 "text"], "One": {"GrantId": 7}, "a": 1, "a": 2}"""

ANCHORS: dict[Route, str] = {
    (): "",
    ("Statement",): "statement",
    ("Statement", 0): "statement.[x]",
    ("Statement", 0, "Action", 1): "statement.[x].action.[c]",
    ("Statement", 1): "statement.[r]",
    ("Statement", 2): "statement.[{A:[True,None],B:1}]",
    ("Statement", 3): "statement.[text]",
    ("Statement", 3, 0): "statement.[text].[text]",
    ("Statement", 3, "Sid"): "statement.[text].sid",
    ("Statement", 4): "statement.[]",
    ("Statement", 4, "Sid", 7): "statement.[].Sid.7",
    ("One", 0): "one.[7]",
    ("One", 1): "one.[]",
}


@pytest.mark.parametrize("route", ANCHORS)
def test_anchors_name_items_by_their_content(route: Route) -> None:
    assert anchor(parse(DOCUMENT), route) == ANCHORS[route]


@pytest.mark.parametrize("name", ["Sid", "id", "arn", "SubscriptionArn", "GrantId", "Arn"])
def test_an_item_is_named_by_what_identifies_it(name: str) -> None:
    node = parse(f'[{{"a": 1, "{name}": "x", "b": 2}}]')
    assert anchor(node, (0,)) == "[x]"


@pytest.mark.parametrize(
    ("route", "part", "position"),
    [
        ((), Part.VALUE, (1, 1, 5, 49)),
        (("Statement", 3), Part.VALUE, (5, 2, 5, 8)),
        (("Statement", 4), Part.VALUE, (1, 15, 5, 9)),
        (("Statement", 4, 0), Part.VALUE, (1, 15, 5, 9)),
        (("Nothing", "One"), Part.VALUE, (1, 1, 5, 49)),
        (("Statement", 3, 0, 0), Part.VALUE, (5, 2, 5, 8)),
        (("Statement", 3, 0, 1), Part.VALUE, (5, 2, 5, 8)),
        (("Statement", 0, "Action"), Part.KEY, (2, 15, 2, 23)),
        (("Statement", 0, "Action", 1), Part.KEY, (2, 31, 2, 34)),
        (("a",), Part.VALUE, (5, 47, 5, 48)),
        (("a",), Part.KEY, (5, 42, 5, 45)),
        (("a",), Part.FIRST_KEY, (5, 34, 5, 37)),
        (("One", "x"), Part.KEY, (5, 18, 5, 32)),
        (("a", "x"), Part.KEY, (5, 47, 5, 48)),
    ],
)
def test_routes_lead_to_the_nearest_place(
    route: Route, part: Part, position: tuple[int, int, int, int]
) -> None:
    assert find(parse(DOCUMENT), route, part).position() == Position(*position)


def test_the_last_of_repeated_members_counts() -> None:
    node = parse(DOCUMENT)
    assert isinstance(node, Object)
    assert node.get("a") == Scalar(Number("2"), node.source, 165, 166)
    assert node.get("b") is None
    assert isinstance(node.get("Statement"), Array)
