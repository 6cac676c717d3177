"""The GitLab CI template: its scripts run as a job does, on a real repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.action.runner import TOP
from tests.cli.process import save
from tests.cli.test_diff_code import git
from tests.samples import INSTANCE_ARN, document, statement

TEMPLATE = yaml.safe_load((TOP / "templates" / "checker.gitlab-ci.yml").read_text())


def run(job: str, checkout: Path, **variables: str) -> tuple[int, str]:
    """Run the lines of a job one by one, until one fails."""
    link = checkout.parent / "bin" / "checker"
    if not link.exists():
        save(link, f'#!/bin/sh\nPYTHONPATH="{TOP}" exec "{sys.executable}" -m checker "$@"\n')
        link.chmod(0o755)
    environment = {
        **os.environ,
        **TEMPLATE["variables"],
        **variables,
        "PATH": f"{link.parent}:{os.environ['PATH']}",
    }
    script = "set -e\n" + "\n".join(TEMPLATE[job]["script"])
    done = subprocess.run(
        ["sh", "-c", script], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def repository(top: Path) -> str:
    """Make a repository with a change, and return the commit before it."""
    save(
        top / "policies" / "chat.json",
        document(statement(Principal={"AWS": "arn:aws:iam::444455556666:root"})),
    )
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "one")):
        git("-C", str(top), *arguments)
    save(top / "policies" / "chat.json", document(statement()))
    git("-C", str(top), "commit", "--quiet", "--all", "-m", "two")
    return subprocess.run(
        ["git", "-C", top, "rev-parse", "HEAD~1"], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_findings_are_a_code_quality_report(tmp_path: Path) -> None:
    repository(tmp_path / "checkout")
    code, text = run("checker", tmp_path / "checkout", CHECKER_PATHS="policies")
    issues: list[dict[str, Any]] = json.loads(
        (tmp_path / "checkout" / "gl-code-quality-report.json").read_text()
    )
    assert (code, issues[0]["check_name"]) == (1, "missing-source-account")
    never = {"CHECKER_PATHS": "policies", "CHECKER_FAIL_ON": "never"}
    assert run("checker", tmp_path / "checkout", **never)[0] == 0
    arns = f"{INSTANCE_ARN} none"
    instances = run("checker", tmp_path / "checkout", CHECKER_INSTANCE_ARNS=arns, **never)
    assert instances[0] == 2
    assert "error[missing-source-account]" in text
    assert TEMPLATE["checker"]["artifacts"]["reports"] == {"codequality": "gl-code-quality-report.json"}


def test_the_table_of_access_changes_is_an_artifact(tmp_path: Path) -> None:
    base = repository(tmp_path / "checkout")
    code, text = run("checker-access", tmp_path / "checkout", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert code == 1
    assert TEMPLATE["checker-access"]["allow_failure"] == {"exit_codes": [1]}
    assert "gains " in text
    assert "**gains**" in (tmp_path / "checkout" / "access.md").read_text()
    assert TEMPLATE["checker-access"]["artifacts"]["paths"] == ["access.md"]
    never = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CHECKER_FAIL_ON_CHANGE": "never"}
    assert run("checker-access", tmp_path / "checkout", **never)[0] == 0
    wrong = {**never, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "none"}
    assert run("checker-access", tmp_path / "checkout", **wrong)[0] == 2
    same = run("checker-access", tmp_path / "checkout", CI_MERGE_REQUEST_DIFF_BASE_SHA="HEAD")
    assert (same[0], "affects no topic or key" in same[1]) == (0, True)
