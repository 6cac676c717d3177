"""Rules of other people: found by entry point, named in reports, and never able to break the others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.process import run, save
from tests.samples import TESTS, document, statement

PACK = TESTS.parent / "examples" / "rule-pack"


def install(site: Path, code: str | None = None, name: str = "acme") -> dict[str, str]:
    """Put a pack into a folder as an installer does, and give the environment that has it."""
    if code is None:
        shutil.copytree(PACK / "acme_rules", site / "acme_rules", dirs_exist_ok=True)
    else:
        save(site / f"{name}_rules.py", code)
    info = site / f"{name}_checker_rules-1.0.dist-info"
    save(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}-checker-rules\nVersion: 1.0\n")
    save(info / "entry_points.txt", f"[checker.rules]\n{name} = {name}_rules\n")
    return {"PYTHONPATH": f"{site}:{TESTS.parent}"}


def test_a_pack_is_found_listed_configured_and_reported(tmp_path: Path) -> None:
    env = install(tmp_path / "site")
    save(tmp_path / "topic.json", document(statement()))
    listed = json.loads(run("rules", "--format", "json", env=env).stdout)
    assert [one["family"] for one in listed if one["id"] == "acme-topic-name"] == ["acme"]
    assert "Acme's alarms" in run("rules", "acme-topic-name", env=env).stdout
    done = run("check", "--select", "acme", "--format", "json", cwd=tmp_path, env=env)
    assert [one["message"] for one in json.loads(done.stdout)["findings"]] == ["the topic is called `chat`"]
    save(tmp_path / "checker.yaml", "severity: {acme-topic-name: note}\nselect: [acme-topic-name]\n")
    assert run("check", cwd=tmp_path, env=env).returncode == 0
    assert "did you mean" not in run("check", cwd=tmp_path, env=env).stderr
    without = run("check", cwd=tmp_path)
    assert without.returncode == 2
    assert "unknown rule or family `acme-topic-name`" in without.stderr


def test_sarif_describes_the_rules_of_packs_too(tmp_path: Path) -> None:
    env = install(tmp_path / "site")
    save(tmp_path / "topic.json", document(statement()))
    done = run("check", "--format", "sarif", cwd=tmp_path, env=env)
    rules = json.loads(done.stdout)["runs"][0]["tool"]["driver"]["rules"]
    assert "acme-topic-name" in {one["id"] for one in rules}


RULE = "from checker.lint.rule import Rule\nfrom checker.core.finding import Severity\nclass X(Rule):\n    '''x'''\n"
FACTS = "    id = '{}'\n    family = 'acme'\n    summary = 'x'\n    severity = Severity.NOTE\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module_at_all\n", "cannot be imported: ModuleNotFoundError"),
        ("syntax error\n", "cannot be imported: SyntaxError"),
        (RULE + FACTS.format("fifo-topic"), "two rules have the id `fifo-topic`"),
        (RULE + "    id = 'x'\n", "has no `family`"),
        ("import sys; sys.exit(0)\n", "cannot be imported: SystemExit"),
    ],
)
def test_a_pack_that_cannot_be_used_stops_the_run(code: str, said: str, tmp_path: Path) -> None:
    env = install(tmp_path / "site", code, "bad")
    save(tmp_path / "topic.json", document(statement()))
    done = run("check", "topic.json", cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert said in done.stderr
    assert "fix or uninstall the pack" in done.stderr


def test_a_rule_that_fails_itself_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    code = RULE + FACTS.format("acme-broken") + "    def check_topic(self, case):\n        return 1 / 0\n"
    env = install(tmp_path / "site", code, "broken")
    save(tmp_path / "topic.json", document(statement()))
    done = run("check", "--format", "json", cwd=tmp_path, env=env)
    assert done.returncode == 4
    messages = {one["rule"]: one["message"] for one in json.loads(done.stdout)["findings"]}
    assert messages["acme-broken"] == "the rule crashed: ZeroDivisionError: division by zero"
    assert "missing-source-account" in messages
