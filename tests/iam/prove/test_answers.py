"""The answers about many policies with their witnesses, reasons and work; and the callers that policies distinguish.

`CHECKER_GOLDEN=write pytest tests/iam/prove/test_answers.py` writes the file anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checker.core.unknown import Unknown
from checker.iam.decide.request import Request
from checker.iam.prove.domain import LIMIT, Budget
from checker.iam.prove.prove import (
    Answer,
    ConnectProver,
    OtherAccountsProver,
    can_publish,
    gained,
    principal_can,
    who_can,
)
from checker.iam.prove.service_space import UNDOCUMENTED
from checker.iam.prove.space import ADMINISTER, DECRYPT, PUBLISH, SUBSCRIBE, Target
from checker.iam.prove.universe import action_classes, regions, representatives_of
from checker.policy.model import Policy
from checker.policy.vocabulary import KEY
from tests.golden import is_as_written
from tests.iam.decide.test_traces import shown
from tests.iam.prove.test_domains import KEY as KEY_TARGET
from tests.iam.prove.test_domains import TOPIC
from tests.samples import ACCOUNT, INSTANCE_ARN, arn_of, document, policy_of, statement

OTHER, OTHER_ID = "444455556666", "0a1b2c3d-2222-4333-8444-555555555555"
CONNECT, EVERYONE = {"Service": "connect.amazonaws.com"}, "*"
ROLE, USER = f"arn:aws:iam::{ACCOUNT}:role/team/app", f"arn:aws:iam::{OTHER}:user/sam"
SESSION = f"arn:aws:sts::{OTHER}:assumed-role/app/job"
ARN = "arn:aws:connect:us-east-1"

CONDITIONS: list[dict[str, Any]] = [
    {},
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"StringEquals": {"aws:SourceAccount": [ACCOUNT, OTHER]}},
    {"StringLike": {"aws:SourceAccount": "1*"}},
    {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
    {
        "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
        "ArnLikeIfExists": {"aws:SourceArn": INSTANCE_ARN},
    },
    {"ArnEquals": {"aws:SourceArn": INSTANCE_ARN}},
    {"ArnLike": {"aws:SourceArn": [f"{ARN}:{OTHER}:instance/*", f"{ARN}:*:instance/{OTHER_ID}"]}},
    {"ArnLike": {"aws:SourceArn": f"{ARN}:{ACCOUNT}:*"}},
    {"ArnLike": {"aws:SourceArn": f"{ARN}:{ACCOUNT}:instance/3f*"}},
    {"ArnLike": {"aws:SourceArn": f"{ARN}:1*:instance/*"}},
    {"ArnNotLike": {"aws:SourceArn": f"{ARN}:{OTHER}:instance/*"}},
    {"StringLike": {"aws:SourceArn": "arn:aws:connect:*"}},
    {"StringLike": {"aws:SourceArn": "*"}, "StringEquals": {"aws:SourceAccount": OTHER}},
    {"StringEqualsIgnoreCase": {"aws:SourceArn": INSTANCE_ARN.upper()}},
    {"ArnEquals": {"aws:SourceArn": "${aws:PrincipalTag/a}"}},
    {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}},
    {"Null": {"aws:SourceArn": "true"}},
    {"StringEquals": {"aws:PrincipalAccount": OTHER}},
    {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-odd"}},
    {"StringLike": {"aws:PrincipalTag/a": "x${*}"}},
    {"StringEquals": {"aws:PrincipalTag/a": ""}},
    {"StringEquals": {"aws:PrincipalTag/a": "~"}},
    {"NumericEquals": {"aws:PrincipalTag/a": "1"}},
    {"StringEquals": {f"aws:PrincipalTag/{'a' * 128}": "x"}},
    {"StringEquals": {f"aws:PrincipalTag/{'a' * 129}": "x"}},
    {"StringEquals": {"aws:PrincipalTag/a": "\x7f"}},
    {"StringEquals": {"aws:PrincipalTag/a": "é\a"}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringLike": {"aws:FederatedProvider": "*:*:*:*:*:*"}},
    {"ArnLike": {"aws:FederatedProvider": "é:*:*:*:*:*:*"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:user/{'x' * 64}"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:user/{'x' * 65}"}},
    {"NumericEquals": {"aws:MultiFactorAuthAge": "0"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "0"}},
    {
        "ForAllValues:StringEquals": {"aws:PrincipalTag/a": "x"},
        "StringNotEquals": {"aws:PrincipalTag/a": "x"},
    },
    {"DateLessThan": {"aws:userid": "2026-01-01"}},
    {"StringEquals": {"aws:SourceIp": "203.0.113.5"}},
    {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "129599"}},
    {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "129600"}},
    {"StringLike": {"aws:userid": f"AROA12345678901234567:{'x' * 64}"}},
    {"StringLike": {"aws:userid": f"AROA12345678901234567:{'x' * 65}"}},
    {"StringLike": {"aws:FederatedProvider": "*~*"}},
    {"StringLike": {"aws:userid": ["AROA12345678901234567:*", "AIDA12345678901234567"]}},
    {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/~", "arn:aws:iam::*:role/ /*"]}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/~/*"}},
    {"StringLike": {"aws:userid": "AROA*:job", "aws:PrincipalTag/a": "x"}},
    {"StringEquals": {"aws:PrincipalType": ["Anonymous", "FederatedUser"]}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:SecureTransport": "false"}},
    {"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}},
    {"StringLike": {"aws:PrincipalServiceName": "s*"}},
    {
        "DateGreaterThan": {"aws:CurrentTime": "2027-01-01"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "60"},
    },
    {"DateLessThan": {"aws:CurrentTime": "2020-01-01"}},
    {
        "DateGreaterThanEquals": {"aws:CurrentTime": "2027-01-03T00:00:00Z"},
        "DateLessThanEquals": {"aws:TokenIssueTime": "2027-01-01T12:00:00Z"},
    },
    {
        "DateGreaterThanEquals": {"aws:CurrentTime": "2027-01-03T00:00:00Z"},
        "DateLessThanEquals": {"aws:TokenIssueTime": "2027-01-01T11:59:59Z"},
    },
    {"StringEquals": {"sns:Protocol": "https"}, "StringLike": {"sns:Endpoint": "https://*"}},
    {"StringEquals": {"aws:UnknownKey": "x"}},
    {"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}},
    {"ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": "connect.us-east-1.amazonaws.com"}},
    {"ForAllValues:StringLike": {"aws:PrincipalServiceNamesList": "connect.amazonaws.com"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalServiceNamesList": "connect.amaz*"}},
    {"IpAddress": {"aws:SourceIp": ["x", "198.51.100.0/24"]}},
    {"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}, "Null": {"aws:SourceVpce": "false"}},
    {"StringLik": {"a:b": "x"}},
]
ELEMENTS: list[dict[str, Any]] = [
    {"Principal": {"AWS": [ROLE, USER]}},
    {"Principal": {"AWS": OTHER, "Service": "s3.amazonaws.com"}, "Action": "sns:*"},
    {"Principal": {"AWS": SESSION}, "Action": ["sns:Publish", "sns:Subscribe"]},
    {
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Resource": f"{TOPIC.resource[:-1]}${{aws:username}}",
    },
    {"Principal": {"AWS": ["AIDA12345678901234567", ROLE]}},
    {"Principal": {"CanonicalUser": "ab" * 32}},
    {"Principal": {"Federated": "cognito-identity.amazonaws.com"}},
    {"Principal": {"Federated": f"arn:aws:iam::{OTHER}:saml-provider/adfs"}},
    {"Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Effect": "Deny"},
    {"Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Action": "sns:AddPermission"},
    {"Principal": None, "NotPrincipal": {"AWS": USER}},
    {"Action": None, "NotAction": "sns:Publish"},
    {"Effect": "allow"},
    {"Condition": "x"},
    {"Condition": {"StringLike": 7}, "Principal": EVERYONE},
    {"Condition": {"StringLike": {"aws:SourceArn": {}}}, "Principal": EVERYONE},
    {"Action": 7},
    {"Resource": [{}, f"{TOPIC.resource[:-1]}${{aws:PrincipalTag/a, 't'}}"]},
]
USUAL = {
    *("aws:requestedregion", "aws:resourceaccount", "aws:principalisawsservice", "aws:principalservicename"),
    *("aws:principalservicenameslist", "kms:calleraccount", "aws:principalarn", *UNDOCUMENTED),
    *(
        "aws:principalaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:currenttime",
        "aws:epochtime",
    ),
}
"""Keys that are not shown: they follow from the caller, or vary."""
BODIES = [
    *({"Principal": principal, "Condition": one} for principal in (CONNECT, EVERYONE) for one in CONDITIONS),
    *ELEMENTS,
]


def denied(body: dict[str, Any]) -> Policy:
    """Return a policy that allows everything but what a statement matches."""
    whole = statement(Principal=EVERYONE, Action=["sns:Publish", "sns:Subscribe"])
    return policy_of(document(whole, statement(**{**body, "Effect": "Deny"})))


def answered(name: str, answer: Answer, budget: Budget | None = None) -> str:
    work = "" if budget is None else f" ({LIMIT - budget.left})"
    return f"    {name}{work}: {shown(answer.truth)}{requested(answer.witness)}"


def requested(witness: Request | None) -> str:
    """Write what is not usual about a witness: the caller and the keys with values."""
    if witness is None:
        return ""
    keys = (
        f"{key}={'?' if isinstance(value, Unknown) else value}"
        for key, value in sorted(witness.context.items())
        if key not in USUAL
    )
    return f" {witness.caller}, {witness.action} {' '.join(keys)}".rstrip()


def about(policy: Policy) -> Iterator[str]:
    """Yield the answers to all questions about one policy."""
    yield answered("this instance", can_publish(policy, TOPIC, arn_of(INSTANCE_ARN)))
    prover = ConnectProver(policy, TOPIC, ("us-east-1", "eu-west-1"), whole=(budget := Budget()))
    yield answered("any instance", prover.any_instance(), budget)
    yield answered("other accounts' instances", prover.deputy((ACCOUNT,)), budget)
    instance_id = arn_of(INSTANCE_ARN).instance_id
    yield answered("siblings", prover.siblings(ACCOUNT, (instance_id,)), budget)
    others = OtherAccountsProver(policy, TOPIC, budget := Budget())
    for actions in ((PUBLISH,), (SUBSCRIBE,), ADMINISTER):
        yield answered(f"others, {actions[0]}", others.can(*actions), budget)
    for arn in (ROLE, USER):
        yield answered(arn, principal_can(policy, TOPIC, arn_of(arn), PUBLISH))


def compared(policy: Policy, other: Policy, target: Target) -> Iterator[str]:
    yield answered("gained", gained(other, policy, target))
    yield answered("lost", gained(policy, other, target))


def distinguished(policy: Policy) -> Iterator[str]:
    """Yield the callers, actions and Regions that a policy distinguishes, and who can publish."""
    for one in representatives_of((policy,), "aws", ACCOUNT):
        yield f"    {one.kind} {one.caller} {one.arn} {one.account} {one.session} {' '.join(one.taken)}".rstrip()
    yield f"    actions {[names[0] for names in action_classes((policy,), TOPIC)]}"
    yield f"    Regions {' '.join(regions(TOPIC, (policy,)))}"
    for caller, answer in who_can(policy, TOPIC, PUBLISH):
        yield answered(str(caller), answer)


WHOLE: list[Any] = [
    document(),
    {**document(), "Statement": ["x"]},
    {**document(), "Statement": [statement(), "x"]},
    {**document(), "Statement": [statement(Effect="allow", Principal="*"), statement(Effect="Deny")]},
    document(statement(Principal="*", Resource="${aws:username}"), version="2012"),
    document(statement(Principal="*", Action=["sns:Publish", "sns:AddPermission"])),
    document(
        statement(
            Principal="*",
            Condition={"StringEquals": {"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}},
        ),
        statement(
            Effect="Deny",
            Principal="*",
            Condition={
                "StringEquals": {"aws:PrincipalType": "User"},
                "DateLessThan": {"aws:CurrentTime": "2027-01-01"},
            },
        ),
    ),
]
"""Policies that can be read in part, and such in which keys matter only together."""


def lines() -> Iterator[str]:
    base = policy_of(document(statement(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})))
    for body in BODIES:
        policy = policy_of(document(statement(**body)))
        yield f"# {json.dumps(body)}"
        yield from about(policy)
        yield from compared(policy, base, TOPIC)
        yield "  denied"
        yield from about(denied(body))
    for whole in WHOLE:
        policy = policy_of(whole)
        yield f"# {json.dumps(whole)}"
        yield from about(policy)
        yield from compared(policy, base, TOPIC)
    for body in ELEMENTS:
        yield f"# callers of {json.dumps(body)}"
        yield from distinguished(policy_of(document(statement(**body))))


def key_lines() -> Iterator[str]:
    """Yield answers about keys, whose context has lists and pairs."""
    tests: list[dict[str, Any]] = [
        {},
        {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": TOPIC.resource}},
        {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]}},
        {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com", "kms:CallerAccount": OTHER}},
    ]
    base = policy_of(document(statement(Action="kms:*", Resource="*", Condition=tests[1])), KEY)
    for condition in tests:
        own = statement(Principal=EVERYONE, Action="kms:*", Resource="*", Condition=condition)
        policy = policy_of(document(own), KEY)
        yield f"# key {json.dumps(condition)}"
        yield answered(
            "others", OtherAccountsProver(policy, KEY_TARGET, budget := Budget()).can(DECRYPT), budget
        )
        yield from compared(policy, base, KEY_TARGET)


def test_the_answers_are_as_written() -> None:
    text = "".join(f"{line}\n" for line in (*lines(), *key_lines()))
    assert is_as_written(Path(__file__).parent / "answers.txt", text)
