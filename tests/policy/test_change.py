"""Operations of fixes on documents, and which statements are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.core.finding import Append, Operation, Put, Reference, Remove, Rename, ValueElsewhere
from checker.core.unknown import Unknown
from checker.policy.change import NoPlaceError, ReferenceText, changed, contents, fresh
from checker.policy.node import Node, rendered, text_of
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from tests.samples import document, policy_of, statement

NO_PLACE = "no place"


def parse(value: Any) -> Node:
    return parse_json(Source("f.json", json.dumps(value)))


@pytest.mark.parametrize(
    ("value", "operation", "expected"),
    [
        ({"a": "b"}, Put(("a",), "c"), {"a": "c"}),
        ({"a": ["b", "d"]}, Put(("a",), "c"), {"a": ["c"]}),
        ({"a": ["b", "d"]}, Put(("a",), ["c", "e"]), {"a": ["c", "e"]}),
        ({"a": ["b", "d"]}, Put(("a", 1), "c"), {"a": ["b", "c"]}),
        ({"a": "b"}, Put(("a", 0), "c"), {"a": "c"}),
        ({"a": "b"}, Put(("a", 1), "c"), NO_PLACE),
        ({}, Put(("a", 0), "c"), NO_PLACE),
        ({"a": "b"}, Put(("c", "d", "e"), "f"), {"a": "b", "c": {"d": {"e": "f"}}}),
        ({"a": "b"}, Put(("a", "d"), "f"), NO_PLACE),
        (
            {"a": [{"b": "c"}, {"b": "d"}]},
            Put(("a", 1, "e"), {"f": ["g"]}),
            {"a": [{"b": "c"}, {"b": "d", "e": {"f": ["g"]}}]},
        ),
        ({"a": "b"}, Put(("c",), ValueElsewhere(("a",))), {"a": "b", "c": "b"}),
        ({"a": ["b", "x"]}, Put(("c",), ValueElsewhere(("a", 1))), {"a": ["b", "x"], "c": "x"}),
        ({"a": "b"}, Put(("c",), ValueElsewhere(("a", 0))), {"a": "b", "c": "b"}),
        ({"a": "b"}, Put(("c",), ValueElsewhere(("a", 1))), NO_PLACE),
        ({"a": "b"}, Put(("c",), ValueElsewhere(("x", 0))), NO_PLACE),
        ({"a": "b"}, Put(("c",), ValueElsewhere(("a", "x"))), NO_PLACE),
        ({"a": "b"}, Append(("a",), "c"), {"a": ["b", "c"]}),
        ({"a": ["b"]}, Append(("a",), "c"), {"a": ["b", "c"]}),
        ({}, Append(("a",), "c"), {"a": "c"}),
        ({"a": {"b": "c"}}, Append(("a",), {"d": "e"}), {"a": [{"b": "c"}, {"d": "e"}]}),
        ({"a": "b", "c": "d"}, Remove(("a",)), {"c": "d"}),
        ({"a": ["b", "c", "d"]}, Remove(("a", 1)), {"a": ["b", "d"]}),
        ({"a": ["b"], "c": "d"}, Remove(("a", 0)), {"c": "d"}),
        ({"a": "b", "c": "d"}, Remove(("a", 0)), {"c": "d"}),
        ({"a": {"b": {"c": "d"}}, "e": "f"}, Remove(("a", "b", "c")), {"e": "f"}),
        ({"a": {"b": {"c": "d"}}, "e": "f"}, Remove(("a", "b", "x")), NO_PLACE),
        ({"a": "b"}, Remove(("x",)), NO_PLACE),
        ({"a": "b"}, Remove(("x", "y")), NO_PLACE),
        ({"a": "b"}, Remove(("a",)), NO_PLACE),
        ({"a": "b", "c": "d"}, Rename(("a",), "x"), {"x": "b", "c": "d"}),
        ({"p": {"a": "b", "x": {}}}, Rename(("p", "a"), "x"), {"p": {"x": "b"}}),
        ({"a": "b", "x": {"y": "z"}}, Rename(("a",), "x"), NO_PLACE),
        ({"a": "b", "x": "c"}, Rename(("a",), "x"), NO_PLACE),
        ({"a": "b"}, Rename(("c",), "x"), NO_PLACE),
        ({"p": "b"}, Rename(("p", "a"), "x"), NO_PLACE),
    ],
    ids=str,
)
def test_an_operation_changes_its_place_alone(value: Any, operation: Operation, expected: Any) -> None:
    if expected == NO_PLACE:
        with pytest.raises(NoPlaceError):
            changed(parse(value), [operation])
    else:
        assert rendered(changed(parse(value), [operation])) == rendered(parse(expected))


@pytest.mark.parametrize(
    ("value", "operation", "message"),
    [
        ({"a": "b"}, Remove(("a",)), "the document would be empty"),
        ({"a": "b"}, Remove(("c",)), "the value to remove does not exist"),
        ({"a": "b", "x": "c"}, Rename(("a",), "x"), "`x` already exists"),
    ],
)
def test_an_operation_without_a_place_says_why(value: Any, operation: Operation, message: str) -> None:
    with pytest.raises(NoPlaceError, match=f"^{message}$"):
        changed(parse(value), [operation])


def test_operations_see_what_those_before_them_did_and_values_of_the_original() -> None:
    operations: list[Operation] = [
        Put(("b",), ValueElsewhere(("a",))),
        Remove(("a",)),
        Append(("b",), ValueElsewhere(("a",))),
    ]
    assert rendered(changed(parse({"a": "x"}), operations)) == '{"b":["x","x"]}'


def test_new_values_have_every_type() -> None:
    assert rendered(fresh({"a": [True, None, "b"], "c": {}})) == '{"a":[true,null,"b"],"c":{}}'
    reference = fresh(Reference("aws_sns_topic.chat.arn"))
    assert isinstance(text_of(reference), ReferenceText)


CONDITION = {"StringEquals": {"aws:SourceArn": ["a", "b"], "aws:SourceAccount": "c"}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {}, True),
        ({"Sid": "a"}, {"Sid": "b"}, True),
        ({"Effect": "Allow"}, {"Effect": "Deny"}, False),
        ({"Action": ["sns:Publish", "sns:Subscribe"]}, {"Action": ["SNS:subscribe", "sns:publish"]}, True),
        ({"Action": "sns:Publish"}, {"Action": None, "NotAction": "sns:Publish"}, False),
        ({"Action": "sns:Publish"}, {"Action": "sns:Subscribe"}, False),
        ({"Resource": "a"}, {"Resource": "A"}, False),
        ({"Resource": "a"}, {"Resource": None, "NotResource": "a"}, False),
        ({"Principal": "*"}, {"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": "a"}}, {"Principal": {"Service": "a"}}, False),
        ({"Principal": {"AWS": ["a", "b"]}}, {"Principal": {"AWS": ["b", "a"]}}, True),
        ({"Principal": {"AWS": "a"}}, {"Principal": None, "NotPrincipal": {"AWS": "a"}}, False),
        ({"Principal": {"AWS": ["a", 7]}}, {"Principal": {"AWS": ["a", 7]}}, False),
        ({"Principal": {"AWS": ["a"], "x": "b"}}, {"Principal": {"AWS": ["a"]}}, False),
        (
            {"Condition": CONDITION},
            {"Condition": {"StringEquals": {"AWS:SourceAccount": ["c"], "aws:sourcearn": ["b", "a"]}}},
            True,
        ),
        ({"Condition": CONDITION}, {"Condition": {"StringLike": CONDITION["StringEquals"]}}, False),
        ({"Condition": CONDITION}, {}, False),
        ({"Action": 7}, {"Action": 7}, False),
        ({"Action": None}, {"Action": None}, False),
    ],
    ids=str,
)
def test_statements_that_are_the_same_have_the_same_content(one: Any, other: Any, same: bool) -> None:
    first, second = (contents(policy_of(document(statement(**elements)))) for elements in (one, other))
    assert (first.keys() == second.keys()) is same


def test_the_version_counts_for_statements_with_variables_alone() -> None:
    def keys(resource: str, version: str) -> Any:
        return contents(policy_of(document(statement(Resource=resource), version=version))).keys()

    assert keys("a", "2012-10-17") == keys("a", "2008-10-17")
    assert keys("${b}", "2012-10-17") != keys("${b}", "2008-10-17")
    assert keys("${b}", "2012-10-17") == keys("${b}", "2012-10-17")


def test_unknown_values_are_the_same_by_their_name() -> None:
    policy = policy_of(document(statement()))

    def keys(*values: Unknown) -> Any:
        return contents(policy.with_values(lambda _, __: values[0])).keys()

    assert keys(Unknown("why", "var.a")) == keys(Unknown("why", "var.a"))
    assert keys(Unknown("why", "var.a")) != keys(Unknown("why", "var.b"))
    assert keys(Unknown("why")) != keys(Unknown("why"))
