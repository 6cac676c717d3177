"""The documentation site, built once for each process."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from scripts.build_site import build

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site. Without zensical, its tests are skipped."""
    if importlib.util.find_spec("zensical") is None:
        pytest.skip("zensical is not installed")
    folder = tmp_path_factory.mktemp("site")
    assert build(folder) == 0
    return folder / "site"
