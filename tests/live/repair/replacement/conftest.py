from __future__ import annotations

import pytest


@pytest.fixture
def region() -> str:
    return "us-west-2"
