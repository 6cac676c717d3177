"""Rules, pages, schemas and README agree one to one; whatever is generated is up to date."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from checker.cli.app import COMMANDS
from checker.core.regions import CONNECT_REGIONS, REGIONS
from checker.inputs import discover
from checker.lint.registry import built_in
from checker.policy import names
from checker.policy.names import GLOBAL_KEYS, KEY_ACTIONS, SERVICES, TOPIC_ACTIONS
from tests.samples import TESTS

ROOT = TESTS.parent
IDS = sorted(rule.id for rule in built_in())


def test_what_is_generated_from_the_rules_is_up_to_date() -> None:
    command = [sys.executable, "-m", "scripts.generate_docs", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr


def test_every_rule_has_a_page_a_line_in_the_index_and_a_place_in_the_schema() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} - {"README"}
    schema = json.loads((ROOT / "schemas" / "configuration.v1.json").read_text())
    listed = re.findall(r"\]\(([a-z-]+)\.md\)", (ROOT / "docs/rules/README.md").read_text())
    assert sorted(pages) == sorted(listed) == schema["$defs"]["rule"]["anyOf"][0]["enum"] == IDS
    assert set(schema["$defs"]["family"]["enum"]) == {rule.family for rule in built_in()}


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text()):
        file = (page.parent / target) if target else page
        assert file.exists(), target
        headings = re.findall(r"(?m)^#+ (.+)$", file.read_text()) if file.suffix == ".md" else []
        slugs = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not anchor or anchor in slugs, f"{target}#{anchor}"


LINKED = [
    (page.name, name, (page.parent / target).resolve())
    for page in PAGES
    for name, target in re.findall(r"\[`(\w+)`\]\(([^)#]+\.py)\)", page.read_text())
]


@pytest.mark.parametrize(("page", "name", "file"), LINKED, ids=lambda one: getattr(one, "name", one))
def test_a_function_that_a_page_links_to_is_in_the_file(page: str, name: str, file: Path) -> None:
    assert re.search(rf"(?m)^(?:def|class) {name}\b|^{name} = ", file.read_text()), page


def test_the_walk_of_a_policy_has_links() -> None:
    assert sum(page == "walk.md" for page, _, _ in LINKED) > 25


def test_every_command_has_a_line_in_the_readme_and_a_page() -> None:
    listed = re.findall(
        r"(?m)^\| \[`(\w+)`\]\(((?:docs/|CONTRIBUTING)[^)#]+)", (ROOT / "README.md").read_text()
    )
    assert {command for command, _ in listed} == {name.split()[0] for name in COMMANDS}
    for command, page in listed:
        assert f"checker {command}" in (ROOT / page).read_text(), page


@pytest.mark.parametrize("path", sorted((ROOT / "schemas").glob("*.json")), ids=lambda path: path.stem)
def test_every_schema_is_one(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text()))


@pytest.mark.parametrize("rule", IDS)
def test_the_page_of_a_rule_shows_a_case_that_it_finds_and_one_that_it_leaves_alone(rule: str) -> None:
    page = (ROOT / "docs" / "rules" / f"{rule}.md").read_text()
    found, _, left = page.partition("## A case that it finds")[2].partition("## A case that it leaves alone")
    assert f"[{rule}]: " in found
    assert f"[{rule}]: " not in left


def test_names_that_rules_rest_on_are_in_the_generated_lists() -> None:
    assert {"sns:Publish", "sns:Subscribe", "sns:Receive"} <= set(TOPIC_ACTIONS)
    assert {"kms:Decrypt", "kms:GenerateDataKey", "kms:PutKeyPolicy"} <= set(KEY_ACTIONS)
    assert {"aws:SourceArn", "aws:SourceAccount", "aws:SourceOwner", "aws:PrincipalTag/"} <= set(GLOBAL_KEYS)
    assert {"connect", "sns", "cloudwatch", "events"} <= set(SERVICES)
    assert len(CONNECT_REGIONS) == 12
    assert set(CONNECT_REGIONS) <= {region for regions in REGIONS.values() for region in regions}
    assert "scripts/generate_names.py" in (names.__doc__ or "")


def test_the_extensions_of_inputs_are_listed() -> None:
    page = (ROOT / "docs" / "check.md").read_text()
    listed = page[page.index("files with these extensions are read") :].partition("\n* ")[0]
    assert {one for one in discover.INPUTS if f"`{one}`" not in listed} == set()
