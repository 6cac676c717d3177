"""What a signal does to work that must not stop halfway."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENDING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""What ends a command: Ctrl-C, a polite kill, a terminal that is closed."""


@contextmanager
def heeded(heed: Callable[[int], None]) -> Iterator[None]:
    """Call a function for each signal in the place of stopping at once, with the number of signals so far."""
    count = 0

    def received(*_: object) -> None:
        nonlocal count
        count += 1
        heed(count)

    before = {number: signal.signal(number, received) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
