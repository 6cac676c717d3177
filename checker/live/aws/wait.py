"""Wait for AWS, whose reads are eventually consistent, and limit the time of calls."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


_PATIENCE = 30.0
"""Maximum time in seconds until AWS shows a change."""
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 4.0


class Clock(NamedTuple):
    """A source of time, which tests replace."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def until(clock: Clock, attempt: Callable[[], bool], patience: float = _PATIENCE, *, least: int = 1) -> bool:
    """Retry with growing pauses until success or until the time is up, but at least ``least`` times."""
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
"""Maximum time in seconds of one call with its retries. Those after throttling take 35 seconds on average."""

EXPLAIN_SECONDS = 60.0
"""Maximum time in seconds that `checker explain` reads from AWS."""


class _Work(NamedTuple):
    """Work for a thread, and its result. The result is canceled if nothing waits for it any longer."""

    result: Future[Any]
    work: Callable[[], Any]


_IDLE: SimpleQueue[SimpleQueue[_Work]] = SimpleQueue()
"""The inboxes of idle threads. To reuse a thread costs less than to start one for each call."""

_THREAD = threading.local()


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """Run work in a thread and return its result. Raises its exceptions, and TimeoutError if the time is up.

    If no time remains, the work is not started. A thread cannot be stopped from outside. A thread that takes too
    long does not keep the process alive, and `check_awaited` prevents it from sending another request.
    """
    if seconds <= 0:
        raise TimeoutError
    result: Future[_T] = Future()
    try:
        inbox = _IDLE.get_nowait()
    except Empty:
        inbox = SimpleQueue()
        threading.Thread(target=_serve, args=(inbox,), name="aws", daemon=True).start()
    inbox.put(_Work(result, work))
    try:
        return result.result(seconds)
    finally:
        result.cancel()  # has no effect on completed work


def check_awaited() -> None:
    """Raise TimeoutError if nothing waits any longer for the work of this thread.

    Called before each request. A change that reached AWS after its rollback would undo the rollback.
    """
    result: Future[Any] | None = getattr(_THREAD, "result", None)
    if result is not None and result.cancelled():
        raise TimeoutError


def _serve(inbox: SimpleQueue[_Work]) -> None:
    while True:
        result, work = inbox.get()
        _THREAD.result = result
        with suppress(InvalidStateError):  # canceled in the meantime
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
                result.set_exception(error)
        del result, work, _THREAD.result  # otherwise an idle thread would keep the result of its last call
        _IDLE.put(inbox)
