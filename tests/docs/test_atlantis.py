"""The workflow that the guide for Atlantis shows works with Terraform: it finds an open policy before anyone applies it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.terraform_fixtures import MissingToolError, Tools, workspace
from tests.docs.blocks import ROOT, blocks
from tests.docs.session import run_all

GUIDE = ROOT / "docs/how-to/atlantis.md"
SOURCE = ROOT / "tests/docs/files/atlantis"


def workflow() -> dict[str, Any]:
    block = next(block for block in blocks(GUIDE) if "workflows:" in block.text)
    return dict(yaml.safe_load(block.text))


def scripts() -> list[str]:
    steps = workflow()["workflows"]["checker"]["plan"]["steps"]
    assert steps[:2] == ["init", "plan"]
    return [step["run"] for step in steps[2:]]


def test_the_repository_uses_the_workflow() -> None:
    assert [entry["workflow"] for entry in workflow()["repos"]] == list(workflow()["workflows"])


@pytest.mark.parametrize(("folder", "code"), [("open", 1), ("pinned", 0)])
def test_the_steps_find_an_open_policy(folder: str, code: int, tmp_path: Path) -> None:
    try:
        tools = Tools.find()
    except MissingToolError as error:
        pytest.skip(str(error))
    with workspace(tools, SOURCE / folder) as root:
        root.run("plan", "-input=false", "-out=default.tfplan")
        files = {"PLANFILE": root.folder / "default.tfplan", "SHOWFILE": root.folder / "default.json"}
        environment = {**root.environment, **{name: str(path) for name, path in files.items()}}
        printed = run_all(scripts(), root.folder, tmp_path / "results", environment)
    assert [one.code for one in printed] == [code, 0, 0], printed
    assert any("error[missing-source-account]" in line for line in printed[0].lines) == bool(code)
    assert any("known only after apply" in line for line in printed[2].lines)
