"""Each guide reaches one goal: its steps, how to see that they worked, and what can go wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.generate_reference import FOLDER, find
from tests.docs.blocks import ROOT, blocks
from tests.docs.test_commands import application

GUIDES = sorted(path for path in (ROOT / "docs/how-to").glob("*.md") if path.name != "README.md")
HEADINGS = (
    "Before you begin",
    "Steps",
    "Roll back",
    "See that it works",
    "What can go wrong",
    "Next",
    "Reference",
)
OPTIONAL = {"Before you begin", "Roll back", "Next"}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_has_its_parts_in_order(guide: Path) -> None:
    found = re.findall(r"(?m)^## (.+)$", guide.read_text())
    assert found == [heading for heading in HEADINGS if heading in found]
    assert set(HEADINGS) - set(found) <= OPTIONAL


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_is_listed_by_its_title_and_is_short(guide: Path) -> None:
    text = guide.read_text()
    title = text.partition("\n")[0].removeprefix("# ")
    assert f"| [{title}]({guide.name}) |" in (ROOT / "docs/how-to/README.md").read_text()
    assert len(text.splitlines()) < 120


def test_the_rule_of_the_guide_is_the_one_of_the_example() -> None:
    (code,) = [block.text for block in blocks(ROOT / "docs/how-to/rule.md") if "class " in block.text]
    example = (ROOT / "examples/rule-pack/acme_rules/topic_name.py").read_text()
    assert all(part.strip("\n") in example for part in code.split('    ...\n    """\n'))


@pytest.mark.parametrize(("key", "option"), [("fail-on", "--fail-on"), ("select", "--select")])
def test_the_default_of_a_key_is_that_of_its_option(key: str, option: str) -> None:
    schema = json.loads((ROOT / "schemas/configuration.v1.json").read_text())
    stated = schema["properties"][key]["default"]
    (found,) = [one for one in find(application(), "check").params if option in one.opts]
    assert (stated if isinstance(stated, str) else ",".join(stated)) == found.show_default


@pytest.mark.parametrize("path", sorted((ROOT / "schemas").glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_says_what_it_and_its_fields_are_for(path: Path) -> None:
    schema = json.loads(path.read_text())
    assert schema["title"]
    assert schema["description"].endswith(".")
    fields = schema["properties"].items()
    assert [name for name, field in fields if not field["description"].endswith(".")] == []


def test_the_reference_has_every_option_of_every_command() -> None:
    page = (FOLDER / "commands.md").read_text()
    sections = dict(re.findall(r"(?ms)^## `checker ([a-z -]+)`\n(.*?)(?=^## |\Z)", page))
    for name, section in sections.items():
        known = {option for one in find(application(), name).params for option in one.opts}
        shown = set(re.findall(r"`(-[-a-z]+)(?: [^`]*)?`", section))
        assert {option for option in known if option.startswith("-")} <= shown, name
    assert len(sections) == 19
