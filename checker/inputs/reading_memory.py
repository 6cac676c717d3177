"""Remembers what was read, for a process that reads the same files again after each edit.

A text is remembered as long as the file has the same time, size and identity, and what was made from a text as long as
the text is the same. So a reading with a memory has the result of one without it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from checker.inputs.opening import Identity
from checker.inputs.snapshot import drafts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from checker.inputs.snapshot import Original, Snapshot


_Made = TypeVar("_Made")
_UNCERTAIN = 100_000_000
"""Nanoseconds. A file that changed so shortly before it was read may change again without a new time."""


class ReadingMemory:
    """The texts that earlier readings of some files read, and what they made from texts.

    What one reading does not use is forgotten before the next but one.
    """

    def __init__(self) -> None:
        self.snapshot: Snapshot = {}
        self._made: dict[Hashable, object] = {}
        self._before: dict[Hashable, object] = {}

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what was made for a key, or make it."""
        if key not in self._made:
            self._made[key] = self._before[key] if key in self._before else make()
        found: _Made = self._made[key]  # type: ignore[assignment] # a key is of one type
        return found

    def forget(self) -> None:
        """Before another reading, forget the texts of files that changed, and what the last reading did not use."""
        self.snapshot = {path: one for path, one in self.snapshot.items() if is_unchanged(path, one)}
        self._before, self._made = self._made, {}


def is_unchanged(path: str, original: Original) -> bool:
    """True if a file certainly has the text that was read."""
    version = original.version
    if version is None or version.read - version.changed < _UNCERTAIN:
        return False
    try:
        status = os.stat(path)  # noqa: PTH116 - a name
    except OSError:
        return False
    is_same_file = Identity.of(status) == original.file
    return is_same_file and (status.st_size, status.st_mtime_ns) == (version.size, version.changed)


_MEMORY: ContextVar[ReadingMemory | None] = ContextVar("memory", default=None)


@contextmanager
def remembering(memory: ReadingMemory, texts: Mapping[str, str]) -> Iterator[None]:
    """Read files with a memory, and these texts instead of some files, by absolute path."""
    token = _MEMORY.set(memory)
    try:
        with drafts(texts, memory.snapshot):
            yield
    finally:
        _MEMORY.reset(token)


def remembered(key: Hashable, make: Callable[[], _Made]) -> _Made:
    """Return what an earlier reading made for a key. Without a memory, make it."""
    memory = _MEMORY.get()
    return make() if memory is None else memory.once(key, make)
