"""The fixtures are what Terraform makes today: planned again where it is installed, with nobody to ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.terraform_fixtures import PLANNED, MissingToolError, Tools, planned
from tests.inputs.terraform.plan.plans import FIXTURES, judged, policies, read


@pytest.fixture(scope="module")
def tools() -> Tools:
    try:
        return Tools.find()
    except MissingToolError as error:
        pytest.skip(f"{error}, so that no plan can be made")


@pytest.mark.parametrize("name", PLANNED[-1:])
def test_a_plan_made_now_reads_like_the_one_that_is_kept(name: str, tools: Tools, tmp_path: Path) -> None:
    """One module: that takes ten seconds; `python -m scripts.terraform_fixtures` makes all of them."""
    made = read(tmp_path, planned(tools, name))
    kept = read(tmp_path, json.loads((FIXTURES / f"{name}.json").read_text()))
    assert policies(made) == policies(kept)
    assert [(one.rule, one.message, one.address) for one in judged(made)] == [
        (one.rule, one.message, one.address) for one in judged(kept)
    ]
