"""An account on the sandbox for commands that are run as processes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from checker.sandbox import seed

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

ACCOUNTS = count(777700001111)


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.account(str(next(ACCOUNTS)))


@pytest.fixture
def instance(account: Account) -> str:
    return seed.make_instance(account)
