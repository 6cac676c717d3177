from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.pauses import drop_pauses

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox
    from tests.live.cloud import Cloud
    from tests.live.estate import Estate

ACCOUNTS = count(111122230001)


@pytest.fixture(scope="session")
def _server() -> Iterator[Cloud]:
    pytest.importorskip("moto")
    from tests import key_pairs, service_models
    from tests.live.cloud import Cloud

    service_models.remember()
    key_pairs.share()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    cloud = Cloud()
    yield cloud
    cloud.close()


@pytest.fixture
def cloud(_server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    _shut_out(monkeypatch)
    drop_pauses(monkeypatch)
    _server.reset()
    return _server


@pytest.fixture
def region() -> str:
    return "us-east-1"


@pytest.fixture
def account(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, region: str) -> Account:
    """An account that a caller with credentials of its own works in."""
    account = sandbox.account(str(next(ACCOUNTS)), region)
    for name, value in (sandbox.environment | {"AWS_ACCESS_KEY_ID": account.id}).items():
        monkeypatch.setenv(name, value)
    _shut_out(monkeypatch)
    return account


@pytest.fixture
def estate(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Estate:
    from tests.live.estate import REGION, build

    built = build(sandbox)
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", built.account.id)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    _shut_out(monkeypatch)
    return built


def _shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing of whoever runs the tests have a say in them."""
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
