"""Reads that several threads ask for, each made only once."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


_T = TypeVar("_T")


class Once(Generic[_T]):
    """Results by name. Thread-safe: a thread that asks for a result that is being read waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[Hashable, Future[_T]] = {}

    def get(self, name: Hashable, read: Callable[[], _T]) -> _T:
        """Return the result with a name; the first thread that asks for it reads it."""
        with self._lock:
            first = name not in self._read
            future = self._read.setdefault(name, Future())
        if first:
            try:
                future.set_result(read())
            except BaseException as error:  # other threads wait for the result, whatever the error is
                future.set_exception(error)
                raise
        return future.result()
