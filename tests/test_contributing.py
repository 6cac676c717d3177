"""The additions that CONTRIBUTING.md shows work as they are printed: each is one file, and is found by its name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.process import run as checker
from tests.samples import TESTS, TOPIC_ARN, document, statement

ROOT = TESTS.parent


def additions() -> list[tuple[str, list[str]]]:
    """The diffs of CONTRIBUTING.md: each a path and its lines. A diff without context is a new file."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    blocks = re.findall(r"```diff\n\+\+\+ b/(\S+)\n(.*?)```", text, re.DOTALL)
    return [(path, lines.splitlines(keepends=True)) for path, lines in blocks]


def applied(before: str, diff: list[str]) -> str:
    """A file after a diff, whose context must occur in it once."""
    context = "".join(line[1:] for line in diff if line.startswith(" "))
    assert not context or before.count(context) == 1
    return before.replace(context, "".join(line[1:] for line in diff))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel installs it, with the additions."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(ROOT / "checker", folder / "checker")
    for name in ("rules", "schemas"):
        shutil.copytree(ROOT / name, folder / "checker" / name)
    for path, diff in additions():
        file = folder / ("" if path.startswith("checker/") else "checker") / path
        file.write_text(applied(file.read_text() if file.exists() else "", diff))
    return folder


def run(installed: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_addition_is_as_few_files_as_promised() -> None:
    assert [path for path, _ in additions()] == [
        "rules/sns/topic_name.py",
        "checker/report/formats/short.py",
        "checker/inputs/kinds/inventory.py",
        "checker/analysis/inventory.py",
        "checker/inputs/topic_settings.py",
    ]


def test_a_rule_and_a_report_format_are_found(installed: Path) -> None:
    (installed / "it.json").write_text(json.dumps(document(statement())))
    options = ("check", "it.json", "--topic-arn", TOPIC_ARN, "--format", "short")
    done = run(installed, "-m", "checker", *options)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "error,missing-source-account,it.json" in lines
    assert "warning,topic-name,it.json" in lines


def test_an_input_format_is_found(installed: Path) -> None:
    policy = document(statement())
    row = {"topic_arn": TOPIC_ARN, "policy": policy}
    (installed / "rows.json").write_text(json.dumps({"inventory": [row]}))
    done = run(installed, "-m", "checker", "check", "rows.json", "--format", "short")
    assert "error,missing-source-account,rows.json" in done.stdout, done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a checkout has that `checker dev` asks for, and nothing of a rule."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "rules" / "sns").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("family", ["sns", "kms", "policy"])
def test_a_new_rule_works_and_has_cases_that_hold(family: str, checkout: Path, tmp_path_factory: Any) -> None:
    done = checker("dev", "new-rule", "topic-label", "--family", family, cwd=checkout / "rules")
    assert done.returncode == 0, done.stderr
    written = [line.removeprefix("added ") for line in done.stdout.splitlines()]
    module, cases, bad, good = (checkout / name for name in written)
    package = tmp_path_factory.mktemp("with the rule")
    for source, name in ((ROOT / "checker", "checker"), (ROOT / "rules", "checker/rules")):
        shutil.copytree(source, package / name)
    shutil.copytree(ROOT / "schemas", package / "checker" / "schemas")
    shutil.copy(module, package / "checker" / "rules" / family)
    (entry, clean) = yaml.safe_load(cases.read_text())
    for case, path in ((entry, bad), (clean, good)):
        options = ("check", str(path), "--instance-arn", case["instance"], "--format", "json")
        report = json.loads(run(package, "-m", "checker", *options).stdout)
        assert [one["rule"] for one in report["findings"]] == ["topic-label"] * bool(case["findings"])
        assert all(f" {one['rule']} " in case["findings"][0] for one in report["findings"])
    assert "Temporary" in run(package, "-m", "checker", "rules", "topic-label").stdout


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("label", "write words like `topic-name`"),
        ("Topic-Label", "write words like `topic-name`"),
        ("../a-b", "write words like `topic-name`"),
        ("fifo-topic", "there is a rule `fifo-topic`"),
    ],
)
def test_a_new_rule_has_an_id_that_no_other_has(rule: str, says: str, checkout: Path) -> None:
    done = checker("dev", "new-rule", rule, cwd=checkout)
    assert (done.returncode, says in done.stderr) == (2, True)
    assert not list((checkout / "rules").rglob("*.py"))


def test_a_new_rule_replaces_no_file_and_is_for_a_checkout(checkout: Path, tmp_path_factory: Any) -> None:
    assert checker("dev", "new-rule", "topic-label", cwd=checkout).returncode == 0
    module = checkout / "rules" / "sns" / "topic_label.py"
    module.write_text("mine")
    again = checker("dev", "new-rule", "topic-label", cwd=checkout)
    assert (again.returncode, "this file exists" in again.stderr) == (2, True)
    assert module.read_text() == "mine"
    elsewhere = checker("dev", "new-rule", "topic-label", cwd=tmp_path_factory.mktemp("elsewhere"))
    assert (elsewhere.returncode, "not in a checkout" in elsewhere.stderr) == (2, True)


TERRAFORM = """
resource "aws_sns_topic" "chat" {
  name           = "chat"
  tracing_config = "Active"
}
"""
TEMPLATE = {
    "Resources": {"Chat": {"Type": "AWS::SNS::Topic", "Properties": {"TracingConfig": "Active"}}},
}
READ = """
import sys
from pathlib import Path
from checker.inputs.load import load
(topic,) = load([Path(sys.argv[1])]).topics
print(topic.settings.tracing.value)
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf", TERRAFORM),
        ("template.json", json.dumps(TEMPLATE)),
        ("topic.json", json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "TracingConfig": "Active"}})),
    ],
)
def test_a_fact_of_a_topic_is_read_from_every_source(name: str, text: str, installed: Path) -> None:
    folder = installed / Path(name).stem
    folder.mkdir()
    (folder / name).write_text(text)
    done = run(installed, "-c", READ, str(folder / name))
    assert done.stdout.strip() == "Active", done.stderr
