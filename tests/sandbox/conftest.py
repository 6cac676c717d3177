"""One sandbox for all tests of a process, and an account of its own for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

ACCOUNTS = count(111122220001)


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[Sandbox]:
    pytest.importorskip("moto")
    from checker.sandbox.running import running_sandbox

    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(one_sandbox: Sandbox) -> Sandbox:
    one_sandbox.forget_calls()
    return one_sandbox


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.account(str(next(ACCOUNTS)), "us-west-2")
