"""Keeps calls within the rates that AWS documents, so that throttling is the exception.

https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Rate(NamedTuple):
    """So many calls a second, and so many at once."""

    second: float
    burst: int


RATES = {
    "list_instances": Rate(2, 5),
    "lookup_events": Rate(2, 2),
    "list_topics": Rate(30, 30),
    "list_subscriptions": Rate(30, 30),
    "list_subscriptions_by_topic": Rate(30, 30),
    "list_grants": Rate(100, 100),
    "list_aliases": Rate(500, 500),
    "get_key_policy": Rate(1000, 1000),
    "describe_key": Rate(2000, 2000),
    "batch_import_findings": Rate(10, 30),
    "get_findings": Rate(3, 6),
}
"""What an account may ask in one Region; SNS documents no rate for reading attributes."""


class Pace:
    """The clock of one account and Region. ``wait`` puts a thread to sleep until its call is due."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}

    def delay(self, operation: str) -> float:
        """Book the next place of an operation, and say in how many seconds that is."""
        rate = RATES.get(operation)
        if rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            earliest = now - (rate.burst - 1) / rate.second
            booked = max(self._due.get(operation, earliest), earliest)
            self._due[operation] = booked + 1 / rate.second
        return max(0.0, booked - now)
