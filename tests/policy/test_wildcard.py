"""Examples of patterns, and suggestions for misspelled words."""

from __future__ import annotations

import pytest

from checker.policy.wildcard import ONE, RUN, Glob, did_you_mean, example_of, glob, is_wild, tokens_of


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        ("arn:aws:sns:us-east-1:111122223333:chat", "arn:aws:sns:us-east-1:111122223333:chat"),
        ("arn:*:*:*:*:*", "arn:aws:sns:us-east-1:000000000000:topic"),
        ("*:aws:sns:us-east-1:1111:chat", "x:aws:sns:us-east-1:1111:chat"),
        ("arn:aws:s*:us-east-?:1*:chat-*", "arn:aws:s:us-east-0:1:chat-"),
        ("arn:aws:sns:*:1:a:*", "arn:aws:sns:us-east-1:1:a:"),
        ("arn:aws:sns:*", "arn:aws:sns:*"),
        ("arn:aws:sns:us-east-1:*", "arn:aws:sns:us-east-1:*"),
        ("*", "*"),
    ],
)
def test_an_example_has_no_wildcards_and_fits(pattern: str, example: str) -> None:
    assert example_of(pattern) == example


def test_tokens_tell_wildcards_from_characters() -> None:
    assert tokens_of("a*?") == ("a", RUN, ONE)
    assert glob("ab") == Glob(("a", "b"), "ab")
    assert glob("a*") == Glob(("a", RUN), None)
    assert [is_wild(pattern) for pattern in ("a*", "a?", "a")] == [True, True, False]


@pytest.mark.parametrize(
    ("word", "cutoff", "meant"),
    [
        ("Effect", 0.75, "Effect"),
        (" ef FECT ", 1.0, "Effect"),
        ("Efect", 0.75, "Effect"),
        ("Effct", 0.75, "Effect"),
        ("Efct", 0.75, "Effect"),
        ("Eft", 0.75, None),
        ("Efct", 0.85, None),
        ("", 0.75, None),
        ("Actoin", 0.75, "Action"),
        ("Actions", 0.75, "Action"),
        ("actionaction", 0.75, None),
    ],
)
def test_the_closest_known_word_is_suggested(word: str, cutoff: float, meant: str | None) -> None:
    assert did_you_mean(word, ("Effect", "Action", "NotAction"), cutoff) == meant


def test_the_usual_cutoff_is_three_quarters() -> None:
    """Similarity is twice the matching characters, divided by all characters: 6 of 8, and 10 of 14."""
    assert did_you_mean("abcx", ("abcd",)) == "abcd"
    assert did_you_mean("abcdexx", ("abcdeyy",)) is None
