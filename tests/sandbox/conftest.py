"""A separate account for each test."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

ACCOUNTS = count(111122220001)


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.account(str(next(ACCOUNTS)), "us-west-2")
