"""An account that a caller with credentials of its own works in."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

ACCOUNTS = count(111122240001)


@pytest.fixture
def account(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Account:
    account = sandbox.account(str(next(ACCOUNTS)), "us-west-2")
    for name, value in (sandbox.environment | {"AWS_ACCESS_KEY_ID": account.id}).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    sandbox.ask("throttles", on=False)
    return account
