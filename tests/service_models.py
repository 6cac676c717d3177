"""Remembers the service models of botocore for all sessions of a process, which otherwise each parse them again."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.loaders import JSONFileLoader, create_loader

_load = JSONFileLoader.load_file


@cache
def _loaded(path: str) -> Any:
    return _load(JSONFileLoader(), path)


def remember() -> None:
    """Find and parse each file once. botocore only reads what it has loaded."""
    JSONFileLoader.load_file = lambda _, path: _loaded(path)
    botocore.session.create_loader = cache(create_loader)


def load_all(services: tuple[str, ...]) -> None:
    """Parse the models of services ahead."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    session = boto3.Session(region_name="us-east-1")
    for service in services:
        session.client(service, config=Config(signature_version=UNSIGNED))
