"""The sandbox's evaluator and the evaluator of `checker.iam` agree wherever `checker.iam` gives a definite result."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checker.iam.decide.decide import UNKNOWN
from checker.iam.decide.decide import decide as decide_by_checker
from checker.iam.decide.request import AwsPrincipal, Request, Service, fold
from checker.sandbox.policy.decide import PolicyRequest, Principal, decide
from tests.iam.strategies import OTHER, contexts, policies
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, policy_of, statement

CONNECT = Principal(service="connect.amazonaws.com")
ASKERS = (
    CONNECT,
    Principal(service="s3.amazonaws.com"),
    Principal(arn=f"arn:aws:iam::{OTHER}:role/App"),
    Principal(arn=f"arn:aws:sts::{OTHER}:assumed-role/App/session"),
    Principal(arn=f"arn:aws:iam::{ACCOUNT}:user/alice"),
    Principal(arn=f"arn:aws:iam::{ACCOUNT}:root"),
)
FULL_CONTEXT: dict[str, Any] = {
    "aws:SourceArn": INSTANCE_ARN,
    "aws:SourceAccount": ACCOUNT,
    "aws:PrincipalIsAWSService": "true",
    "aws:PrincipalServiceNamesList": ["connect.amazonaws.com"],
    "aws:SecureTransport": "true",
    "aws:SourceIp": "192.0.2.1",
    "aws:CurrentTime": "2026-11-22T10:00:00Z",
    "aws:MultiFactorAuthAge": "3600",
}


def by_checker(policy: dict[str, Any], principal: Principal, action: str, context: dict[str, Any]) -> str:
    caller = Service(principal.service) if principal.service else AwsPrincipal.parse(principal.arn)
    assert caller is not None
    values = {key: tuple(one) if isinstance(one, list) else one for key, one in context.items()}
    return decide_by_checker(policy_of(policy), Request(caller, action, TOPIC_ARN, fold(values))).word


def by_sandbox(policy: dict[str, Any], principal: Principal, action: str, context: dict[str, Any]) -> str:
    return decide(
        policy,
        PolicyRequest(principal, action, TOPIC_ARN, {key.lower(): one for key, one in context.items()}),
    )


def agree(policy: dict[str, Any], principal: Principal, action: str, context: dict[str, Any]) -> None:
    expected = by_checker(policy, principal, action, context)
    if expected != UNKNOWN:
        assert by_sandbox(policy, principal, action, context) == expected


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies(), contexts(), st.sampled_from(ASKERS), st.sampled_from(["sns:Publish", "SNS:Subscribe"]))
def test_the_two_evaluators_agree_on_the_policies_of_the_prover(
    policy: dict[str, Any], context: dict[str, Any], principal: Principal, action: str
) -> None:
    agree(policy, principal, action, context)


OPERATORS = [
    f"{qualifier}{name}{suffix}"
    for qualifier in ("", "ForAllValues:", "ForAnyValue:")
    for name in (
        "StringEquals",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "ArnLike",
        "ArnNotEquals",
        "Bool",
        "Null",
        "IpAddress",
        "NotIpAddress",
        "NumericLessThan",
        "NumericNotEquals",
        "DateGreaterThan",
        "DateNotEquals",
        "BinaryEquals",
    )
    for suffix in ("", "IfExists")
]
KEYS = [*FULL_CONTEXT, "aws:PrincipalOrgID", "AWS:sourcearn"]
VALUES: list[Any] = [
    *(one for one in FULL_CONTEXT.values() if isinstance(one, str)),
    "*",
    "arn:aws:connect:*:*:instance/*",
    f"{INSTANCE_ARN}/*",
    "connect.amazonaws.com",
    "CONNECT.amazonaws.com",
    "${aws:SourceArn}",
    "${aws:PrincipalOrgID}",
    "${aws:PrincipalOrgID, '*'}",
    "${*}",
    "${$}",
    "${broken",
    "192.0.2.0/24",
    "2001:db8::/32",
    "2026-11-22T12:00:00+02:00",
    "1795341600",
    "3600.0",
    "7200",
    "dHJ1ZQ==",
    True,
    3600,
]


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    values = st.sampled_from(VALUES)
    once = st.dictionaries(st.sampled_from(KEYS), values | st.lists(values, max_size=2), max_size=2)
    # What a key counts that stands twice, in different letters, no source says.
    keys = once.filter(lambda found: len({key.lower() for key in found}) == len(found))
    block: dict[str, Any] = draw(st.dictionaries(st.sampled_from(OPERATORS), keys, max_size=2))
    return block


@st.composite
def odd_policies(draw: st.DrawFn) -> dict[str, Any]:
    parts = st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny", "allow"]),
            "Condition": conditions(),
            "Action": st.sampled_from(["sns:Pub*", "*", [], ["sns:Subscribe", "SNS:PUBLIS?"]]),
            "Resource": st.sampled_from(
                ["*", TOPIC_ARN, TOPIC_ARN.upper(), "arn:aws:sns:*", f"{TOPIC_ARN[:-1]}?"]
            ),
        }
    )
    found = draw(st.lists(parts, min_size=1, max_size=2))
    version = draw(st.sampled_from(["2012-10-17", "2008-10-17"]))
    return document(*(statement(**one) for one in found), version=version)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_policies(), st.sets(st.sampled_from(sorted(FULL_CONTEXT))))
@example(document(statement(Condition={"ForAllValues:StringEquals": {"aws:SourceArn": []}})), set())
def test_the_evaluators_agree_on_every_operator_unless_checker_says_unknown(
    policy: dict[str, Any], absent: set[str]
) -> None:
    context = {key: one for key, one in FULL_CONTEXT.items() if key not in absent}
    agree(policy, CONNECT, "sns:Publish", context)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        1,
        "x",
        [],
        [{}],
        {"Statement": 1},
        {"Statement": [None, {"Effect": []}]},
        {"Statement": {"Effect": ["Allow"], "Principal": "*", "Action": "*", "Resource": "*"}},
    ],
)
def test_the_sandbox_decides_any_policy(junk: object) -> None:
    assert decide(junk, PolicyRequest(CONNECT, "sns:Publish", TOPIC_ARN, {})) == "ImplicitlyDenied"
