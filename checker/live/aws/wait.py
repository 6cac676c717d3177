"""Waiting for AWS, which shows what was written a little later."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

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


_T = TypeVar("_T")

CALL_SECONDS = 60.0
"""The longest that one call may take, with all its retries: those after throttling take 35 seconds on average."""

EXPLAIN_SECONDS = 60.0
"""The longest that `checker explain` reads from AWS."""


class _Work(NamedTuple):
    """Work for a thread, and its result, which is canceled when nothing waits for it any longer."""

    result: Future[Any]
    work: Callable[[], Any]


_IDLE: SimpleQueue[SimpleQueue[_Work]] = SimpleQueue()
"""The inboxes of idle threads. Waking a thread costs less than starting one for each call."""

_THREAD = threading.local()


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """Do some work in a thread, and give its result. Raises what it raises, and TimeoutError when time is up.

    Without any time left, no work is started. A thread cannot be ended from outside: one that took too long is
    left to itself and keeps no process alive, but `check_awaited` keeps it from sending another request.
    """
    if seconds <= 0:
        raise TimeoutError
    result: Future[_T] = Future()
    try:
        inbox = _IDLE.get_nowait()
    except Empty:
        inbox = SimpleQueue()
        threading.Thread(target=_work_off, args=(inbox,), name="aws", daemon=True).start()
    inbox.put(_Work(result, work))
    try:
        return result.result(seconds)
    finally:
        result.cancel()  # without effect on work that is done


def check_awaited() -> None:
    """Raise TimeoutError if nothing waits any longer for the work of this thread.

    Called before each request: a change that AWS receives after its rollback would undo the rollback.
    """
    result: Future[Any] | None = getattr(_THREAD, "result", None)
    if result is not None and result.cancelled():
        raise TimeoutError


def _work_off(inbox: SimpleQueue[_Work]) -> None:
    while True:
        result, work = inbox.get()
        _THREAD.result = result
        with suppress(InvalidStateError):  # canceled meanwhile
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
                result.set_exception(error)
        del result, work, _THREAD.result  # or an idle thread would keep what its last call gave
        _IDLE.put(inbox)


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
