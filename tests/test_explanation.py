"""The pages that explain rest on the code: their paths, quotes and drawings are true of it."""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from checker.core.arn import Arn
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request
from checker.iam.prove.domain import Budget
from checker.iam.prove.partial_policy import prepare
from checker.iam.prove.service_space import instances_space
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, Instances
from checker.iam.prove.space import Target
from tests.samples import TESTS, policy_of

ROOT = TESTS.parent
DOCS = ROOT / "docs"
PAGES = [*sorted((DOCS / "explanation").glob("*.md")), DOCS / "assumptions.md", DOCS / "threat-model.md"]
DRAWINGS = [*sorted((DOCS / "explanation").glob("*.svg")), DOCS / "threat-model.svg"]
PATH = re.compile(
    r"`((?:checker|rules|tests|deploy|action|examples|conformance|schemas|scripts|\.github)/[\w./-]+|action\.yml)`"
)
SVG = "{http://www.w3.org/2000/svg}"


def rows_of(page: str) -> list[list[str]]:
    """The rows of all tables of a page, each as its cells, without headings."""
    lines = (DOCS / page).read_text().splitlines()
    heads = {at - 1 for at, line in enumerate(lines) if re.fullmatch(r"[| -]+", line) and "-" in line}
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for at, line in enumerate(lines)
        if line.startswith("| ") and at not in heads and "---" not in line
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in PATH.findall(page.read_text()) if not (ROOT / path).exists()] == []


def test_every_assumption_names_the_module_that_makes_it() -> None:
    rows = rows_of("assumptions.md")
    assert len(rows) > 40
    assert [row[0] for row in rows if not any(PATH.search(cell) for cell in row[1:])] == []


@lru_cache(maxsize=1)
def texts_of_the_code() -> str:
    """All texts that the code may print, one a line, with three dots for what it fills in."""
    found = []
    for path in (*(ROOT / "checker").rglob("*.py"), *(ROOT / "rules").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (one.value if isinstance(one, ast.Constant) else "..." for one in node.values)
                found.append("".join(map(str, parts)))
    return "\n".join(found)


QUOTES = [quote for row in rows_of("assumptions.md") for quote in re.findall(r'"([^"`]+)"', row[-1])]


@pytest.mark.parametrize("quote", sorted(set(QUOTES)))
def test_what_a_report_is_quoted_to_say_is_in_the_code(quote: str) -> None:
    assert quote in texts_of_the_code()


def test_some_reports_are_quoted() -> None:
    assert len(set(QUOTES)) > 20


THREATS = [row for row in rows_of("threat-model.md") if len(row) == 5]


@pytest.mark.parametrize("row", THREATS, ids=lambda row: f"{row[0]} {row[1]}")
def test_a_threat_has_its_letter_a_mitigation_a_module_and_a_test(row: list[str]) -> None:
    letter, threat, mitigation, module, test = row
    assert letter in tuple("STRIDE")
    assert threat
    assert mitigation
    assert PATH.findall(module)
    assert all(path.startswith("tests/") for path in PATH.findall(test) or [""])


def test_every_kind_of_threat_is_considered() -> None:
    assert {row[0] for row in THREATS} == set("STRIDE")


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_is_named_read_by_all_and_drawn_for_both_color_schemes(drawing: Path) -> None:
    root = ET.fromstring(drawing.read_text())  # noqa: S314 - a file of the repository
    assert root.get("role") == "img"
    assert (root.get("viewBox") or "").startswith("0 0 720 ")
    assert root.get("aria-labelledby") == "title desc"
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    assert min(map(int, re.findall(r"font-size: ?(\d+)px", drawing.read_text()))) >= 19
    assert any(f"]({drawing.name})" in page.read_text() for page in drawing.parent.glob("*.md"))


def test_the_drawing_of_the_prover_has_the_requests_that_it_computes() -> None:
    policy = policy_of(json.loads((ROOT / "examples" / "two-patterns.json").read_text()))
    topic = Arn.parse("arn:aws:sns:us-east-1:111122223333:connect-chat-stream")
    assert topic is not None
    others = Instances("aws", (topic.region,), but_not=(topic.account,), or_absent=True)
    space = instances_space(Target.of(topic), others)
    mentions = prepare(space, policy).mentions()
    computed = []
    for choice in others.choices(mentions, Budget()).choices:
        known = {key: value for key, value in choice.values.items() if value is not None}
        request = Request(space.caller, space.action, space.resource, {**space.constants(mentions), **known})
        computed.append((known.get(SOURCE_ACCOUNT), decide(policy, request).word))
    drawing = ET.fromstring((DOCS / "explanation" / "prover.svg").read_text())  # noqa: S314 - a file of the repository
    words = ["".join(text.itertext()) for text in drawing.iter(f"{SVG}text")]
    drawn = [
        (account if account.isdigit() else None, word)
        for account, word in pairwise(words)
        if word.endswith(("Allowed", "Denied"))
    ]
    assert sorted(drawn, key=str) == sorted(computed, key=str)
