from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.field.running import Launcher, launching


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launching(tmp_path_factory.mktemp("home")) as running:
        yield running
