"""Keeps files as first read, so that planning, proof and the check before writing use the same text."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.inputs.opening import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


_UNCERTAIN = 100_000_000
"""Nanoseconds. A file that changed so shortly before it was read may change again without a new time."""


class Version(NamedTuple):
    """What tells whether a file has changed: its identity and size, and when it was changed and read, in nanoseconds."""

    file: Identity
    size: int
    changed: int
    read: int

    @classmethod
    def of(cls, status: os.stat_result, now: int) -> Version:
        """Return the version of a file that is read now."""
        return cls(Identity.of(status), status.st_size, status.st_mtime_ns, now)

    @property
    def is_settled(self) -> bool:
        """True if any later change gives the file another version."""
        return self.read - self.changed >= _UNCERTAIN


class Original(NamedTuple):
    """A file as read: its text, its path without links, its folder's identity, its version, its hard links."""

    text: str
    path: str
    folder: Identity
    version: Version
    links: int

    @property
    def file(self) -> Identity:
        """Return the identity of the file."""
        return self.version.file


Snapshot = dict[str, Original]
"""The files read, by absolute path; a link has its own entry."""


class _View(NamedTuple):
    drafts: Mapping[str, str]
    snapshot: Snapshot
    keeps_all: bool = False


_VIEW: ContextVar[_View | None] = ContextVar("view", default=None)


@contextmanager
def drafts(
    texts: Mapping[str, str], snapshot: Snapshot | None = None, *, keeps_all: bool = False
) -> Iterator[None]:
    """Substitute these texts for files, by absolute path, to evaluate a change before it is written.

    Files in the snapshot are not read again, and newly read files are added. With ``keeps_all``, irrelevant ones stay in
    it, for further readings.
    """
    token = _VIEW.set(_View(texts, {} if snapshot is None else snapshot, keeps_all))
    try:
        yield
    finally:
        _VIEW.reset(token)


def known_text(path: Path) -> str | None:
    """Return the draft of a file, or its text as first read; ``None`` for a file not read yet."""
    view = _VIEW.get()
    if view is None:
        return None
    name = os.path.abspath(path)  # noqa: PTH100 - links are not followed
    original = view.snapshot.get(name)
    return view.drafts.get(name, original.text if original else None)


def draft_of(path: Path | str) -> str | None:
    """Return the text that is substituted for a file; ``None`` for a file as it is on the disk."""
    view = _VIEW.get()
    return view.drafts.get(os.path.abspath(path)) if view is not None and view.drafts else None  # noqa: PTH100 - as above


def drop(path: Path) -> None:
    """Remove a file that is not part of the fix, to save memory."""
    view = _VIEW.get()
    if view is None or view.keeps_all:
        return
    name = os.path.abspath(path)  # noqa: PTH100 - links are not followed
    if name not in view.drafts:
        view.snapshot.pop(name, None)


def keep(path: Path, text: str, status: os.stat_result) -> None:
    """Add a file to the snapshot, if one is active."""
    view = _VIEW.get()
    if view is None:
        return
    real = os.path.realpath(path)
    with suppress(OSError):  # the folder was removed; a file without an original is never written
        folder = os.stat(os.path.dirname(real))  # noqa: PTH116, PTH120 - names, as above
        view.snapshot[os.path.abspath(path)] = Original(  # noqa: PTH100 - as above
            text,
            real,
            Identity.of(folder),
            Version.of(status, time.time_ns()),
            status.st_nlink,
        )
