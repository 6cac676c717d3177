"""Removes the pauses before calls to AWS, since the tests' own endpoints do not throttle. `tests/live/test_pauses.py` keeps them."""

from __future__ import annotations

import pytest


def drop_pauses(patch: pytest.MonkeyPatch) -> None:
    """Make calls without the pauses of the rates that AWS documents, and retry without the pauses of botocore."""
    patch.setattr("checker.live.aws.calls.RATES", {})
    patch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    patch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)
