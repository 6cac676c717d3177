"""The walk over a shape finds a string for every class of strings, and only correct classes."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.iam.prove.domain import Budget, ExhaustedError
from checker.iam.prove.shape import Reader, Segment, classes
from checker.policy.wildcard import glob, tokens_of

WHOLE, OUTER = frozenset((0, 1, 2)), frozenset((0, 2))
patterns = st.lists(st.text(alphabet="ab*?", min_size=1, max_size=5), max_size=3)


@settings(max_examples=200, deadline=None)  # machines are busy now and then
@given(patterns, patterns)
def test_classes_agree_with_brute_force(on_all: list[str], on_outer: list[str]) -> None:
    """Over strings `a` + two of `abc` + any number of `ab`, tried out up to a length that shows every class."""
    walked = (
        Segment("a"),
        Segment(chars="abc", length=2),
        Segment(chars="ab"),
    )
    readers = [Reader(tokens_of(p), WHOLE) for p in on_all] + [Reader(tokens_of(p), OUTER) for p in on_outer]

    def answers(text: str) -> tuple[bool, ...]:
        outer = text[0] + text[3:]
        return (*(glob(p).matches(text) for p in on_all), *(glob(p).matches(outer) for p in on_outer))

    found = ["".join(parts) for parts in classes(walked, readers, Budget())]
    tails = ("".join(chars) for length in range(7) for chars in product("ab", repeat=length))
    tried = {answers("a" + "".join(middle) + tail) for tail in tails for middle in product("abc", repeat=2)}
    assert {answers(text) for text in found} == tried
    assert len(found) == len(tried)


def test_letter_case_is_ignored_for_folded_readers() -> None:
    walked = (Segment(chars="abAB", length=1),)
    assert classes(walked, [Reader(("A",), frozenset((0,)), folded=True)], Budget()) == (
        ("a",),
        ("b",),
    )
    assert classes(walked, [Reader(("A",), frozenset((0,)))], Budget()) == (
        ("a",),
        ("A",),
    )


def test_hostile_patterns_exhaust_the_budget() -> None:
    hostile = [Reader(tokens_of(f"*{a}*{b}*"), frozenset((0,))) for a in "abcdef" for b in "abcdef"]
    budget = Budget(20_000)
    with pytest.raises(ExhaustedError):
        classes((Segment(chars="abcdefgh"),), hostile, budget)
    assert budget.left < 0
