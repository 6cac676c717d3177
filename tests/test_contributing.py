"""The additions that CONTRIBUTING.md shows work as they are printed: each is one file, and is found by its name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples import TESTS, TOPIC_ARN, document, statement

ROOT = TESTS.parent


def additions() -> dict[str, str]:
    """The new files in the diffs of CONTRIBUTING.md, by path."""
    blocks = re.findall(
        r"```diff\n\+\+\+ b/(\S+)\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL
    )
    return {path: "".join(line[1:] for line in text.splitlines(keepends=True)) for path, text in blocks}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The package as a wheel installs it, with the additions."""
    shutil.copytree(ROOT / "checker", tmp_path / "checker")
    for name in ("rules", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / "checker" / name)
    for path, text in additions().items():
        (tmp_path / ("" if path.startswith("checker/") else "checker") / path).write_text(text)
    return tmp_path


def test_a_rule_and_a_report_format_are_one_file_each(installed: Path) -> None:
    assert {Path(path).parts[0] for path in additions()} == {"rules", "checker"}
    (installed / "it.json").write_text(str(document(statement())).replace("'", '"'))
    command = [
        *(sys.executable, "-m", "checker", "check", "it.json"),
        "--topic-arn",
        TOPIC_ARN,
        "--format",
        "csv",
    ]
    done = subprocess.run(
        command,
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "error,missing-source-account,it.json" in lines
    assert "warning,topic-name,it.json" in lines
