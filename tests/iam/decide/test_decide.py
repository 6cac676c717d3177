"""The law, row by row: one statement, one request, one decision.

The request is Connect's for an instance of account 111122223333 unless a row says otherwise. `Deny` rows
stand beside an Allow for everybody, so that what does not deny is Allowed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.iam.decide.request import (
    AwsPrincipal,
    Caller,
    ContextValue,
    Request,
    Service,
    fold,
    foreign,
)
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, TOPIC_ARN, document, policy_of, statement

ALLOWED, DENIED, NO_MATCH, UNKNOWN = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown"
CONNECT = Service("connect.amazonaws.com")
CONTEXT: dict[str, ContextValue] = {
    "aws:SourceArn": INSTANCE_ARN,
    "aws:SourceAccount": ACCOUNT,
    "aws:PrincipalIsAWSService": "true",
    "aws:SecureTransport": "true",
    "aws:SourceIp": "240.0.0.1",
    "aws:PrincipalServiceNamesList": ("connect.amazonaws.com",),
}
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
ROLE = "arn:aws:iam::111122223333:role/team/App"
SESSION = "arn:aws:sts::111122223333:assumed-role/App/s1"


def word(
    *statements: dict[str, Any],
    context: dict[str, ContextValue] | None = None,
    caller: Caller = CONNECT,
    version: str = "2012-10-17",
    action: str = "sns:Publish",
    resource: str = TOPIC_ARN,
) -> str:
    policy = policy_of(document(*statements, version=version))
    return decide(
        policy, Request(caller, action, resource, fold(CONTEXT if context is None else context))
    ).word


def allow(condition: dict[str, Any]) -> dict[str, Any]:
    return statement(Condition=condition)


def deny(condition: dict[str, Any], **elements: Any) -> list[dict[str, Any]]:
    return [
        statement(Principal="*"),
        statement(Effect="Deny", Principal="*", Condition=condition, **elements),
    ]


@pytest.mark.parametrize("line", (TESTS / "fixtures" / "decisions.jsonl").read_text().splitlines())
def test_decisions_of_the_fixture(line: str) -> None:
    from checker.inputs.requests import read_question

    question = read_question("decisions.jsonl", line)
    assert decide(question.policy, question.request).word == json.loads(line)["decision"]


PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (PINNED, ALLOWED),
        (
            {"StringEquals": {"AWS:sourceACCOUNT": ACCOUNT}, "ArnEquals": {"aws:sourcearn": INSTANCE_ARN}},
            ALLOWED,
        ),
        ({"StringEquals": {"aws:SourceOwner": ACCOUNT}}, NO_MATCH),
        ({"ArnLike": {"aws:SourceArn": f"{INSTANCE_ARN}/*"}}, NO_MATCH),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/*"}}, ALLOWED),
        ({"ArnEquals": {"aws:SourceArn": f"arn:aws:connect:*:{ACCOUNT}:instance/*"}}, ALLOWED),
        ({"ArnEquals": {"aws:SourceArn": f"arn:aws:*:{ACCOUNT}:instance/*"}}, UNKNOWN),
        ({"StringEquals": {"aws:SourceArn": f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/*"}}, NO_MATCH),
        ({"StringLike": {"aws:SourceArn": "arn:aws:connect:*"}}, ALLOWED),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:connect:*"}}, UNKNOWN),
        ({"ArnLike": {"aws:SourceArn": "*"}}, UNKNOWN),
        ({"ArnEquals": {"aws:SourceArn": ACCOUNT}}, NO_MATCH),
        ({"ArnLike": {"aws:SourceArn": INSTANCE_ARN.upper()}}, NO_MATCH),
        ({"StringEqualsIgnoreCase": {"aws:SourceArn": INSTANCE_ARN.upper()}}, ALLOWED),
        ({"ForAllValues:StringEquals": {"aws:SourceAccount": ACCOUNT}}, ALLOWED),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}, ALLOWED),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}, NO_MATCH),
        ({"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "x"}}, UNKNOWN),
        ({"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": "x"}}, ALLOWED),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": "connect.amazonaws.com"}}, ALLOWED),
        ({"StringEquals": {"aws:PrincipalServiceNamesList": "connect.amazonaws.com"}}, UNKNOWN),
        ({"Null": {"aws:SourceArn": "true"}}, NO_MATCH),
        ({"Null": {"aws:SourceArn": "false"}}, ALLOWED),
        ({"Null": {"aws:SourceOwner": ["true", "false"]}}, ALLOWED),
        ({"Null": {"aws:SourceArn": "False"}}, UNKNOWN),
        ({"Null": {"aws:SourceArn": None}}, UNKNOWN),
        ({"Null": {"aws:SourceArn": ["false", None]}}, ALLOWED),
        ({"ForAllValues:Null": {"aws:SourceArn": "true"}}, ALLOWED),
        ({"ForAnyValue:Null": {"aws:SourceArn": "false"}}, NO_MATCH),
        ({"StringEquals": {"aws:SourceAccount": [ACCOUNT, "444455556666"]}}, ALLOWED),
        ({"StringEquals": {"aws:SourceAccount": ["444455556666", None]}}, UNKNOWN),
        ({"StringEquals": {"aws:SourceAccount": [ACCOUNT, None]}}, ALLOWED),
        ({"StringEquals": {"aws:SourceAccount": []}}, UNKNOWN),
        ({"StringEqualsIfExists": {"aws:SourceOwner": []}}, ALLOWED),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "444455556666"}}, NO_MATCH),
        ({}, ALLOWED),
        ({"StringEquals": {}}, ALLOWED),
        ({"StringEqual": {"aws:SourceAccount": ACCOUNT}}, UNKNOWN),
        ({"stringequals": {"aws:SourceAccount": ACCOUNT}}, UNKNOWN),
        ({"Bool": {"aws:SecureTransport": True}}, ALLOWED),
        ({"Bool": {"aws:SecureTransport": "True"}}, UNKNOWN),
        ({"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}, NO_MATCH),
        ({"StringEquals": {"aws:SourceAccount": "${aws:SourceAccount}"}}, ALLOWED),
        ({"StringEquals": {"aws:SourceAccount": "${AWS:sourceaccount}"}}, ALLOWED),
        ({"StringEquals": {"aws:SourceAccount": "${aws:SourceAccount"}}, UNKNOWN),
        ({"StringEquals": {"aws:SourceAccount": "${*}"}}, UNKNOWN),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:connect:*:${aws:SourceAccount}:instance/*"}}, ALLOWED),
        ({"ArnEquals": {"aws:SourceArn": f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/${{*}}"}}, NO_MATCH),
        ({"StringLike": {"aws:SourceAccount": "${*}"}}, NO_MATCH),
        ({"StringEquals": {"aws:SourceAccount": "${?}"}}, UNKNOWN),
        ({"StringLike": {"aws:SourceArn": "*${aws:PrincipalTag/none, 'instance'}*"}}, ALLOWED),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, ALLOWED),
        ({"IpAddress": {"aws:SourceIp": "::/0"}}, NO_MATCH),
        ({"NotIpAddress": {"aws:SourceIp": "2001:db8::/32"}}, ALLOWED),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::1"}}, UNKNOWN),
        ({"IpAddress": {"aws:SourceIp": "240.0.0.1"}}, ALLOWED),
        ({"IpAddress": {"aws:SourceIp": "somewhere"}}, UNKNOWN),
        ({"NumericEquals": {"aws:SourceAccount": "111122223333.0"}}, ALLOWED),
        ({"NumericLessThan": {"aws:SourceAccount": 5}}, NO_MATCH),
        ({"NumericEquals": {"aws:SourceArn": "5"}}, UNKNOWN),
        ({"BinaryEquals": {"aws:SourceAccount": "MTEx"}}, NO_MATCH),
        ({"BinaryEquals": {"aws:SourceAccount": "#"}}, UNKNOWN),
    ],
    ids=json.dumps,
)
def test_conditions_of_an_allow(condition: dict[str, Any], expected: str) -> None:
    assert word(allow(condition)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringNotEquals": {"aws:SourceOwner": ACCOUNT}}, DENIED),
        ({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-x"}}, DENIED),
        (
            {
                "StringNotEquals": {"aws:PrincipalOrgID": "o-x"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
            ALLOWED,
        ),
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, DENIED),
        ({"Bool": {"aws:SecureTransport": "false"}}, ALLOWED),
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, DENIED),
        ({"StringNotEquals": {"aws:SourceAccount": [ACCOUNT, "444455556666"]}}, ALLOWED),
        ({"ForAnyValue:StringNotEquals": {"aws:PrincipalServiceNamesList": "x"}}, DENIED),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": "x"}}, ALLOWED),
        ({"StringNotLike": {"aws:SourceAccount": "${aws:PrincipalTag/x}"}}, DENIED),
        ({"StringNotEquals": {"aws:SourceAccount": []}}, UNKNOWN),
    ],
    ids=json.dumps,
)
def test_conditions_of_a_deny(condition: dict[str, Any], expected: str) -> None:
    assert word(*deny(condition)) == expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", ALLOWED),
        ({"AWS": "*"}, ALLOWED),
        ({"AWS": [ACCOUNT, "*"]}, ALLOWED),
        ({"Service": ["s3.amazonaws.com", "connect.amazonaws.com"]}, ALLOWED),
        ({"AWS": ACCOUNT, "Service": "connect.amazonaws.com"}, ALLOWED),
        ({"AWS": ACCOUNT}, NO_MATCH),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, NO_MATCH),
        ({"AWS": "connect.amazonaws.com"}, NO_MATCH),
        ({"Service": "sns.amazonaws.com"}, NO_MATCH),
        ({"Service": "*"}, UNKNOWN),
        ({"Service": "c?nnect.amazonaws.com"}, UNKNOWN),
        ({"Service": "s?s.amazonaws.com"}, NO_MATCH),
        ({"Service": "connect.us-east-1.amazonaws.com"}, UNKNOWN),
        ({"Service": "Connect.amazonaws.com"}, UNKNOWN),
        ({"Federated": "*"}, NO_MATCH),
        ({"CanonicalUser": CANONICAL}, NO_MATCH),
    ],
    ids=json.dumps,
)
def test_principals_for_a_service(principal: Any, expected: str) -> None:
    assert word(statement(Principal=principal)) == expected


@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ({"AWS": ACCOUNT}, ROLE, ALLOWED),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, SESSION, ALLOWED),
        ({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}, SESSION, NO_MATCH),
        ({"AWS": ROLE}, SESSION, ALLOWED),
        ({"AWS": ROLE}, ROLE, ALLOWED),
        ({"AWS": SESSION}, ROLE, NO_MATCH),
        ({"AWS": SESSION}, SESSION, ALLOWED),
        ({"AWS": "444455556666"}, ROLE, NO_MATCH),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, ROLE, UNKNOWN),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/team/?pp"}, ROLE, UNKNOWN),
        ({"Service": "connect.amazonaws.com"}, ROLE, NO_MATCH),
        ("*", ROLE, ALLOWED),
        ({"CanonicalUser": CANONICAL}, ROLE, UNKNOWN),
        ({"CanonicalUser": CANONICAL, "AWS": ACCOUNT}, ROLE, ALLOWED),
    ],
    ids=str,
)
def test_principals_for_a_role(principal: Any, caller: str, expected: str) -> None:
    asking = AwsPrincipal.parse(caller)
    assert asking is not None
    assert word(statement(Principal=principal), caller=asking) == expected


OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/example.com/a"


@pytest.mark.parametrize(
    ("listed", "provider", "grants", "negated", "denies"),
    [
        (OIDC, "example.com/a", UNKNOWN, UNKNOWN, UNKNOWN),
        (OIDC, "EXAMPLE.com/a", UNKNOWN, UNKNOWN, UNKNOWN),
        ("Example.com/a", OIDC, UNKNOWN, UNKNOWN, UNKNOWN),
        (OIDC, "example.com/b", NO_MATCH, UNKNOWN, UNKNOWN),
        (OIDC, Unknown("why"), UNKNOWN, UNKNOWN, UNKNOWN),
        (OIDC, None, NO_MATCH, ALLOWED, ALLOWED),
    ],
)
def test_a_session_may_have_been_created_through_a_provider(
    listed: str, provider: ContextValue | None, grants: str, negated: str, denies: str
) -> None:
    caller, principal = AwsPrincipal.parse(SESSION), {"Federated": listed}
    assert caller is not None
    context: dict[str, ContextValue] = {} if provider is None else {"aws:FederatedProvider": provider}
    everyone = statement(Principal="*")
    found = [
        word(*statements, caller=caller, context=context)
        for statements in (
            [statement(Principal=principal)],
            [statement(Principal=None, NotPrincipal=principal)],
            [everyone, statement(Effect="Deny", Principal=principal)],
        )
    ]
    assert found == [grants, negated, denies]
    assert word(statement(Principal=principal), context={"aws:FederatedProvider": listed}) == NO_MATCH


@pytest.mark.parametrize(
    ("elements", "caller", "expected"),
    [
        ({"NotPrincipal": {"AWS": ROLE}}, CONNECT, DENIED),
        ({"NotPrincipal": {"CanonicalUser": CANONICAL}}, CONNECT, DENIED),
        ({"NotPrincipal": {"AWS": ACCOUNT, "Service": "*"}}, AwsPrincipal.parse(ROLE), UNKNOWN),
        ({"NotPrincipal": {"CanonicalUser": CANONICAL}}, AwsPrincipal.parse(ROLE), UNKNOWN),
        ({"NotPrincipal": {"AWS": ROLE, "Service": "connect.amazonaws.com"}}, CONNECT, ALLOWED),
        ({"NotPrincipal": {"AWS": ACCOUNT}}, AwsPrincipal.parse(ROLE), UNKNOWN),
        ({"NotPrincipal": {"AWS": ROLE}}, AwsPrincipal.parse(ROLE), ALLOWED),
        ({"NotPrincipal": {"AWS": "444455556666"}}, AwsPrincipal.parse(ROLE), DENIED),
    ],
    ids=str,
)
def test_a_deny_with_not_principal(elements: dict[str, Any], caller: Caller, expected: str) -> None:
    assert (
        word(statement(Principal="*"), statement(Effect="Deny", Principal=None, **elements), caller=caller)
        == expected
    )


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"Action": "SNS:publish"}, ALLOWED),
        ({"Action": "sns:Pub*"}, ALLOWED),
        ({"Action": "sns:Pub?ish"}, ALLOWED),
        ({"Action": "*"}, ALLOWED),
        ({"Action": "s*"}, UNKNOWN),
        ({"Action": ["sns:Publish", 7]}, ALLOWED),
        ({"Action": ["sns:Subscribe", 7]}, UNKNOWN),
        ({"Action": ["sns:Subscribe", "*"]}, ALLOWED),
        ({"Principal": {"AWS": "*", "unknown": "type"}}, ALLOWED),
        ({"Principal": {"Service": "s3.amazonaws.com", "unknown": "type"}}, UNKNOWN),
        ({"Action": "sns:Subscribe"}, NO_MATCH),
        ({"Action": []}, NO_MATCH),
        ({"Action": None, "NotAction": "sns:Subscribe"}, ALLOWED),
        ({"Action": None, "NotAction": "SNS:PUBLISH"}, NO_MATCH),
        ({"Action": None, "NotAction": []}, NO_MATCH),
        ({"Resource": "*"}, ALLOWED),
        ({"Resource": "arn:aws:sns:*:*:*"}, ALLOWED),
        ({"Resource": f"arn:aws:sns:us-east-1:{ACCOUNT}:ch?t"}, ALLOWED),
        ({"Resource": f"{TOPIC_ARN}-2"}, NO_MATCH),
        ({"Resource": TOPIC_ARN.upper()}, UNKNOWN),
        ({"Resource": "arn:aws:sns:*"}, UNKNOWN),
        ({"Resource": "arn:aws:sqs:*"}, NO_MATCH),
        ({"Resource": "arn:aws:sns:${aws:SourceAccount}:*:*"}, UNKNOWN),
        ({"Resource": "arn:aws:sns:us-east-1:111122223333:${aws:PrincipalTag/none}"}, NO_MATCH),
        ({"Resource": "arn:aws:sns:us-east-1:111122223333:${aws:PrincipalTag/none, 'chat'}"}, ALLOWED),
        ({"Resource": None, "NotResource": f"{TOPIC_ARN}-2"}, ALLOWED),
        ({"Resource": None, "NotResource": TOPIC_ARN}, NO_MATCH),
        ({"Effect": "allow"}, UNKNOWN),
        ({"Principal": None}, UNKNOWN),
        ({"Resource": None}, UNKNOWN),
    ],
    ids=str,
)
def test_actions_resources_and_broken_elements(elements: dict[str, Any], expected: str) -> None:
    assert word(statement(**elements)) == expected


@pytest.mark.parametrize("version", ["2008-10-17", "2012-10-17"])
def test_variables_are_text_in_the_old_version(version: str) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "${aws:SourceAccount}"}}
    assert word(allow(condition), version=version) == (ALLOWED if version == "2012-10-17" else NO_MATCH)


@pytest.mark.parametrize(("team", "expected"), [("sam", ALLOWED), ("${aws:username}", NO_MATCH)])
def test_a_value_that_looks_like_a_variable_is_a_text(team: str, expected: str) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}}
    context: dict[str, ContextValue] = {"aws:PrincipalTag/team": team, "aws:username": "sam"}
    assert word(allow(condition), context=context) == expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (ROLE, NO_MATCH),
        (ACCOUNT, NO_MATCH),
        ("arn:aws:iam::1111:role/app", UNKNOWN),
        ("app", UNKNOWN),
        ("arn:aws:iam", UNKNOWN),
    ],
)
def test_a_caller_of_no_account_of_yours_is_none_that_names_an_account(named: str, expected: str) -> None:
    context: dict[str, ContextValue] = {"aws:PrincipalArn": foreign("aws:PrincipalArn")}
    assert word(allow({"StringEquals": {"aws:PrincipalArn": named}}), context=context) == expected


def test_variables_are_not_known_in_an_unknown_version() -> None:
    assert (
        word(allow({"StringEquals": {"aws:SourceAccount": "${aws:SourceAccount}"}}), version="2012")
        == UNKNOWN
    )
    assert word(allow({"StringEquals": {"aws:SourceAccount": ACCOUNT}}), version="2012") == ALLOWED


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("DateLessThan", "2026-06-01T00:00:00Z", "2026-06-01T01:59:59+02:00", ALLOWED),
        ("DateEquals", "2026-06-01", "2026-06-01T00:00:00.000Z", ALLOWED),
        ("DateGreaterThan", "1780000000", "1780000000.5", ALLOWED),
        ("DateGreaterThan", "1780000000", "2026-06-01T00:00:00Z", UNKNOWN),
        ("DateEquals", "2026", "2026", UNKNOWN),
        ("DateEquals", "2026-13-01", "2026-06-01", UNKNOWN),
        ("DateEquals", "2026-06-01T00:00:00+12:75", "2026-05-31T10:45:00Z", UNKNOWN),
        ("DateEquals", "2026-06", "2026-06-01T00:00Z", ALLOWED),
        ("DateNotEquals", "2026-06-01", "2026-06-02", ALLOWED),
    ],
)
def test_dates(operator: str, wanted: str, value: str, expected: str) -> None:
    assert (
        word(allow({operator: {"aws:CurrentTime": wanted}}), context={"aws:CurrentTime": value}) == expected
    )


def test_an_unknown_deny_makes_an_allow_unknown_and_leaves_a_denial_denied() -> None:
    doubtful = statement(Effect="Deny", Principal={"Service": "*"})
    assert word(statement(), doubtful) == UNKNOWN
    policy = policy_of(document(doubtful))
    decision = decide(policy, Request(CONNECT, "sns:Publish", TOPIC_ARN, {}))
    assert (decision.word, decision.allowed) == (UNKNOWN, False)


def test_the_trace_names_the_first_element_that_failed() -> None:
    policy = policy_of(
        document(statement(Action="sns:Subscribe"), allow({**PINNED, "Null": {"aws:SourceArn": "true"}}))
    )
    decision = decide(policy, Request(CONNECT, "sns:Publish", TOPIC_ARN, fold(CONTEXT)))
    assert [match.element for match in decision.matches] == ["Action", "Condition"]
    condition = decision.matches[1].condition
    assert condition is not None
    assert getattr(condition, "operator", None) == "Null"


def test_a_condition_key_repeated_in_different_case_is_unknown() -> None:
    context: dict[str, ContextValue] = {"aws:SourceAccount": ACCOUNT, "AWS:sourceaccount": ACCOUNT}
    assert word(allow({"StringEquals": {"aws:SourceAccount": ACCOUNT}}), context=context) == UNKNOWN


def test_a_statement_that_could_not_be_read_is_among_the_matches_but_has_no_number() -> None:
    policy = policy_of({**document(), "Statement": [statement(Effect="Deny", Action="sns:Subscribe"), "x"]})
    decision = decide(policy, Request(CONNECT, "sns:Publish", TOPIC_ARN, fold(CONTEXT)))
    assert (decision.word, decision.statements(), len(decision.decisive())) == (UNKNOWN, (), 1)


def test_a_statement_of_unknown_effect_that_does_not_match_decides_nothing() -> None:
    odd = statement(Effect="allow", Action="sns:Subscribe")
    assert word(odd) == NO_MATCH
    assert word(odd, statement()) == ALLOWED


@pytest.mark.parametrize(("value", "expected"), [("", UNKNOWN), ((), UNKNOWN), ("x", NO_MATCH)])
def test_whether_an_empty_value_is_present_is_not_known(value: ContextValue, expected: str) -> None:
    condition = {"Null": {"aws:PrincipalTag/x": "true"}}
    assert word(allow(condition), context={"aws:PrincipalTag/x": value}) == expected
