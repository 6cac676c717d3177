"""Random policies over a small set of values, for which every question can also be answered by brute force."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN

OTHER = "444455556666"
accounts = st.sampled_from(
    [ACCOUNT, OTHER, "1*", "*", "?11122223333", "${aws:ResourceAccount}", "999999999999"]
)
arns = st.sampled_from(
    [
        INSTANCE_ARN,
        f"{INSTANCE_ARN}/*",
        f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/*",
        f"arn:aws:connect:us-east-1:{OTHER}:instance/*",
        "arn:aws:connect:*:*:instance/*",
        "arn:aws:connect:us-east-1:1*:instance/3f*",
        f"*{ACCOUNT}*",
        "*",
        ACCOUNT,
    ]
)
operators = st.sampled_from(
    [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "ArnEquals",
        "ArnNotLike",
        "StringEqualsIfExists",
        "StringNotEqualsIfExists",
        "ArnLikeIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
        "StringEqualsIgnoreCase",
    ]
)


def one_or_more(values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=2)


source_conditions: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    operators,
    st.fixed_dictionaries(
        {}, optional={"aws:SourceAccount": one_or_more(accounts), "aws:SourceArn": one_or_more(arns)}
    ),
    max_size=2,
)
other_conditions: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
        {"Null": {"aws:SourceArn": "false"}},
        {"Null": {"AWS:SourceAccount": "true"}},
        {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}},
        {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}},
    ]
)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    return {**draw(source_conditions), **draw(other_conditions)}


principals = st.sampled_from(
    [
        {"Service": "connect.amazonaws.com"},
        {"Service": "connect.amazonaws.com"},
        "*",
        {"AWS": "*"},
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{OTHER}:role/App"},
        {"Service": ["s3.amazonaws.com", "connect.amazonaws.com"]},
    ]
)
actions = st.sampled_from(
    ["sns:Publish", "SNS:Publish", ["sns:Publish", "sns:Subscribe"], "sns:Subscribe", "sns:*", "*"]
)
resources = st.sampled_from([TOPIC_ARN, TOPIC_ARN, "*", f"{TOPIC_ARN}-2", "arn:aws:sns:*:*:ch*"])


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    negated = draw(st.integers(0, 9)) == 0
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        "NotPrincipal" if negated else "Principal": draw(principals),
        "Action": draw(actions),
        "Resource": draw(resources),
        "Condition": draw(conditions()),
    }


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "Version": draw(st.sampled_from(["2012-10-17", "2008-10-17"])),
        "Statement": draw(st.lists(statements(), min_size=1, max_size=3)),
    }


instance_ids = st.sampled_from(
    ["3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d", "00000000-0000-4000-8000-000000000000"]
)


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, Any]:
    context: dict[str, Any] = {
        "aws:ResourceAccount": ACCOUNT,
        "aws:SecureTransport": draw(st.sampled_from(["true", "false"])),
    }
    account = draw(st.sampled_from([ACCOUNT, OTHER, "999999999999"]))
    if draw(st.booleans()):
        context["aws:SourceAccount"] = account
    if draw(st.booleans()):
        context["aws:SourceArn"] = f"arn:aws:connect:us-east-1:{account}:instance/{draw(instance_ids)}"
    if draw(st.booleans()):
        context["aws:SourceOwner"] = ACCOUNT
    return context
