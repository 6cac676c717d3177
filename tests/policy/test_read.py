"""Nodes are read as a typed policy, and every violation of the grammar is reported."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from checker.core.finding import format_route
from checker.core.unknown import Unknown
from checker.policy.model import Policy
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from checker.policy.vocabulary import (
    CONDITION_KEY,
    KEY,
    OPERATORS,
    POLICY_ELEMENTS,
    TOPIC,
    Dialect,
    operator_names,
)
from tests.samples import document, policy_of, statement


def problems(value: Any, dialect: Dialect = TOPIC) -> list[tuple[str, str]]:
    found = read_policy(parse_json(Source("p.json", json.dumps(value))), dialect)[1]
    return [(format_route(one.route), one.message) for one in found if one.grave]


@pytest.mark.parametrize(
    ("value", "route", "message"),
    [
        ([], "", "a policy must be an object, not a list"),
        ({}, "", "the policy has no Statement"),
        ({"Statement": []}, "Statement", "the policy has no statements"),
        ({"Statement": ["x"]}, "Statement[0]", "a statement must be an object, not a string"),
        ({"Statment": [statement()]}, "Statment", "unknown element `Statment`"),
        (
            document(statement(Effect="allow")),
            "Statement[0].Effect",
            "Effect must be `Allow` or `Deny`, not `allow`",
        ),
        (document(statement(Effect=None)), "Statement[0]", "the statement has no Effect"),
        (document(statement(Principal=None)), "Statement[0]", "the statement has no Principal"),
        (document(statement(Principal={})), "Statement[0].Principal", "Principal is empty"),
        (
            document(statement(Principal="x")),
            "Statement[0].Principal",
            "Principal must be `*` or an object, not `x`",
        ),
        (
            document(statement(Principal={"aws": "*"})),
            "Statement[0].Principal.aws",
            "unknown principal type `aws`",
        ),
        (
            document(statement(NotPrincipal="*")),
            "Statement[0].NotPrincipal",
            "the statement has both Principal and NotPrincipal",
        ),
        (document(statement(Action=None)), "Statement[0]", "the statement has no Action"),
        (document(statement(Action=7)), "Statement[0].Action[0]", "expected a string, found a number"),
        (
            document(statement(Resource=["a", "b"])),
            "Statement[0].Resource",
            "the statement has 2 resources; SNS requires exactly one",
        ),
        (
            document(statement(Condition=[])),
            "Statement[0].Condition",
            "Condition must be an object, not a list",
        ),
        (
            document(statement(Condition={"StringEqual": {}})),
            "Statement[0].Condition.StringEqual",
            "unknown condition operator `StringEqual`",
        ),
        (
            document(statement(Condition={"NullIfExists": {}})),
            "Statement[0].Condition.NullIfExists",
            "unknown condition operator `NullIfExists`",
        ),
        (
            document(statement(Condition={"Bool": {"aws: x": "true"}})),
            "Statement[0].Condition.Bool.aws: x",
            "`aws: x` is not a valid condition key",
        ),
        (
            document(statement(Condition={"Bool": {"aws:x": None}})),
            "Statement[0].Condition.Bool.aws:x[0]",
            "expected a string, number or boolean, found null",
        ),
        (
            document(*[statement()] * 101),
            "Statement",
            "the policy has 101 statements; the limit for a topic policy is 100",
        ),
        (
            document(statement(), version="2012-10-18"),
            "Version",
            "Version must be `2008-10-17` or `2012-10-17`, not `2012-10-18`",
        ),
    ],
)
def test_violations_of_the_grammar_are_reported(value: Any, route: str, message: str) -> None:
    assert problems(value) == [(route, message)]


def test_a_key_policy_statement_without_action_or_resource_has_no_effect() -> None:
    policy = policy_of(document(statement(Resource=None)), KEY)
    assert problems(document(statement(Resource=None)), KEY) == []
    assert policy.known_statements()[0].resources == ("Resource", ())


def test_a_repeated_element_is_unknown_and_both_places_are_reported() -> None:
    text = '{"Statement": [{"Effect": "Allow",\n "Effect": "Deny"}]}'
    policy, found = read_policy(parse_json(Source("p.json", text)), KEY)
    assert isinstance(policy.known_statements()[0].effect, Unknown)
    assert found[0].message == "duplicate key `Effect`, first on line 1"


@pytest.mark.parametrize("value", [7, None, [], ["x"], {}])
def test_a_name_that_is_not_a_string_is_unread(value: Any) -> None:
    policy = policy_of({**document({**statement(), "Sid": value}), "Id": value})
    one = policy.known_statements()[0]
    assert (policy.id, one.sid, one.sid_unknown, one.title) == ("", "", True, "statement 1")


def test_a_name_is_read_or_missing() -> None:
    policy = policy_of({**document(statement(Sid="a"), statement()), "Id": "b"})
    one, other = policy.known_statements()
    assert (policy.id, one.sid, one.sid_unknown, one.title) == ("b", "a", False, "statement `a`")
    assert (other.sid, other.sid_unknown, other.title, other.route) == (
        "",
        False,
        "statement 2",
        ("Statement", 1),
    )


@pytest.mark.parametrize(
    "text", ['{"Statment": []}', '{"Statement": [], "Statement": []}', "[]", "{}", '{"Statement": 7}']
)
def test_statements_that_are_not_read_are_one_unknown_statement(text: str) -> None:
    policy, found = read_policy(parse_json(Source("p.json", text)), TOPIC)
    assert [type(one) for one in policy.statements] == [Unknown]
    assert [one.grave for one in found] == [True]


def test_scalar_list_and_object_forms_read_alike() -> None:
    single = policy_of({"Version": "2012-10-17", "Statement": statement()})
    listed = policy_of(
        document(statement(Action=["sns:Publish"], Principal={"Service": ["connect.amazonaws.com"]}))
    )
    assert single == listed


def test_numbers_and_booleans_stand_for_their_text() -> None:
    policy = policy_of(
        document(statement(Condition={"Bool": {"aws:SecureTransport": True}, "NumericEquals": {"a:b": 1.50}}))
    )
    values = [c.values for c in policy.known_statements()[0].conditions if not isinstance(c, Unknown)]
    assert values == [("true",), ("1.5",)]


def schema_of(dialect: Dialect) -> Draft202012Validator:
    name = "topic-policy.v1.json" if dialect is TOPIC else "key-policy.v1.json"
    return Draft202012Validator(json.loads(files("checker.schemas").joinpath(name).read_text("utf-8")))


def test_the_schemas_know_the_operators_and_keys_of_the_reader() -> None:
    for dialect in (TOPIC, KEY):
        text = json.dumps(schema_of(dialect).schema)
        assert json.dumps(CONDITION_KEY) in text
        assert all(name in text for name in OPERATORS)


junk: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.sampled_from(["", "*", "x"])
    | st.just([])
    | st.just({})
)
texts = st.sampled_from(["*", "sns:Publish", "kms:Decrypt", "x"]) | junk
some = texts | st.lists(texts, max_size=2)
principal = junk | st.dictionaries(st.sampled_from(["AWS", "Service", "Federated", "aws"]), some, max_size=2)
condition_key = st.sampled_from(
    ["aws:SourceArn", "aws: x", "x", "kms:EncryptionContext:aws:sns:topicArn", "a:b ", "a:b c", "a:b\n"]
)
operator = st.sampled_from(
    [*operator_names()[:8], "Null", "NullIfExists", "stringequals", " Bool", "ForAnyValue:Bool"]
)
condition = junk | st.dictionaries(
    operator, junk | st.dictionaries(condition_key, some, max_size=2), max_size=2
)
elements: dict[str, st.SearchStrategy[Any]] = {
    "Sid": texts,
    "Effect": st.sampled_from(["Allow", "Deny", "allow"]) | junk,
    "Principal": principal,
    "NotPrincipal": principal,
    "Action": some,
    "NotAction": some,
    "Resource": some,
    "Condition": condition,
    "Comment": texts,
}
mandatory = {key: elements[key] for key in ("Effect", "Principal", "Action", "Resource")}
others = {key: value for key, value in elements.items() if key not in mandatory}
statements = (
    junk | st.fixed_dictionaries({}, optional=elements) | st.fixed_dictionaries(mandatory, optional=others)
)
policies = junk | st.fixed_dictionaries(
    {"Statement": statements | st.lists(statements, max_size=3)},
    optional={
        "Version": st.sampled_from(["2012-10-17", "2008-10-17", "2012"]) | junk,
        "Id": texts,
        "Idd": texts,
    },
)


@given(policies, st.sampled_from([TOPIC, KEY]))
def test_schema_and_reader_accept_and_reject_the_same_documents(value: Any, dialect: Dialect) -> None:
    accepted = schema_of(dialect).is_valid(value)
    assert accepted == (not problems(value, dialect)), problems(value, dialect)


@given(
    st.recursive(
        junk,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*POLICY_ELEMENTS, *elements]), inner, max_size=5)
        ),
    )
)
def test_reading_never_fails(value: Any) -> None:
    assert isinstance(policy_of(value), Policy)
