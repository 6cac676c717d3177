"""Handles signals during work that must not stop halfway, or must report before it stops."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from checker.app.terminal import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_ENDING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Signals that end a command: Ctrl-C, `kill`, a closed terminal."""


@contextmanager
def handling_signals(handle: Callable[[int], None]) -> Iterator[None]:
    """Call a function for each signal instead of stopping, with the number of signals so far.

    A signal that is ignored stays ignored: `nohup` asks for that.
    """
    count = 0

    def received(*_: object) -> None:
        nonlocal count
        count += 1
        handle(count)

    before = {
        number: signal.signal(number, received)
        for number in _ENDING
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt for `kill` and a closed terminal, as for Ctrl-C."""
    with handling_signals(_interrupt):
        yield


def _interrupt(_: int) -> None:
    raise KeyboardInterrupt


@contextmanager
def finishing(message: str, late: list[int]) -> Iterator[None]:
    """Finish the work after the first signal, and stop at the second; signals are added to ``late``."""

    def put_off(count: int) -> None:
        late.append(count)
        if count > 1:
            raise KeyboardInterrupt
        with suppress(OSError):  # a closed terminal must not stop the cleanup
            tell(f"interrupted: {message}")

    with handling_signals(put_off):
        yield
