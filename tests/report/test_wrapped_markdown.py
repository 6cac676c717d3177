"""The pages of rules in a terminal: prose fits, and nothing else changes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from checker.app import terminal
from checker.app.output import Format
from checker.app.rules import show_rules
from checker.lint.registry import all_rules
from checker.report.wrapped_markdown import wrapped_markdown

PAGES = [pytest.param(rule.documentation(), id=rule.id) for rule in all_rules()]
WIDTHS = (60, 80, 120)


def code_in(page: str) -> list[str]:
    """Return the lines of a page that are code, with the fences around them."""
    parts = page.split("```")
    indented = [line for part in parts[::2] for line in part.splitlines() if line.startswith("    ")]
    return indented + [line for part in parts[1::2] for line in part.splitlines()]


def prose_in(page: str) -> list[str]:
    """Return the other lines."""
    outside = "".join(page.split("```")[::2])
    return [line for line in outside.splitlines() if not line.startswith("    ")]


def wrapped(page: str, columns: int) -> str:
    return "\n".join(wrapped_markdown(page, columns))


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_prose_fits(page: str, columns: int) -> None:
    """A word that is longer than a line, such as a URL, has a line of its own."""
    long = [line for line in prose_in(wrapped(page, columns)) if len(line) > columns]
    assert [line for line in long if " " in line.removeprefix("- ").strip()] == []


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_each_line_has_the_words_that_fit(page: str, columns: int) -> None:
    for line, following in pairwise(prose_in(wrapped(page, columns))):
        if line[:1].isalnum() and following[:1].isalnum():
            assert len(f"{line} {following.split()[0]}") > columns


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_no_word_is_lost_and_code_stays_as_it_is(page: str, columns: int) -> None:
    found = wrapped(page, columns)
    assert found.split() == page.split()
    assert code_in(found) == code_in(page)
    assert wrapped(found, columns) == found


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("one two\nthree four", "one two three\nfour"),
        ("- one two three\n- four", "- one two\n  three\n- four"),
        ("- one\n  two three", "- one two\n  three"),
        ("  - one two three", "  - one two\n    three"),
        ("1. one two three\n2. four", "1. one two\n   three\n2. four"),
        ("- arn:aws:sns:us-east-1", "- arn:aws:sns:us-east-1"),
        ("a arn:aws:sns:us-east-1 b", "a\narn:aws:sns:us-east-1\nb"),
        ("some-hyphens-in it", "some-hyphens-in\nit"),
        ("## one two three\nfour", "## one two three\nfour"),
        ("one two\n| one two | three |\nfour", "one two\n| one two | three |\nfour"),
        ("one:\n\n    two  three  four\n\nfive", "one:\n\n    two  three  four\n\nfive"),
        ("```\none two three four\n- a\n```\nfive", "```\none two three four\n- a\n```\nfive"),
        ("one\n\n\ntwo", "one\n\n\ntwo"),
        ("", ""),
    ],
)
def test_what_is_wrapped(page: str, expected: str) -> None:
    assert wrapped(page, 13) == expected


@pytest.mark.parametrize(("columns", "widest"), [(60, 60), (100, 100), (250, 120), (None, 80)])
def test_a_page_is_as_wide_as_the_terminal(
    columns: int | None, widest: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines of more than 120 columns are hard to read; a pipe has no width."""
    monkeypatch.setattr(terminal, "is_terminal", lambda _stream: columns is not None)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    show_rules("denied-by-organization-policy", Format.TEXT)
    prose = [line for line in prose_in(capsys.readouterr().out) if not line.startswith("- ")]
    assert widest - 10 < max(map(len, prose)) <= widest
