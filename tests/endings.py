"""Hostile input must not keep a run busy; how fast the rest is, `benchmarks/` measures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

ENOUGH = 30
"""Seconds of CPU. Each of these takes less than one; coverage and a slow machine make several of it, and what
backtracks or doubles takes minutes at least."""


@contextmanager
def ends_soon() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < ENOUGH
