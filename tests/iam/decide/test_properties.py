"""Properties of the decision engine for every policy and request."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from checker.core.unknown import Unknown, all_of, any_of, negate
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request, Service, fold
from checker.policy.wildcard import glob
from tests.endings import ends_soon
from tests.iam.strategies import contexts, policies, statements
from tests.samples import TOPIC_ARN, document, policy_of, statement

CONNECT = Service("connect.amazonaws.com")


def request(context: dict[str, Any]) -> Request:
    return Request(CONNECT, "sns:Publish", TOPIC_ARN, fold(context))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Statement",
                    "Effect",
                    "Principal",
                    "AWS",
                    "Action",
                    "Resource",
                    "Condition",
                    "StringLike",
                    "aws:SourceArn",
                    "Version",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(json_values)
def test_every_json_value_is_decided(value: Any) -> None:
    assert decide(policy_of(value), request({})).word in (
        "Allowed",
        "ExplicitlyDenied",
        "ImplicitlyDenied",
        "Unknown",
    )


@given(policies(), contexts())
def test_order_and_form_never_matter(policy: dict[str, Any], context: dict[str, Any]) -> None:
    expected = decide(policy_of(policy), request(context)).word
    for order in permutations(policy["Statement"]):
        assert decide(policy_of({**policy, "Statement": list(order)}), request(context)).word == expected
    listed = [
        {**s, "Action": s["Action"] if isinstance(s["Action"], list) else [s["Action"]]}
        for s in policy["Statement"]
    ]
    assert decide(policy_of({**policy, "Statement": listed}), request(context)).word == expected
    swapped = {key.swapcase(): value for key, value in context.items()}
    assert decide(policy_of(policy), request(swapped)).word == expected


@given(policies(), statements(), contexts())
def test_a_deny_never_allows_and_an_allow_never_denies(
    policy: dict[str, Any], extra: dict[str, Any], context: dict[str, Any]
) -> None:
    before = decide(policy_of(policy), request(context))
    more = {**policy, "Statement": [*policy["Statement"], extra]}
    after = decide(policy_of(more), request(context))
    if extra["Effect"] == "Deny":
        assert not (before.allowed is False and after.allowed is not False)
    else:
        assert not (before.allowed is True and after.allowed is not True)
        assert (before.word == "ExplicitlyDenied") == (after.word == "ExplicitlyDenied")


@given(policies(), contexts())
def test_a_decision_with_an_unknown_key_holds_for_every_value(
    policy: dict[str, Any], context: dict[str, Any]
) -> None:
    """The prover cuts branches on this: an answer that does not hang on a key is the answer for all its values."""
    whole = decide(policy_of(policy), request(context)).allowed
    for key in context:
        masked = decide(policy_of(policy), request({**context, key: Unknown("?")})).allowed
        assert isinstance(masked, Unknown) or masked == whole


def naive(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(naive(pattern[1:], text[i:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and naive(pattern[1:], text[1:])


@settings(max_examples=500)
@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_wildcards_match_as_defined(pattern: str, text: str) -> None:
    assert glob(pattern).matches(text) == naive(pattern, text)


def test_a_pattern_designed_to_backtrack_is_matched_in_linear_time() -> None:
    """Two hundred `*a` against a text that does not match: minutes for a regex, and no time at all here."""
    policy = policy_of(document(statement(Condition={"StringLike": {"aws:SourceArn": "*a" * 200}})))
    with ends_soon():
        assert decide(policy, request({"aws:SourceArn": "a" * 199 + "b" * 10_000})).word == "ImplicitlyDenied"


truths = st.sampled_from([True, False, Unknown("?")])


@given(st.lists(truths, max_size=4))
def test_strong_kleene(values: list[Any]) -> None:
    known = [value for value in values if not isinstance(value, Unknown)]
    expected = True if any(known) else False if len(known) == len(values) else Unknown("?")
    assert any_of(values) == expected
    assert all_of([negate(value) for value in values]) == negate(expected)
