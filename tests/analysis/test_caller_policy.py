"""Whether a Resource pattern can match an instance or a contact flow, against examples of both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.policy.arn_shape import CONTACT_FLOW, INSTANCE, PART, Shape, can_match
from checker.policy.wildcard import glob, tokens_of

ID = "3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
ARN = f"arn:aws:connect:us-east-1:111122223333:instance/{ID}"
EXAMPLES = {INSTANCE: ARN, CONTACT_FLOW: f"{ARN}/contact-flow/{ID}"}


@pytest.mark.parametrize(
    ("pattern", "instance", "contact_flow"),
    [
        ("*", True, True),
        (ARN, True, False),
        (f"{ARN}/*", False, True),
        (f"{ARN}*", True, True),
        (f"{ARN}/contact/*", False, False),
        (f"{ARN}/contact-flow/*", False, True),
        (f"{ARN}/contact*", False, True),
        ("arn:aws:connect:*:*:instance/*", True, True),
        ("arn:aws:connect:*:*:instance/*/contact/*", False, False),
        ("arn:aws:connect:*:*:contact/*", False, False),
        ("*/contact/*", False, False),
        ("arn:aws:connect:us-east-1:111122223333:instance/support", False, False),
        (f"{ARN[:-1]}?", True, False),
        ("arn:aws:sns:*", False, False),
        ("", False, False),
    ],
)
def test_what_a_pattern_can_match(pattern: str, *, instance: bool, contact_flow: bool) -> None:
    tokens = tokens_of(pattern)
    assert (can_match(tokens, INSTANCE), can_match(tokens, CONTACT_FLOW)) == (instance, contact_flow)


def test_a_part_has_neither_colon_nor_slash() -> None:
    whole = (*tokens_of("arn:aws:connect:us-east-1:111122223333:instance/"), PART)
    assert can_match(whole, INSTANCE)
    assert not can_match(whole, CONTACT_FLOW)
    assert not can_match((*whole, *tokens_of("/contact/*")), CONTACT_FLOW)


@st.composite
def covering(draw: st.DrawFn, text: str) -> str:
    """Write a pattern that matches a text, by replacing parts of it with wildcards."""
    kept = []
    for piece in text.split("/"):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(piece))] * 2)))
        kept.append(draw(st.sampled_from([piece, f"{piece[:start]}*{piece[end:]}", "?" * len(piece)])))
    return draw(st.sampled_from(["", "*"])) + "/".join(kept)


@pytest.mark.parametrize("shape", EXAMPLES, ids=["instance", "contact flow"])
@given(data=st.data())
def test_a_pattern_that_matches_an_example_can_match_the_form(shape: Shape, data: st.DataObject) -> None:
    text = EXAMPLES[shape]
    pattern = data.draw(covering(text))
    assert glob(pattern).matches(text)
    assert can_match(tokens_of(pattern), shape)
