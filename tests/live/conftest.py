from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.live.cloud import Cloud


@pytest.fixture(scope="session")
def _server() -> Iterator[Cloud]:
    pytest.importorskip("moto")
    from tests.live.cloud import Cloud

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    cloud = Cloud()
    yield cloud
    cloud.close()


@pytest.fixture
def cloud(_server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _server.reset()
    return _server
