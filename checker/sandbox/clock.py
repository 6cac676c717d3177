"""The sandbox's clock: the world's, moved on by what a test asks for."""

from __future__ import annotations

import time


class Clock:
    """Gives the time, in seconds since the epoch."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Give the time."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._ahead += seconds

    def text(self) -> str:
        """Write the time as AWS's chat payload does, in milliseconds and UTC."""
        now = self.now()
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
