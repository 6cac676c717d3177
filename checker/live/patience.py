"""Waiting for AWS, which shows what was written a little later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 30.0
"""Seconds until what was written has to be what AWS shows."""
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 4.0


class Clock(NamedTuple):
    """How time goes by; tests have their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def until(clock: Clock, attempt: Callable[[], bool], patience: float = _PATIENCE, *, least: int = 1) -> bool:
    """Try again until it works or patience ends, waiting longer from time to time; ``least`` times in any case."""
    end, wait, tried = clock.now() + patience, _FIRST_WAIT, 0
    while True:
        done = attempt()
        tried += 1
        if done or (tried >= least and clock.now() + wait > end):
            return done
        clock.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)
