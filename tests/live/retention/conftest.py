"""An account that a caller with credentials of its own works in."""

from __future__ import annotations

from tests.live.flow.conftest import account

__all__ = ["account"]
