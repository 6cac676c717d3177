"""Remembers what was read, for a process that reads the same files again after each edit.

A text is remembered as long as the file has the same time, size and identity, and what was made from a text as long as
the text is the same. So a reading with a memory has the result of one without it.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from checker.inputs.snapshot import Version, draft_of, drafts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping
    from pathlib import Path
    from re import Pattern

    from checker.inputs.snapshot import Original, Snapshot


_Made = TypeVar("_Made")


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
        if not self._has(key):
            self._made[key] = make()
        found: _Made = self._made[key]  # type: ignore[assignment] # a key is of one type
        return found

    def find(self, key: Hashable) -> object | None:
        """Return what was made for a key; ``None`` if it was not."""
        return self._made[key] if self._has(key) else None

    def _has(self, key: Hashable) -> bool:
        """True if this reading or the last one made something for a key; of the last one, it is kept."""
        if key not in self._made and key in self._before:
            self._made[key] = self._before[key]
        return key in self._made

    def keep(self, key: Hashable, made: object) -> None:
        """Keep what was made for a key."""
        self._made[key] = made

    def forget(self) -> None:
        """Before another reading, forget the texts of files that changed, and what the last reading did not use."""
        self.snapshot = {path: one for path, one in self.snapshot.items() if is_unchanged(path, one)}
        self._before, self._made = self._made, {}


def is_unchanged(path: str, original: Original) -> bool:
    """True if a file certainly has the text that was read."""
    version = original.version
    return version.is_settled and version == _version_of(path, version.read)


def _version_of(path: Path | str, now: int) -> Version | None:
    """Return the version of a file or folder; ``None`` if there is none."""
    try:
        return Version.of(os.stat(path), now)  # noqa: PTH116 - a name
    except (OSError, ValueError):
        return None


_MEMORY: ContextVar[ReadingMemory | None] = ContextVar("memory", default=None)


@contextmanager
def remembering(memory: ReadingMemory, texts: Mapping[str, str]) -> Iterator[None]:
    """Read files with a memory, and these texts instead of some files, by absolute path."""
    token = _MEMORY.set(memory)
    try:
        with drafts(texts, memory.snapshot, keeps_all=True):
            yield
    finally:
        _MEMORY.reset(token)


def remembered_of(path: Path | str, key: Hashable, make: Callable[[], _Made]) -> _Made:
    """Return what an earlier reading made from a file, or from the names in a folder, if it certainly did not change.

    What is made from a draft is not remembered: the version of its file does not tell whether the draft has changed.
    """
    memory = _MEMORY.get() if draft_of(path) is None else None
    version = _version_of(path, time.time_ns()) if memory is not None else None
    if memory is None or version is None or not version.is_settled:
        return make()
    return memory.once((key, str(path), version._replace(read=0)), make)


def remembered(key: Hashable, make: Callable[[], _Made]) -> _Made:
    """Return what an earlier reading made for a key. Without a memory, make it."""
    memory = _MEMORY.get()
    return make() if memory is None else memory.once(key, make)


def found_in(searched: Pattern[str], text: str) -> list[str]:
    """Return what the group of a pattern matches in a text, which an earlier reading may have found."""
    return remembered((searched, text), lambda: searched.findall(text))


def has_memory() -> bool:
    """True if this reading has a memory."""
    return _MEMORY.get() is not None


def made_before(key: Hashable) -> object | None:
    """Return what an earlier reading made for a key and kept; ``None`` without one."""
    memory = _MEMORY.get()
    return memory.find(key) if memory is not None else None


def keep_made(key: Hashable, made: object) -> None:
    """Keep something for further readings, if there is a memory."""
    memory = _MEMORY.get()
    if memory is not None:
        memory.keep(key, made)
