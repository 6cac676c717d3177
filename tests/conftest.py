"""One sandbox for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from checker.sandbox.running import Sandbox

settings.register_profile("untimed", deadline=None)  # how fast a machine is must not decide how a test ends
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[Sandbox]:
    pytest.importorskip("moto")
    from checker.sandbox.running import running_sandbox
    from tests.service_models import remember

    remember()
    with running_sandbox(throttles=False) as sandbox:  # how fast a test runs must not decide how it ends
        yield sandbox


@pytest.fixture
def sandbox(one_sandbox: Sandbox) -> Iterator[Sandbox]:
    one_sandbox.clear_calls()
    yield one_sandbox
    one_sandbox.clear_faults()
    one_sandbox.assume()
    one_sandbox.ask("throttles", on=False)
