"""The walk over a shape finds a string for every class of strings, and the right classes."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.iam import shape
from checker.iam.shape import Reader, Segment, TooManyClassesError, classes
from checker.policy.wildcard import glob, tokens_of

patterns = st.lists(st.text(alphabet="ab*?", min_size=1, max_size=5), max_size=3)


@settings(max_examples=200, deadline=None)  # machines are busy now and then
@given(patterns, patterns)
def test_classes_are_those_of_brute_force(on_all: list[str], on_middle: list[str]) -> None:
    """Over strings `a` + two of `abc` + any number of `ab`, tried out up to a length that shows every class."""
    walked = (
        Segment("head", text="a"),
        Segment("middle", chars="abc", length=2),
        Segment("tail", chars="ab"),
    )
    readers = [Reader(tokens_of(p), 0, 2) for p in on_all] + [Reader(tokens_of(p), 1, 1) for p in on_middle]

    def answers(text: str) -> tuple[bool, ...]:
        return (*(glob(p).matches(text) for p in on_all), *(glob(p).matches(text[1:3]) for p in on_middle))

    found = classes(walked, readers)
    tails = ("".join(chars) for length in range(7) for chars in product("ab", repeat=length))
    tried = {answers("a" + "".join(middle) + tail) for tail in tails for middle in product("abc", repeat=2)}
    assert {answers(text) for text in found} == tried
    assert len(found) == len(tried)


def test_letter_case_folds_where_it_is_asked_for() -> None:
    walked = (Segment("text", chars="abAB", length=1),)
    assert classes(walked, [Reader(("A",), 0, 0, folded=True)]) == ["b", "a"]
    assert classes(walked, [Reader(("A",), 0, 0)]) == ["a", "A"]


def test_hostile_patterns_give_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "MAX_STEPS", 20_000)
    hostile = [Reader(tokens_of(f"*{a}*{b}*"), 0, 0) for a in "abcdef" for b in "abcdef"]
    with pytest.raises(TooManyClassesError):
        classes((Segment("text", chars="abcdefgh"),), hostile)
