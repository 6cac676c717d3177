"""One sandbox and one browser for all tests of a process."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.browser import browser
from tests.pauses import drop_pauses

if TYPE_CHECKING:
    from checker.sandbox.running import Sandbox

__all__ = ["browser"]
"""One browser as well: a process cannot drive two."""

settings.register_profile("untimed", deadline=None)  # how fast a machine is must not decide how a test ends
settings.load_profile("untimed")

# The tests start hundreds of processes, which must not compile the same modules again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not in the modules and tests: that took a fifth of the time of the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[Sandbox]:
    pytest.importorskip("moto")
    from checker.sandbox.running import running_sandbox
    from tests import key_pairs, service_models

    service_models.remember()
    key_pairs.share()
    with running_sandbox(throttles=False) as sandbox:  # how fast a test runs must not decide how it ends
        yield sandbox


@pytest.fixture
def pauses() -> None:
    """Keeps the pauses before calls, for the tests of them."""


@pytest.fixture
def sandbox(
    one_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Sandbox]:
    if "pauses" not in request.fixturenames:
        drop_pauses(monkeypatch)
    one_sandbox.clear_calls()
    yield one_sandbox
    one_sandbox.clear_faults()
    one_sandbox.assume()
    one_sandbox.ask("throttles", on=False)
