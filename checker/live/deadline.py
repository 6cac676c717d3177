"""Time limits of calls: whatever an endpoint does, a call ends."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

CALL_SECONDS = 60.0
"""The longest that one call may take, with all its retries: those after throttling take 35 seconds on average."""

EXPLAIN_SECONDS = 60.0
"""The longest that `checker explain` reads from AWS."""


class _Work(NamedTuple):
    """Work for a thread, its result, and the time of ``time.monotonic`` when nothing waits for it any longer."""

    result: Future[Any]
    work: Callable[[], Any]
    end: float


_IDLE: SimpleQueue[SimpleQueue[_Work]] = SimpleQueue()
"""The inboxes of idle threads. Waking a thread costs less than starting one for each call."""

_THREAD = threading.local()


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """Do some work in a thread, and give its result. Raises what it raises, and TimeoutError when time is up.

    Without any time left, no work is started. A thread cannot be ended from outside: one that took too long is
    left to itself and keeps no process alive, but `check_time` keeps it from sending another request.
    """
    if seconds <= 0:
        raise TimeoutError
    result: Future[_T] = Future()
    try:
        inbox = _IDLE.get_nowait()
    except Empty:
        inbox = SimpleQueue()
        threading.Thread(target=_work_off, args=(inbox,), name="aws", daemon=True).start()
    inbox.put(_Work(result, work, time.monotonic() + seconds))
    return result.result(seconds)


def check_time() -> None:
    """Raise TimeoutError if nothing waits any longer for the work of this thread.

    Called before each request: a change that AWS receives after its rollback would undo the rollback.
    """
    if time.monotonic() >= getattr(_THREAD, "end", math.inf):
        raise TimeoutError


def _work_off(inbox: SimpleQueue[_Work]) -> None:
    while True:
        result, work, _THREAD.end = inbox.get()
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            result.set_exception(error)
        del result, work  # or an idle thread would keep what its last call gave
        _IDLE.put(inbox)
