"""What SKILL.md tells agents: its commands exist, and their reports have the members that it names."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from checker.cli.app import COMMANDS
from tests.cli.process import run
from tests.samples import INSTANCE_ARN, TESTS

ROOT = TESTS.parent
TEXT = (ROOT / "SKILL.md").read_text()
BROKEN = (
    "topic.json",
    "--key",
    "key.json",
    "--key-policy",
    "key-policy.json",
    "--instance-arn",
    INSTANCE_ARN,
)
SHOWN = sorted(set(re.findall(r"`(checker [a-z][^`]*)`", TEXT)))


def report(*arguments: str, folder: str = "examples") -> Any:
    return json.loads(run(*arguments, "--format", "json", cwd=ROOT / folder).stdout)


def test_it_has_a_name_and_says_when_to_use_it() -> None:
    head = yaml.safe_load(TEXT.split("---\n")[1])
    assert head["name"] == "checker"
    assert 100 < len(head["description"]) < 1_024


@pytest.mark.parametrize("command", SHOWN)
def test_each_command_and_option_exists(command: str) -> None:
    _, name, *_ = command.split()
    assert any(known.split()[0] == name for known in COMMANDS)
    options = re.findall(r"(?<=\s)--[a-z-]+", command)
    help_text = run(name, "--help", env={"COLUMNS": "200"}).stdout if options else ""
    assert [one for one in options if one not in help_text] == []


def test_each_option_that_is_forbidden_exists() -> None:
    forbidden = re.findall(r"`(--[a-z-]+)`", TEXT.split("## What you must not do")[1])
    assert len(forbidden) == 5
    assert [one for one in forbidden if one not in run("fix", "--help", env={"COLUMNS": "200"}).stdout] == []


def test_a_report_has_what_it_shows() -> None:
    (shown,) = re.findall(r"(?ms)^    \{.*?\}\}$", TEXT)
    names = set(re.findall(r'"(\w+)":', shown))
    (finding, *_) = (found := report("check", "open-deputy.json"))["findings"]
    assert names <= {*found, *found["summary"], *finding, *finding["locations"][0]}
    assert (finding["rule"], finding["verdict"]) == ("missing-source-account", "FAIL")


def test_an_explanation_has_what_it_names() -> None:
    named = re.findall(r"`(\w+)`", TEXT.split("`explain`: ")[1].split(", and `links`")[0])
    found = report("explain", *BROKEN, folder="examples/broken")
    assert set(named) <= found.keys()
    assert all(f"`{link['status']}`" in TEXT for link in found["links"])
    assert next(link for link in found["links"] if link["status"] == "broken")["reason"]


def test_a_fix_has_what_it_names() -> None:
    found = report("fix", "open-deputy.json", "--instance-arn", INSTANCE_ARN)
    assert found["left"] == []
    assert found["files"][0]["diff"].startswith("--- a/open-deputy.json")
