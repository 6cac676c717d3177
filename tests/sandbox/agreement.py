"""What the tests of both evaluators share: the sandbox without HTTP, its assumptions, and what agreement means."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from checker.analysis.inventory import PolicyText
from checker.lint.status import BROKEN, OK
from checker.live.aws.facts import policy_of
from checker.sandbox.aws.upstream import Assumptions, Upstream

if TYPE_CHECKING:
    from checker.policy.vocabulary import Dialect

ASSUMPTIONS = st.builds(Assumptions, **{one.name: st.booleans() for one in fields(Assumptions)})
"""AWS documents none of them: what is certain must hold under each, and each example draws another."""
REGIONS = ("us-west-2", "eu-west-1", "af-south-1", "ap-northeast-3")
"""Two default Regions, an opt-in Region, and the one that AWS lists as both."""
quick = settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def text_of(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def read(statements: list[dict[str, Any]], dialect: Dialect) -> PolicyText:
    policy = policy_of("policy", text_of(statements), dialect)
    assert isinstance(policy, PolicyText)
    return policy


def assumed(upstream: Upstream, chosen: Assumptions) -> None:
    upstream.assume(**asdict(chosen))


def agrees(status: str, refusal: object) -> bool:
    """Whether a status is what the sandbox does; an unknown one is no answer, and always agrees."""
    return {OK: refusal is None, BROKEN: refusal is not None}.get(status, True)


def some(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values, or a list of two of them."""
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=2, max_size=2)


@st.composite
def statements(draw: st.DrawFn, actions: tuple[str, ...], conditions: st.SearchStrategy[Any]) -> Any:
    """Statements about a service, most of them about SNS and its action, which comes first."""
    principal = draw(st.sampled_from(PRINCIPALS) | st.just(PRINCIPALS[0]))
    found = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        "Principal": principal,
        "Action": draw(st.just(actions[0]) | some(*actions)),
    }
    condition: dict[str, Any] = draw(st.just({}) | conditions)
    return {**found, "Condition": condition} if condition else found


SNS_NAMES = ["sns.amazonaws.com", *(f"sns.{one}.amazonaws.com" for one in REGIONS)]
PRINCIPALS: tuple[Any, ...] = (
    {"Service": "sns.amazonaws.com"},
    {"Service": ["connect.amazonaws.com", "sns.amazonaws.com"]},
    {"Service": "connect.amazonaws.com"},
    {"Service": "sns.af-south-1.amazonaws.com"},
    {"Service": SNS_NAMES},
    {"AWS": "*"},
    "*",
    {"AWS": "arn:aws:iam::111122223333:root"},
)


def blocks(values: dict[str, tuple[str, ...]]) -> st.SearchStrategy[dict[str, Any]]:
    """Condition blocks over keys and the values that matter for each, with one or two conditions."""
    operators = [
        f"{name}{suffix}"
        for name in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
        for suffix in ("", "IfExists")
    ]
    strings = st.sampled_from(sorted(values)).flatmap(
        lambda key: st.tuples(st.sampled_from(operators), st.just(key), some(*values[key]))
    )
    arns = st.tuples(
        st.sampled_from(["ArnEquals", "ArnLike", "ArnNotLike"]),
        st.just("aws:SourceArn"),
        some(*values.get("aws:SourceArn", ("*",))),
    )
    nulls = st.tuples(st.just("Null"), st.sampled_from(sorted(values)), st.sampled_from(["true", "false"]))
    flags = st.tuples(
        st.sampled_from(["Bool", "BoolIfExists"]),
        st.sampled_from(["aws:PrincipalIsAWSService", "aws:SecureTransport", "aws:ViaAWSService"]),
        st.sampled_from(["true", "false"]),
    )
    return st.lists(arns | strings | nulls | flags, min_size=1, max_size=3).map(
        lambda found: {operator: {key: value} for operator, key, value in found}
    )
