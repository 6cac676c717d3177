"""Time limits of calls: whatever an endpoint does, a call ends."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

CALL_SECONDS = 60.0
"""The longest that one call may take, with all its retries: those after throttling take 35 seconds on average."""

EXPLAIN_SECONDS = 60.0
"""The longest that `checker explain` reads from AWS."""


_Work: TypeAlias = "tuple[Future[Any], Callable[[], Any]]"
_IDLE: SimpleQueue[SimpleQueue[_Work]] = SimpleQueue()
"""The inboxes of idle threads. Waking a thread costs less than starting one for each call."""


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """Do some work in a thread, and give its result. Raises what it raises, and TimeoutError when time is up.

    A thread cannot be ended from outside. One that took too long is left to itself, and keeps no process alive.
    """
    result: Future[_T] = Future()
    try:
        inbox = _IDLE.get_nowait()
    except Empty:
        inbox = SimpleQueue()
        threading.Thread(target=_work_off, args=(inbox,), name="aws", daemon=True).start()
    inbox.put((result, work))
    return result.result(seconds)


def _work_off(inbox: SimpleQueue[_Work]) -> None:
    while True:
        result, work = inbox.get()
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            result.set_exception(error)
        del result, work  # or an idle thread would keep what its last call gave
        _IDLE.put(inbox)
