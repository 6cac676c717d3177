"""Plain English in every text that a person reads: messages, help, docstrings, comments and docs.

The words are those that once made the texts read like a translation. A new one has a plain word: fix, roll back,
skip, distinguish, remaining; is not a valid X; principal, caller, account, other AWS customers.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for top in ("checker", "rules") for path in (ROOT / top).rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "schemas"])
ODD = re.compile(
    r"""(?ix)
    \b(?: mend(?:s|ed|ing|able)? | remed(?:y|ies) | (?:take|takes|took|taken|taking)\ back
        | puts?\ up\ with | putting\ up\ with | (?:go|goes|gone|going)\ on\ with | (?:let|lets|letting)\ in
        | (?:pass|passes|passed|passing)\ over | (?:tell|tells|told|telling)\ (?:\w+\ ){0,2}apart
        | (?:take|takes|took|taken|taking)\ apart | reckon(?:s|ed|ing)?
        | what\ is\ left | what\ comes\ of | what\ came\ of | what\ became\ of | worked?\ off
        | nobody | somebody | anybody | whoever | whomever | strangers? | small\ part(?:y|ies)
        | (?:house|law)\b(?=s?\ of\ the) | on\ purpose\ alone | not\ any\ more | no\ more\ than\ that
        | (?:organi|authori|recogni|synthesi|normali|seriali|initiali|summari|minimi|optimi|customi|categori|analy)s(?:e|es|ed|ing|ation|ations)
        | behaviours? | colours? | neighbours? | favours? | honours? | catalogues? | licences? | centres? | whilst | misspelt
    )\b
    | (?<!there\ )(?<!There\ )\b(?:is|are|was|were|be)\ no\ (?!longer\b|more\b|matter\b|such\b|less\b)[a-z`]
    """
)
ALLOWED = re.compile(r"""(?i)\banalyses\b|contact-centre|misspelt-|["`]mended["`]|"taken[ ]back\"""")
"""Words in JSON keys and values that users rely on, in names of tests and in tags."""


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """The strings and comments of a source file, by line; all lines of a page."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text("utf-8").splitlines(), 1)
        return
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT):
                for number, line in enumerate(token.string.splitlines()):
                    yield token.start[0] + number, line


def odd_words(path: Path) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}: {line.strip()}"
        for number, line in spoken(path)
        for found in ODD.finditer(ALLOWED.sub("", line))
    ]


@pytest.mark.parametrize(
    "top",
    sorted({path.relative_to(ROOT).parts[:2] for path in SOURCES if len(path.relative_to(ROOT).parts) > 2}),
)
def test_the_sources_are_in_plain_english(top: tuple[str, str]) -> None:
    folder = ROOT.joinpath(*top)
    assert [said for path in SOURCES if path.is_relative_to(folder) for said in odd_words(path)] == []


def test_the_pages_are_in_plain_english() -> None:
    assert [said for path in PAGES if path.is_file() for said in odd_words(path)] == []
