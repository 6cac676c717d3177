"""Organization policies over every form that a request may have, against a brute force with the same engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.analysis.delivery_permission import may_assume, may_send, may_use_queue_key, may_write
from checker.analysis.inventory import Organization, OrganizationPolicy, PolicyText
from checker.analysis.key_permission import KeyUse, may_use_key
from checker.core.arn import Arn
from checker.core.unknown import NAME, Symbol, Unknown
from checker.live.aws.facts import policy_of
from checker.policy.vocabulary import RESOURCE_CONTROL
from checker.sandbox.policy.decide import PolicyRequest
from checker.sandbox.policy.decide import Principal as Caller
from checker.sandbox.policy.decide import decide as decided_elsewhere

OWN, OTHER = "o-a1b2c3d4e5", "o-b1b2c3d4e5"
ACCOUNT, MEMBER, STRANGER = "111122223333", "444455556666", "999988887777"
INSTANCE = "arn:aws:connect:us-east-1:{}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
KEY = Arn("aws", "kms", "us-east-1", ACCOUNT, "key/0a1b2c3d-1111-4222-8333-444455556666")
TOPIC = Arn("aws", "sns", "us-east-1", ACCOUNT, "chat")
QUEUE = Arn("aws", "sqs", "us-east-1", ACCOUNT, "inbox")
STREAM = Arn("aws", "firehose", "us-east-1", ACCOUNT, "deliverystream/inbox")
ROLE = Arn("aws", "iam", "", ACCOUNT, "role/deliver")
YES, NO, OPEN = True, False, None


def policy(*conditions: dict[str, Any], action: Any = "kms:*", resource: str = "*") -> PolicyText:
    statements = [
        {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, "Condition": one}
        for one in conditions
    ]
    text = policy_of("rcp", json.dumps({"Version": "2012-10-17", "Statement": statements}), RESOURCE_CONTROL)
    assert isinstance(text, PolicyText)
    return text


def organization(text: PolicyText, *, known: bool = True) -> Organization:
    """With ``known``, as an audit reads it; else as a file that names no account."""
    attached = ((ACCOUNT, (0,)), (MEMBER, (0,))) if known else None
    return Organization((OrganizationPolicy(text, "rcp"),), attached, id=OWN if known else "")


def use(account: str = ACCOUNT, key: Arn | Unknown = KEY) -> KeyUse:
    return KeyUse(key, ACCOUNT, TOPIC, Arn.parse(INSTANCE.format(account)))


def word(truth: bool | Unknown) -> bool | None:
    return None if isinstance(truth, Unknown) else truth


SAMPLE = {
    "StringNotEqualsIfExists": {"aws:SourceOrgID": OWN},
    "Null": {"aws:SourceAccount": "false"},
    "Bool": {"aws:PrincipalIsAWSService": "true"},
}
SERVICES = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
PEOPLE = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
PERIMETER = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": OWN}}

# condition, and whether Connect may use the key: own account, another member, an account of another organization; file
TABLE: list[tuple[str, dict[str, Any], tuple[bool | None, bool | None, bool | None, bool | None]]] = [
    ("none", {}, (NO, NO, NO, NO)),
    ("services", SERVICES, (NO, NO, NO, NO)),
    ("people", PEOPLE, (YES, YES, YES, YES)),
    ("perimeter", PERIMETER, (NO, NO, NO, NO)),
    ("perimeter for people", {**PERIMETER, **PEOPLE}, (YES, YES, YES, YES)),
    ("the sample of AWS", SAMPLE, (YES, YES, OPEN, YES)),
    ("the sample, older", {**SAMPLE, "Null": {"aws:SourceArn": "false"}}, (YES, YES, OPEN, YES)),
    ("the sample, for another", {**SAMPLE, "StringNotEqualsIfExists": {"aws:SourceOrgID": OTHER}}, (OPEN,) * 3 + (YES,)),
    ("the sample, by reference", {**SAMPLE, "StringNotEqualsIfExists": {"aws:SourceOrgID": "${aws:ResourceOrgID}"}}, (YES, YES, OPEN, YES)),
    ("the sample, for several", {**SAMPLE, "StringNotEqualsIfExists": {"aws:SourceOrgID": [OTHER, OWN]}}, (YES, YES, OPEN, YES)),
    ("the sample without Null", {"StringNotEqualsIfExists": {"aws:SourceOrgID": OWN}, **SERVICES}, (OPEN, OPEN, NO, OPEN)),
    ("a placeholder", {**SAMPLE, "StringNotEqualsIfExists": {"aws:SourceOrgID": "my-org-id"}}, (OPEN,) * 4),
    ("a list of sources", {"StringNotEquals": {"aws:SourceAccount": STRANGER}, **SERVICES}, (NO, NO, OPEN, NO)),
    ("a source is required", {"Null": {"aws:SourceAccount": "true"}, **SERVICES}, (OPEN,) * 4),
    ("another organization is refused", {"StringEquals": {"aws:SourceOrgID": OTHER}}, (YES, YES, OPEN, OPEN)),
    ("the place in the organization", {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": f"{OWN}/r-a/ou-b/*"}}, (OPEN, OPEN, OPEN, OPEN)),
    ("another Region", {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, (YES, YES, YES, YES)),
    ("another service", {"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}}, (YES, YES, YES, YES)),
    ("another topic", {"StringNotEquals": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:us-east-1:1:x"}}, (NO, NO, NO, NO)),
    ("plain http", {"BoolIfExists": {"aws:SecureTransport": "false"}}, (YES, YES, YES, YES)),
    ("the time", {"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}, (OPEN,) * 4),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_connect_may_use_a_key(condition: dict[str, Any], expected: tuple[bool | None, ...]) -> None:
    text = policy(condition)
    read = organization(text)
    found = [word(may_use_key(read, use(account)).truth) for account in (ACCOUNT, MEMBER, STRANGER)]
    from_file = word(may_use_key(organization(text, known=False), use()).truth)
    assert (*found, from_file) == expected


def test_denials_of_two_requests_add_up() -> None:
    """Connect needs both actions: one is denied with its source, the other without."""
    needed = {**SERVICES, "Null": {"aws:SourceAccount": "true"}}
    refused = {**SERVICES, "Null": {"aws:SourceAccount": "false"}}
    texts = (policy(needed, action="kms:Decrypt"), policy(refused, action="kms:GenerateDataKey*"))
    both = Organization(tuple(OrganizationPolicy(text, "rcp") for text in texts))
    assert may_use_key(both, use()).truth is False


@pytest.mark.parametrize(
    ("resource", "named", "unnamed"),
    [
        ("*", NO, NO),
        ("arn:aws:kms:*:*:key/*", NO, NO),
        (str(KEY), NO, OPEN),
        (f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*", NO, NO),
        ("arn:aws:s3:::*", YES, OPEN),
    ],
)
def test_a_key_whose_arn_is_not_known_matches_only_patterns_for_every_key(
    resource: str, named: bool, unnamed: bool | None
) -> None:
    read = organization(policy({}, resource=resource))
    assert word(may_use_key(read, use()).truth) is named
    assert word(may_use_key(read, use(key=Unknown("not supplied"))).truth) is unnamed


def test_the_management_account_and_accounts_that_were_not_read() -> None:
    text = policy({})
    exempt = Organization((OrganizationPolicy(text, "rcp", OWN, ACCOUNT),))
    assert may_use_key(exempt, use()).truth is True
    unread = Organization((OrganizationPolicy(text, "rcp"),), ((MEMBER, (0,)),))
    assert isinstance(may_use_key(unread, use()).truth, Unknown)
    assert isinstance(may_use_key(Organization(unread=Unknown("denied")), use()).truth, Unknown)


@pytest.mark.parametrize(
    ("condition", "queue", "key", "stream"),
    [
        ({}, NO, NO, NO),
        (SERVICES, NO, NO, YES),
        (SAMPLE, YES, YES, YES),
        (PERIMETER, NO, NO, YES),
        ({"ArnNotEquals": {"aws:SourceArn": str(TOPIC)}, **SERVICES}, YES, OPEN, YES),
        ({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}, **SERVICES}, OPEN, OPEN, YES),
        ({"StringEquals": {"aws:PrincipalArn": str(ROLE)}}, YES, YES, NO),
    ],
)  # fmt: skip
def test_sns_may_deliver(
    condition: dict[str, Any], queue: bool | None, key: bool | None, stream: bool | None
) -> None:
    read = organization(policy(condition, action=["kms:*", "sqs:*", "firehose:*"]))
    found = (may_send(read, QUEUE, TOPIC), may_use_queue_key(read, KEY, TOPIC), may_write(read, STREAM, ROLE))
    assert tuple(word(one.truth) for one in found) == (queue, key, stream)


@pytest.mark.parametrize(
    ("condition", "truth"),
    [({}, NO), (SERVICES, NO), (SAMPLE, YES), ({"ArnNotEquals": {"aws:SourceArn": str(TOPIC)}}, OPEN)],
)
def test_sns_may_assume_the_role_of_a_subscription(condition: dict[str, Any], truth: bool | None) -> None:
    read = organization(policy(condition, action="sts:AssumeRole"))
    assert word(may_assume(read, ROLE, TOPIC).truth) is truth


@pytest.mark.parametrize(
    ("resource", "unnamed", "without_account"),
    [
        ("*", NO, NO),
        ("arn:aws:sqs:*:*:*", NO, NO),
        (f"arn:aws:sqs:us-east-1:{ACCOUNT}:*", NO, OPEN),
        ("arn:aws:sqs:*:*:inbox", OPEN, OPEN),
    ],
)
def test_a_queue_whose_arn_is_not_known(
    resource: str, unnamed: bool | None, without_account: bool | None
) -> None:
    pieces = ("arn:aws:sqs:us-east-1:", ACCOUNT, ":", Symbol("aws_sqs_queue.inbox.name", NAME))
    read = organization(policy({}, action="sqs:*", resource=resource), known=False)
    assert word(may_send(read, Unknown("not known", pieces=pieces), TOPIC).truth) is unnamed
    assert word(may_send(read, Unknown("not known"), TOPIC).truth) is without_account


VALUES = {
    "aws:SourceOrgID": [OWN, OTHER],
    "aws:SourceAccount": [ACCOUNT, MEMBER],
    "aws:SourceArn": [INSTANCE.format(ACCOUNT), INSTANCE.format(MEMBER)],
    "aws:PrincipalServiceName": ["connect.amazonaws.com", "s3.amazonaws.com"],
    "aws:PrincipalOrgID": [OWN],
}
BASES = ("StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists")


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """A condition on keys whose values are documented, or that a request may lack."""
    block: dict[str, dict[str, Any]] = {}
    for key in draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=3)):
        if draw(st.booleans()):
            block.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false"]))
        else:
            values = draw(st.lists(st.sampled_from(VALUES[key]), min_size=1, unique=True))
            block.setdefault(draw(st.sampled_from(BASES)), {})[key] = values
    return block


def forms() -> Iterator[dict[str, str]]:
    """Every form of the request of Connect for an instance of the key's own account."""
    for arn, account, named in product((INSTANCE.format(ACCOUNT), None), (ACCOUNT, None), (OWN, None)):
        if named is None and (arn or account):
            continue  # a request for a resource of an organization has both or none
        keys = {"aws:sourcearn": arn, "aws:sourceaccount": account, "aws:sourceorgid": named}
        known = {key: value for key, value in keys.items() if value is not None}
        service = {"aws:principalservicename": "connect.amazonaws.com", "aws:principalisawsservice": "true"}
        yield {**service, **known}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(conditions(), st.sampled_from(["kms:*", "kms:Decrypt", "kms:Generate*"])),
        min_size=1,
        max_size=3,
    )
)
def test_the_answer_is_that_of_a_brute_force_over_every_form(
    statements: list[tuple[dict[str, Any], str]],
) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}
            for condition, action in statements
        ],
    }
    text = policy_of("rcp", json.dumps(document), RESOURCE_CONTROL)
    assert isinstance(text, PolicyText)
    denied = {
        "ExplicitlyDenied"
        in [
            decided_elsewhere(
                document, PolicyRequest(Caller("connect.amazonaws.com"), action, str(KEY), form)
            )
            for action in ("kms:GenerateDataKey", "kms:Decrypt")
        ]
        for form in forms()
    }
    expected = {frozenset((True,)): False, frozenset((False,)): True}.get(frozenset(denied))
    assert word(may_use_key(organization(text), use()).truth) is expected
